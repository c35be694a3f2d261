#include "compose/duration.h"

#include "base/memory.h"
#include "base/time.h"

#include <ctype.h>
#include <string.h>

static const struct unit {
	const char *name;
	int64_t ns;
} units[] = {
	{"ns", 1},
	{"us", 1000},
	{"\u00b5s", 1000},
	{"ms", NS_PER_MS},
	{"s", NS_PER_SECOND},
	{"m", 60 * NS_PER_SECOND},
	{"h", 3600 * NS_PER_SECOND},
	{"d", 24 * 3600 * NS_PER_SECOND},
	{"w", 7 * 24 * 3600 * NS_PER_SECOND},
};

static const struct unit *find_unit(const char *name, size_t length)
{
	for (size_t i = 0; i < array_length(units); i++)
		if (strlen(units[i].name) == length && memcmp(units[i].name, name, length) == 0)
			return &units[i];
	return NULL;
}

static bool invalid(const char *text, struct error *err)
{
	return error_set(err, ERROR_INVALID,
			 "invalid duration \"%s\": numbers with units ns, us, ms, s, m, h, d or w, "
			 "like 1m30s",
			 text);
}

/* One number and its unit at *at, added to *sum. */
static bool take_part(const char **at, int64_t *sum)
{
	const char *digits = *at, *point = digits + strspn(digits, "0123456789");
	const char *end = *point == '.' ? point + 1 + strspn(point + 1, "0123456789") : point;
	size_t length = strcspn(end, "0123456789.");
	const struct unit *unit = find_unit(end, length);
	int64_t whole = 0, part;

	if (!unit || point == digits)
		return false;
	for (const char *c = digits; c < point; c++)
		if (__builtin_mul_overflow(whole, 10, &whole) ||
		    __builtin_add_overflow(whole, *c - '0', &whole))
			return false;
	if (__builtin_mul_overflow(whole, unit->ns, &part) ||
	    __builtin_add_overflow(*sum, part, sum))
		return false;
	int64_t tenth = unit->ns;
	for (const char *c = point + 1; c < end && tenth; c++) {
		tenth /= 10;
		if (__builtin_add_overflow(*sum, (*c - '0') * tenth, sum))
			return false;
	}
	*at = end + length;
	return true;
}

bool compose_duration_parse(const char *text, int64_t *ns, struct error *err)
{
	const char *at = text;
	int64_t sum = 0;

	if (strcmp(text, "0") == 0) {
		*ns = 0;
		return true;
	}
	if (!*text)
		return invalid(text, err);
	while (*at)
		if (!take_part(&at, &sum))
			return invalid(text, err);
	*ns = sum;
	return true;
}
