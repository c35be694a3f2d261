/* Which handler answers what: a table, and how a path is found in it.  For this folder only. */
#pragma once

#include "door/docker/call.h"

enum route_flags {
	ROUTE_EARLY = 1,    /* answered also while containers are still being found again */
	ROUTE_BODY = 2,	    /* a JSON document, read before the handler is called */
	ROUTE_NO_BODY = 4,  /* a body is an error */
	ROUTE_STREAMED = 8, /* the handler takes the body itself, of any type */
};

struct route {
	const char *method;
	/* A segment {} is any one name; {*} is the longest run of segments that fits. */
	const char *pattern;
	void (*handle)(struct call *call);
	unsigned flags;
};

/* Does the route answer this?  Then its arguments are copied into `arguments`, NULL where it has none.
 * `path` is without the version. */
bool route_match(const struct route *route, const char *method, const char *path,
		 char *arguments[static CALL_ARGUMENTS]);

/* The first route of route_table.c that matches; NULL: there is no such page. */
const struct route *route_find(const char *method, const char *path,
			       char *arguments[static CALL_ARGUMENTS]);

/* Cut "/v1.41" off the front of a path: *minor is set and *rest is what follows.  Another major number
 * counts as a far too old or new minor one. */
enum version_prefix { VERSION_NONE, VERSION_GIVEN, VERSION_BROKEN };
enum version_prefix route_cut_version(const char *path, int *minor, const char **rest);

/* ERROR_INVALID in Docker's words when the version is not served; `path` is the whole one. */
bool route_check_version(const char *path, int minor, struct error *err);
