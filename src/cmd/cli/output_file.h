/* Where `save`, `export` and the like write what the daemon streams: stdout, or a file that is there only
 * when all of it is. */
#pragma once

#include "cmd/cli/api.h"

/* GET `target` and write the answer's body to the file at `path`, mode 0600, replaced in one step; path
 * NULL or "" is stdout, which must be no terminal.  `action` goes before what is wrong with the path:
 * "failed to save image". */
bool output_save(struct cli *cli, const struct target *target, const char *path, const char *action,
		 struct error *err);
