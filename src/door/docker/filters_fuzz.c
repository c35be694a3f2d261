/* Any text as filters, and as a moment. */
#include "door/docker/filters.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = size ? str_dup_n((const char *)data, size) : str_dup("");
	scoped_filters struct filters filters = {0};
	scoped_pairs struct pairs labels = {0};
	struct error err;
	int64_t ns;
	bool yes = false;

	moment_parse(text, 1700000000 * INT64_C(1000000000), &ns, &err);
	if (!filters_parse(text, &filters, &err))
		return 0;
	pairs_set(&labels, "a", "b");
	filters_pattern(&filters, "name", "web-1");
	filters_labels(&filters, "label", &labels);
	filters_bool(&filters, "dangling", &yes, &err);
	filters_check(&filters, "name label dangling", &err);
	return 0;
}
