/* Several files to one tree, and projects that a project includes. */
#include "compose/load.h"

#include "compose/merge.h"

#include <limits.h>

static const char *const sections[] = {"services", "networks", "volumes",
				       "configs",  "secrets",  "models"};

/* ---- one tree over another project's ---- */

static void tell_merged(struct load *load, const char *section, const struct node_member *ours,
			const struct node_member *theirs)
{
	scoped_free char *path = str_format("%s.%s", section, ours->key);

	diagnostics_warn(load->diagnostics, ours->place, path,
			 "is included from %s:%u, too: both are merged, what is said here wins",
			 theirs->place.file, theirs->place.line);
}

/* One section; what stands in both is merged, and told unless it is the same. */
static struct node *combine_section(struct load *load, const char *section, struct node *base,
				    struct node *over)
{
	const struct attribute *row =
		attribute_child(attribute_child(&attributes_root, section), "x");

	if (!base || base->kind != NODE_MAP)
		return over;
	node_each (member, over) {
		struct node_member *theirs = node_find(base, member->key);

		if (!theirs) {
			node_set(load->arena, base, member->key, member->place, member->value);
		} else if (!node_equal(theirs->value, member->value)) {
			tell_merged(load, section, member, theirs);
			theirs->value = merge_nodes(load->arena, row, theirs->value, member->value);
			theirs->place = member->place;
		}
	}
	return base;
}

/* `over` with what is included below it. */
static void combine(struct load *load, struct node *base, struct node *over)
{
	for (size_t i = 0; i < array_length(sections); i++) {
		struct node *theirs = node_get(base, sections[i]);

		if (theirs && theirs->kind == NODE_MAP)
			node_set(load->arena, over, sections[i], theirs->place,
				 combine_section(load, sections[i], theirs,
						 node_get(over, sections[i])));
	}
}

/* ---- what is included ---- */

struct inclusion {
	struct load *load;
	const struct scope *from;
	const struct include_chain *chain;
	const struct node *entry;
};

static void add_paths(struct load *load, const struct scope *scope, const struct node *node,
		      struct strings *out)
{
	if (!node)
		return;
	if (node->kind != NODE_LIST) {
		if (*node->text)
			strings_add(out, load_path(load, scope->directory, node->text));
		return;
	}
	node_each (member, node)
		add_paths(load, scope, member->value, out);
}

static bool refuse_circle(const struct inclusion *in, const char *path)
{
	struct load *load = in->load;
	scoped_strings struct strings chain = {0};
	size_t depth = 0;

	for (const struct include_chain *other = in->chain; other; other = other->up, depth++) {
		strings_add(&chain, other->source->shown);
		if (strcmp(other->source->path, path) != 0)
			continue;
		scoped_buffer struct buffer text = {0};
		while (chain.count > 0) {
			buffer_format(&text, "%s -> ", chain.items[chain.count - 1]);
			strings_remove(&chain, chain.count - 1);
		}
		buffer_add_text(&text, load_shown(load, path));
		return diagnostics_error(load->diagnostics, in->entry->place, "include",
					 "files include each other: %s", text.data);
	}
	if (depth < LOAD_CHAIN_LIMIT)
		return true;
	return diagnostics_error(load->diagnostics, in->entry->place, "include",
				 "a chain of more than %d included files", LOAD_CHAIN_LIMIT);
}

static const char *directory_of_included(const struct inclusion *in, const char *first)
{
	const char *given = in->entry->kind == NODE_MAP
				    ? node_get_text(in->entry, "project_directory", NULL)
				    : NULL;

	if (!str_is_empty(given))
		return load_path(in->load, in->from->directory, given);
	return load_directory_of(in->load, first);
}

/* Its own .env below what the includer sees. */
static struct scope *scope_of_included(const struct inclusion *in, const char *first)
{
	struct load *load = in->load;
	struct scope *scope =
		scope_new(load, directory_of_included(in, first), &in->from->environment);
	scoped_strings struct strings files = {0};
	const char *usual = load_path(load, scope->directory, ".env");

	if (in->entry->kind == NODE_MAP)
		add_paths(load, in->from, node_get(in->entry, "env_file"), &files);
	if (!files.count && load->files->exists(load->files->data, usual))
		strings_add(&files, usual);
	for (size_t i = files.count; i > 0; i--) /* the last wins, so it comes first */
		scope_add_env_file(load, scope, files.items[i - 1]);
	return scope;
}

static bool open_sources(const struct inclusion *in, const struct strings *paths,
			 const struct scope *scope, struct source **out)
{
	bool good = true;

	for (size_t i = 0; i < paths->count; i++) {
		if (!refuse_circle(in, paths->items[i]))
			return false;
		out[i] = source_load(in->load, arena_text(in->load->arena, paths->items[i]), scope,
				     in->entry->place, "include");
		good &= out[i] != NULL;
	}
	return good;
}

static bool is_elsewhere(const struct inclusion *in)
{
	const struct node *path =
		in->entry->kind == NODE_MAP ? node_get(in->entry, "path") : in->entry;

	if (path && path->kind == NODE_LIST && path->count)
		path = path->members[0].value;
	if (!path || path->kind != NODE_TEXT || !path_is_remote(path->text))
		return false;
	diagnostics_error(in->load->diagnostics, path->place, "include",
			  "files from elsewhere are not supported yet");
	return true;
}

/* Every relative path of the files will begin with it. */
static bool has_good_directory(const struct inclusion *in)
{
	const struct node *given = node_get(in->entry, "project_directory");

	if (!given || strlen(given->text) < PATH_MAX)
		return true;
	return diagnostics_error(in->load->diagnostics, given->place, "include",
				 "a path of more than %d bytes", PATH_MAX);
}

static void remember_services(struct load *load, const struct node *tree, struct scope *scope)
{
	node_each (member, node_get(tree, "services"))
		if (!map_get(&load->included, member->key))
			map_put(&load->included, member->key, scope);
}

static struct node *include(const struct inclusion *in)
{
	struct load *load = in->load;
	scoped_strings struct strings paths = {0};

	if (is_elsewhere(in) || !has_good_directory(in))
		return NULL;
	add_paths(load, in->from,
		  in->entry->kind == NODE_MAP ? node_get(in->entry, "path") : in->entry, &paths);
	if (!paths.count) {
		diagnostics_error(load->diagnostics, in->entry->place, "include", "names no file");
		return NULL;
	}
	struct source **sources = arena_alloc(load->arena, paths.count * sizeof(struct source *));
	struct scope *scope = scope_of_included(in, paths.items[0]);
	if (!open_sources(in, &paths, scope, sources))
		return NULL;
	struct node *tree = load_tree(load, sources, paths.count, scope, in->chain);
	if (!tree)
		return NULL;
	merge_settle(load->arena, tree);
	remember_services(load, tree, scope);
	return tree;
}

/* ---- all of it ---- */

/* Later ones over earlier ones, as if each included those before it. */
static struct node *include_all(struct load *load, struct source *source, const struct scope *scope,
				const struct include_chain *chain)
{
	struct include_chain link = {chain, source};
	struct node *all = NULL;

	if (!source->include || source->include->kind != NODE_LIST)
		return NULL;
	node_each (member, source->include) {
		struct inclusion in = {load, scope, &link, member->value};
		struct node *tree = include(&in);

		if (tree && all)
			combine(load, all, tree);
		all = tree ? tree : all;
	}
	return all;
}

struct node *load_tree(struct load *load, struct source *const *sources, size_t count,
		       const struct scope *scope, const struct include_chain *chain)
{
	struct node *tree = NULL, *included = NULL;

	for (size_t i = 0; i < count; i++) {
		struct node *below = include_all(load, sources[i], scope, chain);

		if (below && included)
			combine(load, included, below);
		included = below ? below : included;
		tree = tree ? merge_nodes(load->arena, &attributes_root, tree, sources[i]->root)
			    : sources[i]->root; /* its own: each scope has read it anew */
	}
	if (!tree || !load_has_room(load, tree->place))
		return NULL;
	extends_resolve(load, tree, included, scope);
	if (included)
		combine(load, included, tree);
	return tree;
}
