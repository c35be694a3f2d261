/* Attaching to a running container, for whoever names it in another way. */
#pragma once

#include "cmd/cli/cli.h"

struct attach {
	bool no_stdin, proxy;
	char *detach_keys;
};

int attach_run(struct cli *cli, const struct attach *attach, const char *container);
