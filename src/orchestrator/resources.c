/* Networks and volumes: made where they are missing, made anew where their settings changed
 * (volumes: after a yes). */
#include "orchestrator/draft.h"

/* ---- what services use ---- */

static void add_key(const struct resources *resources, const char *key, struct indices *out)
{
	const struct resource *found = resources_get(resources, key);

	if (found)
		vector_add(out, (size_t)(found - resources->items));
}

void service_networks(const struct draft *draft, const struct service *service, struct indices *out)
{
	const struct node *networks = node_get(service->node, "networks");
	const struct resources *resources = &draft->project->networks;

	if (node_get_text(service->node, "network_mode", NULL) || draft->project->version1)
		return;
	if (!networks || networks->kind != NODE_MAP || !networks->count)
		add_key(resources, "default", out);
	else
		node_each (network, networks)
			add_key(resources, network->key, out);
}

void service_volumes(const struct draft *draft, const struct service *service, struct indices *out)
{
	node_each (volume, node_get(service->node, "volumes")) {
		const char *source = node_get_text(volume->value, "source", NULL);

		if (source && strcmp(node_get_text(volume->value, "type", ""), "volume") == 0)
			add_key(&draft->project->volumes, source, out);
	}
}

typedef void uses(const struct draft *draft, const struct service *service, struct indices *out);

/* Those that selected services use, each once. */
static bool *find_used(const struct draft *draft, uses *find, size_t count)
{
	bool *used = mem_zeroed(count + 1, sizeof(*used));

	for (size_t i = 0; i < draft->count; i++) {
		scoped_indices struct indices found = {0};

		if (draft->services[i].selected && draft->services[i].service)
			find(draft, draft->services[i].service, &found);
		for (size_t k = 0; k < found.count; k++)
			used[found.items[k]] = true;
	}
	return used;
}

/* All that the files declare: nobody has declared the default network where nobody uses it. */
static void use_all(struct draft *draft)
{
	const struct project *project = draft->project;

	for (size_t i = 0; i < project->networks.count; i++)
		draft->network_used[i] |= strcmp(project->networks.items[i].key, "default") != 0;
	for (size_t i = 0; i < project->volumes.count; i++)
		draft->volume_used[i] = true;
}

/* ---- what is to be done with them ---- */

static bool hash_differs(const struct resource *resource, const char *seen)
{
	if (!seen)
		return false;
	scoped_free char *hash = resource_hash(resource);
	return !str_equal(hash, seen);
}

static bool volume_is_changed(const struct draft *draft, const struct resource *volume)
{
	const struct seen_volume *seen = map_get(&draft->volumes, volume->name);

	return seen && seen->ours && !volume->external && hash_differs(volume, seen->hash);
}

static bool fail_missing(struct draft *draft, const char *kind, const struct resource *resource)
{
	bool is_network = strcmp(kind, "Network") == 0;

	if (draft->project->style == COMPOSE_V2)
		return draft_fail(draft, "%s %s declared as external, but could not be found.",
				  kind, resource->name);
	return draft_fail(
		draft,
		"%s %s declared as external, but could not be found. Please create the %s "
		"manually using `docker %s create %s%s` and try again.",
		kind, resource->name, is_network ? "network" : "volume",
		is_network ? "network" : "volume", is_network ? "" : "--name=", resource->name);
}

static bool check_network(struct draft *draft, size_t at)
{
	const struct resource *network = &draft->project->networks.items[at];
	const struct seen_network *seen = map_get(&draft->networks, network->name);

	if (network->external)
		return seen || fail_missing(draft, "Network", network);
	if (seen && !seen->ours)
		draft_warn(draft,
			   "a network with name %s exists but was not created for this project: "
			   "set `external: true` to use it without this warning",
			   network->name);
	draft->network_renewed[at] = seen && seen->ours && hash_differs(network, seen->hash);
	return true;
}

static bool check_volume(struct draft *draft, size_t at)
{
	const struct resource *volume = &draft->project->volumes.items[at];
	const struct seen_volume *seen = map_get(&draft->volumes, volume->name);

	if (volume->external)
		return seen || fail_missing(draft, "Volume", volume);
	if (seen && !seen->ours)
		draft_warn(draft,
			   "volume \"%s\" already exists but was not created for this project: "
			   "set `external: true` to use it without this warning",
			   volume->name);
	bool changed = volume_is_changed(draft, volume);
	draft->volume_renewed[at] =
		changed && draft->options->recreate_volumes && !draft->options->no_recreate;
	if (changed && !draft->volume_renewed[at])
		draft_warn(draft,
			   "volume \"%s\" exists but its settings are not those of the file: it is "
			   "kept as it is",
			   volume->name);
	return true;
}

bool draft_check_resources(struct draft *draft)
{
	const struct project *project = draft->project;
	bool good = true;

	draft->network_used = find_used(draft, service_networks, project->networks.count);
	draft->volume_used = find_used(draft, service_volumes, project->volumes.count);
	if (draft->options->all_resources)
		use_all(draft);
	draft->network_renewed = mem_zeroed(project->networks.count, sizeof(bool));
	draft->volume_renewed = mem_zeroed(project->volumes.count, sizeof(bool));
	draft->network_steps = mem_zeroed(project->networks.count, sizeof(size_t));
	draft->volume_steps = mem_zeroed(project->volumes.count, sizeof(size_t));
	for (size_t i = 0; i < project->networks.count; i++)
		good &= !draft->network_used[i] || check_network(draft, i);
	for (size_t i = 0; i < project->volumes.count; i++)
		good &= !draft->volume_used[i] || check_volume(draft, i);
	return good;
}

/* ---- steps ---- */

static size_t named_step(struct draft *draft, enum step_kind kind, const char *name, const char *id,
			 const char *reason)
{
	size_t index = draft_step(draft, kind);
	struct step *step = draft_at(draft, index);

	step->name = str_dup(name);
	step->id = str_dup_or_null(id);
	step->reason = str_dup_or_null(reason);
	return index;
}

/* A container of ours by its id, and its replica; NULL: somebody else's. */
struct attached {
	struct draft_service *service;
	const struct seen_container *container;
	const struct replica *replica;
};

static struct attached find_attached(const struct draft *draft, const char *id)
{
	struct attached found = {.container = map_get(&draft->ids, id)};

	if (!found.container)
		return found;
	found.service = draft_service(draft, container_service(found.container));
	for (size_t i = 0; i < found.service->replicas.count; i++) {
		const struct replica *replica = &found.service->replicas.items[i];

		if (replica->old == found.container || replica->next == found.container)
			found.replica = replica;
	}
	return found;
}

static size_t attach_step(struct draft *draft, enum step_kind kind, const char *id,
			  const struct attached *attached, const char *network)
{
	struct subject subject = {.id = id,
				  .name = attached->container ? attached->container->name : id};
	size_t step = draft_container_step(draft, kind, attached->service,
					   attached->container ? attached->container->number : 0,
					   &subject);

	draft_at(draft, step)->new_name = str_dup(network);
	draft_at(draft, step)->detail = true;
	return step;
}

/* One that goes before anybody needs it is not brought back. */
static bool goes(const struct draft *draft, const struct attached *attached)
{
	const struct replica *replica = attached->replica;

	if (attached->container && map_get(&draft->gone, attached->container->id))
		return true;
	return replica && (replica->fate == FATE_REMOVE ||
			   (replica->fate == FATE_RECREATE && !replica->start_first &&
			    replica->old == attached->container));
}

/* Containers leave, the network is made anew, containers come back. */
static size_t renew_network(struct draft *draft, const struct seen_network *seen)
{
	size_t count = seen->containers.count;
	scoped_indices struct indices left = {0};
	struct attached *attached = mem_zeroed(count, sizeof(*attached));

	for (size_t i = 0; i < count; i++) {
		attached[i] = find_attached(draft, seen->containers.items[i]);
		size_t step = attach_step(draft, STEP_DISCONNECT, seen->containers.items[i],
					  &attached[i], seen->name);
		vector_add(&left, step);
	}
	size_t removed = named_step(draft, STEP_REMOVE_NETWORK, seen->name, seen->id,
				    "its settings changed");
	draft_after_all(draft, removed, &left);
	size_t made = named_step(draft, STEP_CREATE_NETWORK, seen->name, NULL, NULL);
	draft_after(draft, made, removed);
	for (size_t i = 0; i < count; i++) {
		if (goes(draft, &attached[i]))
			continue;
		size_t step = attach_step(draft, STEP_CONNECT, seen->containers.items[i],
					  &attached[i], seen->name);
		draft_after(draft, step, made);
		if (attached[i].service)
			vector_add(&attached[i].service->connects, step);
	}
	free(attached);
	return made;
}

void draft_networks(struct draft *draft)
{
	const struct resources *networks = &draft->project->networks;

	for (size_t i = 0; i < networks->count; i++) {
		const struct resource *network = &networks->items[i];
		const struct seen_network *seen = map_get(&draft->networks, network->name);

		if (!draft->network_used[i])
			continue;
		if (draft->network_renewed[i])
			draft->network_steps[i] = 1 + renew_network(draft, seen);
		else if (!seen && !network->external)
			draft->network_steps[i] = 1 + named_step(draft, STEP_CREATE_NETWORK,
								 network->name, NULL, NULL);
	}
}

/* Its containers are gone by then. */
static size_t renew_volume(struct draft *draft, size_t at, const char *name)
{
	size_t removed = named_step(draft, STEP_REMOVE_VOLUME, name, NULL, "its settings changed");

	for (size_t i = 0; i < draft->count; i++) {
		struct draft_service *service = &draft->services[i];
		scoped_indices struct indices used = {0};

		if (!service->volume_renewed)
			continue;
		service_volumes(draft, service->service, &used);
		for (size_t k = 0; k < used.count; k++)
			if (used.items[k] == at)
				draft_after_all(draft, removed, &service->removals);
	}
	size_t made = named_step(draft, STEP_CREATE_VOLUME, name, NULL, NULL);
	draft_after(draft, made, removed);
	return made;
}

void draft_volumes(struct draft *draft)
{
	const struct resources *volumes = &draft->project->volumes;

	for (size_t i = 0; i < volumes->count; i++) {
		const char *name = volumes->items[i].name;

		if (!draft->volume_used[i])
			continue;
		if (draft->volume_renewed[i])
			draft->volume_steps[i] = 1 + renew_volume(draft, i, name);
		else if (!map_get(&draft->volumes, name) && !volumes->items[i].external)
			draft->volume_steps[i] =
				1 + named_step(draft, STEP_CREATE_VOLUME, name, NULL, NULL);
	}
}

void plan_changed_volumes(const struct wanted *wanted, const struct seen *seen,
			  const struct plan_options *options, struct strings *names)
{
	scoped_plan struct plan plan = {0};
	scoped_draft struct draft draft = {
		.project = wanted->project,
		.wanted = wanted,
		.seen = seen,
		.options = options,
		.plan = &plan,
	};

	if (!draft_begin(&draft, !options->no_dependencies))
		return;
	bool *used = find_used(&draft, service_volumes, wanted->project->volumes.count);
	for (size_t i = 0; i < wanted->project->volumes.count; i++)
		if (used[i] && volume_is_changed(&draft, &wanted->project->volumes.items[i]))
			strings_add(names, wanted->project->volumes.items[i].name);
	free(used);
}
