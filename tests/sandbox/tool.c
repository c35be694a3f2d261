/* Runs a sandbox from its description, for tests and measurements:
 *
 *	sandbox_tool run FILE [STARTED]	    until it exits; its exit code is ours.  STARTED (a fifo or
 *					    file) gets "PID START_TIME" once the program runs
 *	sandbox_tool exec FILE PID START CGROUP	 a process that joins it
 *	sandbox_tool bench FILE COUNT	    start, wait, clean up, again and again; prints figures
 *	sandbox_tool protected ARGS...	    ourselves with ARGS, through a read-only mount as shims are
 *	sandbox_tool init-layer FOLDER	    makes it
 *	sandbox_tool seccomp OUT [PROFILE]  the program of a profile (the built-in one) and the usual rights
 *
 * FILE is JSON of struct sandbox_spec (exec: of process_spec).  Failures are printed as the error's text
 * and end with 125. */
#include "base/time.h"
#include "format/json.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/process.h"
#include "sandbox/init_layer.h"
#include "sandbox/sandbox.h"
#include "sandbox/seccomp_program.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FAILED = 125 };

static int fail(const struct error *err)
{
	char text[ERROR_TEXT_SIZE];

	fprintf(stderr, "%s\n", error_text(err, text, sizeof(text)));
	return FAILED;
}

static bool read_record(const char *path, const struct record_type *type, void *record,
			struct error *err)
{
	scoped_buffer struct buffer text = {0};
	json_t *json;
	bool ok;

	if (!file_read(AT_FDCWD, path, 1 << 20, &text, err))
		return false;
	json = json_parse(text.data, text.size, err);
	ok = json && record_from_json(type, json, RECORD_FOR_STORE, record, err);
	json_decref(json);
	return ok;
}

/* Output of a terminal until its last writer has gone. */
static void copy_terminal(int terminal)
{
	char data[4096];
	ssize_t n;

	while (terminal >= 0 && (n = read(terminal, data, sizeof(data))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || write(STDOUT_FILENO, data, (size_t)n) < 0)
			break;
	}
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool tell_started(const char *path, pid_t pid, struct error *err)
{
	int64_t start = 0;
	scoped_fd int fd = path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;

	if (path && (fd < 0 || !process_start_time(pid, &start) ||
		     dprintf(fd, "%d %" PRId64 "\n", pid, start) < 0))
		return error_errno(err, "cannot tell that it has started");
	return true;
}

static const struct process_stdio ours = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};

static int run(const struct sandbox_spec *spec, const char *started)
{
	struct error err;
	struct sandbox *s = sandbox_prepare(spec, &err);
	int code;

	if (!s)
		return fail(&err);
	if (!sandbox_spawn(s, &ours, &err) || !sandbox_release(s, &err) ||
	    !tell_started(started, sandbox_pid(s), &err)) {
		sandbox_free(s);
		return fail(&err);
	}
	for (size_t i = 0; i < sandbox_warnings(s)->count; i++)
		fprintf(stderr, "warning: %s\n", sandbox_warnings(s)->items[i]);
	{
		scoped_fd int terminal = sandbox_take_terminal(s);

		copy_terminal(terminal);
	}
	code = wait_for(sandbox_pid(s));
	if (sandbox_read_oom(s))
		fprintf(stderr, "oom\n");
	sandbox_free(s);
	return code;
}

static int run_command(char **args, int count)
{
	struct sandbox_spec spec = {0};
	struct error err;
	int code;

	if (!read_record(args[0], &sandbox_spec_type, &spec, &err))
		return fail(&err);
	code = run(&spec, count > 1 ? args[1] : NULL);
	record_fini(&sandbox_spec_type, &spec);
	return code;
}

static int exec_command(char **args, int count)
{
	struct process_spec process = {0};
	struct sandbox_join join = {(pid_t)strtol(args[1], NULL, 10), strtoll(args[2], NULL, 10),
				    args[3]};
	scoped_fd int pidfd = -1;
	scoped_fd int terminal = -1;
	struct error err;
	pid_t pid;

	bool ok = read_record(args[0], &process_spec_type, &process, &err) &&
		  sandbox_exec(&join, &process, &ours, &pid, &pidfd, &terminal, &err);

	record_fini(&process_spec_type, &process);
	if (!ok)
		return fail(&err);
	copy_terminal(terminal);
	return wait_for(pid);
}

/* ---- figures ---- */

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t cpu_ns(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * NS_PER_SECOND +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
}

static int64_t cpu_of_both(void)
{
	return cpu_ns(RUSAGE_SELF) + cpu_ns(RUSAGE_CHILDREN);
}

static int bench_command(char **args, int count)
{
	size_t rounds = (size_t)strtol(args[1], NULL, 10);
	int64_t *wall = mem_zeroed(rounds, sizeof(*wall)), *cpu = mem_zeroed(rounds, sizeof(*cpu));
	struct sandbox_spec spec = {0};
	struct error err;

	if (!read_record(args[0], &sandbox_spec_type, &spec, &err))
		return fail(&err);
	for (size_t i = 0; i < rounds; i++) {
		int64_t began = time_monotonic_ns(), used = cpu_of_both();

		if (run(&spec, NULL) == FAILED)
			return FAILED;
		wall[i] = time_monotonic_ns() - began;
		cpu[i] = cpu_of_both() - used;
	}
	qsort(wall, rounds, sizeof(*wall), compare);
	qsort(cpu, rounds, sizeof(*cpu), compare);
	printf("wall best %.3f median %.3f ms, cpu best %.3f median %.3f ms\n",
	       (double)wall[0] / NS_PER_MS, (double)wall[rounds / 2] / NS_PER_MS,
	       (double)cpu[0] / NS_PER_MS, (double)cpu[rounds / 2] / NS_PER_MS);
	free(wall);
	free(cpu);
	record_fini(&sandbox_spec_type, &spec);
	return 0;
}

/* ---- ---- */

static int protected_command(char **args, int count)
{
	scoped_free char *self = realpath("/proc/self/exe", NULL);
	scoped_strings struct strings command = {0};
	scoped_fd int pidfd = -1;
	struct spawn spawn = {.path = self,
			      .in = STDIN_FILENO,
			      .out = STDOUT_FILENO,
			      .err = STDERR_FILENO,
			      .read_only = true};
	struct error err;
	pid_t pid;

	strings_add(&command, self);
	for (int i = 0; i < count; i++)
		strings_add(&command, args[i]);
	spawn.args = command.items;
	return process_spawn(&spawn, &pid, &pidfd, &err) ? wait_for(pid) : fail(&err);
}

static int seccomp_command(char **args, int count)
{
	const uint64_t usual = UINT64_C(0xa80425fb);
	scoped_buffer struct buffer profile = {0}, program = {0};
	struct error err;

	if ((count > 1 && !file_read(AT_FDCWD, args[1], 1 << 20, &profile, &err)) ||
	    !seccomp_compile_here(profile.data, usual, &program, &err))
		return fail(&err);
	{
		scoped_fd int fd = open(args[0], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		if (!fd_write_all(fd, program.data, program.size, &err))
			return fail(&err);
	}
	return 0;
}

static int init_layer_command(char **args, int count)
{
	struct error err;

	return init_layer_make(args[0], &err) ? 0 : fail(&err);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int arguments;
		int (*run)(char **args, int count);
	} commands[] = {
		{"run", 1, run_command},
		{"exec", 4, exec_command},
		{"bench", 2, bench_command},
		{"init-layer", 1, init_layer_command},
		{"protected", 1, protected_command},
		{"seccomp", 1, seccomp_command},
	};

	for (size_t i = 0; argc > 1 && i < array_length(commands); i++)
		if (str_equal(argv[1], commands[i].name) && argc - 2 >= commands[i].arguments)
			return commands[i].run(argv + 2, argc - 2);
	fprintf(stderr, "usage: sandbox_tool run FILE [STARTED] | exec FILE PID START CGROUP | "
			"bench FILE COUNT | seccomp OUT [PROFILE]\n");
	return 2;
}
