#include "cmd/cli/moment.h"

#include "base/text.h"
#include "base/time.h"
#include "format/units.h"

#include <ctype.h>
#include <time.h>

static bool is_unix(const char *text)
{
	size_t whole = strspn(text, "0123456789"), decimals = 0;

	if (text[whole] == '.')
		decimals = 1 + strspn(text + whole + 1, "0123456789");
	return whole && !text[whole + decimals];
}

/* "2025-01-31T12:00" and shorter forms of it, in local time. */
static bool parse_local(const char *text, int64_t *seconds)
{
	static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H",
					    "%Y-%m-%d"};

	for (size_t i = 0; i < array_length(forms); i++) {
		struct tm tm = {.tm_isdst = -1};
		const char *end = strptime(text, forms[i], &tm);

		if (!end || (*end && strcmp(end, "Z") != 0))
			continue;
		*seconds = *end == 'Z' ? timegm(&tm) : mktime(&tm);
		return true;
	}
	return false;
}

char *moment_to_unix(const char *text, struct error *err)
{
	struct error no_duration;
	int64_t ns;

	if (is_unix(text))
		return str_dup(text);
	if (duration_from_text(text, &ns, &no_duration))
		return str_format("%lld", (long long)((time_now_ns() - ns) / NS_PER_SECOND));
	if (time_from_text(text, &ns))
		return str_format("%lld.%09lld", (long long)(ns / NS_PER_SECOND),
				  (long long)(ns % NS_PER_SECOND));
	int64_t seconds;
	if (parse_local(text, &seconds))
		return str_format("%lld.000000000", (long long)seconds);
	error_set(err, ERROR_INVALID, "failed to parse value as time or duration: \"%s\"", text);
	return NULL;
}
