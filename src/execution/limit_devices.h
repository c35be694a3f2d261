/* DevicePolicy= and DeviceAllow= as rules of a control group. */
#pragma once

#include "execution/plan.h"
#include "os/cgroup.h"

/* What cannot be said is told in `warnings`.  Nothing happens where all devices may be used. */
void execution_limit_devices(const struct cgroup *cgroup, const struct execution_plan *plan,
			     struct strings *warnings);

/* Majors of the drivers whose names in a text like that of /proc/devices fit a pattern of the shell; the count,
 * at most `room`.  Pure. */
size_t device_majors(const char *devices, bool block, const char *pattern, int64_t *out,
		     size_t room);
