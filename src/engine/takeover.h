/* Handing over: one container gets the published ports and the names of another while both run.  Only for
 * this folder; doors call engine_takeover. */
#pragma once

#include "engine/engine_private.h"

/* A daemon that comes back has read what runs, and networks_start has not been called: finish what an
 * earlier one had decided, forget what it had not. */
void takeovers_resume(struct engine *engine);
