/* Which containers a list is about: all, limit and the filters. */
#pragma once

#include "door/docker/filters.h"
#include "engine/engine.h"

struct container_query {
	struct filters filters;
	bool all;		     /* also those that do not run */
	int64_t limit;		     /* the newest so many; 0: no limit */
	int64_t before_ns, since_ns; /* created before, after; 0: any time */
	struct {
		const struct image **items;
		size_t count, capacity;
	} ancestors;
};

/* `filters` is the text of the parameter (or NULL); names and values are checked, and what they name is
 * looked up: "before" and "since" must name containers. */
bool container_query_parse(struct engine *engine, const char *filters, struct container_query *out,
			   struct error *err);
void container_query_fini(struct container_query *query);

/* Whether the list shows it, apart from the limit. */
bool container_query_match(const struct container_query *query, const struct container *c);

/* label, label! and until, as prune takes them.  `out` is freed by container_filter_fini. */
bool container_filter_parse(const char *filters, int64_t now_ns, struct container_filter *out,
			    struct error *err);
void container_filter_fini(struct container_filter *filter);
