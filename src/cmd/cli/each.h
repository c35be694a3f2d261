/* The same for each of several objects: all at once, each on a connection of its own, told in order. */
#pragma once

#include "cmd/cli/api.h"

/* `client` is NULL when there is only one.  Called from threads: what it writes to must be its own. */
typedef bool each_act(struct cli *cli, struct http_client *client, const char *name,
		      const void *options, struct error *err);

/* Each name is printed when its turn went well, else its error; the exit status, to which errors of
 * kind ERROR_UNCHANGED do not count. */
int each_run(struct cli *cli, const struct strings *names, each_act *act, const void *options);
