/* What both styles of `config` share: which services, in which order, and trees that are sorted. */
#include "cmd/compose/config.h"

#include <string.h>

/* ---- selection ---- */

static void use(struct config_selection *selection, const char *section, const char *name)
{
	scoped_free char *key = str_format("%s %s", section, name);

	map_put(&selection->used, key, selection);
}

static void use_sources(struct config_selection *selection, const char *section,
			const struct node *list)
{
	node_each(member, list) {
		const char *source = node_get_text(member->value, "source", NULL);

		if (source)
			use(selection, section, source);
	}
}

static void use_of(struct config_selection *selection, const struct service *service)
{
	const struct node *node = service->node;

	node_each(member, node_get(node, "networks"))
		use(selection, "networks", member->key);
	use_sources(selection, "volumes", node_get(node, "volumes"));
	use_sources(selection, "configs", node_get(node, "configs"));
	use_sources(selection, "secrets", node_get(node, "secrets"));
	use_sources(selection, "secrets", node_get(node_get(node, "build"), "secrets"));
}

static void select_service(struct config_selection *selection, const struct service *service)
{
	if (!service || map_put(&selection->services, service->name, (void *)service))
		return;
	use_of(selection, service);
	for (size_t i = 0; i < service->dependency_count; i++)
		select_service(selection, project_service(selection->project,
							  service->dependencies[i].service));
}

void config_select(struct config_selection *selection, const struct project *project,
		   const struct strings *names)
{
	selection->project = project;
	for (size_t i = 0; i < names->count; i++)
		select_service(selection, project_service(project, names->items[i]));
	for (size_t i = 0; !names->count && i < project->service_count; i++)
		if (project->services[i].enabled || project->style == COMPOSE_V1)
			select_service(selection, &project->services[i]);
}

void config_selection_fini(struct config_selection *selection)
{
	map_fini(&selection->services);
	map_fini(&selection->used);
}

bool config_has_service(const struct config_selection *selection, const struct service *service)
{
	return map_get(&selection->services, service->name) != NULL;
}

/* ---- order ---- */

struct ordering {
	const struct project *project;
	const struct service **items;
	size_t count;
	bool *seen;
};

static void place(struct ordering *ordering, const struct service *service)
{
	size_t index = (size_t)(service - ordering->project->services);

	if (ordering->seen[index])
		return;
	ordering->seen[index] = true;
	for (size_t i = 0; i < service->dependency_count; i++) {
		const struct service *other =
			project_service(ordering->project, service->dependencies[i].service);

		if (other)
			place(ordering, other);
	}
	ordering->items[ordering->count++] = service;
}

const struct service **config_order(const struct project *project)
{
	struct ordering ordering = {
		.project = project,
		.items = mem_zeroed(project->service_count + 1, sizeof(struct service *)),
		.seen = mem_zeroed(project->service_count + 1, sizeof(bool)),
	};

	for (size_t i = 0; i < project->service_count; i++)
		place(&ordering, &project->services[i]);
	free(ordering.seen);
	return ordering.items;
}

/* ---- trees ---- */

bool config_is_extension(const char *key)
{
	return str_starts_with(key, "x-");
}

static int by_key(const void *a, const void *b)
{
	const struct node_member *left = a, *right = b;

	return strcmp(left->key, right->key);
}

struct node *config_sorted(struct arena *arena, const struct node *node)
{
	struct node *copy = arena_new(arena, struct node);

	*copy = *node;
	copy->index = NULL;
	copy->members =
		node->count ? arena_alloc(arena, node->count * sizeof(*node->members)) : NULL;
	copy->capacity = node->count;
	for (size_t i = 0; i < node->count; i++) {
		copy->members[i] = node->members[i];
		copy->members[i].value = config_sorted(arena, node->members[i].value);
	}
	if (node->kind == NODE_MAP && node->count)
		qsort(copy->members, copy->count, sizeof(*copy->members), by_key);
	return copy;
}

void config_escape(struct arena *arena, struct node *node)
{
	scoped_buffer struct buffer text = {0};

	node_each(member, node)
		config_escape(arena, member->value);
	if (node->kind != NODE_TEXT || !strchr(node->text, '$'))
		return;
	for (const char *c = node->text; *c; c++) {
		if (*c == '$')
			buffer_add_char(&text, '$');
		buffer_add_char(&text, *c);
	}
	node->text = arena_text(arena, text.data);
}
