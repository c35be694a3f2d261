/* First on a clock that is never set: the day by bits, so that what no day can be is known after some thousands
 * of steps, then the time of day.  Then in the zone, where an hour may be missing or come twice. */
#include "base/date.h"
#include "format/calendar_field.h"

enum { SECOND_US = CALENDAR_SECOND_US };

static const int64_t day_us = INT64_C(86400) * SECOND_US;

/* ---- bits ---- */

static uint64_t bits_from(int start, int stop, int repeat)
{
	uint64_t bits = 0;

	for (int value = start; value <= stop; value += repeat ? repeat : 64)
		bits |= UINT64_C(1) << value;
	return bits;
}

static uint64_t bits_of(const struct calendar_field *field, int from, int to)
{
	uint64_t bits = field->count ? 0 : bits_from(from, to, 1);

	for (size_t i = 0; i < field->count; i++) {
		const struct calendar_step *step = &field->items[i];

		int stop = step->stop < 0 || step->stop > to ? to : step->stop;

		bits |= bits_from(step->start, stop, step->repeat);
	}
	return bits;
}

/* Days counted from the end of a month with `length` days; steps still go towards the end. */
static uint64_t bits_from_end(const struct calendar_field *field, int length)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < field->count; i++) {
		const struct calendar_step *step = &field->items[i];
		int start = length + 1 - step->start;
		int stop = step->stop < 0 ? length : length + 1 - step->stop;

		bits |= start <= stop ? bits_from(start, stop, step->repeat)
				      : bits_from(stop, start, step->repeat);
	}
	return bits;
}

static void add_years(struct calendar *c, const struct calendar_step *step)
{
	int stop = step->stop < 0 ? CALENDAR_LAST_YEAR : step->stop;

	for (int year = step->start; year <= stop; year += step->repeat ? step->repeat : 1000) {
		int n = year - CALENDAR_FIRST_YEAR;

		c->years[n / 64] |= UINT64_C(1) << n % 64;
	}
}

void calendar_make_bits(struct calendar *c)
{
	static const struct calendar_step every_year = {CALENDAR_FIRST_YEAR, -1, 1};
	const struct calendar_field *fields = c->fields;

	for (size_t i = 0; i < fields[CALENDAR_YEAR].count; i++)
		add_years(c, &fields[CALENDAR_YEAR].items[i]);
	if (!fields[CALENDAR_YEAR].count)
		add_years(c, &every_year);
	c->months = bits_of(&fields[CALENDAR_MONTH], 1, 12);
	c->hours = bits_of(&fields[CALENDAR_HOUR], 0, 23);
	c->minutes = bits_of(&fields[CALENDAR_MINUTE], 0, 59);
	for (int i = 0; i < 4; i++)
		c->days[i] = c->days_from_end ? bits_from_end(&fields[CALENDAR_DAY], 28 + i)
					      : bits_of(&fields[CALENDAR_DAY], 1, 28 + i);
}

/* The lowest bit from `from` on; -1: there is none. */
static int next_bit(uint64_t bits, int from)
{
	bits = from > 63 ? 0 : bits >> from << from;
	return bits ? __builtin_ctzll(bits) : -1;
}

/* ---- on a clock that is never set ---- */

static bool has_year(const struct calendar *c, int64_t year)
{
	int n = (int)(year - CALENDAR_FIRST_YEAR);

	return c->years[n / 64] >> n % 64 & 1;
}

/* The first day of the month that fits, from `day` on; as days since 1970, -1: none. */
static int64_t next_in_month(const struct calendar *c, int64_t year, int month, int day)
{
	int64_t before = days_from_date(&(struct date){year, month, 1}) - 1;
	int64_t end = days_from_date(&(struct date){year + month / 12, month % 12 + 1, 1}) - 1;
	uint64_t days = c->days[end - before - 28];

	while ((day = next_bit(days, day)) >= 0) {
		if (!c->weekdays || c->weekdays >> weekday_from_days(before + day) & 1)
			return before + day;
		day++;
	}
	return -1;
}

/* The first day from `from` on that fits; -1: none. */
static int64_t next_day(const struct calendar *c, int64_t from)
{
	struct date date = date_from_days(from < 0 ? 0 : from);

	for (; date.year <= CALENDAR_LAST_YEAR; date = (struct date){date.year + 1, 1, 1}) {
		if (!has_year(c, date.year))
			continue;
		for (int month; (month = next_bit(c->months, date.month)) >= 0;) {
			int day = month == date.month ? date.day : 1;
			int64_t found = next_in_month(c, date.year, month, day);

			if (found >= 0)
				return found;
			date.month = month + 1;
			date.day = 1;
		}
	}
	return -1;
}

static int next_second(const struct calendar_field *field, int from)
{
	int next = -1;

	for (size_t i = 0; i < field->count; i++) {
		const struct calendar_step *step = &field->items[i];
		int stop = step->stop < 0 ? 60 * SECOND_US - 1 : step->stop, value = step->start;

		if (value < from && !step->repeat)
			continue;
		if (value < from)
			value += (from - value + step->repeat - 1) / step->repeat * step->repeat;
		if (value <= stop && (next < 0 || value < next))
			next = value;
	}
	return next;
}

/* The first time of a day from `from` on, in microseconds; -1: none. */
static int64_t next_time(const struct calendar *c, int64_t from)
{
	int first_minute = (int)(from / (60 * SECOND_US)), rest = (int)(from % (60 * SECOND_US));
	int hour = first_minute / 60, minute = first_minute % 60;

	for (; (hour = next_bit(c->hours, hour)) >= 0; hour++) {
		if (hour > first_minute / 60)
			minute = 0;
		for (; (minute = next_bit(c->minutes, minute)) >= 0; minute++) {
			int minutes = hour * 60 + minute;
			int second = next_second(&c->fields[CALENDAR_SECOND],
						 minutes == first_minute ? rest : 0);

			if (second >= 0)
				return (int64_t)minutes * 60 * SECOND_US + second;
		}
	}
	return -1;
}

/* What the clock shows when the expression holds, from `shown` on; -1: never. */
static int64_t next_shown(const struct calendar *c, int64_t shown)
{
	int64_t day = floor_divide(shown, day_us), first = next_day(c, day);
	int64_t time = first < 0 ? -1 : next_time(c, first == day ? shown - day * day_us : 0);

	if (first >= 0 && time < 0) { /* past the last time of that day */
		first = next_day(c, day + 1);
		time = next_time(c, 0);
	}
	return first < 0 ? -1 : first * day_us + time;
}

/* ---- in a zone ---- */

static int64_t to_shown(const struct calendar *c, int64_t us)
{
	return us + time_zone_offset(c->zone, floor_divide(us, SECOND_US)) * SECOND_US;
}

/* The moment at which a clock shows it for the first time; of a skipped time the moment of the change. */
static int64_t to_moment(const struct calendar *c, int64_t shown_us)
{
	int64_t shown = floor_divide(shown_us, SECOND_US);
	int64_t moment = time_zone_moment(c->zone, shown);
	bool skipped = moment + time_zone_offset(c->zone, moment) != shown;

	return moment * SECOND_US + (skipped ? 0 : shown_us - shown * SECOND_US);
}

/* Clocks that are put back show some times twice. */
struct repetition {
	int64_t change;	   /* when they are; 0: not within a day */
	int64_t from, end; /* what they show twice */
	int64_t offset;	   /* afterwards */
};

static struct repetition find_repetition(const struct calendar *c, int64_t from, int64_t to)
{
	int64_t first = floor_divide(from, SECOND_US), last = floor_divide(to, SECOND_US);
	int64_t before = time_zone_offset(c->zone, first), after = time_zone_offset(c->zone, last);

	if (before <= after)
		return (struct repetition){0};
	int64_t change = time_zone_change(c->zone, first, last);
	return (struct repetition){.change = change * SECOND_US,
				   .from = (change + after) * SECOND_US,
				   .end = (change + before) * SECOND_US,
				   .offset = after * SECOND_US};
}

/* The second time that the repeated hour is shown, from `shown` on, counts where each hour counts: a job that runs
 * every ten minutes does not pause.  Elsewhere the first one is enough. */
static int64_t next_repeated(const struct calendar *c, const struct repetition *r, int64_t shown)
{
	int64_t next = c->fields[CALENDAR_HOUR].count ? -1 : next_shown(c, shown);

	return next < 0 || next >= r->end ? -1 : next - r->offset;
}

/* `from` is a moment at which the clock shows what it showed before. */
static int64_t next_in_repetition(const struct calendar *c, const struct repetition *r,
				  int64_t from)
{
	int64_t repeated = next_repeated(c, r, from + r->offset);
	int64_t next = repeated < 0 ? next_shown(c, r->end) : -1;

	if (repeated >= 0)
		return repeated;
	return next < 0 ? -1 : to_moment(c, next);
}

int64_t calendar_next(const struct calendar *c, int64_t after_us)
{
	static const int64_t limit = INT64_C(7289654400) * SECOND_US; /* the year 2201 */

	if (after_us >= limit)
		return -1;
	int64_t from = after_us < 0 ? 0 : after_us + 1;
	struct repetition past = find_repetition(c, from - day_us, from);
	if (past.change && from >= past.change && to_shown(c, from) < past.end)
		return next_in_repetition(c, &past, from);

	int64_t shown = next_shown(c, to_shown(c, from));
	int64_t moment = shown < 0 ? -1 : to_moment(c, shown);
	struct repetition coming = find_repetition(c, from, from + day_us);
	int64_t repeated = coming.change ? next_repeated(c, &coming, coming.from) : -1;
	return repeated >= 0 && (moment < 0 || repeated < moment) ? repeated : moment;
}
