#include "base/time.h"

#include "base/date.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <time.h>

static int64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

int64_t time_now_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t time_monotonic_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

/* ---- text ---- */

static char *put_digits(char *to, int64_t value, size_t count)
{
	for (size_t i = count; i-- > 0; value /= 10)
		to[i] = (char)('0' + value % 10);
	return to + count;
}

const char *time_to_text_fixed(int64_t ns, char out[static TIME_TEXT_SIZE])
{
	int64_t seconds = floor_divide(ns, NS_PER_SECOND),
		days = floor_divide(seconds, SECONDS_PER_DAY);
	struct date date = date_from_days(days);
	const struct {
		int64_t value;
		size_t digits;
		char behind;
	} parts[] = {{date.year, 4, '-'},
		     {date.month, 2, '-'},
		     {date.day, 2, 'T'},
		     {(seconds - days * SECONDS_PER_DAY) / 3600, 2, ':'},
		     {(seconds - days * SECONDS_PER_DAY) / 60 % 60, 2, ':'},
		     {(seconds - days * SECONDS_PER_DAY) % 60, 2, '.'},
		     {ns - seconds * NS_PER_SECOND, 9, 'Z'}};
	char *to = out;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		to = put_digits(to, parts[i].value, parts[i].digits);
		*to++ = parts[i].behind;
	}
	*to = '\0';
	return out;
}

const char *time_to_text(int64_t ns, char out[static TIME_TEXT_SIZE])
{
	if (ns == 0) {
		snprintf(out, TIME_TEXT_SIZE, "0001-01-01T00:00:00Z");
		return out;
	}
	time_to_text_fixed(ns, out);
	char *end = out + strlen(out) - 1; /* the Z */
	while (end[-1] == '0')
		end--;
	if (end[-1] == '.')
		end--;
	memcpy(end, "Z", 2);
	return out;
}

/* Digits after a point, at most nine count; returns what follows them. */
static const char *read_fraction(const char *text, int64_t *ns)
{
	int64_t unit = NS_PER_SECOND / 10;

	*ns = 0;
	for (; isdigit((unsigned char)*text); text++, unit /= 10)
		*ns += (*text - '0') * unit;
	return text;
}

static bool read_offset(const char *text, int64_t *seconds)
{
	int hours, minutes, used = 0;

	if (str_equal(text, "Z") || str_equal(text, "z")) {
		*seconds = 0;
		return true;
	}
	if (*text != '+' && *text != '-')
		return false;
	if (sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 || text[1 + used])
		return false;
	*seconds = (hours * 3600 + minutes * 60) * (*text == '-' ? -1 : 1);
	return true;
}

/* `count` digits and the character behind them; what follows, NULL if they are not there. */
static const char *read_digits(const char *text, size_t count, const char *behind, int64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < count; i++, text++) {
		if (!isdigit((unsigned char)*text))
			return NULL;
		*value = *value * 10 + (*text - '0');
	}
	if (!*behind)
		return text;
	return *text && strchr(behind, *text) ? text + 1 : NULL;
}

/* "2023-01-02T03:04:05"; what follows it. */
static const char *read_seconds(const char *text, struct date *date, int64_t *seconds)
{
	static const struct {
		size_t digits;
		const char *behind;
		int64_t low, high;
	} parts[] = {{4, "-", 0, 9999}, {2, "-", 1, 12}, {2, "Tt", 1, 31},
		     {2, ":", 0, 23},	{2, ":", 0, 59}, {2, "", 0, 60}};
	int64_t values[6];

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		text = read_digits(text, parts[i].digits, parts[i].behind, &values[i]);
		if (!text || values[i] < parts[i].low || values[i] > parts[i].high)
			return NULL;
	}
	*date = (struct date){values[0], (int)values[1], (int)values[2]};
	*seconds = values[3] * 3600 + values[4] * 60 + values[5];
	return text;
}

bool time_from_text(const char *text, int64_t *ns)
{
	int64_t seconds, fraction = 0, offset;
	struct date date;
	const char *rest = read_seconds(text, &date, &seconds);

	if (!rest || date_from_days(days_from_date(&date)).day != date.day)
		return false;
	if (*rest == '.')
		rest = read_fraction(rest + 1, &fraction);
	if (!read_offset(rest, &offset))
		return false;
	if (date.year == 1) {
		*ns = 0;
		return true;
	}
	if (date.year < 1700 || date.year > 2200)
		return false; /* beyond 64 bits of nanoseconds */
	*ns = (days_from_date(&date) * SECONDS_PER_DAY + seconds - offset) * NS_PER_SECOND +
	      fraction;
	return true;
}

bool time_from_unix_text(const char *text, int64_t *ns)
{
	char whole[24];
	const char *point = strchrnul(text, '.');
	size_t length = (size_t)(point - text);
	int64_t seconds, fraction = 0;

	if (length >= sizeof(whole))
		return false;
	memcpy(whole, text, length);
	whole[length] = '\0';
	if (!parse_i64(whole, &seconds) || seconds > INT64_MAX / NS_PER_SECOND - 1 ||
	    seconds < INT64_MIN / NS_PER_SECOND + 1)
		return false;
	if (*point && *read_fraction(point + 1, &fraction))
		return false;
	*ns = seconds * NS_PER_SECOND + (*whole == '-' ? -fraction : fraction);
	return true;
}
