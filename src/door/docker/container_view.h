/* A container as the API shows it: an item of the list, and inspect.
 *
 * Views are written straight from the container: what they point at is borrowed from it and from the
 * engine, and only the texts that are made for them are theirs. */
#pragma once

#include "engine/engine.h"

struct view_options {
	int minor;	/* of the API's version */
	int64_t now_ns; /* for ages */
	bool size;	/* with what engine_measure counted */
	bool links;	/* some container links to another: names may be more than one */
};

/* Append one object. */
void container_view_list_item(const struct container *c, const struct view_options *options,
			      struct buffer *json);
void container_view_inspect(const struct container *c, const struct view_options *options,
			    struct buffer *json);

/* Those of its mounts that are shown: the caller frees the array, but not what is in it. */
struct record_list container_view_mounts(const struct container *c);

/* NetworkSettings.Ports: published ports, and exposed ones as null; nothing unless it is live. */
void container_view_ports(const struct container *c, struct buffer *json);
