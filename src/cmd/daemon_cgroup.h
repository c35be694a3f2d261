/* The daemon's place among the control groups. */
#pragma once

#include "base/error.h"

/* Decide below which group everything of ours lives, and on cgroup v2 move this process (and so the
 * shims it will start) into its leaf `<ours>/daemon`: a group with processes of its own cannot hand
 * controllers to the groups of containers.  `wanted` is --cgroup-parent; NULL: what a service manager
 * has delegated to us, else "/wherry".  *ours is owned by the caller. */
bool daemon_cgroup_enter(const char *wanted, char **ours, struct error *err);
