/* Any bytes as a Dockerfile: lines are in order and inside the file, documents are whole, and a trigger
 * reads again as what it was. */
#include "format/dockerfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_trigger(const struct instruction *i, char escape)
{
	scoped_instruction struct instruction trigger = {0};
	struct error err;

	if (!instruction_parse(i->text, strlen(i->text), escape, &trigger, &err) ||
	    trigger.document_count != i->document_count)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_dockerfile struct dockerfile file = {0};
	struct error err;
	int line = 0;

	if (!dockerfile_parse((const char *)data, size, &file, &err))
		return 0;
	for (size_t n = 0; n < file.count; n++) {
		const struct instruction *i = &file.items[n];

		if (i->line <= line || i->last_line < i->line || strchr(i->original, '\n'))
			abort();
		line = i->last_line;
		for (size_t d = 0; d < i->document_count; d++)
			if (!i->documents[d].content)
				abort();
		if (i->kind == INSTRUCTION_ONBUILD)
			check_trigger(i, file.escape);
	}
	return 0;
}
