/* Names of containers on networks of users: zones for shims (shim/names.h).  Only for this folder. */
#pragma once

#include "engine/engine_private.h"

#define ZONES_FOLDER "n" /* below the exec root */

/* Its names are found, or not any more, from now on. */
void names_show(struct container_run *run);
void names_hide(struct container_run *run);

/* It runs, and is called something else now, or is on other networks: its shim is told.  `left`: one that
 * it is not on any more; NULL: none. */
void names_change(struct container *c, const struct endpoint_spec *left);

/* Everything that runs is known: from here on zones are written.  Those of an earlier daemon stand until
 * then. */
void names_begin(struct engine *engine);

/* Is it on a network that has names? */
bool names_are_asked(const struct container_run *run);

/* What its shim is told at the start; owned.  NULL: it is on no network that has names. */
struct shim_names *names_for(const struct container_run *run);
