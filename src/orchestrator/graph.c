/* The services of a project and what they depend on, or, without a project, what the labels of containers say. */
#include "orchestrator/draft.h"

/* ---- services ---- */

struct draft_service *draft_service(const struct draft *draft, const char *name)
{
	return name ? map_get(&draft->names, name) : NULL;
}

static struct draft_service *add_service(struct draft *draft, const char *name,
					 const struct service *service)
{
	struct draft_service *s = &draft->services[draft->count++];

	s->name = name;
	s->service = service;
	map_put(&draft->names, name, s);
	return s;
}

static bool has_items(const struct service *service, const char *key)
{
	const struct node *list = node_get(service->node, key);

	return list && list->kind == NODE_LIST && list->count > 0;
}

/* All that there can be: those of the file, and those that only containers know. */
static void add_services(struct draft *draft)
{
	const struct project *project = draft->project;
	size_t most = (project ? project->service_count : 0) + draft->seen->containers.count;

	draft->services = mem_zeroed(most, sizeof(*draft->services));
	for (size_t i = 0; project && i < project->service_count; i++) {
		const struct service *service = &project->services[i];
		struct draft_service *s = add_service(draft, service->name, service);

		s->post_start = has_items(service, "post_start");
		s->pre_stop = has_items(service, "pre_stop");
	}
	for (size_t i = 0; i < draft->seen->containers.count; i++) {
		const struct seen_container *container = &draft->seen->containers.items[i];
		const char *name = container_service(container);
		struct draft_service *s = draft_service(draft, name);

		map_put(&draft->ids, container->id, (void *)container);
		if (!s)
			s = add_service(draft, name, NULL);
		vector_add(&s->containers, container);
	}
}

/* ---- what they depend on ---- */

static const char *after_prefix(const char *text, const char *prefix)
{
	return text && str_starts_with(text, prefix) ? text + strlen(prefix) : NULL;
}

static struct draft_edge *edge_to(const struct draft *draft, struct draft_service *service,
				  const char *name)
{
	struct draft_service *other = draft_service(draft, name);

	for (size_t i = 0; other && i < service->edges.count; i++)
		if (&draft->services[service->edges.items[i].service] == other)
			return &service->edges.items[i];
	return NULL;
}

static void mark_shares(struct draft *draft, struct draft_service *service, const char *name)
{
	struct draft_edge *edge = edge_to(draft, service, name);

	if (!edge)
		return;
	edge->shares = true;
	if (service->service->enabled || service->containers.count)
		draft->services[edge->service].shared = true;
}

static void find_shared_namespaces(struct draft *draft, struct draft_service *service)
{
	static const char *const keys[] = {"network_mode", "ipc", "pid", "uts", "cgroup"};

	for (size_t i = 0; i < array_length(keys); i++) {
		const char *text = node_get_text(service->service->node, keys[i], NULL);
		const char *name = after_prefix(text, "service:");

		if (name)
			mark_shares(draft, service, name);
	}
}

static char *before_colon(const char *text)
{
	return str_dup_n(text, strcspn(text, ":"));
}

static void find_shared_volumes(struct draft *draft, struct draft_service *service)
{
	node_each (item, node_get(service->service->node, "volumes_from")) {
		if (str_starts_with(item->value->text, "container:"))
			continue;
		scoped_free char *name = before_colon(item->value->text);
		mark_shares(draft, service, name);
	}
}

static void find_links(struct draft *draft, struct draft_service *service)
{
	node_each (item, node_get(service->service->node, "links")) {
		scoped_free char *name = before_colon(item->value->text);
		struct draft_edge *edge = edge_to(draft, service, name);

		if (edge)
			edge->links = true;
	}
}

static void add_edges_of_file(struct draft *draft, struct draft_service *service)
{
	for (size_t i = 0; i < service->service->dependency_count; i++) {
		const struct dependency *d = &service->service->dependencies[i];
		const struct draft_service *other = draft_service(draft, d->service);

		if (!other || other == service)
			continue;
		struct draft_edge edge = {
			.service = (size_t)(other - draft->services),
			.condition = d->condition,
			.required = d->required,
			.restart = d->restart,
		};
		vector_add(&service->edges, edge);
	}
	find_shared_namespaces(draft, service);
	find_shared_volumes(draft, service);
	if (draft->project->version1)
		find_links(draft, service);
}

static enum dependency_condition condition_of(const char *text)
{
	if (strcmp(text, "service_healthy") == 0)
		return DEPENDENCY_HEALTHY;
	return strcmp(text, "service_completed_successfully") == 0 ? DEPENDENCY_COMPLETED
								   : DEPENDENCY_STARTED;
}

/* "db:service_healthy:false" */
static void add_edge_of_label(struct draft *draft, struct draft_service *service, const char *text)
{
	scoped_strings struct strings parts = strings_split(text, ':');
	const struct draft_service *other = draft_service(draft, parts.items[0]);

	if (!other || other == service || edge_to(draft, service, parts.items[0]))
		return;
	struct draft_edge edge = {
		.service = (size_t)(other - draft->services),
		.condition = parts.count > 1 ? condition_of(parts.items[1]) : DEPENDENCY_STARTED,
		.required = true,
		.restart = parts.count > 2 && strcmp(parts.items[2], "true") == 0,
	};
	vector_add(&service->edges, edge);
}

static void add_edges_of_labels(struct draft *draft, struct draft_service *service)
{
	const char *seen = NULL;

	for (size_t i = 0; i < service->containers.count; i++) {
		const char *label = service->containers.items[i]->depends_on;

		if (str_is_empty(label) || str_equal(label, seen))
			continue;
		seen = label;
		scoped_strings struct strings parts = strings_split(label, ',');
		for (size_t k = 0; k < parts.count; k++)
			add_edge_of_label(draft, service, parts.items[k]);
	}
}

/* ---- the order ---- */

enum colour { WHITE, GREY, BLACK };

struct frame {
	size_t service, edge;
};

struct walk {
	struct frame *items;
	size_t count, capacity;
	unsigned char *colours;
	size_t ordered;
};

static void walk_fini(struct walk *walk)
{
	vector_fini(walk);
	free(walk->colours);
}

/* An edge that leads back into the way is dropped: the file has none, labels may say anything. */
static void walk_on(struct draft *draft, struct walk *walk)
{
	struct frame *frame = &walk->items[walk->count - 1];
	struct draft_service *service = &draft->services[frame->service];

	if (frame->edge == service->edges.count) {
		walk->colours[frame->service] = BLACK;
		draft->order[walk->ordered++] = frame->service;
		walk->count--;
		return;
	}
	size_t other = service->edges.items[frame->edge].service;
	if (walk->colours[other] == GREY) {
		vector_remove(&service->edges, frame->edge);
		return;
	}
	frame->edge++;
	if (walk->colours[other] == WHITE) {
		walk->colours[other] = GREY;
		vector_add(walk, ((struct frame){.service = other}));
	}
}

static void put_in_order(struct draft *draft)
{
	scoped_with(walk_fini) struct walk walk = {0};

	draft->order = mem_zeroed(draft->count, sizeof(*draft->order));
	walk.colours = mem_zeroed(draft->count, 1);
	for (size_t i = 0; i < draft->count; i++) {
		if (walk.colours[i] != WHITE)
			continue;
		walk.colours[i] = GREY;
		vector_add(&walk, ((struct frame){.service = i}));
		while (walk.count)
			walk_on(draft, &walk);
	}
}

static void add_users(struct draft *draft)
{
	for (size_t i = 0; i < draft->count; i++)
		for (size_t k = 0; k < draft->services[i].edges.count; k++) {
			struct draft_edge edge = draft->services[i].edges.items[k];
			struct draft_service *other = &draft->services[edge.service];

			edge.service = i;
			vector_add(&other->users, edge);
		}
}

/* ---- selection ---- */

static bool select_named(struct draft *draft)
{
	for (size_t i = 0; i < draft->options->services.count; i++) {
		const char *name = draft->options->services.items[i];
		struct draft_service *service = draft_service(draft, name);

		if (!service || (draft->project && !service->service))
			return draft_fail(
				draft, "%so such service: %s",
				draft->project && draft->project->style == COMPOSE_V1 ? "N" : "n",
				name);
		service->selected = true;
	}
	return true;
}

static void select_dependencies(struct draft *draft)
{
	for (size_t i = draft->count; i-- > 0;) {
		const struct draft_service *service = &draft->services[draft->order[i]];

		for (size_t k = 0; service->selected && k < service->edges.count; k++) {
			struct draft_service *other =
				&draft->services[service->edges.items[k].service];

			other->selected |= !other->service || other->service->enabled;
		}
	}
}

static bool select_services(struct draft *draft, bool with_dependencies)
{
	if (!draft->options->services.count) {
		for (size_t i = 0; i < draft->count; i++) {
			struct draft_service *service = &draft->services[i];

			service->selected = draft->project
						    ? service->service && service->service->enabled
						    : true;
		}
		return true;
	}
	if (!select_named(draft))
		return false;
	if (with_dependencies)
		select_dependencies(draft);
	return true;
}

/* Wanted and seen things by name; values are addresses, or 1 + an index where 0 must not be. */
static void index_names(struct draft *draft)
{
	const struct seen *seen = draft->seen;

	for (size_t i = 0; draft->wanted && i < draft->wanted->hashes.count; i++)
		map_put(&draft->hashes, draft->wanted->hashes.items[i].name,
			&draft->wanted->hashes.items[i]);
	for (size_t i = 0; i < seen->images.count; i++)
		map_put(&draft->images, seen->images.items[i].name, &seen->images.items[i]);
	for (size_t i = 0; i < seen->networks.count; i++)
		map_put(&draft->networks, seen->networks.items[i].name, &seen->networks.items[i]);
	for (size_t i = 0; i < seen->volumes.count; i++)
		map_put(&draft->volumes, seen->volumes.items[i].name, &seen->volumes.items[i]);
}

bool draft_begin(struct draft *draft, bool with_dependencies)
{
	add_services(draft);
	for (size_t i = 0; i < draft->count; i++) {
		struct draft_service *service = &draft->services[i];

		if (service->service)
			add_edges_of_file(draft, service);
		else
			add_edges_of_labels(draft, service);
	}
	put_in_order(draft);
	add_users(draft);
	index_names(draft);
	return select_services(draft, with_dependencies);
}
