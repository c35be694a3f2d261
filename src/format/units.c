#include "format/units.h"

#include "base/time.h"

#include <ctype.h>
#include <errno.h>

static bool parse_decimal(const char *text, double *out)
{
	char *end;

	if (!*text || strspn(text, "0123456789.") != strlen(text))
		return false;
	errno = 0;
	*out = strtod(text, &end);
	return !*end && !errno;
}

/* The multiplier that a suffix (k, kb, kib, b, in any case) stands for; 0: none. */
static double suffix_factor(const char *suffix)
{
	static const char letters[] = "bkmgtp";
	size_t length = strlen(suffix);
	const char *letter = strchr(letters, tolower((unsigned char)suffix[0]));

	if (!letter || (length > 1 && *letter == 'b'))
		return 0;
	if ((length == 2 && strcasecmp(suffix + 1, "b") != 0) ||
	    (length == 3 && strcasecmp(suffix + 1, "ib") != 0) || length > 3)
		return 0;
	return (double)(UINT64_C(1) << (10 * (letter - letters)));
}

bool size_from_text(const char *text, int64_t *bytes, struct error *err)
{
	size_t digits = strlen(text);
	double value, factor = 1;

	while (digits && !strchr("0123456789. ", text[digits - 1]))
		digits--;
	if (!digits)
		return error_set(err, ERROR_INVALID, "invalid size: '%s'", text);
	const char *suffix = text + digits;
	scoped_free char *number = str_dup_n(text, text[digits - 1] == ' ' ? digits - 1 : digits);
	if (*suffix && !(factor = suffix_factor(suffix)))
		return error_set(err, ERROR_INVALID, "invalid suffix: '%s'", suffix);
	if (!parse_decimal(number, &value) || value * factor >= 0x1p63)
		return error_set(err, ERROR_INVALID, "invalid size: '%s'", text);
	*bytes = (int64_t)(value * factor);
	return true;
}

/* ---- durations ---- */

static const struct duration_unit {
	const char *name;
	int64_t ns;
} duration_units[] = {
	{"ns", 1},
	{"us", 1000},
	{"\u00b5s", 1000},
	{"ms", NS_PER_MS},
	{"s", NS_PER_SECOND},
	{"m", 60 * NS_PER_SECOND},
	{"h", 3600 * NS_PER_SECOND},
};

static const struct duration_unit *find_duration_unit(const char *name, size_t length)
{
	for (size_t i = 0; i < array_length(duration_units); i++)
		if (strlen(duration_units[i].name) == length &&
		    memcmp(duration_units[i].name, name, length) == 0)
			return &duration_units[i];
	return NULL;
}

static bool invalid_duration(const char *whole, struct error *err)
{
	return error_set(err, ERROR_INVALID, "time: invalid duration \"%s\"", whole);
}

/* Digits at *text as a number; false when it does not fit. */
static bool take_digits(const char **text, uint64_t *out)
{
	for (*out = 0; isdigit((unsigned char)**text); ++*text)
		if (__builtin_mul_overflow(*out, 10, out) ||
		    __builtin_add_overflow(*out, (uint64_t)(**text - '0'), out))
			return false;
	return true;
}

/* What stands behind the point, as a part of `unit`; digits below a nanosecond do not count. */
static uint64_t take_fraction(const char **text, int64_t unit)
{
	double fraction = 0, scale = 1;

	for (; isdigit((unsigned char)**text); ++*text) {
		if (scale >= 1e15)
			continue;
		fraction = 10 * fraction + (**text - '0');
		scale *= 10;
	}
	return (uint64_t)(fraction * ((double)unit / scale));
}

/* One "1.5h" at *text, which moves behind it; added to *sum.  In whole numbers, as Go does it, so
 * that what was written reads back as the same. */
static bool parse_duration_part(const char **text, const char *whole, uint64_t *sum,
				struct error *err)
{
	size_t digits = strspn(*text, "0123456789.");
	size_t letters = strcspn(*text + digits, "0123456789.");
	const char *unit_name = *text + digits;
	const struct duration_unit *unit = find_duration_unit(unit_name, letters);
	uint64_t value;

	if (!digits || (digits == 1 && **text == '.'))
		return invalid_duration(whole, err);
	if (!letters)
		return error_set(err, ERROR_INVALID, "time: missing unit in duration \"%s\"",
				 whole);
	if (!unit)
		return error_set(err, ERROR_INVALID,
				 "time: unknown unit \"%.*s\" in duration \"%s\"", (int)letters,
				 unit_name, whole);
	if (!take_digits(text, &value) || __builtin_mul_overflow(value, (uint64_t)unit->ns, &value))
		return invalid_duration(whole, err);
	if (**text == '.' && ++*text)
		value += take_fraction(text, unit->ns);
	if (*text != unit_name || __builtin_add_overflow(*sum, value, sum) || *sum > INT64_MAX)
		return invalid_duration(whole, err);
	*text = unit_name + letters;
	return true;
}

bool duration_from_text(const char *text, int64_t *ns, struct error *err)
{
	const char *at = text + (*text == '-' || *text == '+');
	uint64_t sum = 0;

	if (!*at)
		return invalid_duration(text, err);
	if (strcmp(at, "0") == 0) /* the only number without a unit */
		at++;
	while (*at)
		if (!parse_duration_part(&at, text, &sum, err))
			return false;
	*ns = *text == '-' ? -(int64_t)sum : (int64_t)sum;
	return true;
}

/* A number with up to `digits` decimals, without trailing zeros. */
static void add_fraction(struct buffer *out, int64_t value, int64_t unit, int digits)
{
	scoped_free char *text = str_format("%lld.%0*lld", (long long)(value / unit), digits,
					    (long long)(value % unit));
	size_t length = strlen(text);

	while (text[length - 1] == '0')
		length--;
	if (text[length - 1] == '.')
		length--;
	buffer_add(out, text, length);
}

static void add_below_second(struct buffer *out, int64_t ns)
{
	if (ns >= NS_PER_MS)
		add_fraction(out, ns, NS_PER_MS, 6);
	else if (ns >= 1000)
		add_fraction(out, ns, 1000, 3);
	else
		buffer_format(out, "%lld", (long long)ns);
	buffer_add_text(out, ns >= NS_PER_MS ? "ms" : ns >= 1000 ? "\u00b5s" : "ns");
}

char *duration_to_text(int64_t ns)
{
	scoped_buffer struct buffer out = {0};
	int64_t rest = ns < 0 ? -ns : ns, minute = 60 * NS_PER_SECOND;

	if (!ns)
		return str_dup("0s");
	if (ns < 0)
		buffer_add_char(&out, '-');
	if (rest < NS_PER_SECOND) {
		add_below_second(&out, rest);
		return buffer_take(&out);
	}
	if (rest >= 60 * minute)
		buffer_format(&out, "%lldh", (long long)(rest / (60 * minute)));
	if (rest >= minute)
		buffer_format(&out, "%lldm", (long long)(rest / minute % 60));
	add_fraction(&out, rest % minute, NS_PER_SECOND, 9);
	buffer_add_char(&out, 's');
	return buffer_take(&out);
}

/* ---- sizes for people ---- */

static char *scaled(double bytes, double base, int precision, const char *const units[])
{
	size_t unit = 0;

	while (bytes >= base && units[unit + 1]) {
		bytes /= base;
		unit++;
	}
	return str_format("%.*g%s", precision, bytes, units[unit]);
}

static const char *const decimal_units[] = {"B",  "kB", "MB", "GB", "TB",
					    "PB", "EB", "ZB", "YB", NULL};
static const char *const binary_units[] = {"B",	  "KiB", "MiB", "GiB", "TiB",
					   "PiB", "EiB", "ZiB", "YiB", NULL};

char *size_to_text(double bytes)
{
	return scaled(bytes, 1000, 3, decimal_units);
}

char *size_to_text_fine(double bytes)
{
	return scaled(bytes, 1000, 4, decimal_units);
}

char *size_to_text_binary(double bytes)
{
	return scaled(bytes, 1024, 4, binary_units);
}

/* Each row speaks of durations below its limit, as a phrase or as a count of its unit. */
static const struct wording {
	int64_t below, unit; /* seconds */
	const char *words;
} wordings[] = {
	{1, 0, "Less than a second"},
	{2, 0, "1 second"},
	{60, 1, "seconds"},
	{120, 0, "About a minute"},
	{3600, 60, "minutes"},
	{7200, 0, "About an hour"},
	{48 * 3600, 3600, "hours"},
	{14 * 86400, 86400, "days"},
	{60 * 86400, 7 * 86400, "weeks"},
	{730 * 86400, 30 * 86400, "months"},
	{INT64_MAX, 365 * 86400, "years"},
};

/* From an hour on, hours are rounded, as Docker does: 1 h 40 min are 2 hours. */
char *duration_to_words(int64_t ns)
{
	int64_t seconds = ns / NS_PER_SECOND;
	const struct wording *w = wordings;

	if (seconds >= 3600)
		seconds += 1800;
	while (seconds >= w->below)
		w++;
	if (!w->unit)
		return str_dup(w->words);
	return str_format("%lld %s", (long long)(seconds / w->unit), w->words);
}
