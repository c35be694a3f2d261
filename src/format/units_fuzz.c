/* Any text as a size or a duration: what is read as a duration is written and read as the same. */
#include "format/units.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = size ? str_dup_n((const char *)data, size) : str_dup("");
	struct error err;
	int64_t value, again;

	if (size_from_text(text, &value, &err) && value < 0)
		abort();
	if (!duration_from_text(text, &value, &err))
		return 0;
	scoped_free char *written = duration_to_text(value);
	if (!duration_from_text(written, &again, &err) || again != value)
		abort();
	return 0;
}
