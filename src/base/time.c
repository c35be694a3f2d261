#include "base/time.h"

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

static void split_ns(int64_t ns, time_t *seconds, int64_t *fraction)
{
	*seconds = ns / NS_PER_SECOND;
	*fraction = ns % NS_PER_SECOND;
	if (*fraction < 0) {
		*fraction += NS_PER_SECOND;
		--*seconds;
	}
}

const char *time_to_text_fixed(int64_t ns, char out[static TIME_TEXT_SIZE])
{
	time_t seconds;
	int64_t fraction;
	struct tm tm;

	split_ns(ns, &seconds, &fraction);
	gmtime_r(&seconds, &tm);
	size_t used = strftime(out, TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + used, TIME_TEXT_SIZE - used, ".%09dZ", (int)fraction);
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

bool time_from_text(const char *text, int64_t *ns)
{
	struct tm tm = {0};
	int64_t fraction = 0, offset;
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

	if (!rest)
		return false;
	if (*rest == '.')
		rest = read_fraction(rest + 1, &fraction);
	if (!read_offset(rest, &offset))
		return false;
	if (tm.tm_year + 1900 == 1) {
		*ns = 0;
		return true;
	}
	if (tm.tm_year + 1900 < 1700 || tm.tm_year + 1900 > 2200)
		return false; /* beyond 64 bits of nanoseconds */
	*ns = (timegm(&tm) - offset) * NS_PER_SECOND + fraction;
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
