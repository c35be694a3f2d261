/* Copies between containers and this host, for whoever names the container in another way. */
#pragma once

#include "cmd/cli/cli.h"

struct copy {
	bool archive, follow;
	int8_t quiet; /* 0: shown on a terminal, where stdout is one */
};

/* The container's end has a path, and is a folder, file, or, as `to`, a new name; the host's may be -. */
bool copy_from(struct cli *cli, const struct copy *copy, const char *container, const char *from,
	       const char *to, struct error *err);
bool copy_to(struct cli *cli, const struct copy *copy, const char *from, const char *container,
	     const char *to, struct error *err);
