/* Mounts by descriptor: made detached, seen by nobody, then attached to a descriptor.  No path is
 * looked up twice, so nobody can put a symbolic link between the look and the mount. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mount.h>

struct mount_option {
	const char *name, *value; /* value NULL: a flag */
};

/* A new detached mount of a filesystem type with MOUNT_ATTR_* attributes; -1 on failure. */
struct mount_plan {
	const char *type; /* also what /proc/mounts shows as its source */
	const struct mount_option *options;
	size_t option_count;
	unsigned attributes;
};
int mount_new(const struct mount_plan *plan, struct error *err);

/* A detached copy of what is mounted at a path ("" with a descriptor: there), a bind mount to be.  It
 * stays a peer of its source where that is shared, until mount_set_propagation. */
int mount_clone(int folder, const char *path, bool recursive, struct error *err);

bool mount_set(int mount, uint64_t set, uint64_t clear, bool recursive, struct error *err);
bool mount_set_propagation(int mount, unsigned long propagation, bool recursive, struct error *err);

/* Map the owners that files show through this detached mount as `user_namespace` says. */
bool mount_map_ids(int mount, int user_namespace, struct error *err);

/* Attach to what the O_PATH descriptor `target` names. */
bool mount_attach(int mount, int target, struct error *err);
