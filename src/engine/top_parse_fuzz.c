/* Any output of ps. */
#include "base/memory.h"
#include "engine/top.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const pid_t pids[] = {1, 23, 4567};
	scoped_free char *output = size ? str_dup_n((const char *)data, size) : str_dup("");
	struct engine_top top = {0};
	struct error err;

	if (top_parse(output, pids, array_length(pids), &top, &err))
		for (size_t i = 0; i < top.count; i++)
			if (top.processes[i].count > top.titles.count)
				abort();
	top_fini(&top);
	return 0;
}
