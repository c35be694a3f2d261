/* Columns of text, aligned: cells end with a tab, lines with a line feed.  A column reaches as far
 * as the lines that have it follow one another, and is as wide as its widest cell; the last cell of
 * a line belongs to no column. */
#pragma once

#include "base/text.h"

struct table_shape {
	size_t least;	/* a column is at least so wide, its gap included */
	size_t padding; /* the gap behind a column's widest cell */
};

extern const struct table_shape table_listing;	 /* 10 and 3: ps, images, ... */
extern const struct table_shape table_processes; /* 20 and 3: top, system df */

/* The aligned text of `cells`, added to `out`. */
void table_align(const char *cells, const struct table_shape *shape, struct buffer *out);

/* How many places `size` bytes of UTF-8 take on a terminal line (one for each character). */
size_t text_width(const char *text, size_t size);
