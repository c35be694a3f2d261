/* %-specifiers: systemd.unit, "Specifiers". */
#pragma once

#include "base/error.h"
#include "base/text.h"

/* Values by letter, NULL: unknown in this place (%i of a plain name is ""). */
struct unit_specifiers {
	const char *value[128];
};

/* Fill in those that follow from the unit's name: n N p P i I j J f.  `arena` owns what was made.  What cannot
 * be unescaped (%f of "a--b.service") stays NULL. */
void unit_specifiers_of_name(const char *name, struct unit_specifiers *out, struct strings *arena);

/* INVALID: an unknown specifier, which is a letter or digit; behind anything else a percent sign is one. */
bool unit_specifiers_expand(const char *text, const struct unit_specifiers *values, char **out,
			    struct error *err);
