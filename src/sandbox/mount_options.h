/* The options of a tmpfs as the user writes them ("size=64m,mode=1777,noexec"): what the mount is told
 * apart from what the filesystem is told. */
#pragma once

#include "os/mount.h"
#include "sandbox/spec.h"

struct mount_options {
	struct mount_option *items; /* owned; names and values lie in `text` */
	size_t count, capacity;
	unsigned attributes; /* MOUNT_ATTR_* */
	char *text;	     /* owned */
};

bool mount_options_parse(const struct mount_spec *spec, struct mount_options *out,
			 struct error *err);
void mount_options_fini(struct mount_options *options);
