/* A sample of the API's stats, as a row of `stats`. */
#pragma once

#include "cmd/cli/cli.h"
#include "cmd/cli/listing.h"

extern const struct listing stats_listing;

/* `name` as the user wrote it; `sample` NULL: none came yet. */
json_t *stats_row(const char *name, const json_t *sample, bool truncate);
