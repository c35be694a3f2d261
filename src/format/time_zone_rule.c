#include "format/time_zone_rule.h"

#include "base/byte.h"
#include "base/date.h"

/* ---- reading ---- */

static bool read_number(const char **at, int most, int *value)
{
	if (!byte_is_digit(**at))
		return false;
	for (*value = 0; byte_is_digit(**at) && *value <= most; ++*at)
		*value = *value * 10 + (**at - '0');
	return *value <= most;
}

/* "-1", "5:45", "+26": hours, minutes and seconds, as seconds. */
static bool read_clock(const char **at, int *seconds)
{
	int sign = **at == '-' ? -1 : 1, part;

	*at += **at == '-' || **at == '+';
	if (!read_number(at, 167, seconds))
		return false;
	*seconds *= 3600;
	for (int unit = 60; unit && **at == ':'; unit /= 60) {
		++*at;
		if (!read_number(at, 59, &part))
			return false;
		*seconds += part * unit;
	}
	*seconds *= sign;
	return true;
}

/* "CET" or "<+1245>". */
static bool read_abbreviation(const char **at, char out[static 8])
{
	bool quoted = **at == '<';
	const char *start = *at + quoted;
	size_t length = strcspn(start, quoted ? ">" : "<>,+-0123456789");

	if (!length || length > 7 || (quoted && !start[length]))
		return false;
	memcpy(out, start, length);
	out[length] = '\0';
	*at = start + length + quoted;
	return true;
}

static bool read_turn(const char **at, struct time_zone_turn *out)
{
	bool read;

	*out = (struct time_zone_turn){.kind = 'N', .time = 7200};
	if (**at == 'M' || **at == 'J')
		out->kind = *(*at)++;
	if (out->kind == 'M')
		read = read_number(at, 12, &out->month) && *(*at)++ == '.' &&
		       read_number(at, 5, &out->week) && *(*at)++ == '.' &&
		       read_number(at, 6, &out->day) && out->month && out->week;
	else
		read = read_number(at, 365, &out->day) && (out->kind == 'N' || out->day);
	if (!read || **at != '/')
		return read;
	++*at;
	return read_clock(at, &out->time);
}

/* Offsets are written as what is to be added to reach UTC. */
static bool read_standard(const char **at, struct time_zone_state *out)
{
	int seconds;

	if (!read_abbreviation(at, out->abbreviation) || !read_clock(at, &seconds))
		return false;
	out->offset = -seconds;
	return true;
}

/* An hour ahead of `standard` where nothing else is said. */
static bool read_summer(const char **at, struct time_zone_state *out,
			const struct time_zone_state *standard)
{
	int seconds;

	if (!read_abbreviation(at, out->abbreviation))
		return false;
	out->offset = standard->offset + 3600;
	if (**at == ',')
		return true;
	if (!read_clock(at, &seconds))
		return false;
	out->offset = -seconds;
	return true;
}

bool time_zone_rule_parse(const char *text, struct time_zone_rule *out)
{
	struct time_zone_rule rule = {0};

	if (!read_standard(&text, &rule.standard))
		return false;
	rule.has_summer = *text;
	if (rule.has_summer &&
	    (!read_summer(&text, &rule.summer, &rule.standard) || *text++ != ',' ||
	     !read_turn(&text, &rule.begin) || *text++ != ',' || !read_turn(&text, &rule.end)))
		return false;
	*out = rule;
	return !*text;
}

/* ---- a year ---- */

static bool is_leap_year(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int64_t day_of_week_in_month(const struct time_zone_turn *turn, int64_t year)
{
	int64_t first = days_from_date(&(struct date){year, turn->month, 1});
	int64_t next =
		days_from_date(&(struct date){year + turn->month / 12, turn->month % 12 + 1, 1});
	int weekday = (turn->day + 6) % 7; /* theirs begins with Sunday */
	int64_t day = first + (weekday - weekday_from_days(first) + 7) % 7 + 7 * (turn->week - 1);

	return day < next ? day : day - 7; /* the fifth is the last */
}

/* In seconds that clocks show which are not set. */
static int64_t turn_of_year(const struct time_zone_turn *turn, int64_t year)
{
	int64_t day = days_from_date(&(struct date){year, 1, 1}) + turn->day;

	if (turn->kind == 'M')
		day = day_of_week_in_month(turn, year);
	else if (turn->kind == 'J')
		day -= turn->day < 60 || !is_leap_year(year);
	return day * SECONDS_PER_DAY + turn->time;
}

struct time_zone_state time_zone_rule_at(const struct time_zone_rule *rule, int64_t moment)
{
	if (!rule->has_summer)
		return rule->standard;
	int64_t days = floor_divide(moment + rule->standard.offset, SECONDS_PER_DAY);
	int64_t year = date_from_days(days).year;
	int64_t begin = turn_of_year(&rule->begin, year) - rule->standard.offset;
	int64_t end = turn_of_year(&rule->end, year) - rule->summer.offset;
	bool summer =
		begin < end ? moment >= begin && moment < end : moment >= begin || moment < end;

	return summer ? rule->summer : rule->standard;
}
