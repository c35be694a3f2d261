/* Taking back what an earlier daemon has left running.  Only for this folder. */
#pragma once

#include "engine/engine_private.h"

/* A container, and what is there of a run. */
struct found_run {
	struct container *container; /* borrowed */
	struct container_run *run;   /* NULL: nothing */
	int control; /* owned; the connection to its shim; -1: there is none any more */
};

/* Nothing but looking: whether there is a run, what it holds (which the networks learn), whether its shim
 * lives.  That is asked how it is. */
void adopt_look(struct found_run *found);

/* When all were looked at, in this order: the shims are listened to (when all have answered, the engine is
 * ready), other runs have ended; then what lies around that nobody knows. */
void adopt_begin(struct engine *engine);
void adopt_found(struct found_run *found);
void adopt_rest(struct engine *engine);
void adopt_stop(struct engine *engine);

/* One that was waited for has answered, or is known to be dead. */
void adopt_done(struct engine *engine);
