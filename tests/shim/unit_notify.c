/* sd_notify, watchdog, stored descriptors, and output with its writers. */
#include "scenario.h"
#include "unit_driver.h"
#include "unit_helper.h"

#include "base/sanitized.h"
#include "base/time.h"

#include <signal.h>
#include <unistd.h>

static void stays(struct unit_driver *d, enum sub_state sub, int64_t ms)
{
	int64_t until = time_monotonic_ns() + ms * NS_PER_MS, left;

	while ((left = until - time_monotonic_ns()) > 0)
		if (is_readable(d->shim.control, (int)(left / NS_PER_MS))) {
			unit_await_status(d);
			expect_equal(d->status.sub, sub);
		}
}

static void ready_is_told_with_a_status(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_NOTIFY);
	unit_add_helper(&d, EXECUTION_START, "wait=go =STATUS=up =ERRNO=2\\nREADY=1 sleep");
	unit_start(&d);
	unit_await(&d, SUB_START);
	unit_make_file(&d, "go");
	unit_await(&d, SUB_RUNNING);
	expect(d.status.job_done);
	expect(str_equal(d.status.status_text, "up"));
	expect_equal(d.status.notify_errno, 2);
	unit_halt(&d);
	unit_end(&d);
}

static void who_ends_without_ready_breaks_the_protocol(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_NOTIFY);
	unit_add(&d, EXECUTION_START, "exit 0");
	unit_start(&d);
	unit_await_over(&d, SUB_FAILED, RESULT_PROTOCOL);
	unit_end(&d);
}

static void ready_just_before_the_end_counts(void)
{
	struct unit_driver d;

	for (int i = 0; i < 10; i++) {
		unit_begin(&d, SERVICE_NOTIFY);
		unit_add_helper(&d, EXECUTION_START, "=READY=1");
		unit_start(&d);
		unit_await_over(&d, SUB_DEAD, RESULT_SUCCESS);
		expect(d.status.job_done);
		unit_end(&d);
	}
}

static void a_stranger_is_not_heard(void)
{
	struct unit_driver d;
	scoped_free char *script = NULL, *program = unit_program();

	unit_begin(&d, SERVICE_NOTIFY);
	/* a child is no main process; and this process is none of the unit at all */
	script = str_format("echo $NOTIFY_SOCKET >socket; %s helper =READY=1 barrier; "
			    "echo said >rec; exec sleep 1000",
			    program);
	unit_add(&d, EXECUTION_START, script);
	unit_start(&d);
	unit_await(&d, SUB_START);
	unit_await_file(&d, "rec", "said");
	scoped_free char *socket = unit_file(&d, "socket");
	socket[strcspn(socket, "\n")] = '\0';
	setenv("NOTIFY_SOCKET", socket, 1);
	unit_helper(2, (char *[]){"=READY=1", "barrier"});
	unit_send(&d, UNIT_HELLO, NULL, NULL);
	unit_await_status(&d);
	expect_equal(d.status.sub, SUB_START);
	unit_halt(&d);
	unit_end(&d);
}

static void with_access_for_all_a_child_is_heard(void)
{
	struct unit_driver d;
	scoped_free char *script = NULL, *program = unit_program();

	unit_begin(&d, SERVICE_NOTIFY);
	script = str_format("%s helper =READY=1 barrier; exec sleep 1000", program);
	unit_add(&d, EXECUTION_START, script);
	d.start.plan.notify_access = NOTIFY_ALL;
	unit_run(&d);
	unit_halt(&d);
	unit_end(&d);
}

static void another_process_becomes_the_main_one(void)
{
	struct unit_driver d;
	scoped_free char *script = NULL, *program = unit_program();

	unit_begin(&d, SERVICE_NOTIFY);
	script = str_format(
		"sleep 1000 & p=$!; echo $p >rec; %s helper =MAINPID=$p '=READY=1' barrier",
		program);
	unit_add(&d, EXECUTION_START, script);
	d.start.plan.notify_access = NOTIFY_ALL;
	unit_run(&d);
	pid_t pid = unit_pid(&d, "rec");
	expect_equal(d.status.main_pid, pid);
	unit_halt(&d);
	unit_end(&d);
}

static void the_watchdog_bites_who_is_silent(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_NOTIFY);
	d.start.plan.watchdog_us = 300000;
	unit_add_helper(&d, EXECUTION_START, "=READY=1 sleep");
	unit_add(&d, EXECUTION_STOP_POST, "echo $SERVICE_RESULT $EXIT_STATUS >rec");
	unit_run(&d);
	unit_await_over(&d, SUB_FAILED, RESULT_WATCHDOG);
	unit_expect_file(&d, "rec", "watchdog ABRT\n");
	unit_expect_journal(&d, "Failed with result 'watchdog'.");
	unit_end(&d);
}

static void who_gives_signs_of_life_lives(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_NOTIFY);
	d.start.plan.watchdog_us =
		3000000; /* a busy host lets nobody do anything for a part of a second */
	unit_add_helper(&d, EXECUTION_START, "=READY=1 ping=50");
	unit_run(&d);
	stays(&d, SUB_RUNNING, 5000);
	unit_halt(&d);
	unit_end(&d);
}

static void a_trigger_is_a_bite(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_NOTIFY);
	d.start.plan.watchdog_us = 1000000000;
	unit_add_helper(&d, EXECUTION_START, "=READY=1 =WATCHDOG=trigger sleep");
	unit_start(&d);
	unit_await_over(&d, SUB_FAILED, RESULT_WATCHDOG);
	unit_end(&d);
}

static void time_can_be_asked_for(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_NOTIFY);
	d.start.plan.timeout_start_us = 3000000; /* for its first word, on a busy host */
	unit_add_helper(&d, EXECUTION_START,
			"=EXTEND_TIMEOUT_USEC=20000000 wait=go =READY=1 sleep");
	unit_start(&d);
	unit_await(&d, SUB_START);
	stays(&d, SUB_START, 4000);
	unit_make_file(&d, "go");
	unit_await(&d, SUB_RUNNING);
	unit_halt(&d);
	unit_end(&d);
}

/* A daemon that takes nothing meanwhile is neither cut off nor told each word. */
static void a_service_that_talks_without_end_floods_nobody(void)
{
	struct unit_driver d;
	int statuses = 0;

	unit_begin(&d, SERVICE_NOTIFY);
	unit_add_helper(&d, EXECUTION_START,
			"=READY=1 chatter=20000 =STATUS=last barrier touch=rec sleep");
	unit_add(&d, EXECUTION_START_POST, "exit 0");
	unit_start(&d);
	unit_await_file(&d, "rec", "here");
	for (; !str_equal(d.status.status_text, "last"); statuses++)
		unit_await_status(&d);
	expect_equal(d.status.sub, SUB_RUNNING);
	expect(statuses < 2000);
	unit_halt(&d);
	unit_end(&d);
}

static void a_reload_ends_with_ready(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_NOTIFY);
	unit_add_helper(&d, EXECUTION_START,
			"=READY=1 wait=go =RELOADING=1 =STATUS=busy wait=on =READY=1 sleep");
	unit_run(&d);
	unit_make_file(&d, "go");
	unit_await(&d, SUB_RELOAD);
	unit_make_file(&d, "on");
	unit_await(&d, SUB_RUNNING);
	unit_halt(&d);
	unit_end(&d);
}

static void stored_descriptors_come_back(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_SIMPLE);
	d.start.plan.notify_access = NOTIFY_MAIN;
	d.start.plan.descriptor_store_max = 2;
	unit_add_helper(&d, EXECUTION_START, "fds store=one store=two store=three barrier sleep");
	unit_run(&d);
	while (d.status.stored_descriptors < 2)
		unit_await_status(&d);
	unit_stop(&d, true);
	unit_await_over(&d, SUB_DEAD, RESULT_SUCCESS);
	d.start.restarted = true;
	unit_run(&d);
	unit_await_file(&d, "rec", "one:two one two\n");
	unit_halt(&d);
	d.start.restarted = false;
	unit_run(&d);
	unit_await_file(&d, "rec", "none\none:two one two\nnone\n");
	unit_halt(&d);
	unit_end(&d);
}

/* ---- output ---- */

static void output_and_what_became_of_it_are_in_the_journal(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_ONESHOT);
	unit_add(&d, EXECUTION_START, "echo out; echo '<3>bad' >&2; printf rest; exit 3");
	unit_start(&d);
	unit_await_over(&d, SUB_FAILED, RESULT_EXIT_CODE);
	scoped_free char *text = unit_journal_text(&d);
	const char *expected = "Starting A test...\nout\nbad\nrest\n"
			       "test.service: Main process exited, code=exited, "
			       "status=3/NOTIMPLEMENTED\ntest.service: Failed with result "
			       "'exit-code'.\nFailed to start A test.\n";
	if (strcmp(text, expected) != 0)
		fail("the journal holds <%s>, expected <%s>", text, expected);
	unit_end(&d);
}

static void a_failed_step_says_why(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_SIMPLE);
	str_replace(&unit_add(&d, EXECUTION_START, "")->path, "/no/such/program");
	unit_start(&d);
	unit_await_over(&d, SUB_FAILED, RESULT_EXIT_CODE);
	unit_expect_journal(&d, "test.service: Failed at step EXEC: cannot execute "
				"'/no/such/program': no such file or directory\n");
	unit_end(&d);
}

static void much_output_is_suppressed_and_that_is_said(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_ONESHOT);
	d.start.plan.context.log_rate_burst.given = true;
	d.start.plan.context.log_rate_burst.value = 3;
	d.start.plan.context.log_level_max.given = true;
	d.start.plan.context.log_level_max.value = 6;
	unit_add(&d, EXECUTION_START, "echo '<7>debug'; for i in 1 2 3 4 5; do echo $i; done");
	unit_start(&d);
	unit_await_over(&d, SUB_DEAD, RESULT_SUCCESS);
	unit_send(&d, UNIT_RELEASE, NULL, NULL);
	expect(is_readable(d.shim.pidfd, WAIT_MS));
	unit_expect_journal(&d, "Starting A test...\n1\n2\n3\n");
	unit_expect_journal(&d, "Suppressed 2 messages of this unit\n");
	d.status.sub = SUB_RUNNING; /* it is released already */
	unit_end(&d);
}

static void a_background_process_may_go_on_to_write(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_ONESHOT);
	d.start.plan.remain_after_exit = true;
	unit_add(&d, EXECUTION_START,
		 "(while [ ! -e go ]; do sleep 0.01; done; echo late; touch done) & exit 0");
	unit_start(&d);
	unit_await(&d, SUB_EXITED);
	unit_make_file(&d, "go");
	scoped_free char *done = unit_path(&d, "done");
	while (access(done, F_OK) < 0)
		usleep(5000);
	unit_halt(&d);
	unit_expect_journal(&d, "late\n");
	unit_end(&d);
}

static void who_is_left_alone_may_go_on_to_write(void)
{
	struct unit_driver d;

	unit_begin(&d, SERVICE_SIMPLE);
	d.start.plan.kill_mode = KILL_PROCESS;
	unit_add(
		&d, EXECUTION_START,
		"(while [ ! -e go ]; do sleep 0.01; done; echo late && echo later && touch done) & "
		"echo ready >rec; exec sleep 1000");
	unit_run(&d);
	unit_await_file(&d, "rec", "ready");
	unit_halt(&d);
	unit_send(&d, UNIT_RELEASE, NULL, NULL);
	expect(is_readable(d.shim.pidfd, WAIT_MS));
	unit_make_file(&d, "go");
	scoped_free char *done = unit_path(&d, "done");
	while (access(done, F_OK) < 0)
		usleep(5000);
	for (int i = 0; i < WAIT_MS / 20; i++) { /* the reader is a process of its own by now */
		scoped_free char *text = unit_journal_text(&d);

		if (strstr(text, "late\nlater\n"))
			break;
		usleep(20000);
	}
	unit_expect_journal(&d, "late\nlater\n");
	d.status.sub = SUB_RUNNING; /* it is released already */
	unit_end(&d);
}

/* After much output an idle shim has given back what it took. */
static void an_idle_shim_of_a_unit_is_small(void)
{
	struct unit_driver d;
	long idle = 0;

#if SANITIZED
	return; /* nothing is small there */
#endif
	unit_begin(&d, SERVICE_SIMPLE);
	d.start.plan.context.log_rate_burst.given = true; /* 0: all of it */
	unit_add(&d, EXECUTION_START, "seq 300000; echo done >rec; exec sleep 1000");
	unit_run(&d);
	unit_await_file(&d, "rec", "done");
	for (int i = 0; i < 100 && (idle = private_kilobytes(d.shim.pid)) > 110; i++)
		usleep(100000);
	if (idle > 110)
		fail("%ld kB are private while idle", idle);
	unit_halt(&d);
	unit_expect_journal(&d, "\n300000\n");
	unit_end(&d);
}

const struct scenario unit_notify_scenarios[] = {
	SCENARIO(ready_is_told_with_a_status),
	SCENARIO(who_ends_without_ready_breaks_the_protocol),
	SCENARIO(ready_just_before_the_end_counts),
	SCENARIO(a_stranger_is_not_heard),
	SCENARIO(with_access_for_all_a_child_is_heard),
	SCENARIO(another_process_becomes_the_main_one),
	SCENARIO(the_watchdog_bites_who_is_silent),
	SCENARIO(who_gives_signs_of_life_lives),
	SCENARIO(a_trigger_is_a_bite),
	SCENARIO(time_can_be_asked_for),
	SCENARIO(a_service_that_talks_without_end_floods_nobody),
	SCENARIO(a_reload_ends_with_ready),
	SCENARIO(stored_descriptors_come_back),
	SCENARIO(output_and_what_became_of_it_are_in_the_journal),
	SCENARIO(a_failed_step_says_why),
	SCENARIO(much_output_is_suppressed_and_that_is_said),
	SCENARIO(who_is_left_alone_may_go_on_to_write),
	SCENARIO(an_idle_shim_of_a_unit_is_small),
	SCENARIO(a_background_process_may_go_on_to_write),
	{NULL, NULL},
};
