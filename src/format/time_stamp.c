#include "base/byte.h"
#include "base/date.h"
#include "format/time_span.h"
#include "format/time_zone.h"

enum { SECOND_US = 1000000 };

/* ---- relative ones ---- */

/* A span with `mark` at its end; its text is given out without it. */
static char *without_end(const char *text, const char *mark)
{
	if (!str_ends_with(text, mark))
		return NULL;
	return str_dup_n(text, strlen(text) - strlen(mark));
}

static bool add_span(const char *span, int64_t from_us, int sign, int64_t *us)
{
	int64_t length;

	if (!time_span_parse(span, SECOND_US, &length) || length == SPAN_INFINITY)
		return false;
	return !__builtin_add_overflow(from_us, sign * length, us) && *us >= 0;
}

/* "+1h", "-1h", "@1234", "1h ago", "1h left"; *is_one says whether it looks like that. */
static bool parse_relative(const char *text, int64_t now_us, int64_t *us, bool *is_one)
{
	scoped_free char *ago = without_end(text, " ago"), *left = without_end(text, " left");

	*is_one = ago || left || (*text && strchr("+-@", *text));
	if (!*is_one)
		return false;
	if (ago || left)
		return add_span(ago ? ago : left, now_us, ago ? -1 : 1, us);
	return add_span(text + 1, *text == '@' ? 0 : now_us, *text == '-' ? -1 : 1, us);
}

/* ---- dates and times ---- */

struct stamp {
	int weekday; /* -1: not said */
	int64_t day; /* since 1970 */
	int64_t seconds, us;
};

/* Up to `most` digits at *at, which moves behind them. */
static bool read_digits(const char **at, size_t most, int *value)
{
	size_t count = 0;

	for (*value = 0; byte_is_digit(**at) && count < most; count++)
		*value = *value * 10 + (*(*at)++ - '0');
	return count && !byte_is_digit(**at);
}

/* `count` numbers with `between` between them; returns how many are there. */
static size_t read_numbers(const char **at, char between, size_t count, int *values)
{
	for (size_t i = 0; i < count; i++) {
		if (i && **at != between)
			return i;
		*at += i > 0;
		if (!read_digits(at, i || between == ':' ? 2 : 4, &values[i]))
			return 0;
	}
	return count;
}

static bool read_date(const char *word, int64_t *days)
{
	int values[3];

	if (read_numbers(&word, '-', 3, values) != 3 || *word || values[1] < 1 || values[1] > 12 ||
	    values[2] < 1 || values[2] > 31)
		return false;
	int year = values[0] + (values[0] < 69 ? 2000 : values[0] < 100 ? 1900 : 0);
	*days = days_from_date(&(struct date){year, values[1], values[2]});
	return true;
}

static bool read_time(const char *word, struct stamp *out)
{
	int values[3] = {0}, scale = SECOND_US / 10;

	if (read_numbers(&word, ':', 3, values) < 2 || values[0] > 23 || values[1] > 59 ||
	    values[2] > 60)
		return false;
	if (*word == '.' && !byte_is_digit(*++word))
		return false;
	for (; byte_is_digit(*word); word++, scale /= 10)
		out->us += (*word - '0') * scale;
	out->seconds = values[0] * 3600 + values[1] * 60 + values[2];
	return !*word;
}

/* "today" and its neighbours. */
static bool read_near_day(const char *word, int64_t *day)
{
	static const char *const names[] = {"yesterday", "today", "tomorrow"};

	for (size_t i = 0; i < array_length(names); i++)
		if (strcmp(word, names[i]) == 0) {
			*day += (int64_t)i - 1;
			return true;
		}
	return false;
}

static struct strings split_words(const char *text)
{
	struct strings words = {0};
	size_t length;

	strings_set_empty(&words);
	for (text += strspn(text, " \t"); *text; text += strspn(text, " \t")) {
		length = strcspn(text, " \t");
		strings_take(&words, str_dup_n(text, length));
		text += length;
	}
	return words;
}

/* A weekday, a date and a time, each in its place or left out, but not all; returns how many words that were,
 * 0: something is wrong.  `out` comes with the present day. */
static size_t read_words(char *const *words, struct stamp *out)
{
	size_t next = 0, said, length;

	out->weekday = words[0] ? weekday_from_name(words[0], &length) : -1;
	if (out->weekday >= 0 && words[next++][length])
		return 0;
	said = next;
	if (words[next] && read_near_day(words[next], &out->day))
		return next ? 0 : 1;
	next += words[next] && read_date(words[next], &out->day);
	next += words[next] && read_time(words[next], out);
	if (out->weekday >= 0 && out->weekday != weekday_from_days(out->day))
		return 0;
	return next > said ? next : 0;
}

static int64_t day_of(const struct time_zone *zone, int64_t us)
{
	int64_t seconds = floor_divide(us, SECOND_US);

	return floor_divide(seconds + time_zone_offset(zone, seconds), SECONDS_PER_DAY);
}

/* Local time with its abbreviation behind it, as we write it: of two moments with the same time it tells
 * which. */
static bool find_abbreviated(const char *abbreviation, int64_t shown, int64_t *moment)
{
	int64_t first = time_zone_moment(NULL, shown);
	int64_t second = shown - time_zone_offset(NULL, first + SECONDS_PER_DAY);

	*moment =
		strcmp(time_zone_at(NULL, first).abbreviation, abbreviation) == 0 ? first : second;
	return strcmp(time_zone_at(NULL, *moment).abbreviation, abbreviation) == 0;
}

/* Reads what stands in front of the zone, by its present day. */
static size_t read_in_zone(char *const *words, const struct time_zone *zone, int64_t now_us,
			   int64_t *shown, int64_t *us)
{
	struct stamp stamp = {.day = day_of(zone, now_us)};
	size_t used = read_words(words, &stamp);

	*shown = stamp.day * SECONDS_PER_DAY + stamp.seconds;
	*us = stamp.us;
	return used;
}

/* An abbreviation of local time goes before a zone of that name, which would not tell one hour from the next. */
static bool parse_absolute(const char *text, int64_t now_us, int64_t *us)
{
	scoped_strings struct strings words = split_words(text);
	scoped(time_zone) struct time_zone *zone = NULL;
	int64_t shown, moment, fraction;
	size_t used = read_in_zone(words.items, NULL, now_us, &shown, &fraction);

	if (!used || words.count - used > 1)
		return false;
	if (used == words.count) {
		moment = time_zone_moment(NULL, shown);
	} else if (!find_abbreviated(words.items[used], shown, &moment)) {
		zone = time_zone_open(words.items[used]);
		if (!zone || !read_in_zone(words.items, zone, now_us, &shown, &fraction))
			return false;
		moment = time_zone_moment(zone, shown);
	}
	*us = moment * SECOND_US + fraction;
	return *us >= 0;
}

bool time_stamp_parse(const char *text, int64_t now_us, int64_t *us)
{
	int64_t value = now_us;
	bool is_relative = false;

	if (strcmp(text, "now") != 0 && !parse_relative(text, now_us, &value, &is_relative) &&
	    (is_relative || !parse_absolute(text, now_us, &value)))
		return false;
	*us = value;
	return true;
}

/* ---- writing ---- */

char *time_stamp_format(int64_t us)
{
	int64_t moment = floor_divide(us, SECOND_US);
	struct time_zone_state zone = time_zone_at(NULL, moment);
	int64_t shown = moment + zone.offset, days = floor_divide(shown, SECONDS_PER_DAY);
	int seconds = (int)(shown - days * SECONDS_PER_DAY);
	struct date date = date_from_days(days);

	if (us < 0 || date.year > 9999)
		return str_dup("n/a");
	return str_format("%.3s %04d-%02d-%02d %02d:%02d:%02d %s",
			  weekday_names[weekday_from_days(days)], (int)date.year, date.month,
			  date.day, seconds / 3600, seconds / 60 % 60, seconds % 60,
			  zone.abbreviation);
}
