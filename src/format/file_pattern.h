/* Patterns of file names, matched as text alone.  Pure. */
#pragma once

#include "base/error.h"

/* Go's filepath.Match: * and ? not across '/', [a-z], [^a-z], backslash.  The whole of `name` must match.
 * INVALID `syntax error in pattern` (found wherever in the pattern it is). */
bool file_pattern_check(const char *pattern, struct error *err);
bool file_pattern_match(const char *pattern, const char *name); /* a bad pattern matches nothing */

/* Whether there is a *, ? or [ in it that is not escaped: COPY's sources are then looked for. */
bool file_pattern_is_one(const char *text);

/* The same with ** for any number of folders, also none: .dockerignore, COPY --exclude. */
bool file_pattern_match_deep(const char *pattern, const char *name);
