/* Time zones: what a clock on a wall shows.  NULL is the local zone, as the C library knows it. */
#pragma once

#include "base/memory.h"

#include <stdbool.h>
#include <stdint.h>

struct time_zone;

/* "UTC"; NULL: no such zone. */
struct time_zone *time_zone_open(const char *name);
void time_zone_free(struct time_zone *zone);
scoped_define(time_zone);

struct time_zone_state {
	int64_t offset;	      /* seconds that its clocks are ahead of UTC */
	char abbreviation[8]; /* "CEST" */
};

/* All moments are seconds since 1970; what clocks show is counted in the same way. */
struct time_zone_state time_zone_at(const struct time_zone *zone, int64_t moment);
int64_t time_zone_offset(const struct time_zone *zone, int64_t moment);

/* The first moment from `from` (not included) to `to` at which clocks are set and from which on they are as far
 * ahead as at `to`, which is not as far as at `from`. */
int64_t time_zone_change(const struct time_zone *zone, int64_t from, int64_t to);

/* When its clocks show `shown`: of two moments the first; a time that was skipped is the moment at which it was. */
int64_t time_zone_moment(const struct time_zone *zone, int64_t shown);
