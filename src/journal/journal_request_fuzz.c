/* Any bytes as parameters of a request and as cursors: NAME=value, one a line; and as a request on the wire. */
#include "format/record_fuzzing.h"
#include "journal/cursor.h"
#include "journal/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void set_line(struct journal_request *request, char *line)
{
	char *equals = strchr(line, '=');
	struct journal_cursor cursor;
	struct error err;

	if (!equals)
		return;
	*equals = '\0';
	journal_request_set(request, line, equals + 1, INT64_C(1795247262000000000), &err);
	journal_cursor_read(equals + 1, &cursor, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct record_type *const types[] = {&journal_request_type};
	scoped_free char *text = str_dup_n((const char *)data, size);
	scoped_strings struct strings lines = strings_split(text, '\n');
	struct journal_request request;

	journal_request_init(&request);
	for (size_t i = 0; i < lines.count; i++)
		set_line(&request, lines.items[i]);
	if (request.query.priority_low > request.query.priority_high || request.query.lines < -1)
		abort();
	journal_request_fini(&request);
	record_fuzz(types, 1, data, size);
	return 0;
}
