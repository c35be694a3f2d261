/* Images as the API shows them, and the filters of their list. */
#pragma once

#include "door/docker/filters.h"
#include "engine/engine.h"

struct image_view_options {
	int minor;
	bool shared_size;   /* count it: asked for, from 1.42 on */
	int64_t containers; /* that use it; -1: not counted */
	const struct filters
		*filters; /* only tags that match its `reference` are shown; NULL: all */
};

/* Append one object. */
void image_view_list_item(struct image_store *images, const struct image *image,
			  const struct image_view_options *options, struct buffer *json);
void image_view_inspect(struct image_store *images, const char *data_root,
			const struct image *image, int minor, struct buffer *json);
void image_view_history(const struct image *image, struct buffer *json);

/* Is `name` ("busybox:latest") what the pattern means, with or without its tag? */
bool image_name_matches(const char *pattern, const char *name);

struct image_query {
	struct filters filters;
	bool dangling_given, dangling;
	int64_t before_ns, since_ns, until_ns; /* 0: any time */
};

/* "before" and "since" must name images. */
bool image_query_parse(struct image_store *images, const char *filters, int64_t now_ns,
		       struct image_query *out, struct error *err);
void image_query_fini(struct image_query *query);
bool image_query_match(const struct image_query *query, const struct image *image);
