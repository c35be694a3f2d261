/* What specifiers of unit files stand for that are the same for all units: %H, %m, %t ... */
#pragma once

#include "base/text.h"

/* Reads files: in a thread of the pool.  `tasks_max`: TasksMax= where none is set, 15 % of what the host
 * gives. */
void host_specifiers(struct pairs *out, int64_t *tasks_max);
