/* Work for another thread: what waits for a disk or the kernel.  Embedded by its kinds.  For
 * engine and units. */
#pragma once

#include "engine/engine_private.h"

struct work {
	uv_work_t uv;
	struct engine *engine;
	void (*run)(struct work *work); /* in the other thread: touches only its own struct */
	/* In the loop, always; `closing`: the engine is gone, only free what is your own. */
	void (*done)(struct work *work, bool closing);
};

void work_begin(struct work *work, struct engine *engine, void (*run)(struct work *work),
		void (*done)(struct work *work, bool closing));
