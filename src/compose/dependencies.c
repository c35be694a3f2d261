/* What each service waits for: `depends_on`, and what follows from sharing something with another. */
#include "compose/load.h"

struct maker {
	struct project *project;
	struct service *service;
	struct diagnostics *diagnostics; /* NULL: what is not there is passed over */
	struct {
		struct dependency *items;
		size_t count, capacity;
	} found;
};

static const char *const conditions[] = {
	[DEPENDENCY_STARTED] = "service_started",
	[DEPENDENCY_HEALTHY] = "service_healthy",
	[DEPENDENCY_COMPLETED] = "service_completed_successfully",
};

static enum dependency_condition condition_of(const struct node *node)
{
	const char *text = node_get_text(node, "condition", "");

	for (size_t i = 0; i < array_length(conditions); i++)
		if (strcmp(conditions[i], text) == 0)
			return (enum dependency_condition)i;
	return DEPENDENCY_STARTED;
}

/* ---- what is not there ---- */

static bool tell_undefined(struct maker *maker, struct place place, const char *path,
			   const struct dependency *dependency)
{
	if (dependency->required)
		return diagnostics_error(maker->diagnostics, place, path,
					 "service \"%s\" depends on undefined service \"%s\"",
					 maker->service->name, dependency->service);
	diagnostics_warn(maker->diagnostics, place, path, "there is no service \"%s\"",
			 dependency->service);
	return false;
}

/* It must be one that is enabled, where this one is. */
static bool is_there(struct maker *maker, struct place place, const char *key,
		     const struct dependency *dependency)
{
	const struct service *other = project_service(maker->project, dependency->service);

	if (other && (other->enabled || !maker->service->enabled))
		return true;
	if (!maker->diagnostics || !maker->service->enabled)
		return false;
	scoped_free char *path = str_format("services.%s.%s", maker->service->name, key);
	if (!other)
		return tell_undefined(maker, place, path, dependency);
	if (dependency->required)
		diagnostics_error(maker->diagnostics, place, path,
				  "service \"%s\" depends on \"%s\", whose profiles are not active",
				  maker->service->name, dependency->service);
	return false;
}

/* ---- one more ---- */

static void add(struct maker *maker, struct place place, const char *key,
		struct dependency dependency)
{
	for (size_t i = 0; dependency.implied && i < maker->found.count; i++)
		if (strcmp(maker->found.items[i].service, dependency.service) == 0)
			return; /* what is written says more */
	if (is_there(maker, place, key, &dependency))
		vector_add(&maker->found, dependency);
}

static void add_written(struct maker *maker)
{
	node_each (member, node_get(maker->service->node, "depends_on")) {
		struct dependency dependency = {
			.service = member->key,
			.condition = condition_of(member->value),
			.required = node_get_bool(member->value, "required", true),
			.restart = node_get_bool(member->value, "restart", false),
		};

		add(maker, member->place, "depends_on", dependency);
	}
}

static void add_implied(struct maker *maker, const struct node *node, const char *key,
			struct dependency dependency)
{
	dependency.required = dependency.implied = true;
	add(maker, node->place, key, dependency);
}

/* "service:x" */
static void add_namespaces(struct maker *maker)
{
	static const char *const keys[] = {"network_mode", "ipc", "pid", "uts", "cgroup"};
	static const char prefix[] = "service:";

	for (size_t i = 0; i < array_length(keys); i++) {
		const struct node *node = node_get(maker->service->node, keys[i]);

		if (node && node->kind == NODE_TEXT && str_starts_with(node->text, prefix))
			add_implied(maker, node, keys[i],
				    (struct dependency){.service = node->text + sizeof(prefix) - 1,
							.restart = true});
	}
}

/* What is built from another service's image needs that service, running or not. */
static void check_context(struct maker *maker, const struct node *context)
{
	static const char prefix[] = "service:";
	const char *name = context->text + sizeof(prefix) - 1;

	if (!maker->diagnostics || !maker->service->enabled || context->kind != NODE_TEXT ||
	    !str_starts_with(context->text, prefix) || project_service(maker->project, name))
		return;
	scoped_free char *path = str_format("services.%s.build", maker->service->name);
	diagnostics_error(maker->diagnostics, context->place, path,
			  "service \"%s\" is built from undefined service \"%s\"",
			  maker->service->name, name);
}

static void check_contexts(struct maker *maker)
{
	const struct node *build = node_get(maker->service->node, "build");
	const struct node *context = node_get(build, "context");

	if (context)
		check_context(maker, context);
	node_each (member, node_get(build, "additional_contexts"))
		check_context(maker, member->value);
}

/* The text before the first colon. */
static const char *first_piece(struct maker *maker, const char *text)
{
	return arena_text_n(&maker->project->arena, text, strcspn(text, ":"));
}

static void add_links(struct maker *maker)
{
	node_each (member, node_get(maker->service->node, "links"))
		add_implied(maker, member->value, "links",
			    (struct dependency){.service = first_piece(maker, member->value->text),
						.restart = true});
}

static void add_volumes_from(struct maker *maker)
{
	node_each (member, node_get(maker->service->node, "volumes_from"))
		if (!str_starts_with(member->value->text, "container:"))
			add_implied(maker, member->value, "volumes_from",
				    (struct dependency){
					    .service = first_piece(maker, member->value->text)});
}

static int by_service(const void *a, const void *b)
{
	const struct dependency *left = a, *right = b;

	return strcmp(left->service, right->service);
}

/* What follows from sharing is said as if it had been written, as compose 2 does. */
static void write_implied(struct maker *maker)
{
	struct arena *arena = &maker->project->arena;
	struct node *service = maker->service->node, *map = node_get(service, "depends_on");
	struct place nowhere = {0};

	for (size_t i = 0; i < maker->found.count; i++) {
		const struct dependency *dependency = &maker->found.items[i];

		if (!dependency->implied)
			continue;
		struct node *value = node_new_map(arena, nowhere);
		node_set(arena, value, "condition", nowhere,
			 node_new_text(arena, conditions[DEPENDENCY_STARTED], nowhere));
		node_set(arena, value, "required", nowhere, node_new_bool(arena, true, nowhere));
		if (dependency->restart)
			node_set(arena, value, "restart", nowhere,
				 node_new_bool(arena, true, nowhere));
		if (!map) {
			map = node_new_map(arena, nowhere);
			node_set(arena, service, "depends_on", nowhere, map);
		}
		node_set(arena, map, dependency->service, nowhere, value);
	}
}

static void make_of_service(struct maker *maker)
{
	size_t size;

	add_written(maker);
	add_links(maker);
	add_namespaces(maker);
	add_volumes_from(maker);
	check_contexts(maker);
	if (maker->project->style == COMPOSE_V2 && !maker->project->plain)
		write_implied(maker);
	size = maker->found.count * sizeof(struct dependency);
	maker->service->dependency_count = maker->found.count;
	maker->service->dependencies = size ? arena_alloc(&maker->project->arena, size) : NULL;
	if (size) {
		memcpy(maker->service->dependencies, maker->found.items, size);
		qsort(maker->service->dependencies, maker->found.count, sizeof(struct dependency),
		      by_service);
	}
	vector_fini(&maker->found);
}

void project_make_dependencies(struct project *project, struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < project->service_count; i++) {
		struct maker maker = {project, &project->services[i], diagnostics, {0}};

		make_of_service(&maker);
	}
}

/* ---- circles ---- */

/* A walk in depth with a stack of its own: thousands may stand in a row. */
struct visit {
	size_t service, next; /* the dependency to look at */
};

struct circle_search {
	const struct project *project;
	struct diagnostics *diagnostics;
	enum { NOT_SEEN, ON_THE_WAY, SEEN } * states;
	struct {
		struct visit *items;
		size_t count, capacity;
	} way;
};

/* Where the last of them names the first; what it only implies is told at the service. */
static bool tell_circle_at(struct circle_search *search, const struct service *last,
			   const char *first, const char *chain)
{
	const struct node_member *written = node_find(node_get(last->node, "depends_on"), first);
	bool is_written = written && written->place.file;
	scoped_free char *path =
		str_format("services.%s%s", last->name, is_written ? ".depends_on" : "");

	return diagnostics_error(search->diagnostics, is_written ? written->place : last->place,
				 path, "services depend on each other: %s", chain);
}

static bool tell_circle(struct circle_search *search, size_t again)
{
	const struct service *services = search->project->services;
	const struct service *last = &services[search->way.items[search->way.count - 1].service];
	scoped_buffer struct buffer chain = {0};
	bool shown = false;

	for (size_t i = 0; i < search->way.count; i++) {
		size_t service = search->way.items[i].service;

		shown |= service == again;
		if (shown)
			buffer_format(&chain, "%s -> ", services[service].name);
	}
	buffer_add_text(&chain, services[again].name);
	return tell_circle_at(search, last, services[again].name, chain.data);
}

/* One step: false at a circle. */
static bool step(struct circle_search *search)
{
	const struct project *project = search->project;
	struct visit *visit = &search->way.items[search->way.count - 1];
	const struct service *service = &project->services[visit->service];

	if (visit->next == service->dependency_count) {
		search->states[visit->service] = SEEN;
		search->way.count--;
		return true;
	}
	const char *name = service->dependencies[visit->next++].service;
	size_t other = (size_t)(project_service(project, name) - project->services);
	if (search->states[other] == ON_THE_WAY)
		return tell_circle(search, other);
	if (search->states[other] == NOT_SEEN) {
		search->states[other] = ON_THE_WAY;
		vector_add(&search->way, ((struct visit){other, 0}));
	}
	return true;
}

bool project_check_circles(const struct project *project, struct diagnostics *diagnostics)
{
	struct circle_search search = {project, diagnostics, NULL, {0}};
	bool good = true;

	search.states = mem_zeroed(project->service_count, sizeof(*search.states));
	for (size_t i = 0; good && i < project->service_count; i++) {
		if (search.states[i] != NOT_SEEN)
			continue;
		search.states[i] = ON_THE_WAY;
		vector_add(&search.way, ((struct visit){i, 0}));
		while (good && search.way.count)
			good = step(&search);
	}
	free(search.states);
	vector_fini(&search.way);
	return good;
}
