/* $NAME, ${NAME}, and defaults, as compose files and .env files have them:
 *
 *	$$				a dollar
 *	${X:-w} ${X-w}			w when X is unset or empty; unset
 *	${X:+w} ${X+w}			w when X is set and not empty; set: else the value is empty
 *	${X:?w} ${X?w}			fails with w when X is unset or empty; unset
 * Names are [A-Za-z_][A-Za-z0-9_]*, the first operator counts, w reaches to the brace that closes and is
 * interpolated itself.  `$` before anything else stays; any other `${` is an error. */
#pragma once

#include "base/error.h"
#include "base/text.h"

enum { INTERPOLATE_DEPTH_LIMIT = 20, INTERPOLATE_SIZE_LIMIT = 1 << 20 };

struct interpolate_rules {
	const char *(*get)(void *data, const char *name); /* NULL: unset */
	void (*unset)(void *data, const char *name); /* used without a default; may be NULL */
	/* Every one: `sign` is - + ? or 0, `word` what stands behind it (NULL: no sign).  May be NULL. */
	void (*used)(void *data, const char *name, char sign, const char *word);
	void *data;
};

/* Owned by the caller; NULL and ERROR_INVALID on failure ("required variable X is missing a value: w"). */
char *interpolate(const char *text, const struct interpolate_rules *rules, struct error *err);
