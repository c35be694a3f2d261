/* What a calendar expression is made of; for the files of the calendar alone. */
#pragma once

#include "base/text.h"
#include "format/calendar.h"
#include "format/time_zone.h"

enum calendar_part {
	CALENDAR_YEAR,
	CALENDAR_MONTH,
	CALENDAR_DAY,
	CALENDAR_HOUR,
	CALENDAR_MINUTE,
	CALENDAR_SECOND, /* counted in microseconds */
	CALENDAR_PARTS,
};

enum { CALENDAR_FIRST_YEAR = 1970, CALENDAR_LAST_YEAR = 2199, CALENDAR_SECOND_US = 1000000 };

/* "5", "5/2", "5..9", "5..9/2". */
struct calendar_step {
	int start;
	int stop;   /* -1: none */
	int repeat; /* 0: no other value */
};

struct calendar_field {
	struct calendar_step *items; /* owned, sorted; none: any value */
	size_t count, capacity;
};

struct calendar {
	struct calendar_field fields[CALENDAR_PARTS];
	unsigned weekdays;	/* a bit each, Monday is the lowest; 0: any */
	bool days_from_end;	/* of the month: 1 is the last */
	struct time_zone *zone; /* owned; NULL: local */
	char *zone_name;	/* owned */

	/* The same as bits: 2^n is the value n, of years 1970 + n. */
	uint64_t years[4], months, hours, minutes;
	uint64_t days[4]; /* of months with 28 to 31 days */
};

void calendar_make_bits(struct calendar *calendar);
