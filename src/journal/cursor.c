#include "journal/cursor.h"

#include "journal/crc32c.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

const char *journal_cursor_text(const struct journal_view *view,
				char out[static JOURNAL_CURSOR_TEXT_SIZE])
{
	const struct entry_frame *head = &view->stored.head;
	char stream[JOURNAL_ID_SIZE], boot[JOURNAL_ID_SIZE];

	journal_id_text(view->file->name.stream, stream);
	journal_id_text(view->file->name.boot, boot);
	snprintf(out, JOURNAL_CURSOR_TEXT_SIZE,
		 "s=%s;i=%" PRIx64 ";b=%s;m=%" PRIx64 ";t=%" PRIx64 ";x=%" PRIx32, stream,
		 view->sequence, boot, (uint64_t)head->monotonic_ns / 1000,
		 (uint64_t)head->realtime_ns / 1000, crc32c(view->text.text, view->text.size));
	return out;
}

static bool read_number(const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	if (!isxdigit((unsigned char)*text))
		return false;
	*out = strtoull(text, &end, 16);
	return !errno && !*end;
}

static bool read_time(const char *text, int64_t *us)
{
	uint64_t value;

	if (!read_number(text, &value) || value > INT64_MAX / 1000)
		return false;
	*us = (int64_t)value;
	return true;
}

static bool read_part(const char *part, struct journal_cursor *out)
{
	uint64_t ignored;

	if (!*part || part[1] != '=')
		return false;
	switch (*part) {
	case 's':
		return journal_id_read(part + 2, out->stream);
	case 'b':
		return journal_id_read(part + 2, out->boot);
	case 'i':
		return read_number(part + 2, &out->sequence);
	case 'm':
		return read_time(part + 2, &out->monotonic_us);
	case 't':
		return read_time(part + 2, &out->realtime_us);
	case 'x':
		return read_number(part + 2, &ignored);
	default:
		return false;
	}
}

bool journal_cursor_read(const char *text, struct journal_cursor *out, struct error *err)
{
	scoped_strings struct strings parts = strings_split(text, ';');

	*out = (struct journal_cursor){0};
	for (size_t i = 0; i < parts.count; i++)
		if (!read_part(parts.items[i], out))
			return error_set(err, ERROR_INVALID, "'%.200s' is no cursor", text);
	return true;
}
