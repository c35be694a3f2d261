/* deploy.placement on one host: its constraints must hold for this one. */
#pragma once

#include "cmd/compose/compose.h"

/* Of all enabled services; the daemon is asked what it is only if there are constraints.  False: err says which does
 * not hold, with its place. */
bool placement_check(struct compose *compose, struct error *err);

/* One of them: "node.platform.os == linux", of what /info says.  ERROR_INVALID where it does not
 * hold or makes no sense. */
bool placement_holds(const char *constraint, const json_t *info, struct error *err);
