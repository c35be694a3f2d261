/* Other commands' names that this program answers to: docker, systemctl, journalctl. */
#pragma once

#include "cmd/cli/cli.h"

extern const struct command top_command; /* commands.c */

struct personality {
	const char *name;
	const char *product;	       /* as messages call the daemon */
	const struct command *command; /* what stands at its top */
	const char *verb;	       /* of a group: what it does without one; NULL: shows help */
	bool verb_anywhere;	       /* options may stand before the verb */
	bool terse;		       /* tells mistakes in the call as systemd's commands do */
};

/* By the name that the program was called by; its own for any other. */
const struct personality *personality_of(const char *called);

/* argv with the verb first. */
struct strings personality_order(const struct personality *who, const char *const *argv,
				 size_t count);
