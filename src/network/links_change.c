#include "network/links_change.h"

#include "network/endpoint.h"
#include "os/process.h"

#include <fcntl.h>
#include <unistd.h>

/* The process could have ended, and its number be another's by now; the namespace that was opened
 * before it was found alive is its own. */
static int open_namespace(const struct plan_links *change, struct error *err)
{
	scoped_free char *path = str_format("/proc/%lld/ns/net", (long long)change->pid);
	scoped_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	int64_t start_time;

	if (fd >= 0 && process_start_time((pid_t)change->pid, &start_time) &&
	    start_time == change->start_time)
		return take_fd(fd);
	error_set(err, ERROR_CONFLICT, "the container is not running");
	return -1;
}

static bool remove_all(const struct record_list *endpoints, int netns, struct error *err)
{
	for (size_t i = 0; i < endpoints->count; i++)
		if (!endpoint_detach(RECORD_AT(*endpoints, struct endpoint_spec, i), netns, err))
			return false;
	return true;
}

static bool set_routes(const struct plan_links *change, int netns, struct error *err)
{
	return (!change->gateway ||
		endpoint_set_route(netns, change->device, change->gateway, err)) &&
	       (!change->gateway6 ||
		endpoint_set_route(netns, change->device6, change->gateway6, err));
}

bool links_change(const struct plan_links *change, struct error *err)
{
	scoped_fd int netns = open_namespace(change, err);
	struct error ignored;

	if (netns < 0 || !remove_all(&change->removed, netns, err))
		return false;
	if ((change->added.count == 0 ||
	     endpoint_attach(change->added.items, change->added.count, netns, err)) &&
	    set_routes(change, netns, err))
		return true;
	remove_all(&change->added, netns, &ignored);
	return false;
}
