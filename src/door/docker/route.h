/* The routes of the Docker Engine API and its versions.  For this folder only. */
#pragma once

#include "door/docker/call.h"
#include "door/route.h"

/* The first route of route_table.c that matches the path without its version; NULL: there is no such page. */
const struct route *route_find(const char *method, const char *path,
			       char *arguments[static CALL_ARGUMENTS]);

/* Cut "/v1.41" off the front of a path: *minor is set and *rest is what follows.  Another major number
 * counts as a far too old or new minor one. */
enum version_prefix { VERSION_NONE, VERSION_GIVEN, VERSION_BROKEN };
enum version_prefix route_cut_version(const char *path, int *minor, const char **rest);

/* ERROR_INVALID in Docker's words when the version is not served; `path` is the whole one. */
bool route_check_version(const char *path, int minor, struct error *err);
