/* The verb `watch` beside an `up` in the foreground. */
#pragma once

#include "cmd/compose/compose.h"

#include <sys/types.h>

/* Is there anything to watch?  False: err. */
bool watch_is_configured(const struct compose *compose, const struct strings *services,
			 struct error *err);

/* Watch in a process of its own, as after `watch --no-up`, until it gets SIGTERM or this process ends.  -1: err. */
pid_t watch_beside(struct compose *compose, const struct strings *services, struct error *err);
