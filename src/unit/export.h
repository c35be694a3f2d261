/* What format/unit_export.h wants to know of a unit, in two steps: what the loop knows, then what its files
 * say (blocks: in a thread of the pool). */
#pragma once

#include "format/unit_export.h"
#include "unit/unit.h"
#include "unit/units.h"

struct unit_exporting {
	struct unit_config config; /* owned: the paths alone */
	struct unit_export_source source;
};

/* Whether there is anything to export; ERROR_CONFLICT or NOT_FOUND says why not. */
bool unit_export_check(const struct unit *unit, struct error *err);
void unit_exporting_init(struct unit_exporting *exporting, struct units *units,
			 const struct unit *unit);
bool unit_exporting_read(struct unit_exporting *exporting, struct error *err);
void unit_exporting_fini(struct unit_exporting *exporting);
