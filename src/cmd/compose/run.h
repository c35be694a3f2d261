/* run: what the line changes of a service. */
#pragma once

#include "cmd/compose/compose.h"

struct run_wishes {
	bool build, detach, interactive, tty, no_tty, no_dependencies, quiet, quiet_build,
		quiet_pull, remove_orphans, remove, service_ports, use_aliases;
	char *entrypoint, *name, *pull, *user, *workdir;
	struct strings cap_add, cap_drop, environment, environment_files, labels, publish, volumes;
};

/* A copy of `service` in the project's arena, with what was asked for laid over it; values of the
 * line are read as those of a file.  False: it was said what is wrong with them. */
bool run_change_service(struct compose *compose, const struct run_wishes *wishes,
			const struct strings *command, const struct service *service,
			struct service *out);
