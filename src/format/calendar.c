/* An expression is read into a list of steps for each part of a date and a time, which is also what is written
 * back by calendar_write.c; calendar_next.c looks for moments. */
#include "format/calendar_field.h"

#include "base/byte.h"
#include "base/date.h"

enum { STEP_LIMIT = 240, LOWEST = -1 };

static const struct part {
	const char *name;
	int from, to;
} parts[CALENDAR_PARTS] = {
	[CALENDAR_YEAR] = {"the year", CALENDAR_FIRST_YEAR, CALENDAR_LAST_YEAR},
	[CALENDAR_MONTH] = {"the month", 1, 12},
	[CALENDAR_DAY] = {"the day", 1, 31},
	[CALENDAR_HOUR] = {"the hour", 0, 23},
	[CALENDAR_MINUTE] = {"the minute", 0, 59},
	[CALENDAR_SECOND] = {"the second", 0, 60 * CALENDAR_SECOND_US - 1},
};

static const struct {
	const char *word, *meaning;
} shorthands[] = {
	{"minutely", "*-*-* *:*:00"},
	{"hourly", "*-*-* *:00:00"},
	{"daily", "*-*-* 00:00:00"},
	{"weekly", "Mon *-*-* 00:00:00"},
	{"monthly", "*-*-01 00:00:00"},
	{"quarterly", "*-01,04,07,10-01 00:00:00"},
	{"semiannually", "*-01,07-01 00:00:00"},
	{"semi-annually", "*-01,07-01 00:00:00"},
	{"biannually", "*-01,07-01 00:00:00"},
	{"bi-annually", "*-01,07-01 00:00:00"},
	{"yearly", "*-01-01 00:00:00"},
	{"annually", "*-01-01 00:00:00"},
	{"anually", "*-01-01 00:00:00"}, /* systemd takes it, too */
};

struct parser {
	const char *at;
	const char *wrong; /* which part, once something failed */
	struct calendar *out;
};

static bool fail(struct parser *p, const char *part)
{
	if (!p->wrong)
		p->wrong = part;
	return false;
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " ");
}

/* ---- one part ---- */

static bool read_number(struct parser *p, int limit, int *value)
{
	if (!byte_is_digit(*p->at))
		return false;
	for (*value = 0; byte_is_digit(*p->at) && *value <= limit; p->at++)
		*value = *value * 10 + (*p->at - '0');
	return *value <= limit;
}

/* Six digits behind a point count, rounded by the seventh. */
static int read_fraction(struct parser *p)
{
	int value = 0, scale = CALENDAR_SECOND_US / 10;

	if (p->at[0] != '.' || !byte_is_digit(p->at[1]))
		return 0;
	for (p->at++; byte_is_digit(*p->at) && scale; p->at++, scale /= 10)
		value += (*p->at - '0') * scale;
	value += !scale && *p->at >= '5' && *p->at <= '9';
	while (byte_is_digit(*p->at))
		p->at++;
	return value;
}

static bool read_value(struct parser *p, bool seconds, int *value)
{
	if (!read_number(p, seconds ? 99 : 9999, value))
		return false;
	if (seconds)
		*value = *value * CALENDAR_SECOND_US + read_fraction(p);
	return true;
}

/* What stands behind a start. */
static bool read_step(struct parser *p, bool seconds, struct calendar_step *step)
{
	step->stop = -1;
	step->repeat = 0;
	if (p->at[0] == '.' && p->at[1] == '.') {
		p->at += 2;
		step->repeat = seconds ? CALENDAR_SECOND_US : 1;
		if (!read_value(p, seconds, &step->stop))
			return false;
	}
	if (*p->at == '/') {
		p->at++;
		if (!read_value(p, seconds, &step->repeat) || !step->repeat)
			return false;
	}
	return strchr(" ,-~:", *p->at); /* or the end */
}

static bool read_field(struct parser *p, bool seconds, struct calendar_field *field)
{
	struct calendar_step step = {.start = LOWEST, .stop = -1};

	if (*p->at == '*') {
		bool any = *++p->at != '/';

		step.repeat = CALENDAR_SECOND_US;
		if (!any && !read_step(p, seconds, &step))
			return false;
		if (!any || seconds)
			vector_add(field, step);
		return true;
	}
	do {
		if (!read_value(p, seconds, &step.start) || !read_step(p, seconds, &step) ||
		    field->count == STEP_LIMIT)
			return false;
		vector_add(field, step);
	} while (*p->at == ',' && *++p->at);
	return p->at[-1] != ',';
}

/* ---- weekdays ---- */

/* "..", or "-" as it was once written, and the last day of a range. */
static bool read_range_end(struct parser *p, int first, int *last)
{
	size_t length;

	*last = first;
	if (*p->at == '-')
		p->at++;
	else if (p->at[0] == '.' && p->at[1] == '.')
		p->at += 2;
	else
		return true;
	*last = weekday_from_name(p->at, &length);
	p->at += *last < 0 ? 0 : length;
	return *last >= first;
}

/* A comma may stand behind the last of them. */
static bool read_weekdays(struct parser *p)
{
	size_t length;
	int first = weekday_from_name(p->at, &length), last;

	if (first < 0)
		return true;
	while (first >= 0) {
		p->at += length;
		if (!read_range_end(p, first, &last) || !strchr(" ,", *p->at))
			return fail(p, "the weekdays");
		for (int i = first; i <= last; i++)
			p->out->weekdays |= 1U << i;
		if (*p->at != ',' || !*++p->at || *p->at == ' ')
			break;
		first = weekday_from_name(p->at, &length);
	}
	if (first < 0)
		return fail(p, "the weekdays");
	p->at = skip_blanks(p->at);
	return true;
}

/* ---- dates and times ---- */

static void set_value(struct calendar *c, enum calendar_part part, int value)
{
	struct calendar_step step = {.start = value, .stop = -1};

	vector_add(&c->fields[part], step);
}

/* "@1795777200": a moment in UTC. */
static bool read_moment(struct parser *p)
{
	int64_t seconds = 0, days;

	for (p->at++; byte_is_digit(*p->at) && seconds < INT64_C(1) << 40; p->at++)
		seconds = seconds * 10 + (*p->at - '0');
	if (*p->at || !byte_is_digit(p->at[-1]) || seconds >= INT64_C(1) << 40)
		return fail(p, "the date");
	days = seconds / SECONDS_PER_DAY;
	struct date date = date_from_days(days);
	int rest = (int)(seconds - days * SECONDS_PER_DAY);
	set_value(p->out, CALENDAR_YEAR, (int)date.year);
	set_value(p->out, CALENDAR_MONTH, date.month);
	set_value(p->out, CALENDAR_DAY, date.day);
	set_value(p->out, CALENDAR_HOUR, rest / 3600);
	set_value(p->out, CALENDAR_MINUTE, rest / 60 % 60);
	set_value(p->out, CALENDAR_SECOND, rest % 60 * CALENDAR_SECOND_US);
	return true;
}

/* Two or three fields, the last of them perhaps behind a `~`; none where what stands there is a time. */
static bool read_date(struct parser *p)
{
	struct calendar_field read[3] = {0};
	const char *start = p->at;
	size_t count = 0;
	bool good = true;

	while (good && count < 3) {
		good = read_field(p, false, &read[count++]);
		if (!good || !*p->at || !strchr("-~", *p->at) || count == 3)
			break;
		good = !p->out->days_from_end;
		p->out->days_from_end = *p->at++ == '~';
	}
	bool is_time = count == 1 && (*p->at == ':' || !*p->at);
	good = good && (is_time || (count > 1 && (!*p->at || *p->at == ' ')));
	for (size_t i = 0; i < count; i++)
		if (good && !is_time)
			p->out->fields[CALENDAR_DAY + 1 - count + i] = read[i];
		else
			vector_fini(&read[i]);
	p->at = is_time ? start : skip_blanks(p->at);
	return good || fail(p, "the date");
}

static bool read_time(struct parser *p)
{
	struct calendar_field *fields = p->out->fields;
	enum calendar_part part = CALENDAR_HOUR;

	while (*p->at) {
		if (!read_field(p, part == CALENDAR_SECOND, &fields[part]))
			return fail(p, parts[part].name);
		if (part++ == CALENDAR_SECOND || *p->at != ':')
			break;
		p->at++;
	}
	if (*p->at || p->at[-1] == ':' || part == CALENDAR_MINUTE)
		return fail(p, "the time");
	for (; part < CALENDAR_PARTS; part++)
		set_value(p->out, part, 0);
	return true;
}

/* ---- the whole ---- */

/* The last word is taken off where it names a zone. */
static char *take_zone(const char *text, struct calendar *out)
{
	const char *blank = strrchr(text, ' ');

	if (blank) {
		bool utc = strcasecmp(blank + 1, "UTC") == 0;

		out->zone = time_zone_open(utc ? "UTC" : blank + 1);
		out->zone_name = out->zone ? str_dup(utc ? "UTC" : blank + 1) : NULL;
	}
	return out->zone ? str_dup_n(text, (size_t)(blank - text)) : str_dup(text);
}

static const char *meaning_of(const char *text)
{
	for (size_t i = 0; i < array_length(shorthands); i++)
		if (strcasecmp(text, shorthands[i].word) == 0)
			return shorthands[i].meaning;
	return text;
}

static int compare_steps(const void *a, const void *b)
{
	const struct calendar_step *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->stop != y->stop)
		return x->stop < y->stop ? -1 : 1;
	return (x->repeat > y->repeat) - (x->repeat < y->repeat);
}

static int full_year(int year)
{
	return year < 0 || year > 99 ? year : year < 70 ? year + 2000 : year + 1900;
}

/* A range ends with the last value that it reaches. */
static void normalize_step(struct calendar_step *step, enum calendar_part part)
{
	if (step->start == LOWEST)
		step->start = parts[part].from;
	if (part == CALENDAR_YEAR) {
		step->start = full_year(step->start);
		step->stop = full_year(step->stop);
	}
	if (step->stop >= step->start)
		step->stop -= (step->stop - step->start) % step->repeat;
	if (step->stop == step->start) {
		step->stop = -1;
		step->repeat = 0;
	}
}

static void normalize_field(struct calendar_field *field, enum calendar_part part)
{
	size_t kept = 0;

	for (size_t i = 0; i < field->count; i++)
		normalize_step(&field->items[i], part);
	if (field->count > 1)
		qsort(field->items, field->count, sizeof(*field->items), compare_steps);
	for (size_t i = 0; i < field->count; i++)
		if (!i || compare_steps(&field->items[i], &field->items[kept - 1]) != 0)
			field->items[kept++] = field->items[i];
	field->count = kept;
}

/* At least one repetition has to fit in, and each month has to have the day that is counted from its end. */
static bool is_valid_step(const struct calendar_step *step, const struct part *part, bool from_end)
{
	int to = part->to - (from_end ? 3 : 0);

	if (step->start < part->from || step->start > to || step->stop > to)
		return false;
	if (step->stop >= 0)
		return step->stop > step->start;
	return from_end ? step->start - step->repeat >= part->from
			: step->repeat <= to - step->start;
}

static bool normalize(struct parser *p)
{
	struct calendar *c = p->out;

	if (c->weekdays == 0x7f)
		c->weekdays = 0;
	if (!c->fields[CALENDAR_DAY].count)
		c->days_from_end = false;
	for (enum calendar_part part = 0; part < CALENDAR_PARTS; part++) {
		struct calendar_field *field = &c->fields[part];

		normalize_field(field, part);
		for (size_t i = 0; i < field->count; i++)
			if (!is_valid_step(&field->items[i], &parts[part],
					   part == CALENDAR_DAY && c->days_from_end))
				return fail(p, parts[part].name);
	}
	return true;
}

static bool read_all(struct parser *p)
{
	if (!*p->at)
		return fail(p, "it is empty");
	if (!read_weekdays(p))
		return false;
	if (*p->at == '@') {
		time_zone_free(p->out->zone);
		p->out->zone = time_zone_open("UTC");
		str_replace(&p->out->zone_name, "UTC");
		return read_moment(p) && normalize(p);
	}
	return (!*p->at || read_date(p)) && read_time(p) && normalize(p);
}

struct calendar *calendar_parse(const char *text, struct error *err)
{
	struct calendar *calendar = mem_new(struct calendar);
	scoped_free char *rest = take_zone(text, calendar);
	struct parser p = {.at = meaning_of(rest), .out = calendar};

	if (read_all(&p)) {
		calendar_make_bits(calendar);
		return calendar;
	}
	error_set(err, ERROR_INVALID, "no calendar expression: '%.80s' (%s)", text, p.wrong);
	calendar_free(calendar);
	return NULL;
}

void calendar_free(struct calendar *calendar)
{
	if (!calendar)
		return;
	for (size_t i = 0; i < CALENDAR_PARTS; i++)
		vector_fini(&calendar->fields[i]);
	time_zone_free(calendar->zone);
	free(calendar->zone_name);
	free(calendar);
}
