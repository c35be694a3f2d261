/* Which kernel settings a container may have: those of namespaces that are its own.  Anything else would
 * be the host's.  Pure. */
#pragma once

#include "base/error.h"
#include "engine/container_config.h"

/* ERROR_INVALID in the words of Docker's runtime. */
bool sysctl_check(const struct host_config *host, struct error *err);
