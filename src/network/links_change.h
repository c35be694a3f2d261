/* In the worker: what a running container is connected to changes. */
#pragma once

#include "network/device_removal.h"
#include "network/network_plan.h"

/* Takes the removed links away, makes the added ones, and sets the default routes.  A container that is
 * gone meanwhile is ERROR_CONFLICT; what is removed may be gone.  After a failure the links that were
 * added are gone.  `again`: a worker was killed while it did so, at whatever point.  What the kernel is not done with yet is added to `rest`.  Of a container that has
 * ended the removed links are set down, in the namespace JOB_KEPT, which takes them away in its time. */
bool links_change(const struct plan_links *change, bool again, struct device_removals *rest,
		  struct error *err);

/* Take one link away; the container runs on.  A veth is removed by the end that is on the host, whatever
 * the container has made of its own.  A macvlan that cannot be found is ERROR_CONFLICT, for it may have
 * been renamed; a veth that is gone is fine. */
bool link_remove(const struct endpoint_spec *endpoint, int netns, struct device_removals *rest,
		 struct error *err);
