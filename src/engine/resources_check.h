/* Limits that a container asks for, held against what this host can limit: impossible ones are
 * refused, those that the kernel lacks are dropped with a warning, in Docker's words. */
#pragma once

#include "engine/container_config.h"
#include "os/cgroup.h"

struct host_limits {
	int cpus;
	const struct cgroup_host *cgroups;
};
const struct host_limits *host_limits(void); /* of this host; read once */

/* Is the controller there for containers? */
bool host_limits_has(const struct host_limits *host, enum cgroup_controller controller);

/* `update`: the limits come on top of others, so a swap limit may stand alone. */
bool resources_check(struct resources *resources, const struct host_limits *host, bool update,
		     struct strings *warnings, struct error *err);

/* "0-3,7": numbers below `limit`; *highest is the largest.  False: not such a list. */
bool cpu_list_parse(const char *text, int limit, int *highest);
