/* A command as one text: words as a shell takes them apart, without anything that a shell would run. */
#pragma once

#include "base/error.h"
#include "base/text.h"

/* Blanks part words; '...' is literal; in "..." a backslash escapes " and \ alone, outside it takes
 * the next byte; all other bytes, ; and # and $ too, stand for themselves.  Words are added to
 * `out`.  ERROR_INVALID: an open quote, a backslash at the end. */
bool shell_words_split(const char *text, struct strings *out, struct error *err);

/* One word as it has to be written to be read back. */
void shell_word_quote(const char *word, struct buffer *out);
