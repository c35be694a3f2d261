/* How much containers have written, counted by another thread.  Only for this folder. */
#pragma once

#include "engine/engine_private.h"

/* size_rw and size_root of these containers (by id; taken) are set, then `done` is called. */
void measure(struct engine *engine, struct strings *ids, void (*done)(void *data), void *data);
