/* Scenarios of the shim, each by its name: `shim-scenarios NAME`.  shim.bats runs them all. */
#include "driver.h"

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static void expect_log(struct driver *d, bool out, bool err, const char *expected)
{
	scoped_free char *text = driver_log(d, out, err);

	if (strcmp(text, expected) != 0)
		fail("the log is '%s', expected '%s'", text, expected);
}

/* ---- life ---- */

static void runs_and_records(void)
{
	struct driver d;
	struct shim_exit end = {0};
	struct error err;

	driver_begin(&d, "echo out; echo err >&2; printf rest; exit 3");
	driver_start(&d);
	driver_expect_exit(&d, 3);
	expect_log(&d, true, false, "out\nrest");
	expect_log(&d, false, true, "err\n");
	expect(shim_read_exit(d.run_folder, &end, &err));
	expect_equal(end.code, 3);
	expect(driver_shim_lives(&d));
	driver_release(&d, true);
	driver_expect_end(&d);
	driver_end(&d);
}

static void a_signal_ends_with_128_and_its_number(void)
{
	struct driver d;
	struct shim_failure reply = {0};

	driver_begin(&d, "exec sleep 1000");
	driver_start(&d);
	driver_send(&d, SHIM_SIGNAL, &shim_number_type, &(struct shim_number){SIGKILL});
	driver_expect(&d, SHIM_REPLY, &shim_failure_type, &reply);
	expect_equal(reply.kind, 0);
	driver_expect_exit(&d, 128 + SIGKILL);
	driver_send(&d, SHIM_SIGNAL, &shim_number_type, &(struct shim_number){SIGKILL});
	driver_expect(&d, SHIM_REPLY, &shim_failure_type, &reply);
	expect_equal(reply.kind, ERROR_CONFLICT);
	record_fini(&shim_failure_type, &reply);
	driver_release(&d, true);
	driver_expect_end(&d);
	driver_end(&d);
}

static void a_signal_reaches_a_handler(void)
{
	struct driver d;
	int out;

	driver_begin(&d,
		     "trap 'echo caught; exit 7' TERM; echo ready; while :; do sleep 0.01; done");
	out = driver_attach(&d, &attach_output);
	driver_start(&d);
	free(read_text(out, "ready\n"));
	driver_send(&d, SHIM_SIGNAL, &shim_number_type, &(struct shim_number){SIGTERM});
	driver_expect(&d, SHIM_REPLY, NULL, NULL);
	expect_text(out, "caught\n");
	driver_finish(&d, 7);
}

static void a_command_that_is_not_found_fails_with_127(void)
{
	struct driver d;
	struct shim_exit end = {0};
	int attached, wait;

	driver_begin(&d, "");
	strings_fini(&d.start.sandbox.process.args);
	strings_add(&d.start.sandbox.process.args, "/no/such/program");
	attached = driver_attach(&d, &attach_output);
	wait = driver_wait(&d, &(struct shim_wait){0});
	driver_send(&d, SHIM_START, &shim_start_type, &d.start);
	driver_expect(&d, SHIM_FAILED, &shim_exit_type, &end);
	expect(end.failure);
	expect_equal(end.failure->exit_code, 127);
	expect(strstr(end.failure->text, "/no/such/program"));
	record_fini(&shim_exit_type, &end);
	expect_text(attached, "");
	driver_send(&d, SHIM_RECORDED, NULL, NULL);
	expect_text(wait, "{\"StatusCode\":127}\n");
	driver_release(&d, true);
	driver_expect_end(&d);
	driver_end(&d);
}

static void a_shim_without_a_start_ends_with_its_daemon(void)
{
	struct driver d;

	driver_begin(&d, "");
	driver_disconnect(&d);
	driver_expect_end(&d);
	driver_end(&d);
}

/* ---- waits ---- */

static void waits_are_answered_when_the_exit_is_recorded(void)
{
	struct driver d;
	int plain, chunked, removed, late;

	driver_begin(&d, "exit 5");
	plain = driver_wait(&d, &(struct shim_wait){0});
	chunked = driver_wait(&d, &(struct shim_wait){.chunked = true});
	removed = driver_wait(&d, &(struct shim_wait){.removed = true});
	driver_start(&d);
	driver_expect_exit(&d, 5);
	expect(!is_readable(plain, 0));
	driver_send(&d, SHIM_RECORDED, NULL, NULL);
	expect_text(plain, "{\"StatusCode\":5}\n");
	expect_text(chunked, "11\r\n{\"StatusCode\":5}\n\r\n0\r\n\r\n");
	late = driver_wait(&d, &(struct shim_wait){0});
	expect_text(late, "{\"StatusCode\":5}\n");
	expect(!is_readable(removed, 0));
	driver_send(&d, SHIM_RELEASE, &shim_release_type,
		    &(struct shim_release){.removed = true, .error = (char[]){"b\"usy"}});
	expect_text(removed, "{\"StatusCode\":5,\"Error\":{\"Message\":\"b\\\"usy\"}}\n");
	driver_expect_end(&d);
	driver_end(&d);
}

static void a_wait_for_a_removal_that_does_not_come_is_given_back(void)
{
	struct driver d;
	struct shim_wait wait = {0};
	int removed, back;

	driver_begin(&d, "exit 5");
	removed = driver_wait(&d, &(struct shim_wait){.removed = true, .chunked = true});
	driver_start(&d);
	driver_expect_exit(&d, 5);
	driver_release(&d, false);
	back = driver_expect(&d, SHIM_WAITING, &shim_wait_type, &wait);
	expect(wait.removed && wait.chunked && back >= 0);
	driver_expect_end(&d);
	expect(!is_readable(removed, 0));
	write_text(back, "by the daemon");
	close(back);
	expect_text(removed, "by the daemon");
	driver_end(&d);
}

static void without_a_daemon_waits_are_answered_at_once(void)
{
	struct driver d;
	struct shim_exit end = {0};
	struct error err;
	int plain, in;

	driver_begin(&d, "read x; exit 9");
	d.start.sandbox.process.open_stdin = true;
	plain = driver_wait(&d, &(struct shim_wait){0});
	in = driver_attach(&d, &attach_all);
	driver_start(&d);
	driver_disconnect(&d);
	expect(driver_shim_lives(&d));
	write_text(in, "x\n");
	expect_text(plain, "{\"StatusCode\":9}\n");
	expect_text(in, "");
	driver_expect_end(&d);
	expect(shim_read_exit(d.run_folder, &end, &err));
	expect_equal(end.code, 9);
	driver_end(&d);
}

static void without_a_daemon_the_shim_stays_for_a_wait_for_removal(void)
{
	struct driver d;
	struct shim_state state = {0};
	int removed, plain;

	driver_begin(&d, "exit 4");
	removed = driver_wait(&d, &(struct shim_wait){.removed = true});
	plain = driver_wait(&d, &(struct shim_wait){0});
	driver_start(&d);
	driver_disconnect(&d);
	expect_text(plain, "{\"StatusCode\":4}\n");
	driver_reconnect(&d);
	driver_expect(&d, SHIM_STATUS, &shim_state_type, &state);
	expect_equal(state.phase, SHIM_PHASE_ENDED);
	record_fini(&shim_state_type, &state);
	driver_expect_exit(&d, 4);
	driver_release(&d, true);
	expect_text(removed, "{\"StatusCode\":4}\n");
	driver_expect_end(&d);
	driver_end(&d);
}

/* ---- another daemon ---- */

static void a_new_daemon_takes_over(void)
{
	struct driver d;
	struct shim_state state = {0};
	int in, old;

	driver_begin(&d, "echo begin; read x; echo $x; exit 2");
	d.start.sandbox.process.open_stdin = true;
	in = driver_attach(&d, &attach_all);
	driver_start(&d);
	free(read_text(in, "begin\n"));
	old = d.shim.control;
	d.shim.control = -1;
	driver_reconnect(&d);
	driver_expect(&d, SHIM_STATUS, &shim_state_type, &state);
	expect_equal(state.phase, SHIM_PHASE_RUNNING);
	expect_equal(state.shim_pid, d.shim.pid);
	record_fini(&shim_state_type, &state);
	close(old); /* the one before is gone; nobody notices */
	write_text(in, "on\n");
	expect_text(in, "on\n");
	driver_finish(&d, 2);
}

static void a_daemon_may_die_while_it_starts(void)
{
	for (int i = 0; i < 20; i++) {
		struct driver d;
		struct shim_state state = {0};
		struct error err;

		driver_begin(&d, "exec sleep 1000");
		driver_send(&d, SHIM_START, &shim_start_type, &d.start);
		if (i % 2)
			is_readable(d.shim.control, i / 4);
		driver_disconnect(&d);
		driver_reconnect(&d);
		driver_expect(&d, SHIM_STATUS, &shim_state_type, &state);
		expect_equal(state.phase, SHIM_PHASE_RUNNING);
		record_fini(&shim_state_type, &state);
		expect(shim_read_state(d.run_folder, &state, &err));
		driver_send(&d, SHIM_SIGNAL, &shim_number_type, &(struct shim_number){SIGKILL});
		driver_expect(&d, SHIM_REPLY, NULL, NULL);
		record_fini(&shim_state_type, &state);
		driver_finish(&d, 128 + SIGKILL);
	}
}

static void nobody_listens_when_the_shim_was_killed(void)
{
	struct driver d;
	struct error err;

	driver_begin(&d, "exec sleep 1000");
	driver_start(&d);
	kill(d.shim.pid, SIGKILL);
	expect(is_readable(d.shim.control, WAIT_MS));
	expect(!message_receive(&d.reader, d.shim.control, WAIT_MS, &err));
	expect(is_readable(d.shim.pidfd, WAIT_MS));
	expect_equal(shim_connect(d.run_folder, &err), -1);
	expect_equal(err.kind, ERROR_NOT_FOUND);
	driver_end(&d);
}

/* ---- attach ---- */

static void attached_before_the_start_no_byte_is_missed(void)
{
	struct driver d;
	int plain, only_err;

	driver_begin(&d, "echo one; echo two >&2; printf three");
	plain = driver_attach(&d, &(struct shim_attach){.out = true, .stream = true});
	only_err = driver_attach(
		&d, &(struct shim_attach){.err = true, .stream = true, .multiplexed = true});
	driver_start(&d);
	expect_text(plain, "one\nthree");
	scoped_free char *frames = read_text(only_err, NULL);
	expect(memcmp(frames, "\2\0\0\0\0\0\0\4two\n", 12) == 0);
	close(only_err);
	driver_finish(&d, 0);
}

static void the_end_of_the_input_of_one_is_the_end_of_stdin(void)
{
	struct driver d;
	int in;
	struct shim_attach attach = attach_all;

	driver_begin(&d, "cat; echo end");
	d.start.sandbox.process.open_stdin = true;
	d.start.stdin_once = true;
	buffer_add_text(&attach.early, "early ");
	in = driver_attach(&d, &attach);
	buffer_fini(&attach.early);
	write_text(in, "late");
	shutdown(in, SHUT_WR);
	driver_start(&d);
	expect_text(in, "early lateend\n");
	driver_finish(&d, 0);
}

static void large_input_passes_a_slow_process(void)
{
	struct driver d;
	enum { SIZE = 3 << 20 };
	scoped_buffer struct buffer large = {0};
	int in;

	driver_begin(&d, "sleep 0.2; wc -c");
	d.start.sandbox.process.open_stdin = true;
	d.start.stdin_once = true;
	in = driver_attach(&d, &attach_all);
	driver_start(&d);
	memset(buffer_reserve(&large, SIZE), 'x', SIZE);
	buffer_wrote(&large, SIZE);
	write_text(in, large.data);
	shutdown(in, SHUT_WR);
	expect_text(in, "3145728\n");
	driver_finish(&d, 0);
}

static void otherwise_it_ends_only_the_attach(void)
{
	struct driver d;
	int first, second;

	driver_begin(&d, "read x; echo got $x; read y; echo got $y");
	d.start.sandbox.process.open_stdin = true;
	first = driver_attach(&d, &attach_all);
	driver_start(&d);
	write_text(first, "a\n");
	free(read_text(first, "got a\n"));
	shutdown(first, SHUT_WR);
	expect_text(first, "");
	second = driver_attach(&d, &attach_all);
	write_text(second, "b\n");
	expect_text(second, "got b\n");
	driver_finish(&d, 0);
}

static void a_client_without_input_may_close_its_side(void)
{
	struct driver d;
	int out, in;

	driver_begin(&d, "read x; echo $x");
	d.start.sandbox.process.open_stdin = true;
	out = driver_attach(&d, &attach_output);
	shutdown(out, SHUT_WR);
	in = driver_attach(&d, &attach_all);
	driver_start(&d);
	write_text(in, "heard\n");
	expect_text(out, "heard\n");
	expect_text(in, "heard\n");
	driver_finish(&d, 0);
}

static void detach_keys_end_the_attach_and_not_the_process(void)
{
	struct driver d;
	struct shim_attach attach = attach_all;
	int in, again;

	attach.detach_keys = (char[]){"1011"};
	driver_begin(&d, "stty -echo; echo ready; read x; echo got $x");
	d.start.sandbox.process.open_stdin = true;
	d.start.sandbox.process.terminal = true;
	in = driver_attach(&d, &attach);
	driver_start(&d);
	free(read_text(in, "ready\r\n"));
	write_text(in, "ab\x10\x11zz");
	driver_expect(&d, SHIM_DETACHED, NULL, NULL);
	expect_text(in, "");
	again = driver_attach(&d, &attach);
	write_text(again, "c\n");
	expect_text(again, "got abc\r\n");
	driver_finish(&d, 0);
}

static void a_terminal_has_a_size_that_changes(void)
{
	struct driver d;
	struct shim_failure reply = {0};
	int out;

	driver_begin(&d, "trap 'stty size; exit' WINCH; stty size; while :; do sleep 0.01; done");
	d.start.sandbox.process.terminal = true;
	d.start.sandbox.process.rows = 33;
	d.start.sandbox.process.columns = 77;
	out = driver_attach(&d, &attach_output);
	driver_start(&d);
	free(read_text(out, "33 77\r\n"));
	driver_send(&d, SHIM_RESIZE, &shim_size_type, &(struct shim_size){40, 100});
	driver_expect(&d, SHIM_REPLY, &shim_failure_type, &reply);
	expect_equal(reply.kind, 0);
	expect_text(out, "40 100\r\n");
	driver_finish(&d, 0);
}

static void a_replay_goes_on_live_without_gap_or_double(void)
{
	struct driver d;
	struct shim_attach attach = attach_all;
	int first, second;

	attach.replay = true;
	driver_begin(&d, "echo one; printf 'pro'; read x; printf 'mpt\\n'; echo two");
	d.start.sandbox.process.open_stdin = true;
	first = driver_attach(&d, &attach_all);
	driver_start(&d);
	free(read_text(first, "pro"));
	second = driver_attach(&d, &attach);
	free(read_text(second, "one\npro"));
	write_text(second, "\n");
	expect_text(second, "mpt\ntwo\n");
	expect_text(first, "mpt\ntwo\n");
	driver_finish(&d, 0);
}

static void a_replay_of_much_meets_what_is_written_meanwhile(void)
{
	struct driver d;
	struct shim_attach attach = attach_output;
	scoped_buffer struct buffer expected = {0};
	int probe, late;

	attach.replay = true;
	driver_begin(&d, "i=0; while [ $i -lt 30000 ]; do echo $i; i=$((i+1)); done");
	for (int i = 0; i < 30000; i++)
		buffer_format(&expected, "%d\n", i);
	probe = driver_attach(&d, &attach_output);
	driver_start(&d);
	free(read_text(probe, "\n5000\n"));
	late = driver_attach(&d, &attach);
	scoped_free char *rest = read_text(probe, NULL);
	expect(strlen(rest) > 0);
	close(probe);
	expect_text(late, expected.data);
	driver_finish(&d, 0);
}

static const struct scenario {
	const char *name;
	void (*run)(void);
} scenarios[] = {
#define SCENARIO(name)                                                                             \
	{                                                                                          \
#name, name                                                                        \
	}
	SCENARIO(runs_and_records),
	SCENARIO(a_signal_ends_with_128_and_its_number),
	SCENARIO(a_signal_reaches_a_handler),
	SCENARIO(a_command_that_is_not_found_fails_with_127),
	SCENARIO(a_shim_without_a_start_ends_with_its_daemon),
	SCENARIO(waits_are_answered_when_the_exit_is_recorded),
	SCENARIO(a_wait_for_a_removal_that_does_not_come_is_given_back),
	SCENARIO(without_a_daemon_waits_are_answered_at_once),
	SCENARIO(without_a_daemon_the_shim_stays_for_a_wait_for_removal),
	SCENARIO(a_new_daemon_takes_over),
	SCENARIO(a_daemon_may_die_while_it_starts),
	SCENARIO(nobody_listens_when_the_shim_was_killed),
	SCENARIO(attached_before_the_start_no_byte_is_missed),
	SCENARIO(the_end_of_the_input_of_one_is_the_end_of_stdin),
	SCENARIO(large_input_passes_a_slow_process),
	SCENARIO(otherwise_it_ends_only_the_attach),
	SCENARIO(a_client_without_input_may_close_its_side),
	SCENARIO(detach_keys_end_the_attach_and_not_the_process),
	SCENARIO(a_terminal_has_a_size_that_changes),
	SCENARIO(a_replay_goes_on_live_without_gap_or_double),
	SCENARIO(a_replay_of_much_meets_what_is_written_meanwhile),
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < array_length(scenarios); i++) {
		if (argc == 2 && strcmp(argv[1], scenarios[i].name) == 0) {
			scenarios[i].run();
			return 0;
		}
	}
	for (size_t i = 0; argc == 1 && i < array_length(scenarios); i++)
		puts(scenarios[i].name);
	return argc == 1 ? 0 : 2;
}
