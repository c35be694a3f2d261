/* Shell patterns inside a text: * is any run of bytes, ? any one.  Pure.
 *
 * A call fails (false, nothing set) when the work of all calls with this pattern passes GLOB_STEPS_LIMIT. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define GLOB_STEPS_LIMIT (1u << 26)

struct glob {
	const char *pattern;
	char escape;
	size_t steps; /* of all calls */
};

/* The length of the shortest or longest beginning (end) of the text that matches; 0: none. */
bool glob_prefix(struct glob *glob, const char *text, size_t size, bool longest, size_t *cut);
bool glob_suffix(struct glob *glob, const char *text, size_t size, bool longest, size_t *cut);

/* The first place that matches, and there the longest run, which is empty in an empty text only; *start
 * is SIZE_MAX where there is none. */
bool glob_find(struct glob *glob, const char *text, size_t size, size_t *start, size_t *length);
