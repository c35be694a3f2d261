/* What docker's client and a plugin of it tell each other. */
#pragma once

#include "cmd/cli/cli.h"

/* The document by which it knows a plugin. */
int plugin_print_metadata(void);

/* SIGTERM comes when the client ends or is told to: where there is no terminal that tells us, too.
 * Of what goes wrong nothing is said: then the client can only kill. */
void plugin_follow_client(void);
