/* What the files of units with a shim share.
 *
 *	units_service.c		start, stop, reload: what is asked of them
 *	units_service_launch.c	what a shim is told when its unit starts
 *	units_service_shim.c	what it says, and its end */
#pragma once

#include "unit/units_private.h"

/* Everything is there: the shim is started and told, unless the job was called off meanwhile. */
void service_launch(struct unit_runtime *runtime);

/* The unit's plan with the variables of all units, which the caller frees.  False: it has none. */
bool service_complete_plan(const struct unit_runtime *runtime, struct execution_plan *plan);

extern const struct shim_peer_handlers service_handlers; /* their data: struct unit_runtime */
