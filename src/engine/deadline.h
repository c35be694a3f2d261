/* A timer that rings once.  For engine and units. */
#pragma once

#include <stdint.h>
#include <uv.h>

struct deadline;

/* Calls `due` after so many milliseconds, unless it is cancelled before; it is then gone by itself. */
struct deadline *deadline_start(uv_loop_t *loop, uint64_t after_ms, void (*due)(void *data),
				void *data);

/* Forget it and empty the pointer; an empty one is fine. */
void deadline_cancel(struct deadline **deadline);
