/* Of what a container has changed: an image, or its files as an archive; here and of compose. */
#pragma once

#include "cmd/cli/cli.h"

struct commit {
	char *author, *message;
	bool pause;
	struct strings changes;
};

struct export
{
	char *output;
};

extern const struct option commit_options[], export_options[];
#define COMMIT_OPTION_COUNT 4
#define EXPORT_OPTION_COUNT 1

/* `name` of the image may be NULL.  Prints its id; false: err. */
bool commit_container(struct cli *cli, const struct commit *commit, const char *container,
		      const char *name, struct error *err);
bool export_container(struct cli *cli, const struct export *export, const char *container,
		      struct error *err);
