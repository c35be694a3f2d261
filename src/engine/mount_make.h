/* What every way to ask for a mount makes of it.  Only for the plan of mounts. */
#pragma once

#include "engine/container_config.h"

/* Since when a mount that is read-only is so with all that lies below; before, clients do not expect it. */
#define RECURSIVE_READ_ONLY_API 44

/* INVALID unless it is absolute; it is kept in its shortest form. */
bool mount_set_destination(struct mount_point *mount, const char *target, struct error *err);

/* With the defaults of its kind.  `driver` NULL or "": "local"; a volume has no name yet. */
void mount_make_volume(struct mount_point *mount, const char *driver);
void mount_make_bind(struct mount_point *mount, const char *source);

/* A name is made up. */
void mount_make_anonymous(struct mount_point *mount);
