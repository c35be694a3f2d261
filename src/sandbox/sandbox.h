/* Turning a process into a container, and ending it.  Used by the shim only; static, no libraries but
 * libc.  One sandbox per shim process; blocking calls, tens of microseconds to a few milliseconds.
 *
 * Order of a start, so that the slow parts run side by side:
 *	sandbox_prepare   cgroups made and limited, the root's descriptors opened
 *	sandbox_spawn     clone3 into the new namespaces; the child builds mounts and devices by itself
 *	(the shim meanwhile puts the network into sandbox_netns)
 *	sandbox_release   the network is there: the child drops its rights and executes
 * Any failure of the child arrives as its `struct error` from sandbox_release, with everything undone:
 * mounts die with the mount namespace, links with the network namespace, the cgroup by sandbox_fini. */
#pragma once

#include "base/error.h"
#include "sandbox/spec.h"

#include <sys/types.h>

struct sandbox;

/* The child's ends; -1 is /dev/null, all are ignored where the process has a terminal. */
struct process_stdio {
	int in, out, err;
};

struct sandbox *sandbox_prepare(const struct sandbox_spec *spec, struct error *err);
bool sandbox_spawn(struct sandbox *s, const struct process_stdio *stdio, struct error *err);
pid_t sandbox_pid(const struct sandbox *s); /* on the host */
int sandbox_pidfd(const struct sandbox *s); /* borrowed */
int sandbox_netns(const struct sandbox *s); /* borrowed; -1 when it shares another's */
bool sandbox_release(struct sandbox *s, struct error *err);

/* The terminal's master, made in the container's own devpts; -1 without terminal.  Valid after
 * sandbox_release; the caller owns it. */
int sandbox_take_terminal(struct sandbox *s);

/* What was clamped to what the host allows, one text each (rlimits, oom score, limits). */
const struct strings *sandbox_warnings(const struct sandbox *s);

/* Has an edge of POLLIN or POLLPRI (so EPOLLET) when an OOM kill may have happened; -1 when it cannot be
 * watched. */
int sandbox_oom_fd(const struct sandbox *s);
bool sandbox_read_oom(struct sandbox *s); /* has an OOM kill happened since the last call? */

/* Kill everything in the cgroup, wait until it is empty, remove it, free.  NULL is fine.  The end of
 * the caller's process may take longer than that: it is then that the kernel writes what the container
 * left unwritten. */
void sandbox_free(struct sandbox *s);

/* ---- a process that joins a running sandbox (exec) ---- */

struct sandbox_join {
	pid_t pid;	    /* of the sandbox's first process, on the host */
	int64_t start_time; /* must match, else the pid is somebody else's */
	const char *cgroup_path;
};

/* Start `process` inside; gives its pid, pidfd, and the terminal's master (-1 without one). */
bool sandbox_exec(const struct sandbox_join *join, const struct process_spec *process,
		  const struct process_stdio *stdio, pid_t *pid, int *pidfd, int *terminal,
		  struct error *err);
