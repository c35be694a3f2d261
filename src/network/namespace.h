/* Finding a container's network namespace. */
#pragma once

#include "base/error.h"

#include <stdint.h>

/* The network namespace of a process that is known by its start time; -1 with
 * ERROR_CONFLICT and ESRCH: it has ended. */
int namespace_open(int64_t pid, int64_t start_time, struct error *err);
