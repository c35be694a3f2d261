/* Pulling, for `pull` and for `run` and `create` of an image that is not there. */
#pragma once

#include "cmd/cli/cli.h"
#include "format/reference.h"

struct pull {
	const char *platform; /* NULL or "": the daemon's own */
	bool all_tags;
	int fd; /* where progress is shown; -1: nowhere */
};

bool image_pull_reference(struct cli *cli, const struct reference *reference,
			  const struct pull *pull, struct error *err);
