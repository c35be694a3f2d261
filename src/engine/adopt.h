/* Taking back what an earlier daemon has left running.  Only for this folder. */
#pragma once

#include "engine/engine_private.h"

/* All of it; networks and images learn at once what is held.  The shims answer later: when all have,
 * the engine is ready. */
void adopt_all(struct engine *engine);
void adopt_stop(struct engine *engine);

/* One that was waited for has answered, or is known to be dead. */
void adopt_done(struct engine *engine);
