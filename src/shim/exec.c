/* The kind of group that joins a container which another shim holds. */
#include "base/time.h"
#include "sandbox/sandbox.h"
#include "shim/run.h"

static bool exec_start(const struct shim_start *start, const struct process_stdio *stdio,
		       struct group *out, struct error *err)
{
	const struct sandbox_join join = {.pid = (pid_t)start->join_pid,
					  .start_time = start->join_start_time,
					  .cgroup_path = start->sandbox.cgroup_path};
	struct group group = {.terminal_peer = -1, .names = {-1, -1}, .netns = -1};

	if (!sandbox_exec(&join, &start->sandbox.process, stdio, &group.pid, &group.pidfd,
			  &group.terminal, err))
		return false;
	*out = group;
	return true;
}

/* What it left running in the background belongs to the container and goes on; so much time it has to
 * write to those who are attached. */
const struct group_kind exec_kind = {
	.name = "exec",
	.start = exec_start,
	.failure_code = 126,
	.grace_ns = 2 * NS_PER_SECOND,
	.tells_clients = true,
};
