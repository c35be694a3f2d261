/* Phases, results and ends of units: what the machine decides, carried out. */
#include "scenario.h"
#include "unit_driver.h"

#include "base/time.h"

#include <signal.h>
#include <unistd.h>

#define SLEEPS "exec sleep 1000"

static void a_simple_service_runs_and_stops(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_SIMPLE);
	unit_add(&d, EXECUTION_START, SLEEPS);
	unit_run(&d);
	expect(d.status.job_done && d.status.main_known && d.status.main_pid > 1);
	expect(d.status.active_enter_ns > 0 && d.status.shim_pid == d.shim.pid);
	unit_halt(&d);
	expect_equal(d.status.main.end, PROCESS_KILLED);
	expect_equal(d.status.main.status, SIGTERM);
	unit_end(&d);
}

static void a_stop_right_after_the_start_is_not_lost(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_SIMPLE);
	unit_add(&d, EXECUTION_START, SLEEPS);
	d.start.plan.timeout_stop_us = 60000000;
	for (int i = 0; i < 100; i++) {
		unit_start(&d);
		unit_stop(&d, false);
		unit_await(&d, SUB_RUNNING);
		unit_await_over(&d, SUB_DEAD, RESULT_SUCCESS);
		while (is_readable(d.shim.control, 0))
			unit_await_status(&d);
	}
	unit_end(&d);
}

static void all_phases_run_in_order_and_know_the_main_process(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_SIMPLE);
	unit_add(&d, EXECUTION_CONDITION, "echo cond >>rec");
	unit_add(&d, EXECUTION_START_PRE, "echo pre$MAINPID >>rec");
	unit_add(&d, EXECUTION_START, "echo $$ >main; " SLEEPS);
	unit_add(&d, EXECUTION_START_POST,
		 "while [ ! -s main ]; do sleep 0.01; done; "
		 "[ $MAINPID = $(cat main) ] && echo post >>rec");
	unit_add(&d, EXECUTION_RELOAD, "[ $MAINPID = $(cat main) ] && echo reload >>rec");
	unit_add(&d, EXECUTION_STOP, "[ $MAINPID = $(cat main) ] && echo stop >>rec");
	unit_add(&d, EXECUTION_STOP_POST, "echo $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS >>rec");
	unit_run(&d);
	unit_send(&d, UNIT_RELOAD, NULL, NULL);
	unit_await(&d, SUB_RELOAD);
	unit_await(&d, SUB_RUNNING);
	expect_equal(d.status.reload_result, RESULT_SUCCESS);
	unit_halt(&d);
	unit_expect_file(&d, "rec", "cond\npre\npost\nreload\nstop\nsuccess killed TERM\n");
	expect_equal(d.status.processes.count, 7);
	unit_end(&d);
}

static void a_program_that_is_missing_is_203(void)
{
	struct unit_driver d;
	struct execution_command *c;

	unit_begin(&d, SERVICE_EXEC);
	c = unit_add(&d, EXECUTION_START, "");
	str_replace(&c->path, "/no/such/program");
	unit_start(&d);
	unit_await_over(&d, SUB_FAILED, RESULT_EXIT_CODE);
	expect_equal(d.status.main.status, 203);
	expect(!d.status.job_done);
	unit_end(&d);
}

static void a_user_that_is_missing_is_217_and_a_folder_200(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_EXEC);
	unit_add(&d, EXECUTION_START, SLEEPS);
	str_replace(&d.start.plan.context.user, "nosuch");
	unit_start(&d);
	unit_await_over(&d, SUB_FAILED, RESULT_EXIT_CODE);
	expect_equal(d.status.main.status, 217);
	str_replace(&d.start.plan.context.user, NULL);
	str_replace(&d.start.plan.context.working_folder, "/no");
	unit_start(&d);
	unit_await_over(&d, SUB_FAILED, RESULT_EXIT_CODE);
	expect_equal(d.status.main.status, 200);
	unit_end(&d);
}

static void type_exec_is_started_by_its_exec(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_EXEC);
	unit_add(&d, EXECUTION_START, SLEEPS);
	unit_run(&d);
	unit_halt(&d);
	unit_end(&d);
}

static void commands_of_a_oneshot_run_in_turn(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_ONESHOT);
	unit_add(&d, EXECUTION_START, "echo 1 >>rec");
	unit_add(&d, EXECUTION_START, "echo 2 >>rec; exit 1");
	unit_add(&d, EXECUTION_START, "echo 3 >>rec");
	unit_add(&d, EXECUTION_STOP_POST, "echo $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS >>rec");
	unit_start(&d);
	unit_await_over(&d, SUB_FAILED, RESULT_EXIT_CODE);
	unit_expect_file(&d, "rec", "1\n2\nexit-code exited 1\n");
	unit_end(&d);
}

static void a_start_that_hangs_is_ended_in_time(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_ONESHOT);
	unit_add(&d, EXECUTION_START, SLEEPS);
	unit_add(&d, EXECUTION_STOP_POST, "echo $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS >>rec");
	d.start.plan.timeout_start_us = 200000;
	unit_start(&d);
	unit_await_over(&d, SUB_FAILED, RESULT_TIMEOUT);
	unit_expect_file(&d, "rec", "timeout killed TERM\n");
	unit_end(&d);
}

static void who_ignores_sigterm_is_killed(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_SIMPLE);
	unit_add(&d, EXECUTION_START,
		 "trap '' TERM; (trap '' TERM; exec sleep 1000) & echo ready >rec; while :; do "
		 "sleep 1000; done");
	d.start.plan.timeout_stop_us = 300000;
	unit_run(&d);
	unit_await_file(&d, "rec", "ready");
	unit_stop(&d, false);
	unit_await_over(&d, SUB_FAILED, RESULT_TIMEOUT);
	expect_equal(d.status.main.status, SIGKILL);
	unit_end(&d);
}

static void kill_mode_process_leaves_children(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_SIMPLE);
	unit_add(&d, EXECUTION_START, "sleep 1000 & echo $! >rec; exec sleep 1000");
	d.start.plan.kill_mode = KILL_PROCESS;
	unit_run(&d);
	unit_await_file(&d, "rec", "\n");
	unit_halt(&d);
	pid_t pid = unit_pid(&d, "rec");
	expect(kill(pid, 0) == 0);
	expect(kill(pid, SIGKILL) == 0);
	d.status.sub = SUB_RUNNING; /* the group may not be empty yet: it is swept by the end */
	unit_end(&d);
}

static void a_fork_bomb_is_stopped(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_SIMPLE);
	unit_add(&d, EXECUTION_START,
		 "trap '' TERM; b() { while :; do (b) & sleep 0.05; done; }; b 2>/dev/null & "
		 "echo go >rec; exec sleep 1000");
	d.start.plan.timeout_stop_us = 500000;
	d.start.plan.limits.tasks_max.given = true;
	d.start.plan.limits.tasks_max.value = 200;
	unit_run(&d);
	unit_await_file(&d, "rec", "go");
	unit_stop(&d, false);
	unit_await_over(&d, SUB_FAILED, RESULT_TIMEOUT);
	unit_end(&d);
}

static void a_double_fork_is_the_units_still(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_SIMPLE);
	unit_add(&d, EXECUTION_START, "(setsid sleep 1000 & echo $! >>rec) & exec sleep 1000");
	unit_run(&d);
	unit_await_file(&d, "rec", "\n");
	unit_halt(&d);
	pid_t pid = unit_pid(&d, "rec");
	for (int i = 0; i < 1000 && kill(pid, 0) == 0; i++)
		usleep(5000); /* ended, and not reaped yet */
	expect(kill(pid, 0) < 0);
	unit_end(&d);
}

static void a_forking_service_leaves_its_main_process(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_FORKING);
	unit_add(&d, EXECUTION_START, "sleep 1000 & echo $! >rec");
	unit_run(&d);
	pid_t pid = unit_pid(&d, "rec");
	expect_equal(d.status.main_pid, pid);
	expect(kill((pid_t)d.status.main_pid, SIGUSR2) == 0);
	unit_await_over(&d, SUB_FAILED, RESULT_SIGNAL);
	unit_end(&d);
}

static void a_pid_file_names_it(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_FORKING);
	d.start.plan.pid_file = unit_path(&d, "later/pid");
	unit_add(&d, EXECUTION_START,
		 "sleep 1000 & sleep 1000 & p=$!; echo $p >rec; "
		 "(sleep 0.2; mkdir later; echo $p >later/pid) & exit 0");
	unit_run(&d);
	pid_t pid = unit_pid(&d, "rec");
	expect_equal(d.status.main_pid, pid);
	unit_halt(&d);
	unit_end(&d);
}

static void a_pid_file_that_lies_is_not_believed(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_FORKING);
	d.start.plan.pid_file = unit_path(&d, "pid");
	unit_add(&d, EXECUTION_START, "sleep 1000 & echo $PPID >pid; chmod 666 pid");
	unit_set(&d, "PPID", "x");
	d.start.plan.timeout_start_us = 500000;
	unit_start(&d);
	unit_await_over(&d, SUB_FAILED, RESULT_TIMEOUT);
	expect(d.status.main_pid == 0);
	unit_end(&d);
}

static void an_environment_file_that_is_a_fifo_keeps_nobody(void)
{
	struct unit_driver d;
	scoped_free char *fifo = NULL, *command = NULL;
	int64_t before = time_monotonic_ns();

	unit_begin(&d, SERVICE_SIMPLE);
	unit_add(&d, EXECUTION_START, SLEEPS);
	fifo = unit_path(&d, "fifo");
	command = str_format("mkfifo %s", fifo);
	expect(system(command) == 0);
	strings_add(&d.start.plan.context.environment_files, fifo);
	unit_start(&d);
	unit_await_over(&d, SUB_FAILED, RESULT_RESOURCES);
	expect(time_monotonic_ns() - before < 5 * NS_PER_SECOND);
	unit_end(&d);
}

static void environment_files_beat_variables(void)
{
	struct unit_driver d;
	scoped_free char *path = NULL, *command = NULL;
	struct execution_command *c;

	unit_begin(&d, SERVICE_ONESHOT);
	path = unit_path(&d, "env");
	command = str_format("printf 'A=file\\nB=\"two words\"\\n' >%s", path);
	expect(system(command) == 0);
	strings_add(&d.start.plan.context.environment_files, path);
	strings_add(&d.start.plan.context.environment_files, "-/no/such/file");
	strings_take(&d.start.plan.context.environment_files, unit_path(&d, "e?v*"));
	strings_add(&d.start.plan.context.environment_files, "-/no/such/*");
	unit_set(&d, "A", "line");
	unit_set(&d, "C", "line");
	c = unit_add(&d, EXECUTION_START, "echo \"$0 $1 $2 $3\" $INVOCATION_ID >rec");
	c->no_variables = false;
	strings_remove(&c->args, 2);
	strings_add(&c->args, "echo \"$0 $1 $2 $3\" $INVOCATION_ID >rec");
	strings_add(&c->args, "${A}");
	strings_add(&c->args, "$B");
	strings_add(&c->args, "${C}");
	unit_start(&d);
	unit_await_over(&d, SUB_DEAD, RESULT_SUCCESS);
	unit_expect_file(&d, "rec", "file two words line 0123456789abcdef0123456789abcdef\n");
	unit_end(&d);
}

static void a_missing_environment_file_is_a_lack_of_resources(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_SIMPLE);
	unit_add(&d, EXECUTION_START, SLEEPS);
	strings_add(&d.start.plan.context.environment_files, "/no/such/file");
	unit_start(&d);
	unit_await_over(&d, SUB_FAILED, RESULT_RESOURCES);
	unit_end(&d);
}

static void the_daemon_may_die_and_another_takes_over(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_SIMPLE);
	unit_add(&d, EXECUTION_START, SLEEPS);
	unit_add(&d, EXECUTION_STOP_POST, "echo post >>rec");
	unit_run(&d);
	unit_reconnect(&d);
	expect_equal(d.status.sub, SUB_RUNNING);
	close_fd(&d.shim.control);
	expect(kill((pid_t)d.status.main_pid, SIGKILL) == 0);
	unit_await_file(&d, "rec", "post");
	unit_reconnect(&d);
	if (d.status.sub != SUB_FAILED)
		unit_await(&d, SUB_FAILED);
	expect_equal(d.status.result, RESULT_SIGNAL);
	unit_end(&d);
}

static void it_starts_again_in_the_same_shim(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_SIMPLE);
	unit_add(&d, EXECUTION_START, "echo run >>rec; exit 3");
	for (int i = 0; i < 3; i++) {
		unit_run(&d);
		unit_await_over(&d, SUB_FAILED, RESULT_EXIT_CODE);
		d.start.restarted = true;
	}
	unit_expect_file(&d, "rec", "run\nrun\nrun\n");
	unit_end(&d);
}

static void signals_go_to_whom_they_are_meant_for(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_SIMPLE);
	unit_add(&d, EXECUTION_START,
		 "trap 'echo main >>rec' USR1; (trap 'echo child >>rec; exit' USR1; echo ready "
		 ">ready; "
		 "while :; do sleep 0.01; done) & while :; do sleep 0.01; done");
	unit_run(&d);
	unit_await_file(&d, "ready", "ready");
	unit_send(&d, UNIT_SIGNAL, &unit_signal_type,
		  &(struct unit_signal){SIGNAL_CONTROL, SIGUSR1});
	unit_expect_reply(&d, ERROR_CONFLICT);
	unit_send(&d, UNIT_SIGNAL, &unit_signal_type, &(struct unit_signal){SIGNAL_MAIN, SIGUSR1});
	unit_expect_reply(&d, ERROR_NONE);
	unit_await_file(&d, "rec", "main\n");
	unit_send(&d, UNIT_SIGNAL, &unit_signal_type, &(struct unit_signal){SIGNAL_ALL, SIGUSR1});
	unit_expect_reply(&d, ERROR_NONE);
	unit_await_file(&d, "rec", "child\n");
	unit_send(&d, UNIT_SIGNAL, &unit_signal_type, &(struct unit_signal){SIGNAL_ALL, SIGKILL});
	unit_expect_reply(&d, ERROR_NONE);
	unit_await_over(&d, SUB_FAILED, RESULT_SIGNAL);
	unit_end(&d);
}

static void a_shim_without_a_start_ends_with_its_daemon_too(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_SIMPLE);
	close_fd(&d.shim.control);
	expect(is_readable(d.shim.pidfd, WAIT_MS));
	unit_end(&d);
}

const struct scenario unit_life_scenarios[] = {
	SCENARIO(a_simple_service_runs_and_stops),
	SCENARIO(a_stop_right_after_the_start_is_not_lost),
	SCENARIO(all_phases_run_in_order_and_know_the_main_process),
	SCENARIO(a_program_that_is_missing_is_203),
	SCENARIO(a_user_that_is_missing_is_217_and_a_folder_200),
	SCENARIO(type_exec_is_started_by_its_exec),
	SCENARIO(commands_of_a_oneshot_run_in_turn),
	SCENARIO(a_start_that_hangs_is_ended_in_time),
	SCENARIO(who_ignores_sigterm_is_killed),
	SCENARIO(kill_mode_process_leaves_children),
	SCENARIO(a_fork_bomb_is_stopped),
	SCENARIO(a_double_fork_is_the_units_still),
	SCENARIO(a_forking_service_leaves_its_main_process),
	SCENARIO(a_pid_file_names_it),
	SCENARIO(a_pid_file_that_lies_is_not_believed),
	SCENARIO(an_environment_file_that_is_a_fifo_keeps_nobody),
	SCENARIO(environment_files_beat_variables),
	SCENARIO(a_missing_environment_file_is_a_lack_of_resources),
	SCENARIO(the_daemon_may_die_and_another_takes_over),
	SCENARIO(it_starts_again_in_the_same_shim),
	SCENARIO(signals_go_to_whom_they_are_meant_for),
	SCENARIO(a_shim_without_a_start_ends_with_its_daemon_too),
	{NULL, NULL},
};
