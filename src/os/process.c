#include "os/process.h"

#include "os/file.h"
#include "os/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* The child of CLONE_VM shares our memory and our stopped thread's view of it: it may only make
 * system calls, and write to `struct launch`.  The parent sleeps until the exec (CLONE_VFORK). */

enum { KEEP_LIMIT = 32, CHILD_STACK = 64 << 10 };

struct launch {
	const struct spawn *spawn;
	int fds[3 + KEEP_LIMIT]; /* what becomes 0, 1, 2, 3 ...; out of the way of those numbers */
	size_t count;
	int folder;	  /* AT_FDCWD, or where `path` is; out of the way too, borrowed */
	const char *path; /* borrowed */
	pid_t parent;
	int error; /* errno of the step that failed */
};

/* ASan knows nothing of the borrowed stack, so the child's code is kept out of its sight. */
#define on_borrowed_stack __attribute__((no_sanitize("address", "undefined")))

/* Handlers of the parent must not run here (they would write into its memory), ignored signals must
 * not stay ignored in the program. */
on_borrowed_stack void process_reset_signals(void)
{
	struct sigaction standard = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int signal = 1; signal < NSIG; signal++)
		sigaction(signal, &standard, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The folder of the program, if there is one, comes behind what is kept, and goes with the exec. */
on_borrowed_stack static bool place_descriptors(struct launch *l)
{
	int end = (int)l->count;

	for (int i = 0; i < end; i++)
		if (dup2(l->fds[i], i) < 0)
			return false;
	if (l->folder != AT_FDCWD) {
		if (l->folder != end && dup3(l->folder, end, O_CLOEXEC) < 0)
			return false;
		l->folder = end++;
	}
	return syscall(SYS_close_range, (unsigned)end, ~0u, 0) == 0;
}

/* A parent that has ended before it was asked for is told by nobody. */
on_borrowed_stack static bool end_with_parent(const struct launch *l)
{
	return syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 &&
	       syscall(SYS_getppid) == l->parent;
}

on_borrowed_stack static int child(void *arg)
{
	struct launch *l = arg;

	process_reset_signals();
	if (l->spawn->new_session)
		setsid();
	if ((!l->spawn->ends_with_us || end_with_parent(l)) && place_descriptors(l))
		syscall(SYS_execveat, l->folder, l->path, l->spawn->args,
			l->spawn->env ? l->spawn->env : environ, 0);
	l->error = errno;
	_exit(127);
}

/* Copies of the descriptors above every number that they will be moved to. */
static bool lift_descriptors(struct launch *l, struct error *err)
{
	const struct spawn *s = l->spawn;
	const int standard[] = {s->in, s->out, s->err};
	size_t wanted = 3 + s->keep_count;
	scoped_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (s->keep_count > KEEP_LIMIT)
		return error_set(err, ERROR_INVALID, "too many descriptors to keep");
	while (l->count < wanted) {
		int fd = l->count < 3 ? standard[l->count] : s->keep[l->count - 3];
		int copy = fcntl(fd < 0 ? null : fd, F_DUPFD_CLOEXEC, (int)wanted);

		if (copy < 0)
			return error_errno(err, "cannot prepare descriptors for '%s'", s->path);
		l->fds[l->count++] = copy;
	}
	return true;
}

static void drop_descriptors(struct launch *l)
{
	while (l->count > 0)
		close(l->fds[--l->count]);
}

/* A detached, read-only copy of the mount that a folder is on. */
static int open_read_only(const char *path, struct error *err)
{
	scoped_fd int mount = mount_clone(AT_FDCWD, path, false, err);

	if (mount < 0 || !mount_set(mount, MOUNT_ATTR_RDONLY, 0, false, err))
		return -1;
	return fcntl(mount, F_DUPFD_CLOEXEC,
		     3 + KEEP_LIMIT); /* above all numbers that are placed */
}

/* The programs of a daemon are in one folder, as a rule: the last one is remembered. */
static bool find_read_only(struct launch *l, struct error *err)
{
	static char *known;
	static int mount = -1;
	const char *name = strrchr(l->spawn->path, '/');
	scoped_free char *folder =
		name ? str_dup_n(l->spawn->path, (size_t)(name - l->spawn->path)) : NULL;

	if (!folder)
		return error_set(err, ERROR_INVALID, "'%s' is not an absolute path",
				 l->spawn->path);
	if (mount < 0 || !str_equal(known, folder)) {
		close_fd(&mount);
		mount = open_read_only(*folder ? folder : "/", err);
		str_replace(&known, folder);
	}
	l->folder = mount;
	l->path = name + 1;
	return mount >= 0;
}

static bool launch(struct launch *l, pid_t *pid, int *pidfd, struct error *err)
{
	_Alignas(16) char stack[CHILD_STACK]; /* our own stack lends room: we sleep meanwhile */
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	*pid = clone(child, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD,
		     l, pidfd);
	if (*pid < 0)
		error_errno(err, "cannot start '%s'", l->spawn->path);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return *pid >= 0;
}

bool process_spawn(const struct spawn *spawn, pid_t *pid, int *pidfd, struct error *err)
{
	scoped_with(drop_descriptors) struct launch l = {
		.spawn = spawn, .folder = AT_FDCWD, .path = spawn->path, .parent = getpid()};
	pid_t new_pid = -1;
	int new_pidfd = -1;

	if (spawn->read_only && !find_read_only(&l, err))
		return false;
	if (!lift_descriptors(&l, err) || !launch(&l, &new_pid, &new_pidfd, err))
		return false;
	if (l.error) {
		waitpid(new_pid, NULL, 0);
		close(new_pidfd);
		errno = l.error;
		return error_errno(err, "cannot execute '%s'", spawn->path);
	}
	*pid = new_pid;
	*pidfd = new_pidfd;
	return true;
}

/* The name, field 2, may hold blanks and brackets: count from the last one. */
static bool start_time_from_stat(const char *stat, int64_t *ticks)
{
	const char *at = strrchr(stat, ')');

	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at && sscanf(at, " %lld", (long long *)ticks) == 1;
}

bool process_start_time(pid_t pid, int64_t *ticks)
{
	scoped_buffer struct buffer stat = {0};
	char path[32];
	struct error ignored;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	return file_read(AT_FDCWD, path, 4096, &stat, &ignored) &&
	       start_time_from_stat(stat.data, ticks);
}

bool process_has_ended(pid_t pid, int64_t start_time)
{
	int64_t now;

	return pid <= 0 || (kill(pid, 0) < 0 && errno == ESRCH) ||
	       (process_start_time(pid, &now) && now != start_time);
}

int process_open(pid_t pid, int64_t start_time)
{
	int pidfd = pidfd_open(pid, 0);
	int64_t found;

	/* read after the pidfd is there: from then on the pid cannot become another's unnoticed */
	if (pidfd >= 0 && (!process_start_time(pid, &found) || found != start_time))
		close_fd(&pidfd);
	return pidfd;
}

bool pidfd_signal(int pidfd, int signal)
{
	return pidfd_send_signal(pidfd, signal, NULL, 0) == 0;
}

const char *process_boot_id(void)
{
	static char id[37];
	scoped_buffer struct buffer text = {0};
	struct error ignored;

	if (!*id && file_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 64, &text, &ignored) &&
	    text.size >= sizeof(id) - 1)
		memcpy(id, text.data, sizeof(id) - 1);
	return id;
}
