/* Telling what was done to an image. */
#pragma once

#include "engine/engine.h"

/* `actor` is the id or the name; `name` is how it is called. */
void image_event_publish(struct engine *engine, const char *action, const char *actor,
			 const char *name);
