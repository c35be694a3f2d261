/* %-specifiers: systemd.unit, "Specifiers". */
#pragma once

#include "base/error.h"
#include "base/text.h"

/* Values by letter, NULL: unknown in this place (%i of a plain name is ""). */
struct unit_specifiers {
	const char *value[128];
};

/* Fill in those that follow from the unit's name: n N p P i I j J f.  `arena` owns what was made. */
void unit_specifiers_of_name(const char *name, struct unit_specifiers *out, struct strings *arena);

/* INVALID: an unknown specifier. */
bool unit_specifiers_expand(const char *text, const struct unit_specifiers *values, char **out,
			    struct error *err);
