/* Verbs that only show something of a project. */
#pragma once

#include "cmd/compose/compose.h"

/* What a verb writes: of the services that were named, or, where none was, of all.  `fields` are the verb's own. */
typedef bool compose_write(struct compose *compose, void *fields, const struct strings *services,
			   struct buffer *out, struct error *err);

/* Find the project by its name, have it written, print it; the exit status. */
int compose_show_with(struct cli *cli, void *fields, const struct strings *services,
		      compose_write *write);
