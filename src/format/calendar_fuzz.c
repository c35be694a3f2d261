/* Any text as a calendar expression: what is one is written and read as the same, and its moments follow each
 * other in bounded time. */
#include "format/calendar.h"

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_moments(const struct calendar *calendar, const struct calendar *again)
{
	int64_t us = INT64_C(1774740000000000);

	for (int i = 0; i < 20; i++) {
		int64_t next = calendar_next(calendar, us);

		if (next != calendar_next(again, us) || (next >= 0 && next <= us))
			abort();
		if (next < 0)
			return;
		us = next;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = size ? str_dup_n((const char *)data, size) : str_dup("");
	struct error err;
	struct calendar *calendar = calendar_parse(text, &err);

	if (!calendar)
		return 0;
	scoped_free char *written = calendar_format(calendar);
	struct calendar *again = calendar_parse(written, &err);
	if (!again)
		abort();
	scoped_free char *rewritten = calendar_format(again);
	if (strcmp(written, rewritten) != 0)
		abort();
	check_moments(calendar, again);
	calendar_free(calendar);
	calendar_free(again);
	return 0;
}
