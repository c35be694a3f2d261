/* `config` of compose 2: long forms, all that is known, what no service uses left out. */
#include "cmd/compose/config.h"

#include <string.h>

/* ---- services ---- */

static void add_addresses(struct arena *arena, const struct node_member *host, struct node *list)
{
	node_each(address, host->value)
		node_add(
			arena, list,
			node_new_text(arena,
				      arena_format(arena, "%s=%s", host->key, address->value->text),
				      address->value->place));
}

/* host=address, as compose 2 writes what its model has as a map. */
static void write_hosts(struct arena *arena, struct node *parent)
{
	struct node_member *hosts = node_find(parent, "extra_hosts");

	if (!hosts || hosts->value->kind != NODE_MAP)
		return;
	struct node *list = node_new_list(arena, hosts->value->place);
	node_each(host, hosts->value)
		add_addresses(arena, host, list);
	hosts->value = list;
}

/* Modes of files are octal. */
static void write_modes(struct arena *arena, const struct node *files)
{
	node_each(file, files) {
		struct node_member *mode = node_find(file->value, "mode");

		if (mode && mode->value->kind == NODE_INT)
			mode->value =
				node_new_text(arena,
					      arena_format(arena, "%04llo",
							   (unsigned long long)mode->value->number),
					      mode->value->place);
	}
}

static struct node *service_tree(struct arena *arena, const struct service *service)
{
	struct node *tree = config_sorted(arena, service->node);
	struct node *build = node_get(tree, "build");

	write_hosts(arena, tree);
	if (build)
		write_hosts(arena, build);
	write_modes(arena, node_get(tree, "configs"));
	write_modes(arena, node_get(tree, "secrets"));
	return tree;
}

static struct node *services_tree(struct arena *arena, const struct config_selection *selection)
{
	const struct project *project = selection->project;
	struct node *out = node_new_map(arena, (struct place){0});

	for (size_t i = 0; i < project->service_count; i++) {
		const struct service *service = &project->services[i];

		if (config_has_service(selection, service))
			node_append(arena, out, service->name, service->place,
				    service_tree(arena, service));
	}
	return out;
}

/* ---- the rest ---- */

static void add_section(struct arena *arena, const struct config_selection *selection,
			const char *section, struct node *root)
{
	const struct node *all = node_get(selection->project->root, section);
	struct node *out = node_new_map(arena, (struct place){0});

	node_each(member, all) {
		scoped_free char *key = str_format("%s %s", section, member->key);

		if (selection->all_resources || map_get(&selection->used, key))
			node_append(arena, out, member->key, member->place,
				    config_sorted(arena, member->value));
	}
	if (out->count)
		node_append(arena, root, section, (struct place){0}, out);
}

struct node *config_tree_v2(struct arena *arena, const struct config_selection *selection)
{
	static const char *const sections[] = {"networks", "volumes", "secrets", "configs"};
	const struct project *project = selection->project;
	struct node *root = node_new_map(arena, (struct place){0});

	node_append(arena, root, "name", (struct place){0},
		    node_new_text(arena, project->name, (struct place){0}));
	node_append(arena, root, "services", (struct place){0}, services_tree(arena, selection));
	for (size_t i = 0; i < array_length(sections); i++)
		add_section(arena, selection, sections[i], root);
	node_each(member, project->root)
		if (config_is_extension(member->key))
			node_append(arena, root, member->key, member->place,
				    config_sorted(arena, member->value));
	if (selection->escape)
		config_escape(arena, root);
	return root;
}
