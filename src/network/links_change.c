#include "network/links_change.h"

#include "network/endpoint.h"
#include "network/namespace.h"

#include <unistd.h>

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
	scoped_fd int netns = namespace_open(change->pid, change->start_time, err);
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
