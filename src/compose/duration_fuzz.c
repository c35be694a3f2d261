/* Any text as a span of time: what is accepted is written in Go's notation and means the same there. */
#include "compose/duration.h"
#include "format/units.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = size ? str_dup_n((const char *)data, size) : str_dup("");
	struct error err;
	int64_t ns, again;

	if (!compose_duration_parse(text, &ns, &err))
		return 0;
	scoped_free char *written = duration_to_text(ns);
	if (ns < 0 || !compose_duration_parse(written, &again, &err) || again != ns)
		abort();
	return 0;
}
