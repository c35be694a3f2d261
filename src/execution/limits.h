/* Limits of a unit as the kernel's cgroup files; what the host cannot limit becomes a warning, and never
 * keeps a unit from its start. */
#pragma once

#include "execution/plan.h"
#include "os/cgroup.h"

/* Apply what is given, also again to a unit that runs.  `cgroup` gains a cpuset when one is asked for. */
void execution_limit(struct cgroup *cgroup, const struct execution_plan *plan,
		     struct strings *warnings);
