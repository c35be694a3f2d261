/* From a tree to what planners look at. */
#include "compose/load.h"

/* ---- looking things up ---- */

static int compare_service(const void *key, const void *item)
{
	return strcmp(key, ((const struct service *)item)->name);
}

struct service *project_service(const struct project *project, const char *name)
{
	if (!project->service_count)
		return NULL;
	return bsearch(name, project->services, project->service_count, sizeof(*project->services),
		       compare_service);
}

static int compare_resource(const void *key, const void *item)
{
	return strcmp(key, ((const struct resource *)item)->key);
}

struct resource *resources_get(const struct resources *resources, const char *key)
{
	if (!resources->count)
		return NULL;
	return bsearch(key, resources->items, resources->count, sizeof(*resources->items),
		       compare_resource);
}

/* ---- services ---- */

static int by_key(const void *a, const void *b)
{
	const struct node_member *const *left = a, *const *right = b;

	return strcmp((*left)->key, (*right)->key);
}

/* A map with the same members in the order of their keys. */
static struct node *sorted(struct arena *arena, const struct node *map)
{
	const struct node_member **members = mem_zeroed(map->count, sizeof(struct node_member *));
	struct node *out = node_new_map(arena, map->place);

	for (size_t i = 0; i < map->count; i++)
		members[i] = &map->members[i];
	qsort(members, map->count, sizeof(*members), by_key);
	for (size_t i = 0; i < map->count; i++)
		node_append(arena, out, members[i]->key, members[i]->place, members[i]->value);
	free(members);
	return out;
}

static bool runs_once(const struct node *deploy)
{
	const char *mode = node_get_text(deploy, "mode", "replicated");

	return strcmp(mode, "replicated") != 0;
}

static unsigned scale_of(const struct node *service)
{
	const struct node *deploy = node_get(service, "deploy");
	int64_t scale = node_get_int(service, "scale", node_get_int(deploy, "replicas", 1));

	if (runs_once(deploy))
		return 1;
	return scale < 0 ? 0 : scale > UINT16_MAX ? UINT16_MAX : (unsigned)scale;
}

static const char *image_of(struct project *project, const char *name, const struct node *service)
{
	char between = project->style == COMPOSE_V1 || project->compatibility ? '_' : '-';
	const char *image = node_get_text(service, "image", NULL);

	if (!str_is_empty(image))
		return image;
	return node_get(service, "build")
		       ? arena_format(&project->arena, "%s%c%s", project->name, between, name)
		       : NULL;
}

static void make_services(struct project *project)
{
	struct node *services = node_get(project->root, "services");

	if (!services || services->kind != NODE_MAP || !services->count)
		return;
	services = sorted(&project->arena, services);
	node_set(&project->arena, project->root, "services", services->place, services);
	project->services =
		arena_alloc(&project->arena, services->count * sizeof(*project->services));
	node_each (member, services) {
		if (member->value->kind != NODE_MAP) /* told by the check of the file */
			continue;
		project->services[project->service_count++] = (struct service){
			.name = member->key,
			.place = member->place,
			.node = member->value,
			.enabled = true,
			.scale = scale_of(member->value),
			.image = image_of(project, member->key, member->value),
			.built = node_get(member->value, "build") != NULL,
			.container_name = node_get_text(member->value, "container_name", NULL),
		};
	}
}

/* ---- resources ---- */

static const char *resource_name(struct project *project, const struct node_member *member)
{
	const char *given = node_get_text(member->value, "name", NULL);

	if (!str_is_empty(given))
		return given;
	if (node_get_bool(member->value, "external", false))
		return member->key;
	return arena_format(&project->arena, "%s_%s", project->name, member->key);
}

static void make_resource(struct project *project, struct node_member *member, struct resource *out)
{
	struct arena *arena = &project->arena;

	if (member->value->kind != NODE_MAP)
		member->value = node_new_map(arena, member->value->place);
	out->key = member->key;
	out->name = resource_name(project, member);
	out->external = node_get_bool(member->value, "external", false);
	out->node = member->value;
	if (!project->plain && !node_get(member->value, "name"))
		node_set(arena, member->value, "name", member->value->place,
			 node_new_text(arena, out->name, member->value->place));
}

static void make_resources(struct project *project, const char *section, struct resources *out)
{
	struct arena *arena = &project->arena;
	struct node *map = node_get(project->root, section);

	if (!map || map->kind != NODE_MAP || !map->count)
		return;
	map = sorted(arena, map);
	node_set(arena, project->root, section, map->place, map);
	out->items = arena_alloc(arena, map->count * sizeof(*out->items));
	node_each (member, map)
		make_resource(project, member, &out->items[out->count++]);
}

void project_make(struct project *project)
{
	project->root = sorted(&project->arena, project->root);
	make_services(project);
	make_resources(project, "networks", &project->networks);
	make_resources(project, "volumes", &project->volumes);
	make_resources(project, "configs", &project->configs);
	make_resources(project, "secrets", &project->secrets);
}

/* ---- what is used ---- */

static void use(const struct resources *resources, const char *key)
{
	struct resource *resource = key ? resources_get(resources, key) : NULL;

	if (resource)
		resource->used = true;
}

static void use_sources(const struct resources *resources, const struct node *list)
{
	node_each (member, list)
		use(resources, node_get_text(member->value, "source", NULL));
}

static void use_of(struct project *project, const struct node *service)
{
	node_each (member, node_get(service, "networks"))
		use(&project->networks, member->key);
	node_each (member, node_get(service, "volumes"))
		if (strcmp(node_get_text(member->value, "type", ""), "volume") == 0)
			use(&project->volumes, node_get_text(member->value, "source", NULL));
	use_sources(&project->configs, node_get(service, "configs"));
	use_sources(&project->secrets, node_get(service, "secrets"));
	use_sources(&project->secrets, node_get(node_get(service, "build"), "secrets"));
}

void project_connect(struct project *project, struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < project->service_count; i++)
		if (project->services[i].enabled)
			use_of(project, project->services[i].node);
	project_make_dependencies(project, diagnostics);
	if (diagnostics)
		project_check_circles(project, diagnostics);
}

void project_free(struct project *project)
{
	if (!project)
		return;
	strings_fini(&project->files);
	strings_fini(&project->env_files);
	pairs_fini(&project->environment);
	vector_fini(&project->variables);
	arena_fini(&project->arena);
	free(project);
}
