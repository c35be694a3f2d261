/* Values of unit files as words: white space, quotes, C escapes. */
#pragma once

#include "base/error.h"
#include "base/text.h"

enum unit_words_flags {
	UNIT_WORDS_KEEP_ESCAPES =
		1,	    /* an unknown escape stays as written (Exec lines) instead of failing */
	UNIT_WORDS_RAW = 2, /* quotes group, backslashes are bytes (paths, regular expressions) */
	UNIT_WORDS_LENIENT =
		4, /* a backslash takes the next byte, an open quote ends at the end: never fails */
};

/* INVALID: an open quote, a bad escape.  `warnings` (may be NULL) gets what stayed as written. */
bool unit_words_split(const char *value, unsigned flags, struct strings *words,
		      struct strings *warnings, struct error *err);

/* The word at *at, which moves to the word behind it; *word is NULL when there is none. */
bool unit_word_next(const char **at, unsigned flags, char **word, struct strings *warnings,
		    struct error *err);

/* One word as it has to be written to be read back. */
char *unit_word_quote(const char *word);
