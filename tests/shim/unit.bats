#!/usr/bin/env bats
# The shim of a unit alone: `shim_scenarios NAME` is its daemon (unit_*.c).

load ../lib/wherry

setup_file() {
	scratch_begin
	export SHIM_TEST_GROUP=/wt${SCRATCH##*.}
}

teardown_file() {
	scratch_end
}

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root: control groups"
}

scenario() {
	run timeout 100 "$WHERRY_BUILD/tests/shim_scenarios" "$1"
	echo "$output"
	[ "$status" = 0 ]
}

@test "a simple service runs and stops" {
	scenario a_simple_service_runs_and_stops
}

@test "a stop right after the start is not lost" {
	scenario a_stop_right_after_the_start_is_not_lost
}

@test "all phases run in order and know the main process" {
	scenario all_phases_run_in_order_and_know_the_main_process
}

@test "a program that is missing is 203" {
	scenario a_program_that_is_missing_is_203
}

@test "a user that is missing is 217 and a folder 200" {
	scenario a_user_that_is_missing_is_217_and_a_folder_200
}

@test "type exec is started by its exec" {
	scenario type_exec_is_started_by_its_exec
}

@test "commands of a oneshot run in turn" {
	scenario commands_of_a_oneshot_run_in_turn
}

@test "a start that hangs is ended in time" {
	scenario a_start_that_hangs_is_ended_in_time
}

@test "who ignores sigterm is killed" {
	scenario who_ignores_sigterm_is_killed
}

@test "kill mode process leaves children" {
	scenario kill_mode_process_leaves_children
}

@test "a fork bomb is stopped" {
	scenario a_fork_bomb_is_stopped
}

@test "a double fork is the units still" {
	scenario a_double_fork_is_the_units_still
}

@test "a forking service leaves its main process" {
	scenario a_forking_service_leaves_its_main_process
}

@test "a pid file names it" {
	scenario a_pid_file_names_it
}

@test "a pid file that lies is not believed" {
	scenario a_pid_file_that_lies_is_not_believed
}

@test "an environment file that is a fifo keeps nobody" {
	scenario an_environment_file_that_is_a_fifo_keeps_nobody
}

@test "environment files beat variables" {
	scenario environment_files_beat_variables
}

@test "a missing environment file is a lack of resources" {
	scenario a_missing_environment_file_is_a_lack_of_resources
}

@test "the daemon may die and another takes over" {
	scenario the_daemon_may_die_and_another_takes_over
}

@test "it starts again in the same shim" {
	scenario it_starts_again_in_the_same_shim
}

@test "signals go to whom they are meant for" {
	scenario signals_go_to_whom_they_are_meant_for
}

@test "a shim without a start ends with its daemon too" {
	scenario a_shim_without_a_start_ends_with_its_daemon_too
}

@test "ready is told with a status" {
	scenario ready_is_told_with_a_status
}

@test "who ends without ready breaks the protocol" {
	scenario who_ends_without_ready_breaks_the_protocol
}

@test "ready just before the end counts" {
	scenario ready_just_before_the_end_counts
}

@test "a stranger is not heard" {
	scenario a_stranger_is_not_heard
}

@test "with access for all a child is heard" {
	scenario with_access_for_all_a_child_is_heard
}

@test "another process becomes the main one" {
	scenario another_process_becomes_the_main_one
}

@test "the watchdog bites who is silent" {
	scenario the_watchdog_bites_who_is_silent
}

@test "who gives signs of life lives" {
	scenario who_gives_signs_of_life_lives
}

@test "a trigger is a bite" {
	scenario a_trigger_is_a_bite
}

@test "time can be asked for" {
	scenario time_can_be_asked_for
}

@test "a service that talks without end floods nobody" {
	scenario a_service_that_talks_without_end_floods_nobody
}

@test "a reload ends with ready" {
	scenario a_reload_ends_with_ready
}

@test "stored descriptors come back" {
	scenario stored_descriptors_come_back
}

@test "output and what became of it are in the journal" {
	scenario output_and_what_became_of_it_are_in_the_journal
}

@test "a failed step says why" {
	scenario a_failed_step_says_why
}

@test "much output is suppressed and that is said" {
	scenario much_output_is_suppressed_and_that_is_said
}

@test "who is left alone may go on to write" {
	scenario who_is_left_alone_may_go_on_to_write
}

@test "an idle shim of a unit is small" {
	scenario an_idle_shim_of_a_unit_is_small
}

@test "a background process may go on to write" {
	scenario a_background_process_may_go_on_to_write
}

@test "traffic is told and the socket is given" {
	scenario traffic_is_told_and_the_socket_is_given
}

@test "connections are taken one by one" {
	scenario connections_are_taken_one_by_one
}

@test "a flood of connections waits" {
	scenario a_flood_of_connections_waits
}

@test "what comes without a daemon waits" {
	scenario what_comes_without_a_daemon_waits
}

@test "datagrams and fifos trigger too" {
	scenario datagrams_and_fifos_trigger_too
}

@test "an address that is taken fails the unit" {
	scenario an_address_that_is_taken_fails_the_unit
}

@test "what has no connections cannot accept" {
	scenario what_has_no_connections_cannot_accept
}

@test "a service finds its sockets from three on" {
	scenario a_service_finds_its_sockets_from_three_on
}

@test "a connection may be input and output" {
	scenario a_connection_may_be_input_and_output
}

@test "a container goes on as the main process" {
	scenario a_container_goes_on_as_the_main_process
}

@test "a stop waits until it is gone" {
	scenario a_stop_waits_until_it_is_gone
}

@test "another daemon is asked again" {
	scenario another_daemon_is_asked_again
}

@test "without a daemon it is ended in time" {
	scenario without_a_daemon_it_is_ended_in_time
}

@test "the client of a container that was stopped ends cleanly" {
	scenario the_client_of_a_container_that_was_stopped_ends_cleanly
}

@test "the end of its client awaits its removal" {
	scenario the_end_of_its_client_awaits_its_removal
}

@test "a user with groups and variables" {
	scenario a_user_with_groups_and_variables
}

@test "a plus runs as root" {
	scenario a_plus_runs_as_root
}

@test "limits and priorities" {
	scenario limits_and_priorities
}

@test "a limit of the group holds" {
	scenario a_limit_of_the_group_holds
}

@test "what the daemon was given is not its units" {
	scenario what_the_daemon_was_given_is_not_its_units
}

@test "a delegated group is the users" {
	scenario a_delegated_group_is_the_users
}

@test "devices that are not allowed" {
	scenario devices_that_are_not_allowed
}

@test "memory that is missing ends the unit" {
	scenario memory_that_is_missing_ends_the_unit
}

@test "folders are made and owned" {
	scenario folders_are_made_and_owned
}

@test "a folder that cannot be made is 233" {
	scenario a_folder_that_cannot_be_made_is_233
}

@test "credentials are for the user alone" {
	scenario credentials_are_for_the_user_alone
}

@test "data is input and files are output" {
	scenario data_is_input_and_files_are_output
}

@test "a strict system is read only" {
	scenario a_strict_system_is_read_only
}

@test "homes and paths are hidden" {
	scenario homes_and_paths_are_hidden
}

@test "a path that is missing is 226" {
	scenario a_path_that_is_missing_is_226
}

@test "binds and memory files" {
	scenario binds_and_memory_files
}

@test "a root of its own" {
	scenario a_root_of_its_own
}

@test "private devices" {
	scenario private_devices
}

@test "a private network is shared by all commands" {
	scenario a_private_network_is_shared_by_all_commands
}

@test "capabilities are bound and ambient" {
	scenario capabilities_are_bound_and_ambient
}

@test "root is bound too" {
	scenario root_is_bound_too
}

@test "a system call that is filtered" {
	scenario a_system_call_that_is_filtered
}

@test "only what a service needs" {
	scenario only_what_a_service_needs
}

@test "the first forbidden call kills" {
	scenario the_first_forbidden_call_kills
}

@test "without a compiler it is 228" {
	scenario without_a_compiler_it_is_228
}

@test "restrictions refuse" {
	scenario restrictions_refuse
}

@test "an outsider keeps no privileges by a filter" {
	scenario an_outsider_keeps_no_privileges_by_a_filter
}
