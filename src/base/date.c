#include "base/date.h"

#include <string.h>

const char *const weekday_names[7] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
				      "Friday", "Saturday", "Sunday"};

/* Years are counted from March, so that a leap day is the last of its year, and in eras of 400 years,
 * which all have the same days.  The C library does this too, but reads /etc/localtime for it, and a
 * line of a log has a tenth of the time that it takes. */

enum { DAYS_OF_ERA = 146097, DAYS_BEFORE_1970 = 719468 /* since the 1st of March of the year 0 */ };

int64_t days_from_date(const struct date *date)
{
	int64_t year = date->year - (date->month <= 2);
	int64_t era = floor_divide(year, 400), of_era = year - era * 400;
	int64_t of_year = (153 * ((date->month + 9) % 12) + 2) / 5 + date->day - 1;

	return era * DAYS_OF_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
	       DAYS_BEFORE_1970;
}

struct date date_from_days(int64_t days)
{
	int64_t since = days + DAYS_BEFORE_1970, era = floor_divide(since, DAYS_OF_ERA);
	int64_t day = since - era * DAYS_OF_ERA;
	int64_t year = (day - day / 1460 + day / 36524 - day / (DAYS_OF_ERA - 1)) / 365;
	int64_t of_year = day - (365 * year + year / 4 - year / 100);
	int month = (int)((5 * of_year + 2) / 153);
	struct date date = {.month = month < 10 ? month + 3 : month - 9,
			    .day = (int)(of_year - (153 * month + 2) / 5 + 1)};

	date.year = year + era * 400 + (date.month <= 2);
	return date;
}

int weekday_from_days(int64_t days)
{
	int64_t since = days + 3; /* 1970 began on a Thursday */

	return (int)(since - 7 * floor_divide(since, 7));
}

int weekday_from_name(const char *text, size_t *length)
{
	for (int i = 0; i < 7; i++) {
		size_t whole = strlen(weekday_names[i]);

		*length = strncasecmp(text, weekday_names[i], whole) == 0 ? whole : 3;
		if (strncasecmp(text, weekday_names[i], *length) == 0)
			return i;
	}
	return -1;
}
