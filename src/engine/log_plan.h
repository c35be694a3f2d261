/* HostConfig.LogConfig, read: what the shim is told about the log. */
#pragma once

#include "engine/container.h"

#define LOG_MAX_SIZE  (INT64_C(20) * 1000 * 1000)
#define LOG_MAX_FILES 5

/* `out` is a zeroed record.  The options were checked when the container was created; the host may
 * have no journal. */
bool log_plan(const struct container *c, struct shim_log_options *out, struct error *err);

/* "k=v,k=v": the attributes of the lines, as `logs --details` shows them; owned, NULL: none. */
char *log_details(const struct container *c);
