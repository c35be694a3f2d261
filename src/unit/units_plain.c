/* Targets: they have a state and nothing that could fail. */
#include "unit/units_private.h"

static void start(struct unit_runtime *runtime)
{
	if (str_equal(runtime->unit->name, "network-online.target")) {
		online_wait(runtime->units);
		return;
	}
	unit_set_sub(runtime->units, runtime->unit, SUB_ACTIVE, RESULT_SUCCESS);
}

static void stop(struct unit_runtime *runtime)
{
	unit_set_sub(runtime->units, runtime->unit, SUB_DEAD, RESULT_SUCCESS);
}

const struct unit_kind plain_kind = {.start = start, .stop = stop};
