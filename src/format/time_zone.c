#include "format/time_zone.h"

#include "base/date.h"
#include "base/text.h"

#include <time.h>

struct time_zone {
	char name[8];
};

struct time_zone *time_zone_open(const char *name)
{
	if (strcmp(name, "UTC") != 0)
		return NULL;
	struct time_zone *zone = mem_new(struct time_zone);
	memcpy(zone->name, "UTC", 4);
	return zone;
}

void time_zone_free(struct time_zone *zone)
{
	free(zone);
}

static struct time_zone_state local_state(int64_t moment)
{
	struct time_zone_state state = {0};
	time_t seconds = moment;
	struct tm tm;

	if (!localtime_r(&seconds, &tm))
		return state;
	state.offset = tm.tm_gmtoff;
	if (tm.tm_zone)
		snprintf(state.abbreviation, sizeof(state.abbreviation), "%s", tm.tm_zone);
	return state;
}

struct time_zone_state time_zone_at(const struct time_zone *zone, int64_t moment)
{
	if (!zone)
		return local_state(moment);
	return (struct time_zone_state){.abbreviation = "UTC"};
}

int64_t time_zone_offset(const struct time_zone *zone, int64_t moment)
{
	return time_zone_at(zone, moment).offset;
}

int64_t time_zone_change(const struct time_zone *zone, int64_t from, int64_t to)
{
	int64_t before = time_zone_offset(zone, from);

	while (to - from > 1) {
		int64_t middle = from + (to - from) / 2;

		if (time_zone_offset(zone, middle) == before)
			from = middle;
		else
			to = middle;
	}
	return to;
}

int64_t time_zone_moment(const struct time_zone *zone, int64_t shown)
{
	int64_t from = shown - SECONDS_PER_DAY, to = shown + SECONDS_PER_DAY;
	int64_t before = time_zone_offset(zone, from), after = time_zone_offset(zone, to);

	if (before == after || time_zone_offset(zone, shown - before) == before)
		return shown - before;
	if (time_zone_offset(zone, shown - after) == after)
		return shown - after;
	return time_zone_change(zone, from, to);
}
