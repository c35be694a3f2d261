#include "cmd/cli/template.h"
#include "format/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static json_t *answer(const json_t *object, const char *name, const json_t *arguments)
{
	return strcmp(name, "Label") == 0 ? json_string("x") : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char document[] = "{\"A\":\"text\",\"N\":3,\"F\":0.25,\"L\":[\"x\",{\"B\":"
				       "null}],\"Labels\":{\"k\":\"v\"}}";
	struct error err;
	scoped_buffer struct buffer out = {0};

	if (size > 2048) /* ranges nest: time grows as a power of the length */
		return 0;
	scoped_free char *text = str_dup_n((const char *)data, size);
	scoped_json json_t *root = json_parse(document, sizeof(document) - 1, &err);
	scoped(template) struct template *t = template_parse(text, &err);
	if (t) {
		struct template_data with = {.root = root, .call = answer};

		template_uses(t, "A");
		template_execute(t, &with, &out, &err);
	}
	return 0;
}
