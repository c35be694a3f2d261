/* An image of the API's list, as rows of `images` (and of `system df -v`). */
#pragma once

#include "cmd/cli/cli.h"
#include "cmd/cli/listing.h"

extern const struct listing image_listing;

struct image_view {
	bool truncate;
	bool digests;	   /* a row for each digest */
	bool with_digests; /* digests are shown beside tags */
};

/* One row for each name of the image, added to the array. */
void image_rows(const json_t *image, const struct image_view *view, json_t *rows);
