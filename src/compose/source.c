/* One file: bytes, documents, one tree in long form. */
#include "compose/load.h"

#include "compose/merge.h"
#include "format/yaml.h"

static struct source *fail(struct source *source)
{
	source->failed = true;
	return NULL;
}

static bool within_limits(struct load *load, struct place from, const char *from_path)
{
	if (load->files_read++ >= LOAD_FILES_LIMIT)
		return diagnostics_error(load->diagnostics, from, from_path,
					 "a project of more than %d files", LOAD_FILES_LIMIT);
	return load_has_room(load, from);
}

static bool read_text(struct load *load, const struct source *source, struct place from,
		      const char *from_path, struct buffer *text)
{
	char words[ERROR_TEXT_SIZE];
	struct error err;

	if (load->files->read(load->files->data, source->path, YAML_SIZE_LIMIT, text, &err))
		return true;
	if (!from.file)
		from.file = source->shown;
	return diagnostics_error(load->diagnostics, from, from_path, "%s",
				 error_text(&err, words, sizeof(words)));
}

struct source *source_read(struct load *load, const char *path, struct place from,
			   const char *from_path)
{
	struct source *source = arena_new(load->arena, struct source);
	struct yaml_rules rules = {load->request->style == COMPOSE_V1};
	scoped_buffer struct buffer text = {0};

	source->path = path;
	source->shown = load_shown(load, path);
	source->documents = arena_new(load->arena, struct yaml_documents);
	vector_add(&load->sources, source);
	if (!within_limits(load, from, from_path) ||
	    !read_text(load, source, from, from_path, &text))
		return fail(source);
	if (!yaml_parse(load->arena, source->shown, text.data ? text.data : "", text.size, &rules,
			source->documents, load->diagnostics))
		return fail(source);
	return source;
}

/* ---- long form ---- */

static bool is_map_or_nothing(struct load *load, const struct node *document)
{
	if (document->kind == NODE_MAP || document->kind == NODE_NULL)
		return true;
	return diagnostics_error(load->diagnostics, document->place, NULL,
				 "a compose file is a mapping with `services` and the like");
}

static struct node *long_document(struct load *load, struct source *source,
				  const struct scope *scope, struct node *document)
{
	struct long_form_rules rules = {
		.style = load->request->style,
		.directory = scope->directory,
		.home = pairs_get(&load->request->environment, "HOME"),
		.no_path_resolution = load->request->no_path_resolution,
		.room = LOAD_MEMORY_LIMIT,
		.no_interpolate = load->request->no_interpolate,
	};

	document = interpolate_tree(load, scope, document, NULL);
	if (version1_is(document)) {
		source->version1 = true;
		document = version1_convert(load, document);
	}
	return long_form_file(load->arena, document, &rules, load->diagnostics);
}

bool source_finish(struct load *load, struct source *source, const struct scope *scope)
{
	size_t errors = load->diagnostics->errors;
	struct node *root = NULL;

	for (size_t i = 0; i < source->documents->count; i++) {
		struct node *document = source->documents->items[i];

		if (!is_map_or_nothing(load, document))
			continue;
		document = long_document(load, source, scope, document);
		root = root ? merge_nodes(load->arena, &attributes_root, root, document) : document;
	}
	if (!root)
		root = node_new_map(load->arena, (struct place){.file = source->shown});
	source->include = node_get(root, "include");
	node_remove(root, "include");
	source->root = root;
	source->failed = load->diagnostics->errors > errors;
	return !source->failed;
}

struct source *source_load(struct load *load, const char *path, const struct scope *scope,
			   struct place from, const char *from_path)
{
	scoped_free char *key = str_format("%p %s", (const void *)scope, path);
	struct source *source = map_get(&load->by_file, key);

	if (!source) {
		source = source_read(load, path, from, from_path);
		if (!source)
			return NULL;
		source_finish(load, source, scope);
		map_put(&load->by_file, key, source);
	}
	return source->failed ? NULL : source;
}
