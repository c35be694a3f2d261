#include "format/time_span.h"

#include "base/byte.h"

enum { MS = 1000, SECOND = 1000 * MS, MINUTE = 60 * SECOND };

#define HOUR  (INT64_C(60) * MINUTE)
#define DAY   (24 * HOUR)
#define WEEK  (7 * DAY)
#define YEAR  (DAY * 1461 / 4)
#define MONTH (YEAR / 12)

static const struct unit {
	const char *name;
	int64_t us;
} units[] = {
	{"us", 1},	    {"usec", 1},	 {"\u00b5s", 1},    {"\u03bcs", 1},
	{"ms", MS},	    {"msec", MS},	 {"s", SECOND},	    {"sec", SECOND},
	{"second", SECOND}, {"seconds", SECOND}, {"m", MINUTE},	    {"min", MINUTE},
	{"minute", MINUTE}, {"minutes", MINUTE}, {"h", HOUR},	    {"hr", HOUR},
	{"hour", HOUR},	    {"hours", HOUR},	 {"d", DAY},	    {"day", DAY},
	{"days", DAY},	    {"w", WEEK},	 {"week", WEEK},    {"weeks", WEEK},
	{"M", MONTH},	    {"month", MONTH},	 {"months", MONTH}, {"y", YEAR},
	{"year", YEAR},	    {"years", YEAR},
};

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t\n\r");
}

/* ---- reading ---- */

/* The unit at *at, which moves behind it; `bare` where there is none, 0 where it is unknown. */
static int64_t read_unit(const char **at, int64_t bare)
{
	const char *name = skip_blanks(*at);
	size_t length = strcspn(name, " \t\n\r0123456789.+-");

	if (!length)
		return bare;
	*at = name + length;
	for (size_t i = 0; i < array_length(units); i++)
		if (strlen(units[i].name) == length && memcmp(units[i].name, name, length) == 0)
			return units[i].us;
	return 0;
}

/* Digits and, behind a point, more of them; what is too small for a microsecond does not count. */
static bool add_part(int64_t whole, const char *fraction, int64_t unit, int64_t *sum)
{
	int64_t part;

	if (!unit || __builtin_mul_overflow(whole, unit, &part) ||
	    __builtin_add_overflow(*sum, part, sum))
		return false;
	for (unit /= 10; byte_is_digit(*fraction); fraction++, unit /= 10)
		if (__builtin_add_overflow(*sum, (*fraction - '0') * unit, sum))
			return false;
	return *sum < SPAN_INFINITY;
}

static bool read_whole(const char **at, int64_t *whole)
{
	for (*whole = 0; byte_is_digit(**at); ++*at)
		if (__builtin_mul_overflow(*whole, 10, whole) ||
		    __builtin_add_overflow(*whole, **at - '0', whole))
			return false;
	return true;
}

/* "1.5h" at *at, which moves behind it; added to *sum. */
static bool read_part(const char **at, int64_t bare, int64_t *sum)
{
	const char *start = *at + (**at == '+'), *point;
	int64_t whole;

	*at = start;
	if (!read_whole(at, &whole))
		return false;
	point = *at;
	if (*point == '.')
		*at += 1 + strspn(point + 1, "0123456789");
	const char *end = *at;
	if (end == start || end == point + 1) /* no digits where some should be */
		return false;
	int64_t unit = read_unit(at, bare);
	if (*at == end && *end == '.') /* "1.2.3" */
		return false;
	return add_part(whole, *point == '.' ? point + 1 : "", unit, sum);
}

bool time_span_parse(const char *text, int64_t unit_us, int64_t *us)
{
	static const char infinity[] = "infinity";
	const char *at = skip_blanks(text);
	int64_t sum = 0;

	if (str_starts_with(at, infinity) && !*skip_blanks(at + strlen(infinity))) {
		*us = SPAN_INFINITY;
		return true;
	}
	if (!*at)
		return false;
	for (; *at; at = skip_blanks(at))
		if (!read_part(&at, unit_us, &sum))
			return false;
	*us = sum;
	return true;
}

/* ---- writing ---- */

static const struct unit written[] = {{"y", YEAR},   {"month", MONTH}, {"w", WEEK},
				      {"d", DAY},    {"h", HOUR},      {"min", MINUTE},
				      {"s", SECOND}, {"ms", MS},       {"us", 1}};

static int decimals_between(int64_t large, int64_t small)
{
	int count = 0;

	for (; large > small; large /= 10)
		count++;
	return count;
}

/* The part of `us` that is whole in `unit`, or all of it as a decimal number; returns what is left. */
static int64_t add_written(struct buffer *out, const struct unit *unit, int64_t us,
			   int64_t accuracy_us)
{
	int64_t rest = us % unit->us;
	int decimals = us < MINUTE && rest ? decimals_between(unit->us, accuracy_us) : 0;

	buffer_format(out, "%s%lld", out->size ? " " : "", (long long)(us / unit->us));
	if (decimals) {
		int64_t step = unit->us;

		for (int i = 0; i < decimals; i++)
			step /= 10;
		buffer_format(out, ".%0*lld", decimals, (long long)(rest / step));
		rest = 0;
	}
	buffer_add_text(out, unit->name);
	return rest;
}

char *time_span_format(int64_t us, int64_t accuracy_us)
{
	scoped_buffer struct buffer out = {0};

	accuracy_us = accuracy_us > 0 ? accuracy_us : 1;
	if (us == SPAN_INFINITY)
		return str_dup("infinity");
	if (us <= 0)
		return str_dup("0");
	for (size_t i = 0; i < array_length(written) && us > 0; i++) {
		if (us < accuracy_us && out.size)
			break;
		if (us >= written[i].us)
			us = add_written(&out, &written[i], us, accuracy_us);
	}
	return buffer_take(&out);
}

/* Each row speaks of spans from its limit on, in one or two units. */
static const struct wording {
	int64_t from, large, small; /* 0: one unit says enough */
	const char *large_name, *small_name;
} wordings[] = {
	{YEAR, YEAR, MONTH, " year", " month"},
	{MONTH, MONTH, DAY, " month", " day"},
	{WEEK, WEEK, DAY, " week", " day"},
	{2 * DAY, DAY, 0, " day", NULL},
	{25 * HOUR, DAY, HOUR, " day", "h"},
	{6 * HOUR, HOUR, 0, "h", NULL},
	{HOUR, HOUR, MINUTE, "h", "min"},
	{5 * MINUTE, MINUTE, 0, "min", NULL},
	{MINUTE, MINUTE, SECOND, "min", "s"},
	{SECOND, SECOND, 0, "s", NULL},
	{MS, MS, 0, "ms", NULL},
	{1, 1, 0, "us", NULL},
};

/* Long names have a blank in front and a plural. */
static void add_count(struct buffer *out, int64_t count, const char *name)
{
	buffer_format(out, "%s%lld%s%s", out->size ? " " : "", (long long)count, name,
		      *name == ' ' && count != 1 ? "s" : "");
}

char *time_span_format_short(int64_t us)
{
	scoped_buffer struct buffer out = {0};
	const struct wording *w = wordings;

	if (us <= 0)
		return str_dup("now");
	while (us < w->from)
		w++;
	add_count(&out, us / w->large, w->large_name);
	if (w->small)
		add_count(&out, us % w->large / w->small, w->small_name);
	return buffer_take(&out);
}
