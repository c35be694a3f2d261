/* Spans of time as compose files have them: "1m30s", "1.5h", "2d", "1w2d". */
#pragma once

#include "base/error.h"

#include <stdint.h>

/* (N[.N]unit)+ with units ns us ms s m h d w; "0" alone needs none.  ERROR_INVALID for anything else, and for what is
 * longer than 292 years. */
bool compose_duration_parse(const char *text, int64_t *ns, struct error *err);
