/* Properties that are set while a unit runs (set-property): the limits of systemd.resource-control. */
#pragma once

#include "unit/load.h"

/* "MemoryMax=1G" ... to drop-ins, each with one key: "50-MemoryMax.conf" and its text.  An empty
 * value goes back to the default.  INVALID: no such property of such a unit, or no value of it. */
bool unit_properties_as_drop_ins(const struct load_context *context, const char *unit,
				 const struct strings *assignments, struct pairs *drop_ins,
				 struct error *err);
