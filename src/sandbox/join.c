/* A process that joins a running sandbox.  The pid namespace takes only children, so the caller enters
 * it for the moment of the clone; the child then enters the others by one setns() and goes the same way
 * as a sandbox's first process. */
#include "sandbox/sandbox.h"

#include "os/cgroup.h"
#include "os/file.h"
#include "os/process.h"
#include "os/root.h"
#include "sandbox/channel.h"
#include "sandbox/launch.h"
#include "sandbox/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOT_RUNNING "the container is not running"

struct joining {
	struct cgroup cgroup;
	struct launch launch;
	pid_t first; /* the sandbox's first process */
	int target;  /* its pidfd */
	pid_t pid;   /* of that one, as long as it has not been waited for */
	int namespaces;
	int channel;
};

/* setns() refuses the user namespace that one is in already. */
static bool is_in_our_user_namespace(pid_t pid)
{
	struct stat ours, theirs;
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	return stat("/proc/self/ns/user", &ours) == 0 && stat(path, &theirs) == 0 &&
	       ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
}

static bool enter_sandbox(struct joining *j, struct error *err)
{
	if (!launch_leave_keyring(err) || !cgroup_join_v1(&j->cgroup, 0, err))
		return false;
	if (setns(j->target, j->namespaces) < 0)
		return error_errno(err, "cannot enter the container");
	if ((j->namespaces & CLONE_NEWUSER) && (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0))
		return error_errno(err, "cannot become root of the user namespace");
	return true;
}

static bool make_terminal(struct joining *j, struct error *err)
{
	const struct process_spec *p = j->launch.process;
	scoped_fd int root = -1;
	scoped_fd int devpts = -1;
	scoped_fd int master = -1;

	if (!p->terminal)
		return true;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return error_errno(err, "cannot open the container's root");
	devpts = root_open_plain(root, "/dev/pts", O_PATH | O_DIRECTORY, err);
	return devpts >= 0 && terminal_new(devpts, &master, &j->launch.terminal, err) &&
	       terminal_resize(master, p->rows, p->columns, err) &&
	       channel_give_terminal(j->launch.channel, master, err);
}

static _Noreturn void run_inside(struct joining *j, const struct process_stdio *stdio, int channel)
{
	struct error err;
	sigset_t none;

	close_fd(&j->channel);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	j->launch.stdio = *stdio;
	j->launch.channel = channel;
	if (enter_sandbox(j, &err) && make_terminal(j, &err) && launch_identify(&j->launch, &err)) {
		if (!channel_wait(channel, NULL))
			_exit(1);
		launch_exec(&j->launch, &err);
	}
	channel_fail(j->launch.channel, &err);
	_exit(1);
}

/* Clone within the target's pid namespace, and come back. */
static long clone_there(struct joining *j, struct clone_args *args, struct error *err)
{
	scoped_fd int back = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	long pid;

	if (back < 0 || setns(j->target, CLONE_NEWPID) < 0) {
		error_errno(err, "cannot enter the container's processes");
		return -1;
	}
	pid = syscall(SYS_clone3, args, sizeof(*args));
	if (pid == 0)
		return 0;
	if (pid < 0)
		error_errno(err, "cannot start a process in the container");
	if (setns(back, CLONE_NEWPID) < 0)
		error_errno(err, "cannot return from the container's processes");
	return pid;
}

/* The part of the container's control group that its first process is in; -1: none that is below it. */
static int open_part_of_first(const struct joining *j)
{
	scoped_free char *path = cgroup_path_of(j->first);
	const char *own = path ? strstr(path, j->cgroup.path) : NULL;
	const char *part = own ? own + strlen(j->cgroup.path) : "";

	if (*part != '/' || !part[1])
		return -1;
	return openat(j->cgroup.dir[CGROUP_UNIFIED], part + 1, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* A group that its container has divided, as an init does and an engine within, takes no process itself. */
static long clone_into_group(struct joining *j, struct clone_args *args, struct error *err)
{
	long pid = clone_there(j, args, err);
	scoped_fd int part = -1;

	if (pid >= 0 || err->os != EBUSY || !(args->flags & CLONE_INTO_CGROUP))
		return pid;
	part = open_part_of_first(j);
	if (part < 0)
		return pid;
	args->cgroup = (uint64_t)part;
	return clone_there(j, args, err);
}

static bool start(struct joining *j, const struct process_stdio *stdio, pid_t *pid, int *pidfd,
		  struct error *err)
{
	int into = cgroup_clone_fd(&j->cgroup), inside = -1;
	struct clone_args args = {.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND |
					   (into >= 0 ? CLONE_INTO_CGROUP : 0),
				  .pidfd = (uintptr_t)pidfd,
				  .exit_signal = SIGCHLD,
				  .cgroup = into >= 0 ? (uint64_t)into : 0};
	long child;

	if (!channel_pair(&j->channel, &inside, err))
		return false;
	child = clone_into_group(j, &args, err);
	if (child == 0)
		run_inside(j, stdio, inside);
	close(inside);
	*pid = (pid_t)child;
	return child > 0;
}

/* It is removed when the last process has gone, which may be before this is told. */
static bool open_cgroup(struct joining *j, const char *path, struct error *err)
{
	return cgroup_open(path, &j->cgroup, err) ||
	       (err->kind == ERROR_NOT_FOUND && error_set(err, ERROR_CONFLICT, NOT_RUNNING));
}

static bool prepare(struct joining *j, const struct sandbox_join *join,
		    const struct process_spec *process, struct error *err)
{
	struct strings warnings = {0};
	bool ok;

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	j->first = join->pid;
	j->target = process_open(join->pid, join->start_time);
	if (j->target < 0)
		return error_set(err, ERROR_CONFLICT, NOT_RUNNING);
	ok = launch_prepare(process, &j->launch, &warnings, err) &&
	     open_cgroup(j, join->cgroup_path, err);
	strings_fini(&warnings); /* the container's own start has told them */
	if (!ok)
		return false;
	j->namespaces = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP |
			CLONE_NEWPID;
	if (!is_in_our_user_namespace(join->pid))
		j->namespaces |= CLONE_NEWUSER;
	return true;
}

static void joining_fini(struct joining *j)
{
	cgroup_fini(&j->cgroup);
	launch_fini(&j->launch);
	close_fd(&j->target);
	close_fd(&j->channel);
}

static void end(pid_t pid, int *pidfd)
{
	pidfd_signal(*pidfd, SIGKILL);
	waitpid(pid, NULL, 0);
	close_fd(pidfd);
}

#define END_PATIENCE_MS 200

/* A process that ends gives up its namespaces first; the end of a container's first one is told only when all
 * its others have gone, which may take long. */
static bool has_left_its_namespaces(pid_t pid)
{
	char path[48], name[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	return readlink(path, name, sizeof(name)) < 0 && errno == ENOENT;
}

/* What the kernel refuses because the container is ending looks like any other failure.  One of its processes
 * may have been killed before the first one: so it is waited for a moment whether the end comes. */
static bool blame_end(const struct joining *j, struct error *err)
{
	struct pollfd end = {.fd = j->target, .events = POLLIN};

	if (err->kind == ERROR_SYSTEM && j->target >= 0 &&
	    (has_left_its_namespaces(j->pid) || poll(&end, 1, END_PATIENCE_MS) > 0))
		error_set(err, ERROR_CONFLICT, NOT_RUNNING);
	return false;
}

bool sandbox_exec(const struct sandbox_join *join, const struct process_spec *process,
		  const struct process_stdio *stdio, pid_t *pid, int *pidfd, int *terminal,
		  struct error *err)
{
	scoped_with(joining_fini) struct joining j = {
		.target = -1, .pid = join->pid, .channel = -1};
	struct strings warnings = {0};
	pid_t child = 0;
	int child_fd = -1;
	struct channel_gifts gifts = {-1, -1};
	bool ok;

	for (int c = 0; c < CGROUP_CONTROLLERS; c++)
		j.cgroup.dir[c] = -1;
	if (!prepare(&j, join, process, err) || !start(&j, stdio, &child, &child_fd, err))
		return blame_end(&j, err);
	ok = launch_set_oom_score(process, child, &warnings, err) &&
	     channel_go_on(j.channel, -1, err) && channel_wait_for_exec(j.channel, &gifts, err);
	strings_fini(&warnings);
	if (!ok) {
		close_fd(&gifts.terminal);
		end(child, &child_fd);
		return blame_end(&j, err);
	}
	*pid = child;
	*pidfd = child_fd;
	*terminal = gifts.terminal;
	return true;
}
