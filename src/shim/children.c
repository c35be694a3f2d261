#include "shim/children.h"

#include "base/memory.h"

#include <fcntl.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST = 3 };

struct child {
	struct children *children;
	struct child *next;
	struct source source; /* its pidfd */
};

static void child_ended(struct source *source, uint32_t events)
{
	struct child *c = container_of(source, struct child, source);
	struct children *children = c->children;
	struct child **at = &children->first;
	siginfo_t ignored;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	loop_watch(children->loop, source, 0);
	waitid(P_PIDFD, (id_t)source->fd, &ignored, WEXITED);
	close(source->fd);
	free(c);
	if (children->ended)
		children->ended(children);
}

static bool watch_child(struct children *children, pid_t pid, struct error *err)
{
	struct child *c;
	int fd = pidfd_open(pid, 0);

	if (fd < 0)
		return error_errno(err, "cannot watch a process of our own");
	c = mem_new(struct child);
	*c = (struct child){.children = children,
			    .next = children->first,
			    .source = {.fd = fd, .ready = child_ended}};
	children->first = c;
	loop_watch(children->loop, &c->source, EPOLLIN);
	return true;
}

/* First out of the way of the numbers that they will have, then there. */
static void keep_only(const int *keep, size_t keep_count)
{
	int lifted[8];

	if (keep_count > array_length(lifted))
		_exit(1);
	for (size_t i = 0; i < keep_count; i++)
		lifted[i] = fcntl(keep[i], F_DUPFD_CLOEXEC, FIRST + (int)keep_count);
	for (size_t i = 0; i < keep_count; i++)
		if (dup2(lifted[i], FIRST + (int)i) < 0)
			_exit(1);
	syscall(SYS_close_range, FIRST + (unsigned)keep_count, ~0u, 0);
}

int children_fork(struct children *children, const int *keep, size_t keep_count, struct error *err)
{
	pid_t pid = fork();

	if (pid < 0) {
		error_errno(err, "cannot fork");
		return -1;
	}
	if (pid == 0)
		keep_only(keep, keep_count);
	else if (!watch_child(children, pid, err))
		return -1;
	return pid;
}
