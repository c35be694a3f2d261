/* An event as the API tells it, and which events a client asked for.  Pure. */
#pragma once

#include "door/docker/filters.h"
#include "engine/engine.h"

/* One object, without a newline. */
void event_write(const struct engine_event *event, struct buffer *json);

/* Filters that are not known are ignored. */
bool event_matches(const struct engine_event *event, const struct filters *filters);
