#!/usr/bin/env bats
# The shim alone: `shim_scenarios NAME` is its daemon and its clients (scenarios.c).

load ../lib/wherry

# A root of busybox alone.
make_root() {
	mkdir -p "$1"/{bin,etc,root,tmp,proc,sys,dev}
	cp /bin/busybox "$1/bin/"
	busybox_links "$1/bin"
	printf 'root:x:0:0:root:/root:/bin/sh\n' >"$1/etc/passwd"
}

setup_file() {
	scratch_begin
	export SHIM_TEST_ROOT=$SCRATCH/root SHIM_TEST_GROUP=/wt${SCRATCH##*.}
	make_root "$SHIM_TEST_ROOT"
}

teardown_file() {
	scratch_end
}

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root: namespaces"
}

scenario() {
	run timeout 100 "$WHERRY_BUILD/tests/shim_scenarios" "$1"
	echo "$output"
	[ "$status" = 0 ]
}

@test "runs and records" {
	scenario runs_and_records
}

@test "an end that finds no room is kept for the next daemon" {
	scenario an_end_that_finds_no_room_is_kept_for_the_next_daemon
}

@test "what a daemon that died was the last to say is kept" {
	scenario what_a_daemon_that_died_was_the_last_to_say_is_kept
}

@test "a signal ends with 128 and its number" {
	scenario a_signal_ends_with_128_and_its_number
}

@test "a signal reaches a handler" {
	scenario a_signal_reaches_a_handler
}

@test "a command that is not found fails with 127" {
	scenario a_command_that_is_not_found_fails_with_127
}

@test "a shim without a start ends with its daemon" {
	scenario a_shim_without_a_start_ends_with_its_daemon
}

@test "waits are answered when the exit is recorded" {
	scenario waits_are_answered_when_the_exit_is_recorded
}

@test "a wait for a removal that does not come is given back" {
	scenario a_wait_for_a_removal_that_does_not_come_is_given_back
}

@test "without a daemon waits are answered at once" {
	scenario without_a_daemon_waits_are_answered_at_once
}

@test "without a daemon the shim stays for a wait for removal" {
	scenario without_a_daemon_the_shim_stays_for_a_wait_for_removal
}

@test "a new daemon takes over" {
	scenario a_new_daemon_takes_over
}

@test "a daemon may die while it starts" {
	scenario a_daemon_may_die_while_it_starts
}

@test "nobody listens when the shim was killed" {
	scenario nobody_listens_when_the_shim_was_killed
}

@test "attached before the start no byte is missed" {
	scenario attached_before_the_start_no_byte_is_missed
}

@test "the end of the input of one is the end of stdin" {
	scenario the_end_of_the_input_of_one_is_the_end_of_stdin
}

@test "large input passes a slow process" {
	scenario large_input_passes_a_slow_process
}

@test "otherwise it ends only the attach" {
	scenario otherwise_it_ends_only_the_attach
}

@test "a client without input may close its side" {
	scenario a_client_without_input_may_close_its_side
}

@test "detach keys end the attach and not the process" {
	scenario detach_keys_end_the_attach_and_not_the_process
}

@test "a terminal has a size that changes" {
	scenario a_terminal_has_a_size_that_changes
}

@test "a terminal that nobody holds for a while is read again" {
	scenario a_terminal_that_nobody_holds_for_a_while_is_read_again
}

@test "what a large pipe holds at the end is logged" {
	scenario what_a_large_pipe_holds_at_the_end_is_logged
}

@test "a replay goes on live without gap or double" {
	scenario a_replay_goes_on_live_without_gap_or_double
}

@test "a replay of much meets what is written meanwhile" {
	scenario a_replay_of_much_meets_what_is_written_meanwhile
}

@test "much output with nobody reading" {
	scenario much_output_with_nobody_reading
}

@test "many small writes wake it seldom, and their end lets it sleep" {
	scenario many_small_writes_wake_it_seldom_and_their_end_lets_it_sleep
}

@test "a client that has closed costs nothing" {
	scenario a_client_that_has_closed_costs_nothing
}

@test "a slow reader gets all of it" {
	scenario a_slow_reader_gets_all_of_it
}

@test "a client that takes nothing is dropped and told so" {
	scenario a_client_that_takes_nothing_is_dropped_and_told_so
}

@test "a full disk costs lines and says so" {
	scenario a_full_disk_costs_lines_and_says_so
}

@test "a log that was emptied may fill the disk again" {
	scenario a_log_that_was_emptied_may_fill_the_disk_again
}

@test "a disk that stays full keeps nothing from ending" {
	scenario a_disk_that_stays_full_keeps_nothing_from_ending
}

@test "logs are served while it runs and after" {
	scenario logs_are_served_while_it_runs_and_after
}

@test "who follows gets each line and the end" {
	scenario who_follows_gets_each_line_and_the_end
}

@test "rotation loses nothing for who follows" {
	scenario rotation_loses_nothing_for_who_follows
}

@test "a reader of its own serves a log without a shim" {
	scenario a_reader_of_its_own_serves_a_log_without_a_shim
}

@test "who followed and went leaves nothing behind" {
	scenario who_followed_and_went_leaves_nothing_behind
}

@test "a log that was emptied is followed on" {
	scenario a_log_that_was_emptied_is_followed_on
}

@test "without a log there is still an attach" {
	scenario without_a_log_there_is_still_an_attach
}

@test "an exec runs inside" {
	scenario an_exec_runs_inside
}

@test "an exec on a terminal" {
	scenario an_exec_on_a_terminal
}

@test "an exec that fails tells who is attached" {
	scenario an_exec_that_fails_tells_who_is_attached
}

@test "an exec does not wait for ever for its background" {
	scenario an_exec_does_not_wait_for_ever_for_its_background
}

@test "an exec ends with its container" {
	scenario an_exec_ends_with_its_container
}

@test "an exec into a container that is gone fails" {
	scenario an_exec_into_a_container_that_is_gone_fails
}

@test "what shares the pids of the host ends with its container" {
	scenario what_shares_the_pids_of_the_host_ends_with_its_container
}

@test "an oom kill is seen" {
	scenario an_oom_kill_is_seen
}

@test "stats come once twice or each second" {
	scenario stats_come_once_twice_or_each_second
}

@test "an idle shim is small" {
	scenario an_idle_shim_is_small
}

@test "names are answered inside" {
	scenario names_are_answered_inside
}

@test "names are answered by tcp" {
	scenario names_are_answered_by_tcp
}

@test "port 53 is left to the container" {
	scenario port_53_is_left_to_the_container
}

@test "changes count at once without a daemon" {
	scenario changes_count_at_once_without_a_daemon
}

@test "the daemon changes what is seen" {
	scenario the_daemon_changes_what_is_seen
}

@test "others are asked for other names" {
	scenario others_are_asked_for_other_names
}

@test "a forged answer is not believed" {
	scenario a_forged_answer_is_not_believed
}

@test "ids are not the clients" {
	scenario ids_are_not_the_clients
}

@test "hostile answers harm nobody" {
	scenario hostile_answers_harm_nobody
}

@test "who asks by tcp is answered by tcp" {
	scenario who_asks_by_tcp_is_answered_by_tcp
}

@test "a silent server costs four seconds" {
	scenario a_silent_server_costs_four_seconds
}
