/* Starts, ends, waits, and daemons that come and go. */
#include "scenario.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

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

/* A /tmp of our own, that small; the root of the containers is shown elsewhere. */
static void mount_small_tmp(const char *options)
{
	const char *root = getenv("SHIM_TEST_ROOT");

	expect(root && unshare(CLONE_NEWNS) == 0);
	expect(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	expect(mount(root, "/mnt", NULL, MS_BIND, NULL) == 0);
	expect(mount("tmpfs", "/tmp", "tmpfs", 0, options) == 0);
	setenv("SHIM_TEST_ROOT", "/mnt", 1);
}

/* Without a daemon, who knows the end and cannot leave it behind stays until somebody has heard of it. */
static void an_end_that_finds_no_room_is_kept_for_the_next_daemon(void)
{
	struct driver d;
	scoped_free char *filler = NULL;
	int file;

	mount_small_tmp("size=1m");
	driver_begin(&d, "trap 'exit 7' TERM; while :; do sleep 0.01; done");
	driver_start(&d);
	filler = str_format("%s/filler", d.folder);
	file = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (write(file, filler, strlen(filler)) > 0)
		;
	expect_equal(errno, ENOSPC);
	driver_disconnect(&d);
	expect(kill((pid_t)d.pid, SIGTERM) == 0);
	for (int waited = 0; kill((pid_t)d.pid, 0) == 0 && waited < WAIT_MS; waited++)
		usleep(1000);
	expect(!is_readable(d.shim.pidfd, 500));
	driver_reconnect(&d);
	driver_expect(&d, SHIM_STATUS, NULL, NULL);
	driver_expect_exit(&d, 7);
	close(file);
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
	int plain, chunked, removed, late, attached;

	driver_begin(&d, "exit 5");
	d.records_late = true;
	plain = driver_wait(&d, &(struct shim_wait){0});
	chunked = driver_wait(&d, &(struct shim_wait){.chunked = true});
	removed = driver_wait(&d, &(struct shim_wait){.removed = true});
	attached = driver_attach(&d, &attach_output);
	driver_start(&d);
	driver_expect_exit(&d, 5);
	expect(!is_readable(plain, 0));
	expect(!is_readable(attached, 0)); /* its end says that there is an exit code */
	driver_send(&d, SHIM_RECORDED, NULL, NULL);
	expect_text(plain, "{\"StatusCode\":5}\n");
	expect_text(attached, "");
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

const struct scenario life_scenarios[] = {
	SCENARIO(runs_and_records),
	SCENARIO(an_end_that_finds_no_room_is_kept_for_the_next_daemon),
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
	{NULL},
};
