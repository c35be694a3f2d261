/* What is parsed can be written, and reads back as the same. */
#include "format/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_written(const struct node *root, struct arena *arena)
{
	static const struct yaml_rules rules;
	scoped_diagnostics struct diagnostics diagnostics = {0};
	scoped_buffer struct buffer text = {0};
	struct yaml_documents again = {0};

	yaml_write(root, root->count % 2, &text);
	if (!yaml_parse(arena, "again", text.data, text.size, &rules, &again, &diagnostics) ||
	    !node_equal(root, again.items[0]))
		abort();
	yaml_documents_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct yaml_rules rules = {.duplicates_warn = size && data[0] == '#'};
	scoped_arena struct arena arena = {0};
	scoped_diagnostics struct diagnostics diagnostics = {0};
	struct yaml_documents documents = {0};

	if (yaml_parse(&arena, "file", (const char *)data, size, &rules, &documents, &diagnostics))
		for (size_t i = 0; i < documents.count; i++)
			check_written(documents.items[i], &arena);
	else if (!diagnostics.errors)
		abort();
	for (size_t i = 0; i < diagnostics.count; i++) {
		scoped_buffer struct buffer shown = {0};

		diagnostic_write(&diagnostics.items[i], (const char *)data, size, &shown);
	}
	yaml_documents_fini(&documents);
	return 0;
}
