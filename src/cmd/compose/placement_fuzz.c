#include "cmd/compose/placement.h"
#include "format/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = str_dup_n((const char *)data, size);
	scoped_json json_t *info =
		json_loads("{\"Name\": \"n\", \"OSType\": \"linux\", \"Labels\": "
			   "[\"a=b\", 1], \"Architecture\": \"x86_64\"}",
			   0, NULL);
	struct error err;

	placement_holds(text, info, &err);
	return 0;
}
