/* Time zones: what a clock on a wall shows.  NULL is the local zone, as the C library knows it. */
#pragma once

#include "base/memory.h"

#include <stdbool.h>
#include <stdint.h>

struct time_zone;

/* "UTC", or a name of the IANA database ("Europe/Berlin"), whose small file is read here; NULL: no such zone. */
struct time_zone *time_zone_open(const char *name);
struct time_zone *time_zone_parse(const char *data,
				  size_t size); /* of such a file: TZif, RFC 8536 */
void time_zone_free(struct time_zone *zone);
scoped_define(time_zone);

struct time_zone_state {
	int64_t offset;	      /* seconds that its clocks are ahead of UTC */
	char abbreviation[8]; /* "CEST" */
};

/* All moments are seconds since 1970; what clocks show is counted in the same way. */
struct time_zone_state time_zone_at(const struct time_zone *zone, int64_t moment);
int64_t time_zone_offset(const struct time_zone *zone, int64_t moment);

/* A moment in (from, to] at which clocks are set that stood as at `from` before; at `to` they do not stand as at
 * `from`. */
int64_t time_zone_change(const struct time_zone *zone, int64_t from, int64_t to);

/* When its clocks show `shown`: of two moments the first; a time that was skipped is the moment at which it was. */
int64_t time_zone_moment(const struct time_zone *zone, int64_t shown);
