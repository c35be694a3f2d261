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

/* Docker's client runs a file `docker-compose` in one of its folders cli-plugins as the plugin
 * behind `docker compose`: with the word docker-cli-plugin-metadata to hear of it, then with the
 * words behind `docker`, options of the top included. */
enum plugin_call { PLUGIN_NONE, PLUGIN_METADATA, PLUGIN_COMPOSE };
enum plugin_call personality_plugin_call(const struct personality *who, const char *const *argv,
					 size_t count);

/* argv with the verb first. */
struct strings personality_order(const struct personality *who, const char *const *argv,
				 size_t count);
