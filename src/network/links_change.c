#include "network/links_change.h"

#include "network/endpoint.h"
#include "network/namespace.h"
#include "os/job.h"

#include <unistd.h>

bool link_remove(const struct endpoint_spec *endpoint, int netns, struct device_removals *rest,
		 struct error *err)
{
	bool macvlan = endpoint_is_macvlan(endpoint), outside = endpoint->outer && !macvlan;
	struct device_removal *removal;

	if (!device_removal_begin(outside ? endpoint->outer : endpoint->name, outside ? -1 : netns,
				  &removal, err))
		return false;
	if (!removal)
		return !macvlan ||
		       error_set(err, ERROR_CONFLICT,
				 "the link '%s' is not in the container any more", endpoint->name);
	vector_add(rest, removal);
	return device_removal_wait_gone(removal, err);
}

/* `again`: whoever was killed may have removed some. */
static bool remove_all(const struct record_list *endpoints, int netns, bool again,
		       struct device_removals *rest, struct error *err)
{
	for (size_t i = 0; i < endpoints->count; i++)
		if (!link_remove(RECORD_AT(*endpoints, struct endpoint_spec, i), netns, rest,
				 err) &&
		    !(again && err->kind == ERROR_CONFLICT))
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

static bool change_running(const struct plan_links *change, bool again,
			   struct device_removals *rest, struct error *err)
{
	scoped_fd int netns = namespace_open(change->pid, change->start_time, err);
	struct error ignored;

	if (netns < 0 || !remove_all(&change->removed, netns, again, rest, err))
		return false;
	if (again)
		remove_all(&change->added, netns, again, rest, &ignored);
	if ((change->added.count == 0 ||
	     endpoint_attach(change->added.items, change->added.count, netns, err)) &&
	    set_routes(change, netns, err))
		return true;
	remove_all(&change->added, netns, true, rest, &ignored);
	return false;
}

bool links_change(const struct plan_links *change, bool again, struct device_removals *rest,
		  struct error *err)
{
	if (change->ended)
		return endpoint_cut(change->removed.items, change->removed.count, JOB_KEPT, err);
	return change_running(change, again, rest, err);
}
