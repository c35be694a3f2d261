/* Any file in long form is told to be wrong, or has a form that is the same when it is made again. */
#include "compose/attributes.h"
#include "format/yaml.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_identities(const struct attribute *row, const struct node *node)
{
	scoped_buffer struct buffer identity = {0};

	node_each(member, node) {
		const struct attribute *child = row ? attribute_child(row, member->key) : NULL;

		if (row && row->kind == ATTRIBUTE_LIST)
			attribute_identity(row, member->value, &identity);
		check_identities(child, member->value);
	}
}

static void check_file(const struct node *document, const struct long_form_rules *rules,
		       struct arena *arena)
{
	scoped_diagnostics struct diagnostics diagnostics = {0};
	scoped_diagnostics struct diagnostics later = {0};
	const struct node *once = long_form_file(arena, document, rules, &diagnostics);

	if (!once) {
		if (!diagnostics.errors)
			abort();
		return;
	}
	check_identities(&attributes_root, once);
	if (diagnostics.errors)
		return;
	const struct node *twice = long_form_file(arena, once, rules, &later);
	if (!twice || later.errors || !node_equal(once, twice))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct yaml_rules yaml_rules;
	struct long_form_rules rules = {
		.style = size && data[0] == '#' ? COMPOSE_V1 : COMPOSE_V2,
		.directory = "/p",
		.home = "/home/u",
		.no_interpolate = size > 1 && data[1] == '#',
	};
	scoped_arena struct arena arena = {0};
	scoped_diagnostics struct diagnostics diagnostics = {0};
	struct yaml_documents documents = {0};

	if (yaml_parse(&arena, "file", (const char *)data, size, &yaml_rules, &documents,
		       &diagnostics))
		for (size_t i = 0; i < documents.count; i++)
			check_file(documents.items[i], &rules, &arena);
	yaml_documents_fini(&documents);
	return 0;
}
