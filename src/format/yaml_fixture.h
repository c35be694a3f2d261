/* For tests: a document without mistakes, as its tree. */
#pragma once

#include "base/test.h"
#include "format/yaml.h"

static inline struct node *read_yaml(struct arena *arena, const char *text)
{
	scoped_diagnostics struct diagnostics diagnostics = {0};
	struct yaml_documents documents = {0};
	struct yaml_rules rules = {0};

	assert_true(yaml_parse(arena, "f", text, strlen(text), &rules, &documents, &diagnostics));
	struct node *root = documents.items[0];
	yaml_documents_fini(&documents);
	return root;
}
