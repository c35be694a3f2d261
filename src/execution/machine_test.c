/* Life of services as systemd 252 shows it; the numbers are those of the list of cases that both are
 * measured by. */
#include "execution/machine_trace.h"

#include <signal.h>

/* ---- 35 to 47: simple services and their commands ---- */

static void a_simple_service_is_started_once_it_is_forked(void **state) /* 35 */
{
	TRACE(SERVICE_SIMPLE, "start");
	on(&t, "'starting @90 start0m", "start", START);
	on(&t, "@0 'started", "running", SPAWNED);
	assert_true(t.machine.job_done);
	on(&t, "@0 'failed clean", "failed", MAIN_EXITS(203));
	result_is(&t, "exit-code");
}

static void type_exec_waits_for_the_exec(void **state) /* 35, 36, 37 */
{
	TRACE(SERVICE_EXEC, "start");
	spawns(&t, "'starting @90 start0m", "start", START);
	on(&t, "@0 'started", "running", EVENT_EXECUTED);

	TRACE_AGAIN(&t);
	spawns(&t, "'starting @90 start0m", "start", START);
	on(&t, "@0 'failed 'start-failed clean", "failed", MAIN_EXITS(217));
	assert_false(t.machine.job_done);
}

static void what_precedes_the_start_may_fail_it(void **state) /* 38 */
{
	TRACE(SERVICE_ONESHOT, "pre start stoppost");
	spawns(&t, "'starting @90 pre0", "start-pre", START);
	on(&t, "@90 stoppost0", "stop-post", EXITS(7));
	assert_false(t.machine.main_known);
	on(&t, "", "stop-post", SPAWNED);
	on(&t, "@0 'failed 'start-failed clean", "failed", EXITS(0));
	result_is(&t, "exit-code");
}

static void all_phases_run_in_turn(void **state) /* 39 */
{
	TRACE(SERVICE_SIMPLE, "cond pre start post reload stop stoppost");
	spawns(&t, "'starting @90 cond0", "condition", START);
	spawns(&t, "@90 pre0", "start-pre", EXITS(0));
	on(&t, "@90 start0m", "start", EXITS(0));
	spawns(&t, "@90 post0", "start-post", SPAWNED);
	on(&t, "@0 'started", "running", EXITS(0));
	spawns(&t, "'reloading @90 reload0", "reload", EVENT_RELOAD);
	on(&t, "'reloaded @0", "running", EXITS(0));
	spawns(&t, "'stopping @90 stop0", "stop", EVENT_STOP);
	on(&t, "kill:m:TERM @90", "stop-sigterm", EXITS(0));
	spawns(&t, "@90 stoppost0", "stop-post", MAIN_DIES(SIGTERM));
	on(&t, "@0 'deactivated 'stopped clean", "dead", EXITS(0));
	result_is(&t, "success");
}

static void a_clean_end_runs_exec_stop_too(void **state) /* 40 */
{
	TRACE(SERVICE_SIMPLE, "start stop stoppost");
	run_simple(&t);
	on(&t, "@90 stop0", "stop", MAIN_EXITS(0));
	assert_false(t.machine.main_alive);
	on(&t, "", "stop", SPAWNED);
	spawns(&t, "@90 stoppost0", "stop-post", EXITS(0));
	on(&t, "@0 'deactivated clean", "dead", EXITS(0));
}

static void a_bad_end_does_not(void **state) /* 41 */
{
	TRACE(SERVICE_SIMPLE, "start stop stoppost");
	run_simple(&t);
	spawns(&t, "@90 stoppost0", "stop-post", MAIN_EXITS(4));
	on(&t, "@0 'failed clean", "failed", EXITS(0));
	result_is(&t, "exit-code");
}

static void a_condition_that_is_not_met_is_no_failure(void **state) /* 42 */
{
	TRACE(SERVICE_SIMPLE, "cond pre start stoppost");
	spawns(&t, "'starting @90 cond0", "condition", START);
	spawns(&t, "@90 stoppost0", "stop-post", EXITS(1));
	on(&t, "@0 'deactivated 'skipped clean", "dead", EXITS(0));
	assert_true(t.machine.job_done);
	result_is(&t, "exec-condition");
}

static void but_255_and_a_signal_are(void **state)
{
	TRACE(SERVICE_SIMPLE, "cond start");
	spawns(&t, "'starting @90 cond0", "condition", START);
	on(&t, "@0 'failed 'start-failed clean", "failed", EXITS(255));
	result_is(&t, "exit-code");
	TRACE_AGAIN(&t);
	spawns(&t, "'starting @90 cond0", "condition", START);
	on(&t, "@0 'failed 'start-failed clean", "failed", DIES(SIGKILL));
	result_is(&t, "signal");
}

static void what_follows_the_start_may_fail_it(void **state) /* 43 */
{
	TRACE(SERVICE_SIMPLE, "start post stop stoppost");
	on(&t, "'starting @90 start0m", "start", START);
	spawns(&t, "@90 post0", "start-post", SPAWNED);
	on(&t, "kill:m:TERM @90", "stop-sigterm", EXITS(9));
	spawns(&t, "@90 stoppost0", "stop-post", MAIN_DIES(SIGTERM));
	on(&t, "@0 'failed 'start-failed clean", "failed", EXITS(0));
	result_is(&t, "exit-code");
}

static void a_reload_that_fails_harms_nobody(void **state) /* 44 */
{
	TRACE(SERVICE_SIMPLE, "start reload");
	run_simple(&t);
	spawns(&t, "'reloading @90 reload0", "reload", EVENT_RELOAD);
	on(&t, "'reload-failed @0", "running", EXITS(1));
	result_is(&t, "success");
	assert_int_equal(t.machine.reload_result, RESULT_EXIT_CODE);
}

static void a_stop_command_that_fails_fails_the_unit(void **state) /* 45 */
{
	TRACE(SERVICE_SIMPLE, "start stop stoppost");
	run_simple(&t);
	spawns(&t, "'stopping @90 stop0", "stop", EVENT_STOP);
	on(&t, "kill:m:TERM @90", "stop-sigterm", EXITS(1));
	spawns(&t, "@90 stoppost0", "stop-post", MAIN_DIES(SIGTERM));
	on(&t, "@0 'failed 'stopped clean", "failed", EXITS(0));
	result_is(&t, "exit-code");
}

static void who_ignores_sigterm_is_killed(void **state) /* 46 */
{
	TRACE(SERVICE_SIMPLE, "start");
	run_simple(&t);
	on(&t, "'stopping kill:m:TERM @90", "stop-sigterm", EVENT_STOP);
	on(&t, "'kill-timeout kill:m:KILL @90", "stop-sigkill", EVENT_DEADLINE);
	on(&t, "@0 'failed 'stopped clean", "failed", MAIN_DIES(SIGKILL));
	result_is(&t, "timeout");
}

static void without_sendsigkill_it_is_given_up(void **state)
{
	TRACE(SERVICE_SIMPLE, "start");
	t.plan.no_sigkill = true;
	run_simple(&t);
	on(&t, "'stopping kill:m:TERM @90", "stop-sigterm", EVENT_STOP);
	on(&t, "'kill-timeout kill:m:TERM @90", "final-sigterm", EVENT_DEADLINE);
	on(&t, "'kill-timeout @0 'failed 'stopped clean", "failed", EVENT_DEADLINE);
}

static void a_start_that_takes_too_long(void **state) /* 47 */
{
	TRACE(SERVICE_ONESHOT, "start stoppost");
	t.plan.timeout_start_us = 1000000;
	spawns(&t, "'starting @1 start0m", "start", START);
	on(&t, "'start-timeout kill:m:TERM @90", "stop-sigterm", EVENT_DEADLINE);
	spawns(&t, "@90 stoppost0", "stop-post", MAIN_DIES(SIGTERM));
	on(&t, "@0 'failed 'start-failed clean", "failed", EXITS(0));
	result_is(&t, "timeout");
}

static void the_failure_mode_of_a_timeout(void **state)
{
	TRACE(SERVICE_ONESHOT, "start");
	t.plan.timeout_start_mode = TIMEOUT_KILL;
	spawns(&t, "'starting @90 start0m", "start", START);
	on(&t, "'start-timeout kill:m:KILL @90", "stop-sigkill", EVENT_DEADLINE);
	TRACE_AGAIN(&t);
	t.plan.timeout_start_mode = TIMEOUT_ABORT;
	spawns(&t, "'starting @90 start0m", "start", START);
	on(&t, "'start-timeout kill:m:ABRT @90", "stop-watchdog", EVENT_DEADLINE);
}

/* ---- 48 to 55: types ---- */

static void who_ends_before_ready_breaks_the_protocol(void **state) /* 48 */
{
	TRACE(SERVICE_NOTIFY, "start");
	spawns(&t, "'starting @90 start0m", "start", START);
	on(&t, "@0 'failed 'start-failed clean", "failed", MAIN_EXITS(0));
	result_is(&t, "protocol");
}

static void ready_ends_the_start(void **state) /* 49 */
{
	TRACE(SERVICE_NOTIFY, "start post");
	spawns(&t, "'starting @90 start0m", "start", START);
	spawns(&t, "@90 post0", "start-post", EVENT_READY);
	on(&t, "@0 'started", "running", EXITS(0));
}

static void the_watchdog_bites(void **state) /* 50 */
{
	TRACE(SERVICE_NOTIFY, "start stop");
	t.plan.watchdog_us = 1000000;
	spawns(&t, "'starting @90 start0m", "start", START);
	on(&t, "watchdog:1 @0 'started", "running", EVENT_READY);
	on(&t, "'watchdog kill:m:ABRT watchdog:0 @90", "stop-watchdog", EVENT_WATCHDOG);
	on(&t, "@0 'failed clean", "failed", MAIN_DIES(SIGABRT));
	result_is(&t, "watchdog");
}

static void a_forking_parent_leaves_a_main_process(void **state) /* 51 */
{
	TRACE(SERVICE_FORKING, "start");
	t.plan.pid_file = str_dup("/run/x.pid");
	spawns(&t, "'starting @90 start0", "start", START);
	on(&t, "find-main+wait", "start", EXITS(0));
	on(&t, "@0 'started", "running", EVENT_MAIN_FOUND);
	assert_true(t.machine.main_alive);
}

static void a_pid_file_that_nobody_will_write(void **state)
{
	TRACE(SERVICE_FORKING, "start");
	t.plan.pid_file = str_dup("/run/x.pid");
	t.others = true;
	spawns(&t, "'starting @90 start0", "start", START);
	on(&t, "find-main+wait", "start", EXITS(0));
	t.others = false;
	on(&t, "@0 'failed 'start-failed clean", "failed", EVENT_EMPTY);
	result_is(&t, "protocol");
}

static void start_post_may_write_the_pid_file(void **state)
{
	TRACE(SERVICE_FORKING, "start post");
	t.plan.pid_file = str_dup("/run/x.pid");
	t.others = true;
	spawns(&t, "'starting @90 start0", "start", START);
	on(&t, "find-main", "start", EXITS(0));
	spawns(&t, "@90 post0", "start-post", EVENT_MAIN_UNKNOWN);
	on(&t, "find-main+wait", "start-post", EXITS(0));
	on(&t, "@0 'started", "running", EVENT_MAIN_FOUND);
}

static void a_forking_service_whose_main_process_nobody_knows(void **state)
{
	TRACE(SERVICE_FORKING, "start");
	t.others = true;
	spawns(&t, "'starting @90 start0", "start", START);
	on(&t, "find-main", "start", EXITS(0));
	on(&t, "@0 'started", "running", EVENT_MAIN_UNKNOWN);
	t.others = false;
	on(&t, "@0 'deactivated clean", "dead", EVENT_EMPTY);
}

static void commands_of_a_oneshot_run_until_one_fails(void **state) /* 52 */
{
	TRACE(SERVICE_ONESHOT, "start start start");
	spawns(&t, "'starting @90 start0m", "start", START);
	spawns(&t, "@90 start1m", "start", MAIN_EXITS(0));
	on(&t, "@0 'failed 'start-failed clean", "failed", MAIN_EXITS(1));
}

static void a_failure_may_be_ignored(void **state) /* 53, 66 */
{
	TRACE(SERVICE_ONESHOT, "start start");
	RECORD_AT(t.plan.commands[EXECUTION_START], struct execution_command, 0)->ignore_failure =
		true;
	spawns(&t, "'starting @90 start0m", "start", START);
	spawns(&t, "@90 start1m", "start", MAIN_EXITS(203));
	on(&t, "@0 'deactivated 'finished clean", "dead", MAIN_EXITS(0));
	assert_true(t.machine.job_done);
	result_is(&t, "success");
}

static void sigterm_is_a_clean_end_but_not_of_a_oneshot(void **state) /* 54 */
{
	TRACE(SERVICE_ONESHOT, "start");
	spawns(&t, "'starting @90 start0m", "start", START);
	on(&t, "@0 'failed 'start-failed clean", "failed", MAIN_DIES(SIGTERM));
	result_is(&t, "signal");
}

static void a_oneshot_may_remain(void **state)
{
	TRACE(SERVICE_ONESHOT, "start stop");
	t.plan.remain_after_exit = true;
	spawns(&t, "'starting @90 start0m", "start", START);
	on(&t, "@0 'finished", "exited", MAIN_EXITS(0));
	spawns(&t, "'stopping @90 stop0", "stop", EVENT_STOP);
	on(&t, "@0 'deactivated 'stopped clean", "dead", EXITS(0));
}

static void exit_code_143_is_not_clean(void **state) /* 55, 56 */
{
	TRACE(SERVICE_SIMPLE, "start");
	run_simple(&t);
	on(&t, "'stopping kill:m:TERM @90", "stop-sigterm", EVENT_STOP);
	on(&t, "@0 'failed 'stopped clean", "failed", MAIN_EXITS(143));
	TRACE_AGAIN(&t);
	run_simple(&t);
	on(&t, "'stopping kill:m:TERM @90", "stop-sigterm", EVENT_STOP);
	on(&t, "@0 'deactivated 'stopped clean", "dead", MAIN_EXITS(0));
}

static void another_signal_is_a_failure(void **state) /* 57 */
{
	TRACE(SERVICE_SIMPLE, "start");
	run_simple(&t);
	on(&t, "@0 'failed clean", "failed", MAIN_DIES(SIGUSR2));
	result_is(&t, "signal");
}

static void kill_mode_process_lets_children_live(void **state) /* 58 */
{
	TRACE(SERVICE_SIMPLE, "start");
	t.plan.kill_mode = KILL_PROCESS;
	t.others = true;
	run_simple(&t);
	on(&t, "'stopping kill:m:TERM @90", "stop-sigterm", EVENT_STOP);
	on(&t, "@0 'deactivated 'stopped clean", "dead", MAIN_DIES(SIGTERM));

	TRACE_AGAIN(&t);
	t.plan.kill_mode = KILL_NONE;
	run_simple(&t);
	on(&t, "'stopping @0 'deactivated 'stopped clean", "dead", EVENT_STOP);
}

static void kill_mode_mixed_kills_the_rest_hard(void **state)
{
	TRACE(SERVICE_SIMPLE, "start");
	t.plan.kill_mode = KILL_MIXED;
	t.others = true;
	run_simple(&t);
	on(&t, "'stopping kill:m:TERM @90", "stop-sigterm", EVENT_STOP);
	on(&t, "kill:o:KILL @90", "final-sigkill", MAIN_DIES(SIGTERM));
	t.others = false;
	on(&t, "@0 'deactivated 'stopped clean", "dead", EVENT_EMPTY);
}

static void leftovers_get_both_signals_after_stop_post(void **state)
{
	TRACE(SERVICE_SIMPLE, "start stoppost");
	t.others = true;
	t.plan.send_sighup = true;
	run_simple(&t);
	on(&t, "'stopping kill:mo:TERM+HUP @90", "stop-sigterm", EVENT_STOP);
	spawns(&t, "@90 stoppost0", "stop-post", MAIN_DIES(SIGTERM));
	on(&t, "kill:o:TERM+HUP @90", "final-sigterm", EXITS(0));
	on(&t, "'kill-timeout kill:o:KILL @90", "final-sigkill", EVENT_DEADLINE);
	t.others = false;
	on(&t, "@0 'failed 'stopped clean", "failed", EVENT_EMPTY);
}

static void a_stop_ends_a_start(void **state) /* 59 */
{
	TRACE(SERVICE_SIMPLE, "pre start stop");
	spawns(&t, "'starting @90 pre0", "start-pre", START);
	on(&t, "'stopping kill:c:TERM @90", "stop-sigterm", EVENT_STOP);
	on(&t, "@0 'failed 'stopped clean", "failed", DIES(SIGTERM));
	assert_false(t.machine.job_done);
}

static void an_end_that_is_ignored_is_a_success(void **state) /* 66 */
{
	TRACE(SERVICE_SIMPLE, "start");
	RECORD_AT(t.plan.commands[EXECUTION_START], struct execution_command, 0)->ignore_failure =
		true;
	run_simple(&t);
	on(&t, "@0 'deactivated clean", "dead", MAIN_EXITS(3));
}

static void a_stop_command_fails_a_clean_end(void **state) /* 67 */
{
	TRACE(SERVICE_SIMPLE, "start stop");
	run_simple(&t);
	spawns(&t, "@90 stop0", "stop", MAIN_EXITS(0));
	on(&t, "@0 'failed clean", "failed", EXITS(1));
	result_is(&t, "exit-code");
}

static void a_restart_has_a_signal_of_its_own(void **state)
{
	TRACE(SERVICE_SIMPLE, "start");
	t.plan.restart_kill_signal = SIGINT;
	run_simple(&t);
	on(&t, "'stopping kill:m:INT @90", "stop-sigterm", EVENT_STOP, .restarting = true);
}

static void the_codes_of_success_are_success(void **state)
{
	TRACE(SERVICE_SIMPLE, "start");
	strings_add(&t.plan.success.codes, "143");
	strings_add(&t.plan.success.signals, "USR1");
	run_simple(&t);
	on(&t, "@0 'deactivated clean", "dead", MAIN_EXITS(143));
	run_simple(&t);
	on(&t, "@0 'deactivated clean", "dead", MAIN_DIES(SIGUSR1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_simple_service_is_started_once_it_is_forked),
		cmocka_unit_test(type_exec_waits_for_the_exec),
		cmocka_unit_test(what_precedes_the_start_may_fail_it),
		cmocka_unit_test(all_phases_run_in_turn),
		cmocka_unit_test(a_clean_end_runs_exec_stop_too),
		cmocka_unit_test(a_bad_end_does_not),
		cmocka_unit_test(a_condition_that_is_not_met_is_no_failure),
		cmocka_unit_test(but_255_and_a_signal_are),
		cmocka_unit_test(what_follows_the_start_may_fail_it),
		cmocka_unit_test(a_reload_that_fails_harms_nobody),
		cmocka_unit_test(a_stop_command_that_fails_fails_the_unit),
		cmocka_unit_test(who_ignores_sigterm_is_killed),
		cmocka_unit_test(without_sendsigkill_it_is_given_up),
		cmocka_unit_test(a_start_that_takes_too_long),
		cmocka_unit_test(the_failure_mode_of_a_timeout),
		cmocka_unit_test(who_ends_before_ready_breaks_the_protocol),
		cmocka_unit_test(ready_ends_the_start),
		cmocka_unit_test(the_watchdog_bites),
		cmocka_unit_test(a_forking_parent_leaves_a_main_process),
		cmocka_unit_test(a_pid_file_that_nobody_will_write),
		cmocka_unit_test(start_post_may_write_the_pid_file),
		cmocka_unit_test(a_forking_service_whose_main_process_nobody_knows),
		cmocka_unit_test(commands_of_a_oneshot_run_until_one_fails),
		cmocka_unit_test(a_failure_may_be_ignored),
		cmocka_unit_test(sigterm_is_a_clean_end_but_not_of_a_oneshot),
		cmocka_unit_test(a_oneshot_may_remain),
		cmocka_unit_test(exit_code_143_is_not_clean),
		cmocka_unit_test(another_signal_is_a_failure),
		cmocka_unit_test(kill_mode_process_lets_children_live),
		cmocka_unit_test(kill_mode_mixed_kills_the_rest_hard),
		cmocka_unit_test(leftovers_get_both_signals_after_stop_post),
		cmocka_unit_test(a_stop_ends_a_start),
		cmocka_unit_test(an_end_that_is_ignored_is_a_success),
		cmocka_unit_test(a_stop_command_fails_a_clean_end),
		cmocka_unit_test(a_restart_has_a_signal_of_its_own),
		cmocka_unit_test(the_codes_of_success_are_success),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
