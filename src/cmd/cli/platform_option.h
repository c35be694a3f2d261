/* --platform of commands whose request carries it as a document. */
#pragma once

#include "cmd/cli/api.h"

/* platform={"architecture":...,"os":...} when `platform` was given; a daemon below API `version` knows
 * nothing of it, which is an error. */
bool platform_option_add(struct cli *cli, struct target *target, const char *platform,
			 const char *version, struct error *err);
