#include "os/process.h"

#include "base/test.h"
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int exit_code_of(pid_t pid)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static char *const no_env[] = {NULL};

static void spawn_shell(const char *script, struct spawn spawn, pid_t *pid, int *pidfd)
{
	char *const args[] = {(char *)"sh", (char *)"-c", (char *)(uintptr_t)script, NULL};
	struct error err;

	spawn.path = "/bin/sh";
	spawn.args = args;
	spawn.env = no_env;
	assert_true(process_spawn(&spawn, pid, pidfd, &err));
}

static void a_program_runs_and_its_code_comes_back(void **state)
{
	pid_t pid;
	int pidfd;

	spawn_shell("exit 7", (struct spawn){.in = -1, .out = -1, .err = -1}, &pid, &pidfd);
	assert_int_equal(exit_code_of(pid), 7);
	assert_false(pidfd_signal(pidfd, SIGTERM));
	close(pidfd);
}

static void a_failing_exec_is_told_with_its_errno(void **state)
{
	char *const args[] = {(char *)"x", NULL};
	struct spawn spawn = {.path = "/nonexistent", .args = args, .in = -1, .out = -1, .err = -1};
	struct error err;
	pid_t pid = 0;
	int pidfd = -1;

	assert_false(process_spawn(&spawn, &pid, &pidfd, &err));
	assert_int_equal(err.os, ENOENT);
	assert_int_equal(pid, 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody left to reap */
}

/* The kept descriptors are given in an order that collides with their new numbers. */
static void descriptors_are_renumbered_and_others_closed(void **state)
{
	int first[2], second[2], stray = open("/dev/null", O_RDONLY);
	char seen[16] = "";
	struct error err;
	pid_t pid;
	int pidfd;

	assert_int_equal(pipe(first) | pipe(second), 0);
	{
		int keep[] = {second[1], first[1]};
		struct spawn spawn = {
			.keep = keep, .keep_count = 2, .in = -1, .out = -1, .err = -1};

		spawn_shell("printf a >&3; printf b >&4; ls /proc/self/fd | wc -l >&4", spawn, &pid,
			    &pidfd);
	}
	assert_int_equal(exit_code_of(pid), 0);
	close(first[1]);
	close(second[1]);
	assert_true(fd_read_all(second[0], seen, 1, &err));
	assert_string_equal(seen, "a");
	assert_true(read(first[0], seen, sizeof(seen) - 1) > 0);
	assert_int_equal(seen[0], 'b');
	close(first[0]);
	close(second[0]);
	close(stray);
	close(pidfd);
}

static void signals_are_at_their_defaults(void **state)
{
	pid_t pid;
	int pidfd;

	signal(SIGTERM, SIG_IGN);
	spawn_shell("kill -TERM $$; exit 1", (struct spawn){.in = -1, .out = -1, .err = -1}, &pid,
		    &pidfd);
	signal(SIGTERM, SIG_DFL);
	assert_int_equal(exit_code_of(pid), 128 + SIGTERM);
	close(pidfd);
}

static void a_process_is_known_by_its_start_time(void **state)
{
	int64_t ticks = 0;
	int pidfd;

	assert_true(process_start_time(getpid(), &ticks));
	assert_true(ticks > 0);
	pidfd = process_open(getpid(), ticks);
	assert_true(pidfd >= 0);
	assert_true(pidfd_signal(pidfd, 0));
	close(pidfd);
	assert_int_equal(process_open(getpid(), ticks + 1), -1);
	assert_int_equal(strlen(process_boot_id()), 36);
}

/* The one in between starts it and waits; what it had started is ours then, and its end is told. */
static void a_program_ends_with_who_has_started_it(void **state)
{
	char *args[] = {"sleep", "100", NULL};
	struct spawn spawn = {.path = "/bin/sleep",
			      .args = args,
			      .in = -1,
			      .out = -1,
			      .err = STDERR_FILENO,
			      .ends_with_us = true};
	pid_t between, program;
	int status;

	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	between = fork();
	if (between == 0) {
		int pidfd;
		struct error err;

		_exit(process_spawn(&spawn, &program, &pidfd, &err) ? 0 : 1);
	}
	assert_int_equal(waitpid(between, &status, 0), between);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	program = waitpid(-1, &status, 0);
	assert_true(program > 0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_runs_and_its_code_comes_back),
		cmocka_unit_test(a_failing_exec_is_told_with_its_errno),
		cmocka_unit_test(descriptors_are_renumbered_and_others_closed),
		cmocka_unit_test(signals_are_at_their_defaults),
		cmocka_unit_test(a_process_is_known_by_its_start_time),
		cmocka_unit_test(a_program_ends_with_who_has_started_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
