/* One item of HostConfig.Mounts as a mount.  Pure. */
#pragma once

#include "engine/container_config.h"

/* `out` is empty before; after a failure too it is the caller's to free. */
bool mount_request_plan(const struct mount_request *request, int api_minor, struct mount_point *out,
			struct error *err);
