/* Patterns of file names, matched as text alone.  Pure.  The cost of a match is at most the length of the
 * pattern times that of the name. */
#pragma once

#include "base/error.h"
#include "base/memory.h"

#include <stdbool.h>

#define FILE_PATTERN_LIMIT 4096 /* bytes of a pattern */

struct file_pattern;

enum file_pattern_rules {
	/* Go's filepath.Match: * and ? not across '/', [a-z], [^a-z], backslash. */
	FILE_PATTERN_PLAIN,
	/* Besides, ** is any number of folders, also none; at the end it is everything. */
	FILE_PATTERN_DEEP,
};

/* NULL and INVALID `syntax error in pattern`. */
struct file_pattern *file_pattern_new(const char *text, enum file_pattern_rules rules,
				      struct error *err);
void file_pattern_free(struct file_pattern *pattern);
scoped_define(file_pattern)

	/* The whole of `name` matches. */
	bool file_pattern_match(const struct file_pattern *pattern, const char *name);

/* `name` or a folder above it matches. */
bool file_pattern_match_above(const struct file_pattern *pattern, const char *name);

/* Whether there is a *, ? or [ in it that is not escaped: COPY's sources are then looked for. */
bool file_pattern_is_one(const char *text);
