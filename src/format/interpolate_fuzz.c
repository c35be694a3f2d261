#include "format/interpolate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *get(void *data, const char *name)
{
	return name[0] == 'U' ? NULL : name + 1;
}

/* What needs no variable stays itself when it is written with doubled dollars. */
static void check_doubled(const char *text, const struct interpolate_rules *rules)
{
	scoped_buffer struct buffer doubled = {0};
	struct error err;

	for (const char *at = text; *at; at++) {
		buffer_add_char(&doubled, *at);
		if (*at == '$')
			buffer_add_char(&doubled, '$');
	}
	scoped_free char *same = interpolate(doubled.data ? doubled.data : "", rules, &err);
	if (!same || strcmp(same, text) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = size ? str_dup_n((const char *)data, size) : str_dup("");
	struct interpolate_rules rules = {.get = get};
	struct error err;
	scoped_free char *value = interpolate(text, &rules, &err);

	check_doubled(text, &rules);
	return 0;
}
