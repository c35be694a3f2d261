/* A command in a running container, for whoever names the container in another way. */
#pragma once

#include "cmd/cli/cli.h"

struct exec {
	bool detach, interactive, privileged, tty;
	char *detach_keys, *user, *workdir;
	struct strings env, env_files;
};

/* Run it to its end (or detached); `code` is what it exits with.  False: it was not run, or its outcome is not
 * known. */
bool exec_run(struct cli *cli, const struct exec *exec, const char *container,
	      const struct strings *command, int *code, struct error *err);
