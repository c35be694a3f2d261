/* From the records of an earlier daemon to containers that were taken back, in turns of the loop, so that
 * whoever asks only whether we are there hears it at once.  Only for this folder. */
#pragma once

#include "engine/engine_private.h"

/* Copies the records out of the store, which gives them only before its first write. */
bool beginning_open(struct engine *engine, struct error *err);

/* The engine closes; nobody is told. */
void beginning_drop(struct engine *engine);
