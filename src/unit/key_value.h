/* Parsers for keys whose value is of a common kind; the comment says the field and what number and extra are.
 * For this folder. */
#pragma once

#include "unit/key.h"

unit_key_parser key_bool;     /* bool */
unit_key_parser key_bool_not; /* bool that says the opposite */
unit_key_parser
	key_span; /* int64_t, us; infinity is 0; `number`: us of a bare number, 0: a second */
unit_key_parser key_optional_span; /* struct optional_i64, likewise */
unit_key_parser key_number; /* int64_t; `extra`: const struct key_range *, or NULL: not negative */
unit_key_parser key_optional_number; /* struct optional_i64, likewise */
unit_key_parser key_mode;	     /* int32_t, octal */
unit_key_parser key_optional_mode;   /* struct optional_i64 */
unit_key_parser key_choice;	  /* int32_t; `extra`: struct key_choice[], ended by a NULL name */
unit_key_parser key_small_choice; /* uint8_t, likewise */
unit_key_parser
	key_optional_choice; /* struct optional_i64, likewise; numbers from 0 to `number`, too */
unit_key_parser key_text;    /* char *, specifiers filled in */
unit_key_parser key_path;    /* char *, absolute */
unit_key_parser key_words;   /* struct strings: words, specifiers filled in */
unit_key_parser key_paths;   /* struct strings: absolute paths; "-" and "+" in front stay */
unit_key_parser key_assignments; /* struct pairs: NAME=value words */
unit_key_parser key_signal;	 /* int32_t */
unit_key_parser key_cpus;	 /* char *: "0-3,5"; a further line adds */
unit_key_parser key_commands;	 /* lists of the plan: `number` is the phase */
unit_key_parser key_ignored;	 /* parsed, no effect, said once; `extra`: why, or NULL */
unit_key_parser key_silent;	 /* nothing to do: it is always so */

struct key_range {
	int64_t low, high;
};

struct key_choice {
	const char *name;
	int32_t value;
};

bool key_parse_bool(const char *text, bool *value);
const struct key_choice *key_find_choice(const struct key_choice *choices, const char *name);

/* Specifiers filled in; NULL, and a warning was given: an unknown one. */
char *key_expand(struct unit_draft *draft, const struct unit_key *key, const char *text);

/* Words with specifiers filled in; false, and a warning was given: an open quote ... in the first.  What stands
 * before the mistake counts; what could not be filled in is left out. */
bool key_split(struct unit_draft *draft, const struct unit_key *key, const char *value,
	       struct strings *words);

/* Back to what it is without the key: `size` bytes that own nothing. */
void key_reset(struct unit_draft *draft, const struct unit_key *key, size_t size);

/* The value does not parse. */
void key_reject(struct unit_draft *draft, const struct unit_key *key, const char *value);
