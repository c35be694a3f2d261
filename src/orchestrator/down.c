/* down: containers, dependents first; then networks, volumes and images that were asked for. */
#include "orchestrator/draft.h"

struct down {
	struct draft draft;
	struct indices removals; /* of containers */
	struct map
		left; /* networks and volumes ("n" and "v" before the name) of containers that stay */
};

static void down_fini(struct down *down)
{
	draft_fini(&down->draft);
	indices_fini(&down->removals);
	map_fini(&down->left);
}

/* ---- containers ---- */

static bool is_meant(const struct draft *draft, const struct draft_service *service,
		     const struct seen_container *container)
{
	const struct plan_options *options = draft->options;
	bool all = !options->services.count;

	if (container->one_off)
		return options->one_offs && (service->selected || all);
	return service->selected || (all && !service->service && options->remove_orphans);
}

static void mark_left(struct down *down, char kind, const struct strings *names)
{
	for (size_t i = 0; i < names->count; i++) {
		scoped_free char *key = str_format("%c%s", kind, names->items[i]);

		map_put(&down->left, key, down);
	}
}

static void take_down(struct down *down, struct draft_service *service,
		      const struct seen_container *container, const struct indices *after)
{
	struct draft *draft = &down->draft;
	struct subject subject = subject_of(container);
	size_t stop = 0;

	if (container_is_active(container)) {
		stop = 1 + draft_stop(draft, service, container, after);
		vector_add(&service->stops, stop - 1);
	}
	size_t step =
		draft_container_step(draft, STEP_REMOVE, service, container->number, &subject);
	draft_at(draft, step)->remove_volumes = draft->options->remove_volumes;
	draft_after_if(draft, step, stop);
	if (!stop)
		draft_after_all(draft, step, after);
	vector_add(&down->removals, step);
}

static void take_down_service(struct down *down, struct draft_service *service)
{
	scoped_indices struct indices users = {0};

	draft_stops_of_users(&down->draft, service, &users);
	for (size_t i = 0; i < service->containers.count; i++) {
		const struct seen_container *container = service->containers.items[i];

		if (is_meant(&down->draft, service, container)) {
			take_down(down, service, container, &users);
			continue;
		}
		mark_left(down, 'n', &container->networks);
		mark_left(down, 'v', &container->volumes);
	}
	if (!service->stops.count)
		indices_add(&service->stops, &users);
	draft_join(&down->draft, &service->stops);
}

static void warn_of_orphans(struct draft *draft)
{
	scoped_buffer struct buffer names = {0};

	if (!draft->project || draft->options->remove_orphans || draft->options->ignore_orphans ||
	    draft->options->services.count)
		return;
	for (size_t i = 0; i < draft->seen->containers.count; i++) {
		const struct seen_container *container = &draft->seen->containers.items[i];
		const struct draft_service *service =
			draft_service(draft, container_service(container));

		if (!container->one_off && !service->service)
			buffer_format(&names, "%s%s", names.size ? ", " : "", container->name);
	}
	if (names.size)
		draft_warn(draft,
			   "Found orphan containers (%s) for this project. If you removed or "
			   "renamed this service in your compose file, you can run this command "
			   "with the --remove-orphans flag to clean it up.",
			   names.data);
}

/* ---- what they used ---- */

static bool is_left(const struct down *down, char kind, const char *name)
{
	scoped_free char *key = str_format("%c%s", kind, name);

	return map_get(&down->left, key) != NULL;
}

/* With services named only what nobody else uses goes; else what is in use is tried, and may fail. */
static void remove_thing(struct down *down, enum step_kind kind, const char *name, const char *id)
{
	bool left = is_left(down, kind == STEP_REMOVE_NETWORK ? 'n' : 'v', name);
	struct draft *draft = &down->draft;

	if (left && draft->options->services.count)
		return;
	size_t step = draft_step(draft, kind);
	draft_at(draft, step)->name = str_dup(name);
	draft_at(draft, step)->id = str_dup_or_null(id);
	draft_at(draft, step)->optional = left;
	draft_after_all(draft, step, &down->removals);
}

/* Version 1 says of each that is not there that it was not found. */
static void remove_networks(struct down *down)
{
	const struct project *project = down->draft.project;
	const struct seen *seen = down->draft.seen;

	for (size_t i = 0; i < seen->networks.count; i++)
		if (seen->networks.items[i].ours)
			remove_thing(down, STEP_REMOVE_NETWORK, seen->networks.items[i].name,
				     seen->networks.items[i].id);
	for (size_t i = 0; project && i < project->networks.count; i++) {
		const struct resource *network = &project->networks.items[i];

		if (project->style == COMPOSE_V1 && !network->external && network->used &&
		    !map_get(&down->draft.networks, network->name))
			remove_thing(down, STEP_REMOVE_NETWORK, network->name, NULL);
	}
}

static void remove_volumes(struct down *down)
{
	const struct project *project = down->draft.project;
	const struct seen *seen = down->draft.seen;

	for (size_t i = 0; !project && i < seen->volumes.count; i++)
		if (seen->volumes.items[i].ours)
			remove_thing(down, STEP_REMOVE_VOLUME, seen->volumes.items[i].name, NULL);
	for (size_t i = 0; project && i < project->volumes.count; i++) {
		const struct resource *volume = &project->volumes.items[i];

		if (!volume->external &&
		    (project->style == COMPOSE_V1 || map_get(&down->draft.volumes, volume->name)))
			remove_thing(down, STEP_REMOVE_VOLUME, volume->name, NULL);
	}
}

/* ---- images ---- */

static void remove_image(struct down *down, const struct draft_service *service, const char *name)
{
	struct draft *draft = &down->draft;
	const struct seen_image *seen = map_get(&draft->images, name);

	if (map_get(&draft->image_steps, name) || (seen && !seen->id))
		return;
	size_t step = draft_step(draft, STEP_REMOVE_IMAGE);
	draft_at(draft, step)->name = str_dup(name);
	draft_at(draft, step)->service = str_dup(service->name);
	draft_at(draft, step)->optional = true;
	draft_after_all(draft, step, &down->removals);
	map_put(&draft->image_steps, name, (void *)(uintptr_t)(step + 1));
}

/* "local": those that only have a name because they were built. */
static void remove_images(struct down *down)
{
	bool local = strcmp(down->draft.options->remove_images, "local") == 0;

	for (size_t i = 0; i < down->draft.count; i++) {
		const struct draft_service *service = &down->draft.services[i];
		const struct service *s = service->service;

		if (!service->selected)
			continue;
		if (s && s->image && (!local || !node_get_text(s->node, "image", NULL)))
			remove_image(down, service, s->image);
		for (size_t k = 0; !s && !local && k < service->containers.count; k++)
			if (service->containers.items[k]->image_name)
				remove_image(down, service,
					     service->containers.items[k]->image_name);
	}
}

void plan_down(const struct project *project, const struct seen *seen,
	       const struct plan_options *options, struct plan *plan)
{
	scoped_with(down_fini) struct down down = {
		.draft = {.project = project, .seen = seen, .options = options, .plan = plan}};

	if (!draft_begin(&down.draft, false))
		return;
	warn_of_orphans(&down.draft);
	for (size_t i = down.draft.count; i-- > 0;)
		take_down_service(&down, &down.draft.services[down.draft.order[i]]);
	draft_join(&down.draft, &down.removals);
	remove_networks(&down);
	if (options->remove_volumes)
		remove_volumes(&down);
	if (options->remove_images)
		remove_images(&down);
}
