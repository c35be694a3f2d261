#include "execution/start_private.h"

#include "os/fd.h"
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct report {
	int32_t code;
	struct error error;
};

/* ---- in the child: small steps ---- */

static bool reset_signals(struct starting *s, struct error *err)
{
	process_reset_signals();
	if (!s->context->keep_sigpipe)
		signal(SIGPIPE, SIG_IGN);
	return true;
}

static bool join_cgroup(struct starting *s, struct error *err)
{
	const struct cgroup *cgroup = s->start->cgroup;

	if (!cgroup)
		return true;
	return cgroup_clone_fd(cgroup) >= 0 ? cgroup_join_v1(cgroup, 0, err)
					    : cgroup_join(cgroup, 0, err);
}

static bool begin_session(struct starting *s, struct error *err)
{
	if (setsid() < 0 && errno != EPERM)
		return error_errno(err, "cannot begin a session");
	return true;
}

static bool set_umask(struct starting *s, struct error *err)
{
	umask(s->context->umask.given ? (mode_t)s->context->umask.value : 022);
	return true;
}

static bool execute(struct starting *s, struct error *err)
{
	execve(s->program, s->args.items, s->environment.items);
	return error_errno(err, "cannot execute '%s'", s->program);
}

/* The order is the idea: what needs the host's rights comes first, what opens files before the rights go,
 * the filter of system calls last. */
static const struct {
	enum exit_code code;
	start_step *run;
} steps[] = {
	{EXIT_SIGNAL_MASK, reset_signals},
	{EXIT_CGROUP, join_cgroup},
	{EXIT_SETSID, begin_session},
	{EXIT_USER, start_find_user},
	{EXIT_GROUP, start_find_group},
	{EXIT_MEMORY, set_umask},
	{EXIT_STDIN, start_input},
	{EXIT_STDOUT, start_output},
	{EXIT_STDERR, start_error_output},
	{EXIT_OOM_ADJUST, start_oom_score},
	{EXIT_NICE, start_nice},
	{EXIT_SETSCHEDULER, start_scheduler},
	{EXIT_CPUAFFINITY, start_affinity},
	{EXIT_IOPRIO, start_io_priority},
	{EXIT_TIMERSLACK, start_timer_slack},
	{EXIT_RUNTIME_DIRECTORY, start_runtime_folders},
	{EXIT_STATE_DIRECTORY, start_state_folders},
	{EXIT_CACHE_DIRECTORY, start_cache_folders},
	{EXIT_LOGS_DIRECTORY, start_logs_folders},
	{EXIT_CONFIGURATION_DIRECTORY, start_configuration_folders},
	{EXIT_LIMITS, start_rlimits},
	{EXIT_KEYRING, start_keyring},
	{EXIT_SECCOMP, start_read_filters},
	{EXIT_NETWORK, start_network},
	{EXIT_NAMESPACE, start_hostname},
	{EXIT_NAMESPACE, start_mounts},
	{EXIT_GROUP, start_join_groups},
	{EXIT_MEMORY, start_environment},
	{EXIT_FDS, start_descriptors},
	{EXIT_CAPABILITIES, start_bound_capabilities},
	{EXIT_CAPABILITIES, start_keep_capabilities},
	{EXIT_USER, start_become_user},
	{EXIT_CHDIR, start_chdir},
	{EXIT_EXEC, start_arguments},
	{EXIT_CAPABILITIES, start_raise_capabilities},
	{EXIT_SECUREBITS, start_secure_bits},
	{EXIT_NO_NEW_PRIVILEGES, start_forbid_privileges},
	{EXIT_SECCOMP, start_install_filters},
	{EXIT_EXEC, execute},
};

static _Noreturn void run_child(struct starting *s)
{
	struct report report = {0};

	for (size_t i = 0; i < array_length(steps); i++) {
		struct error ignored;

		if (steps[i].run(s, &report.error))
			continue;
		report.code = (int32_t)steps[i].code;
		fd_write_all(s->report, &report, sizeof(report), &ignored);
		_exit(report.code);
	}
	_exit(EXIT_EXEC);
}

/* ---- the shim's side ---- */

static bool make_child(struct starting *s, struct started *out, struct error *err)
{
	int into = s->start->cgroup ? cgroup_clone_fd(s->start->cgroup) : -1;
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND | (into >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uintptr_t)&out->pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = into >= 0 ? (uint64_t)into : 0,
	};
	sigset_t all, before;
	long pid;

	/* what the shim ignores must not be lost on its child: a signal that is blocked waits */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		run_child(s);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return error_errno(err, "cannot start a process");
	out->pid = (pid_t)pid;
	return true;
}

static bool needs_user(const struct start *start)
{
	const struct execution_context *c = &start->plan->context;

	return (c->user || c->group || c->supplementary_groups.count) &&
	       start->command->privileges == EXECUTION_AS_CONFIGURED;
}

bool start_process(const struct start *start, struct started *out, struct error *err)
{
	scoped_pairs struct pairs files = {0};
	struct starting s = {.start = start,
			     .plan = start->plan,
			     .context = &start->plan->context,
			     .file_environment = &files,
			     .has_user = needs_user(start),
			     .restricted = start->command->privileges != EXECUTION_FULL};
	int ends[2];
	bool ok;

	if (!start_read_environment(s.context, &files, err))
		return false;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "cannot make a pipe");
	s.report = ends[1];
	*out = (struct started){.pidfd = -1, .report = ends[0]};
	ok = make_child(&s, out, err);
	close(ends[1]);
	if (!ok)
		close_fd(&out->report);
	return ok;
}

enum start_report start_read_report(int report, int *code, struct error *err)
{
	struct report told;
	ssize_t n = read(report, &told, sizeof(told));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return START_PENDING;
	if (n != sizeof(told))
		return START_RUNS;
	told.error.text[sizeof(told.error.text) - 1] = '\0';
	*code = told.code;
	*err = told.error;
	return START_FAILED;
}
