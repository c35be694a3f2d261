/* Exec lines: prefixes, words, several commands in one line. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "format/unit_specifier.h"

struct unit_command {
	char *path;
	struct strings
		args; /* args.items[0] is argv[0]; specifiers are filled in, variables are not */
	bool ignore_failure, no_variables, full_privileges, own_user;
};

struct unit_commands {
	struct unit_command *items; /* owned */
	size_t count, capacity;
};

/* Appends.  INVALID as the contract lists; where all that is wrong stands behind a `-`, only a warning. */
bool unit_commands_parse(const char *value, const struct unit_specifiers *specifiers,
			 struct unit_commands *out, struct strings *warnings, struct error *err);
void unit_commands_fini(struct unit_commands *commands);
