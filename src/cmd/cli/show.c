#include "cmd/cli/show.h"

#include "base/time.h"
#include "format/units.h"

#include <stdio.h>
#include <time.h>

#define SHORT_ID 12

char *show_short_id(const char *id)
{
	const char *colon = strchr(id, ':');
	const char *hex = colon ? colon + 1 : id;

	return str_dup_n(hex, strnlen(hex, SHORT_ID));
}

/* The byte behind `count` characters. */
static size_t characters_end(const char *text, size_t count)
{
	size_t at = 0;

	for (; text[at]; at++)
		if (((unsigned char)text[at] & 0xc0) != 0x80 && count-- == 0)
			break;
	return at;
}

char *show_cut(const char *text, size_t width)
{
	size_t end = characters_end(text, width);

	if (!text[end])
		return str_dup(text);
	scoped_free char *kept = str_dup_n(text, characters_end(text, width - 1));
	return str_format("%s\u2026", kept);
}

static char *local_time(int64_t seconds, const char *format)
{
	char text[64];
	time_t moment = (time_t)seconds;
	struct tm tm;

	localtime_r(&moment, &tm);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	strftime(text, sizeof(text), format, &tm);
#pragma GCC diagnostic pop
	return str_dup(text);
}

char *show_time(int64_t seconds)
{
	return local_time(seconds, "%Y-%m-%d %H:%M:%S %z %Z");
}

/* RFC 3339 has a colon in the offset, and Z for none. */
char *show_time_rfc3339(int64_t seconds)
{
	scoped_free char *text = local_time(seconds, "%Y-%m-%dT%H:%M:%S%z");
	size_t length = strlen(text);

	if (str_ends_with(text, "+0000"))
		return str_format("%.*sZ", (int)length - 5, text);
	return str_format("%.*s:%s", (int)length - 2, text, text + length - 2);
}

char *show_time_fine(const char *rfc3339)
{
	char text[TIME_TEXT_SIZE];
	int64_t ns;

	if (!time_from_text(rfc3339, &ns))
		return str_dup(*rfc3339 ? rfc3339 : "0001-01-01 00:00:00 +0000 UTC");
	time_to_text(ns, text);
	return str_format("%.10s %.*s +0000 UTC", text, (int)strlen(text + 11) - 1, text + 11);
}

char *show_age(int64_t seconds)
{
	scoped_free char *words = duration_to_words(time_now_ns() - seconds * NS_PER_SECOND);

	return str_format("%s ago", words);
}

char *show_labels(const json_t *labels)
{
	scoped_pairs struct pairs sorted = {0};
	scoped_buffer struct buffer text = {0};
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)labels, name, value)
		pairs_set(&sorted, name, json_string_value(value));
	pairs_sort(&sorted);
	for (size_t i = 0; i < sorted.count; i++)
		buffer_format(&text, "%s%s=%s", i ? "," : "", sorted.items[i].name,
			      sorted.items[i].value ? sorted.items[i].value : "");
	return buffer_take(&text);
}
