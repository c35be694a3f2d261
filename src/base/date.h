/* The calendar: days counted from 1970 and dates, without time zones. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { SECONDS_PER_DAY = 86400 };

struct date {
	int64_t year;
	int month, day; /* from 1 */
};

/* A day past the end of its month is one of the next. */
int64_t days_from_date(const struct date *date);
struct date date_from_days(int64_t days);
int weekday_from_days(int64_t days); /* Monday is 0 */

extern const char *const weekday_names[7]; /* English */

/* The day whose name, or the first three letters of it, stands at the front of `text`, in upper or lower case;
 * *length is what that takes.  -1: none. */
int weekday_from_name(const char *text, size_t *length);

/* Rounds down, also below zero. */
static inline int64_t floor_divide(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}
