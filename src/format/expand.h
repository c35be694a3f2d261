/* Words as Dockerfiles have them: quotes, escapes and variables.  Pure.
 *
 *	$X ${X}			the value, "" when there is none
 *	${X-d} ${X:-d}		d when X is unset (with the colon: or empty)
 *	${X+a} ${X:+a}		a when X is set (and not empty)
 *	${X?e} ${X:?e}		fails with e when X is unset (or empty)
 *	${X#p} ${X##p}		without the shortest (longest) beginning that matches p
 *	${X%p} ${X%%p}		likewise an end
 *	${X/p/r} ${X//p/r}	the first (every) match replaced
 * Patterns know * and ? and the escape character.  '...' keeps everything, "..." all but variables and
 * escapes of themselves; quotes are removed.  Errors are ERROR_INVALID in BuildKit's words. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#define EXPAND_SIZE_LIMIT (1u << 20) /* bytes of a result: ${X//a/$Y} multiplies */

struct expand_rules {
	const struct strings *env; /* "NAME=value" each, later ones win; NULL: none */
	char escape;		   /* '\\' or '`' */
	bool document;		   /* a here-document: quotes are characters, and an escape
				      counts before '$' and itself alone */
};

/* All of `text` as one word, blanks kept.  Owned by the caller; NULL on failure. */
char *expand_word(const char *text, const struct expand_rules *rules, struct error *err);

/* The blank-separated words of it, added to `out`: blanks out of a variable separate, too, unless they
 * stood in quotes (EXPOSE $PORTS). */
bool expand_words(const char *text, const struct expand_rules *rules, struct strings *out,
		  struct error *err);
