/* Whether mounts travel between a bind mount and its source on the host. */
#pragma once

#include "sandbox/spec.h"

/* Set what the mount asks for ("" is rprivate) on its detached copy.  ERROR_INVALID in Docker's words
 * when the source's own mount is not shared, so that nothing could travel. */
bool propagation_apply(int mount, const struct mount_spec *spec, struct error *err);

/* In the text of a mountinfo file: does the mount that holds `path` have an optional field that starts
 * with `field` ("shared:", "master:")? */
bool mountinfo_has_field(const char *mountinfo, const char *path, const char *field);

/* Where that mount stands; owned, NULL when there is none. */
char *mountinfo_point(const char *mountinfo, const char *path);
