#include "shim/unit_filter.h"

bool unit_filters_find(struct unit_shim *u, const char *filters[static 2], struct error *err)
{
	if (u->start.plan.context.system_call_filter.count)
		return error_set(err, ERROR_UNSUPPORTED, "SystemCallFilter= is not supported yet");
	return true;
}
