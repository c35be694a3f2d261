/* Exec lines: prefixes, words, several commands in one line. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "format/unit_specifier.h"

struct unit_command {
	char *path; /* absolute, or a plain name that is to be searched for */
	struct strings
		args; /* args.items[0] is argv[0]; specifiers are filled in, variables are not */
	bool ignore_failure;  /* - */
	bool no_variables;    /* : */
	bool full_privileges; /* + */
	bool own_user; /* !; "!!" changes nothing where the kernel has ambient capabilities */
};

struct unit_commands {
	struct unit_command *items; /* owned */
	size_t count, capacity;
};

/* Appends; an empty value has no command.  INVALID: an open quote, an unknown specifier, no program, a relative
 * path.  In a command with `-` that is only a warning: it and what follows it in the line are left out. */
bool unit_commands_parse(const char *value, const struct unit_specifiers *specifiers,
			 struct unit_commands *out, struct strings *warnings, struct error *err);
void unit_commands_fini(struct unit_commands *commands);
