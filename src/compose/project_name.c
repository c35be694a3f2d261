/* What a project is called. */
#include "compose/load.h"

#include "format/yaml.h"

static bool is_first(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* It is part of every name on the daemon. */
enum { NAME_LIMIT = 255 };

static bool is_valid(const char *name)
{
	if (!is_first(*name) || strlen(name) > NAME_LIMIT)
		return false;
	for (; *name; name++)
		if (!is_first(*name) && *name != '_' && *name != '-')
			return false;
	return true;
}

/* Lower case, without what may not be in a name. */
static const char *normalised(struct load *load, const char *text)
{
	char *name = arena_text(load->arena, text), *out = name;

	for (; *text; text++) {
		char c = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;

		if (is_first(c) || (out > name && (c == '_' || c == '-')))
			*out++ = c;
	}
	*out = '\0';
	return name;
}

static const char *refuse(struct load *load, const char *name, struct place place, const char *path)
{
	diagnostics_error(
		load->diagnostics, place, path,
		"invalid project name \"%s\": must consist only of lowercase alphanumeric "
		"characters, hyphens, and underscores as well as start with a letter or "
		"number",
		name);
	return NULL;
}

/* A name that somebody chose. */
static const char *chosen(struct load *load, const char *name, struct place place, const char *path)
{
	if (load->request->style == COMPOSE_V1) {
		const char *usable = normalised(load, name);

		return is_valid(usable) ? usable : refuse(load, name, place, path);
	}
	return is_valid(name) ? arena_text(load->arena, name) : refuse(load, name, place, path);
}

static const char *of_directory(struct load *load)
{
	const char *slash = strrchr(load->project->directory, '/');
	const char *base = slash ? slash + 1 : load->project->directory;
	const char *name = normalised(load, base);

	if (*name)
		return name;
	/* What version 1 called such a project. */
	if (load->request->style == COMPOSE_V1)
		return "default";
	diagnostics_error(load->diagnostics, (struct place){0}, NULL,
			  "the project's folder '%s' makes no name for it: give one with -p",
			  load->project->directory);
	return NULL;
}

/* The last file that has one; in the last of its documents. */
static struct node *of_files(struct load *load)
{
	struct node *name = NULL;

	for (size_t i = 0; i < load->sources.count; i++) {
		const struct source *source = load->sources.items[i];

		for (size_t j = 0; j < source->documents->count; j++) {
			struct node *document = source->documents->items[j];
			struct node *found = node_get(document, "name");

			if (found && found->kind != NODE_MAP && found->kind != NODE_LIST &&
			    *found->text && !version1_is(document))
				name = found;
		}
	}
	return name;
}

const char *load_project_name(struct load *load)
{
	const struct compose_request *request = load->request;
	const char *name = pairs_get(&load->project->environment, "COMPOSE_PROJECT_NAME");

	if (!str_is_empty(request->project_name))
		return chosen(load, request->project_name, (struct place){0}, NULL);
	if (!str_is_empty(name))
		return chosen(load, name, (struct place){0}, "COMPOSE_PROJECT_NAME");
	struct node *node = of_files(load);
	if (!node)
		return of_directory(load);
	node = interpolate_tree(load, load->scope, node, "name");
	if (str_is_empty(node->text))
		return of_directory(load);
	return chosen(load, node->text, node->place, "name");
}
