/* The last steps from a process of ours to the user's program, the same for the first process of a
 * sandbox and for one that joins by exec.
 *
 *	launch_prepare	 outside, before the process exists: reads files, cuts what is asked to what
 *			 the host allows
 *	launch_identify	 inside: user and groups as the image names them
 *	launch_exec	 inside: stdio, limits, user, capabilities, seccomp, exec
 *
 * The order of launch_exec is its idea.  Everything that opens a file comes first; then no descriptor
 * but 0, 1, 2 and the channel is left, so that the working folder cannot be one of the host's
 * (/proc/self/fd/7); then the rights go, the capabilities last, because seccomp without
 * no_new_privs needs CAP_SYS_ADMIN; after the filter only capset, execve and the error's way out. */
#pragma once

#include "format/user_spec.h"
#include "sandbox/sandbox.h"

#include <linux/filter.h>
#include <sys/resource.h>

#define LAUNCH_INIT_PATH "/sbin/docker-init"

struct launch {
	const struct process_spec *process; /* borrowed */
	struct {
		int resource;
		struct rlimit limit;
	} rlimits[RLIM_NLIMITS];
	size_t rlimit_count;
	struct buffer filter; /* struct sock_filter, empty: unconfined */
	uint64_t capabilities;
	bool init; /* the program is run by LAUNCH_INIT_PATH */

	/* inside */
	struct process_stdio stdio;
	int terminal; /* the slave; -1 without one */
	int channel;
	struct user_identity identity;
};

/* What must be less than wanted is told in `warnings`. */
bool launch_prepare(const struct process_spec *process, struct launch *out,
		    struct strings *warnings, struct error *err);
void launch_fini(struct launch *launch);

/* From outside, since it needs the host's rights. */
bool launch_set_oom_score(const struct process_spec *process, pid_t pid, struct strings *warnings,
			  struct error *err);

/* In the new process, first of all: into a session keyring of its own, since the one it has holds the
 * host's keys.  As the host's root still: others may have few keys.  Kernels without keyrings have none to
 * protect. */
bool launch_leave_keyring(struct error *err);

/* In the new process, the container's root being its root. */
bool launch_identify(struct launch *launch, struct error *err);

/* Returns only when it fails. */
bool launch_exec(struct launch *launch, struct error *err);
