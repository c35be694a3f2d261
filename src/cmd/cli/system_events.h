/* Words and moments of events. */
#pragma once

#include "cmd/cli/api.h"

/* " (image=nginx, name=web)", by name; nothing for none. */
void event_add_attributes(const json_t *attributes, struct buffer *out);

/* since= and until= of a target, from what was typed; NULL: none. */
bool event_add_moment(struct target *target, const char *name, const char *text, struct error *err);
