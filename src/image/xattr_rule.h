/* Which extended attributes are part of an image: user.*, trusted.* without overlayfs's own,
 * security.capability, POSIX ACLs.  Others belong to the host that they are on. */
#pragma once

#include <stdbool.h>

bool xattr_is_kept(const char *name);
