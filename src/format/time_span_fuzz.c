/* Any text as a span or a moment: what is read as one is written and read as the same. */
#include "format/time_span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_span(int64_t us)
{
	scoped_free char *written = time_span_format(us, 1), *age = time_span_format_short(us);
	int64_t again;

	if (us < 0 || !*age || !time_span_parse(written, 1, &again) || again != us)
		abort();
}

static void check_moment(int64_t us)
{
	scoped_free char *written = time_stamp_format(us);
	int64_t again;

	if (us < 0)
		abort();
	if (strcmp(written, "n/a") != 0 &&
	    (!time_stamp_parse(written, 0, &again) || again != us - us % 1000000))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = size ? str_dup_n((const char *)data, size) : str_dup("");
	int64_t value;

	if (time_span_parse(text, 1000000, &value))
		check_span(value);
	if (time_stamp_parse(text, INT64_C(1795777200000000), &value))
		check_moment(value);
	return 0;
}
