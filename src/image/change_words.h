/* Words as Dockerfile instructions have them: quotes, escapes, and $NAME, ${NAME}, ${NAME:-else},
 * ${NAME:+then} from an environment.  Pure. */
#pragma once

#include "base/error.h"
#include "base/text.h"

/* The blank-separated words of `text`.  `env` is "NAME=value" each.  INVALID for a quote or brace that
 * is not closed. */
bool change_words(const char *text, const struct strings *env, struct strings *out,
		  struct error *err);

/* All of `text` as one word, blanks kept.  Owned by the caller. */
char *change_word(const char *text, const struct strings *env, struct error *err);
