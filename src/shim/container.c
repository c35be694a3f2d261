/* The kind of group that is a container: a sandbox with its network. */
#include "base/memory.h"
#include "base/time.h"
#include "network/endpoint.h"
#include "sandbox/sandbox.h"
#include "shim/run.h"

#include <fcntl.h>

/* The child meanwhile makes its mounts. */
static bool connect_network(const struct shim_start *start, const struct sandbox *sandbox,
			    struct error *err)
{
	int netns = sandbox_netns(sandbox);

	if (netns < 0)
		return true;
	if (start->endpoints.count)
		return endpoint_attach(start->endpoints.items, start->endpoints.count, netns, err);
	return !start->loopback || endpoint_loopback(netns, err);
}

/* While there are rights to: behind the links, so that loopback is up. */
static bool open_names(const struct shim_start *start, const struct sandbox *sandbox,
		       struct names_sockets *out, struct error *err)
{
	int netns = sandbox_netns(sandbox);

	return !start->names || netns < 0 || names_sockets_open(netns, out, err);
}

/* A macvlan has no end on the host, so that the daemon cuts it from inside. */
static int netns_to_give(const struct shim_start *start, const struct sandbox *sandbox)
{
	for (size_t i = 0; i < start->endpoints.count; i++)
		if (endpoint_is_macvlan(RECORD_AT(start->endpoints, struct endpoint_spec, i)))
			return fcntl(sandbox_netns(sandbox), F_DUPFD_CLOEXEC, 0);
	return -1;
}

static bool container_start(const struct shim_start *start, const struct process_stdio *stdio,
			    struct group *out, struct error *err)
{
	struct sandbox *sandbox = sandbox_prepare(&start->sandbox, err);
	struct names_sockets names = {-1, -1};
	int netns;

	if (!sandbox)
		return false;
	if (!sandbox_spawn(sandbox, stdio, err) || !connect_network(start, sandbox, err) ||
	    !open_names(start, sandbox, &names, err)) {
		names_sockets_close(&names);
		sandbox_free(sandbox);
		return false;
	}
	netns = netns_to_give(start, sandbox);
	if (!sandbox_release(sandbox, err)) {
		close_fd(&netns);
		names_sockets_close(&names);
		sandbox_free(sandbox);
		return false;
	}
	*out = (struct group){.pid = sandbox_pid(sandbox),
			      .pidfd = fcntl(sandbox_pidfd(sandbox), F_DUPFD_CLOEXEC, 0),
			      .terminal = sandbox_take_terminal(sandbox),
			      .terminal_peer = -1,
			      .sandbox = sandbox,
			      .names = names,
			      .netns = netns};
	if (start->sandbox.network.mode != NAMESPACE_HOST)
		out->network_pid = out->pid;
	return true;
}

/* All others in its cgroup end too: a container may share the pids of the host, and then nothing else
 * ends them. */
static void container_end(struct group *group)
{
	sandbox_free(take(group->sandbox));
}

const struct group_kind container_kind = {
	.name = "container",
	.start = container_start,
	.failure_code = 128,
	.end = container_end,
};
