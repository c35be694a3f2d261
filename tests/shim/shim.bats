#!/usr/bin/env bats
# The shim alone: `shim_scenarios NAME` is its daemon and its clients (scenarios.c).

load ../lib/wherry

# A root of busybox alone.
make_root() {
	local applet
	mkdir -p "$1"/{bin,etc,root,tmp,proc,sys,dev}
	cp /bin/busybox "$1/bin/"
	for applet in $(/bin/busybox --list); do
		[ "$applet" = busybox ] || ln -s busybox "$1/bin/$applet"
	done
	printf 'root:x:0:0:root:/root:/bin/sh\n' >"$1/etc/passwd"
}

setup_file() {
	scratch_begin
	export SHIM_TEST_ROOT=$SCRATCH/root
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

@test "a replay goes on live without gap or double" {
	scenario a_replay_goes_on_live_without_gap_or_double
}

@test "a replay of much meets what is written meanwhile" {
	scenario a_replay_of_much_meets_what_is_written_meanwhile
}
