/* Limits of a container as the kernel's cgroup files.  For the shim before a start, and for the daemon
 * when a running container is updated. */
#pragma once

#include "os/cgroup.h"
#include "sandbox/spec.h"

/* Apply the limits that are given.  What the host cannot limit becomes a text in `warnings`.  Raising
 * and lowering of memory and swap are written in the order that the kernel accepts.  `cgroup` gains a
 * cpuset when one is asked for. */
bool cgroup_limit(struct cgroup *cgroup, const struct resources_spec *resources,
		  struct strings *warnings, struct error *err);
