#include "format/dotenv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *get(void *data, const char *name)
{
	return name[0] == 'S' ? "shell" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dotenv_rules rules = {.get = get, .raw = size && data[0] == '#'};
	scoped_pairs struct pairs out = {0};
	struct error err = {0};

	if (!dotenv_parse((const char *)data, size, &rules, &out, &err) && !*err.text)
		abort();
	for (size_t i = 0; i < out.count; i++)
		if (!*out.items[i].name || !out.items[i].value)
			abort();
	return 0;
}
