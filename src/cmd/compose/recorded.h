/* The project as a thing of the daemon: recorded after `up`, forgotten after `down`, and what it asks for at boot.  Where
 * the daemon keeps no projects (docs/compose-api.md) nothing happens. */
#pragma once

#include "cmd/compose/compose.h"

/* What cannot be recorded is warned of. */
void recorded_keep(struct compose *compose);
void recorded_forget(struct compose *compose);

/* The project as it was recorded, for verbs without its folder: compose->project.  `due` (may be NULL) gets the ids of
 * containers that are to run since the host came up. */
bool recorded_open(struct compose *compose, struct strings *due, struct error *err);

/* `start --at-boot`. */
int compose_start_at_boot(struct compose *compose);
