/* Command line options, by tables, with the rules that Docker's users know (those of Go's pflag):
 * `--name value`, `--name=value`, `-n value`, `-nvalue`, `-n=value`, `-it` for two switches,
 * `--switch=false`, `--` ends the options.
 *
 * A command describes a struct of its own with a table; parsing fills the struct:
 *
 *	struct stop { char *signal; struct option_number timeout; };
 *	static const struct option stop_options[] = {
 *		{'s', "signal", &option_string, offsetof(struct stop, signal),
 *		 .help = "Signal to send first"},
 *		{'t', "timeout", &option_number, offsetof(struct stop, timeout),
 *		 .help = "Seconds until the container is killed"},
 *	};
 */
#pragma once

#include "base/error.h"
#include "base/text.h"

/* What an option's value is.  Commands add kinds of their own (a mount, a ulimit). */
struct option_kind {
	const char *value_name; /* in help: "string", "list"; "" where no value is needed */

	/* Read `text` into the field; called once for each time the option stands there.  The error
	 * names what is wrong with the value alone.  Mandatory. */
	bool (*set)(void *field, const char *text, struct error *err);

	/* Free what the field owns.  NULL: it owns nothing. */
	void (*fini)(void *field);

	/* The value when the option stands alone ("true" for switches).  NULL: it needs one. */
	const char *implied;
};

/* An integer that knows whether it was given. */
struct option_number {
	bool given;
	int64_t value;
};

extern const struct option_kind option_switch;	 /* bool */
extern const struct option_kind option_choice;	 /* int8_t: 0 not given, 1 true, -1 false */
extern const struct option_kind option_string;	 /* char *; NULL: not given */
extern const struct option_kind option_number;	 /* struct option_number; 0x and 0 prefixes count */
extern const struct option_kind option_number16; /* struct option_number, 0 to 65535 */
extern const struct option_kind option_list;	 /* struct strings */
extern const struct option_kind option_words;	 /* struct strings; commas separate, too */
extern const struct option_kind option_filter;	 /* struct strings of name=value */
extern const struct option_kind option_map;	 /* struct pairs, of NAME=VALUE or NAME */
extern const struct option_kind option_bytes;	 /* struct option_number, "512m" */
extern const struct option_kind option_swap;	 /* the same, or -1 */
extern const struct option_kind option_duration; /* struct option_number in ns, "1m30s" */
extern const struct option_kind option_decimal;	 /* struct option_number in billionths, "1.5" */

/* The fini of fields that are struct strings or struct pairs, for kinds of commands' own. */
void option_free_list(void *field);
void option_free_map(void *field);

struct option {
	char shorthand; /* 0: none */
	const char *name;
	const struct option_kind *kind;
	size_t offset; /* of the field in the command's struct */
	const char
		*initial; /* its value when it is not given (`given` says true then); NULL: zero */
	const char *help;
	const char *refused; /* not NULL: known by name, refused with this reason */
	bool hidden;	     /* works, but help does not show it */
};

struct option_set {
	const struct option *options;
	size_t count;
};

#define OPTION_SET(table)                                                                          \
	{                                                                                          \
		table, array_length(table)                                                         \
	}

/* Up to three tables over one struct (commands share tables).  An empty set ends the list. */
#define OPTION_SETS 3

struct option_outcome {
	struct strings arguments; /* owned: what is no option */
	bool help;		  /* --help stood there; nothing after it was read */
	bool short_help;	  /* it was the old -h */
};

/* Read argv[0..count) into `fields`, which is zeroed by the caller, and gets the initial values.
 * `options_first`: the first argument ends the options (`run IMAGE -x` hands -x to the container).
 * After a failure the fields are still to be freed with options_fini. */
bool options_parse(const struct option_set sets[static OPTION_SETS], void *fields,
		   const char *const *argv, size_t count, bool options_first,
		   struct option_outcome *outcome, struct error *err);
void options_fini(const struct option_set sets[static OPTION_SETS], void *fields);
void option_outcome_fini(struct option_outcome *outcome);

/* All options of all sets by name, for help and completion; the array is the caller's. */
const struct option **options_sorted(const struct option_set sets[static OPTION_SETS],
				     size_t *count);
