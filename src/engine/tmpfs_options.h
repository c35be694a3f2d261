/* Options of a tmpfs as people type them ("size=64m,ro,exec") over Docker's noexec,nosuid,nodev.  Pure. */
#pragma once

#include "base/error.h"

struct tmpfs_flags {
	bool read_only, nosuid, nodev, noexec;
};

/* What the kernel takes as text (the caller's), and the flags. */
bool tmpfs_options_parse(const char *text, char **options, struct tmpfs_flags *flags,
			 struct error *err);
