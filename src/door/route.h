/* Which handler answers what: tables, and how a path is found in them. */
#pragma once

#include "door/call.h"

enum route_flags {
	ROUTE_EARLY = 1,    /* answered also while the door is not ready */
	ROUTE_BODY = 2,	    /* a JSON document, read before the handler is called */
	ROUTE_NO_BODY = 4,  /* a body is an error */
	ROUTE_LARGE = 16,   /* with ROUTE_BODY: the document may be a large one */
	ROUTE_STREAMED = 8, /* the handler takes the body itself, of any type */
};

/* What a handler wants of its body, read before it is called: in the pool where the body is large. */
struct route_body {
	/* The call's `state`, from a document (NULL: none was sent).  Touches nothing else.  NULL and err when
	 * it cannot be. */
	void *(*read)(json_t *body, struct error *err);
	void (*free)(void *state);
};

struct route {
	const char *method;
	/* A segment {} is any one name; {*} is the longest run of segments that fits. */
	const char *pattern;
	void (*handle)(struct call *call);
	unsigned flags;
	const struct route_body *body; /* NULL: the call gets the document itself */
};

/* Does the route answer this?  Then its arguments are copied into `arguments`, NULL where it has none. */
bool route_match(const struct route *route, const char *method, const char *path,
		 char *arguments[static CALL_ARGUMENTS]);

/* The first of the routes that matches; NULL: there is no such page. */
const struct route *routes_find(const struct route *routes, size_t count, const char *method,
				const char *path, char *arguments[static CALL_ARGUMENTS]);
