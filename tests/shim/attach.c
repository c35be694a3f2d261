/* Clients: input, output, terminals, replays, and those that do not read. */
#include "scenario.h"

#include "base/memory.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- input and output ---- */

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

/* The process's descriptor 1 leads to what. */
static bool writes_to(const struct driver *d, const char *wanted)
{
	scoped_free char *path = str_format("/proc/%lld/fd/1", (long long)d->pid);
	char target[64];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	target[n > 0 ? n : 0] = '\0';
	return str_equal(target, wanted);
}

/* As an init does, which opens the console for each word. */
static void a_terminal_that_nobody_holds_for_a_while_is_read_again(void)
{
	struct driver d;
	struct shim_failure reply = {0};
	int out;

	driver_begin(&d, "trap 'echo again >/dev/console; exit' USR1; echo ready; "
			 "exec <&- 2>&- >/dev/null; while :; do sleep 0.01; done");
	d.start.sandbox.process.terminal = true;
	out = driver_attach(&d, &attach_output);
	driver_start(&d);
	free(read_text(out, "ready\r\n"));
	for (int waited = 0; !writes_to(&d, "/dev/null") && waited < WAIT_MS; waited++)
		usleep(1000);
	expect(!is_readable(out, 200)); /* the shim has seen that nobody is there */
	driver_send(&d, SHIM_SIGNAL, &shim_number_type, &(struct shim_number){SIGUSR1});
	driver_expect(&d, SHIM_REPLY, &shim_failure_type, &reply);
	expect_text(out, "again\r\n");
	driver_finish(&d, 0);
}

/* A pipe that the process has enlarged holds more than the usual one, and that more is there when it has
 * ended: a client that does not read keeps the shim from reading it before. */
static void what_a_large_pipe_holds_at_the_end_is_logged(void)
{
	enum { SIZE = 1200000 };
	struct driver d;
	scoped_free char *path = NULL;
	scoped_free char *text = NULL;
	int out, in, pipe;

	driver_begin(&d, "read x; yes | head -c 1200000");
	d.start.sandbox.process.open_stdin = true;
	in = driver_attach(&d, &(struct shim_attach){.in = true, .stream = true});
	out = driver_attach(&d, &attach_output);
	driver_start(&d);
	path = str_format("/proc/%lld/fd/1", (long long)d.pid);
	pipe = open(path, O_WRONLY | O_CLOEXEC);
	expect(pipe >= 0 && fcntl(pipe, F_SETPIPE_SZ, 1 << 20) == 1 << 20);
	close(pipe);
	write_text(in, "x\n");
	driver_expect_exit(&d, 0);
	text = driver_log(&d, true, true);
	expect_equal((long long)strlen(text), SIZE);
	close(out);
	close(in);
	driver_release(&d, true);
	driver_expect_end(&d);
	driver_end(&d);
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

const struct scenario attach_scenarios[] = {
	SCENARIO(attached_before_the_start_no_byte_is_missed),
	SCENARIO(the_end_of_the_input_of_one_is_the_end_of_stdin),
	SCENARIO(large_input_passes_a_slow_process),
	SCENARIO(otherwise_it_ends_only_the_attach),
	SCENARIO(a_client_without_input_may_close_its_side),
	SCENARIO(detach_keys_end_the_attach_and_not_the_process),
	SCENARIO(a_terminal_has_a_size_that_changes),
	SCENARIO(a_terminal_that_nobody_holds_for_a_while_is_read_again),
	SCENARIO(what_a_large_pipe_holds_at_the_end_is_logged),
	SCENARIO(a_replay_goes_on_live_without_gap_or_double),
	SCENARIO(a_replay_of_much_meets_what_is_written_meanwhile),
	{NULL},
};
