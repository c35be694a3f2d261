/* A daemon for tests of plans: containers, networks and volumes in memory, and an executor that can
 * be cut after any step.  It takes ready steps in random order, refuses whatever a real daemon
 * would refuse, and watches what must never happen: a name taken twice, a start before what it
 * depends on, a volume that goes, a service without a container. */
#pragma once

#include "orchestrator/plan_sample.h"

struct world_container {
	char id[65];
	char *name, *service;
	unsigned number;
	enum seen_state state;
	enum seen_health health;
	int64_t created;
	char *hash, *image, *replaces, *network_of;
	bool held, bad; /* bad: never healthy, and ends soon */
	struct strings networks, volumes;
	unsigned anonymous; /* number of its anonymous volume */
};

struct world_thing {
	char *name, *hash, *id;
};

struct world {
	const struct project *project;
	const struct plan_options *options;
	struct {
		struct world_container *items;
		size_t count, capacity;
	} containers;
	struct {
		struct world_thing *items;
		size_t count, capacity;
	} networks, volumes;
	struct pairs images; /* name to id */
	unsigned counter;
	uint64_t random;
	uint32_t unlucky;    /* one in so many requests fails; 0: none */
	const char *trouble; /* what went wrong, said by the test; NULL */
	char said[400];
	size_t failed; /* steps of the last run */
};

static uint32_t world_random(struct world *world, uint32_t limit)
{
	world->random ^= world->random << 13;
	world->random ^= world->random >> 7;
	world->random ^= world->random << 17;
	return (uint32_t)(world->random >> 33) % limit;
}

__attribute__((format(printf, 2, 3))) static bool world_trouble(struct world *world,
								const char *format, ...)
{
	va_list args;

	if (world->trouble)
		return false;
	va_start(args, format);
	vsnprintf(world->said, sizeof(world->said), format, args);
	va_end(args);
	world->trouble = world->said;
	return false;
}

/* ---- what is there ---- */

static struct world_container *world_by_id(struct world *world, const char *id)
{
	for (size_t i = 0; id && i < world->containers.count; i++)
		if (strcmp(world->containers.items[i].id, id) == 0)
			return &world->containers.items[i];
	return NULL;
}

static struct world_container *world_by_name(struct world *world, const char *name)
{
	for (size_t i = 0; i < world->containers.count; i++)
		if (strcmp(world->containers.items[i].name, name) == 0)
			return &world->containers.items[i];
	return NULL;
}

static bool world_is_active(const struct world_container *c)
{
	return c->state == SEEN_RUNNING || c->state == SEEN_PAUSED;
}

#define world_find_thing(vector, wanted)                                                           \
	__extension__({                                                                            \
		struct world_thing *found_ = NULL;                                                 \
		for (size_t i_ = 0; i_ < (vector).count; i_++)                                     \
			if (strcmp((vector).items[i_].name, (wanted)) == 0)                        \
				found_ = &(vector).items[i_];                                      \
		found_;                                                                            \
	})

static void world_forget(struct world_container *c)
{
	free(c->name);
	free(c->service);
	free(c->hash);
	free(c->image);
	free(c->replaces);
	free(c->network_of);
	strings_fini(&c->networks);
	strings_fini(&c->volumes);
}

static void world_remove(struct world *world, struct world_container *c)
{
	world_forget(c);
	vector_remove(&world->containers, (size_t)(c - world->containers.items));
}

static void world_fini(struct world *world)
{
	while (world->containers.count)
		world_remove(world, &world->containers.items[0]);
	vector_fini(&world->containers);
	for (int which = 0; which < 2; which++) {
		size_t count = which ? world->volumes.count : world->networks.count;
		struct world_thing *items = which ? world->volumes.items : world->networks.items;

		for (size_t i = 0; i < count; i++) {
			free(items[i].name);
			free(items[i].hash);
			free(items[i].id);
		}
	}
	vector_fini(&world->networks);
	vector_fini(&world->volumes);
	pairs_fini(&world->images);
}

static void world_new_id(struct world *world, char out[static 65])
{
	uint64_t a = 0x9e3779b97f4a7c15u * (world->counter + 1);

	snprintf(out, 65, "%016llx%048x", (unsigned long long)a, ++world->counter);
}

/* ---- seeing it ---- */

static void world_see_container(const struct world_container *c, struct seen *seen)
{
	struct seen_container s = {
		.id = str_dup(c->id),
		.name = str_dup(c->name),
		.service = str_dup(c->service),
		.number = c->number,
		.state = c->state,
		.health = c->health,
		.created = c->created,
		.image = str_dup_or_null(c->image),
		.hash = str_dup_or_null(c->hash),
		.replaces = str_dup_or_null(c->replaces),
		.network_of = str_dup_or_null(c->network_of),
		.networks = strings_copy(&c->networks),
		.volumes = strings_copy(&c->volumes),
		.held = c->held,
	};

	vector_add(&seen->containers, s);
}

static void world_see_network(const struct world *world, const struct world_thing *network,
			      struct seen *seen)
{
	struct seen_network n = {
		.id = str_dup(network->id),
		.name = str_dup(network->name),
		.key = str_dup(network->name + 2),
		.hash = str_dup(network->hash),
		.ours = true,
	};

	for (size_t i = 0; i < world->containers.count; i++)
		if (strings_contain(&world->containers.items[i].networks, network->name))
			strings_add(&n.containers, world->containers.items[i].id);
	vector_add(&seen->networks, n);
}

static void world_see(const struct world *world, struct seen *seen)
{
	for (size_t i = 0; i < world->containers.count; i++)
		world_see_container(&world->containers.items[i], seen);
	for (size_t i = 0; i < world->networks.count; i++)
		world_see_network(world, &world->networks.items[i], seen);
	for (size_t i = 0; i < world->volumes.count; i++) {
		struct seen_volume v = {
			.name = str_dup(world->volumes.items[i].name),
			.key = str_dup(world->volumes.items[i].name + 2),
			.hash = str_dup(world->volumes.items[i].hash),
			.ours = true,
		};

		vector_add(&seen->volumes, v);
	}
	for (size_t i = 0; i < world->images.count; i++) {
		struct seen_image image = {.name = str_dup(world->images.items[i].name),
					   .id = str_dup(world->images.items[i].value)};

		vector_add(&seen->images, image);
	}
}

/* ---- one run of a plan ---- */

enum world_outcome { WORLD_WAITING, WORLD_DONE, WORLD_UNNEEDED, WORLD_FAILED, WORLD_LEFT_OUT };

struct world_run {
	struct world *world;
	const struct plan *plan;
	enum world_outcome *outcomes;
	char (*ids)[65]; /* of what steps made */
	bool moved;	 /* a step was left out, or is not needed */
};

static struct world_container *world_subject(struct world_run *run, const struct step *step)
{
	if (step->made_by)
		return world_by_id(run->world, run->ids[step->made_by - 1]);
	return world_by_id(run->world, step->id);
}

static bool world_goes(const struct world_run *run, const char *id)
{
	for (size_t i = 0; i < run->plan->count; i++)
		if (run->plan->items[i].kind == STEP_REMOVE &&
		    run->plan->items[i].when == STEP_WHEN_DONE &&
		    str_equal(run->plan->items[i].id, id))
			return true;
	return false;
}

static bool world_is_made(const struct world_run *run, const char *id)
{
	for (size_t i = 0; i < run->plan->count; i++)
		if (strcmp(run->ids[i], id) == 0)
			return true;
	return false;
}

/* One that this run made, else the lowest number that stays. */
static const char *world_network_of(const struct world_run *run, const struct service *service)
{
	const char *mode = node_get_text(service->node, "network_mode", "");
	const struct world_container *found = NULL;

	if (!str_starts_with(mode, "service:"))
		return NULL;
	for (size_t i = 0; i < run->world->containers.count; i++) {
		const struct world_container *c = &run->world->containers.items[i];

		if (strcmp(c->service, mode + strlen("service:")) != 0)
			continue;
		if (world_is_made(run, c->id))
			return c->id;
		if (!world_goes(run, c->id) && (!found || c->number < found->number))
			found = c;
	}
	if (!found)
		world_trouble(run->world, "%s is made before the one whose network it shares",
			      service->name);
	return found ? found->id : NULL;
}

static void world_attach(struct world *world, const struct service *service,
			 struct world_container *c)
{
	const struct resources *networks = &world->project->networks;
	const struct resources *volumes = &world->project->volumes;

	if (!node_get_text(service->node, "network_mode", NULL)) {
		node_each (member, node_get(service->node, "networks")) {
			const char *name = resources_get(networks, member->key)->name;

			strings_add(&c->networks, name);
			if (!world_find_thing(world->networks, name))
				world_trouble(world, "%s is made before its network %s", c->name,
					      name);
		}
	}
	node_each (member, node_get(service->node, "volumes")) {
		const char *source = node_get_text(member->value, "source", NULL);

		if (!source)
			continue;
		const char *name = resources_get(volumes, source)->name;
		strings_add(&c->volumes, name);
		if (!world_find_thing(world->volumes, name))
			world_trouble(world, "%s is made before its volume %s", c->name, name);
	}
}

/* BAD=2: numbers from 2 on are never healthy. */
static bool world_is_bad(const struct service *service, unsigned number)
{
	const char *bad = node_get_text(node_get(service->node, "environment"), "BAD", NULL);
	uint64_t from;

	return bad && parse_u64(bad, &from) && number >= from;
}

static bool world_create(struct world_run *run, size_t index)
{
	struct world *world = run->world;
	const struct step *step = &run->plan->items[index];
	const struct service *service = project_service(world->project, step->service);
	const struct world_container *old = world_by_id(world, step->replaces);
	struct world_container c = {.state = SEEN_CREATED};

	if (!service)
		return world_trouble(world, "a container of no service is made");
	if (world_by_name(world, step->name))
		return world_trouble(world, "the name %s is taken", step->name);
	if (step->replaces && !old)
		return world_trouble(world, "%s is to replace what is not there", step->name);
	world_new_id(world, c.id);
	c.created = world->counter;
	c.name = str_dup(step->name);
	c.service = str_dup(step->service);
	c.number = step->number;
	c.hash = service_hash(world->project, service, NULL);
	c.image = str_dup_or_null(pairs_get(&world->images, service->image));
	c.replaces = str_dup_or_null(step->replaces);
	c.network_of = str_dup_or_null(world_network_of(run, service));
	c.held = step->held;
	c.bad = world_is_bad(service, c.number);
	c.anonymous = old && !step->renew_volumes ? old->anonymous : ++world->counter;
	world_attach(world, service, &c);
	memcpy(run->ids[index], c.id, sizeof(c.id));
	vector_add(&world->containers, c);
	return true;
}

/* A published port has one owner: who has it, but for `c`?  NULL: nobody. */
static const struct world_container *world_port_owner(const struct world *world,
						      const struct world_container *c)
{
	const struct service *service = project_service(world->project, c->service);

	if (c->held || !service || !node_get(service->node, "ports"))
		return NULL;
	for (size_t i = 0; i < world->containers.count; i++) {
		const struct world_container *other = &world->containers.items[i];

		if (other != c && world_is_active(other) && !other->held &&
		    strcmp(other->service, c->service) == 0)
			return other;
	}
	return NULL;
}

static bool world_dependency_holds(const struct world *world, const struct dependency *d)
{
	for (size_t i = 0; i < world->containers.count; i++) {
		const struct world_container *c = &world->containers.items[i];

		if (strcmp(c->service, d->service) == 0 && c->state == SEEN_RUNNING && !c->held &&
		    (d->condition != DEPENDENCY_HEALTHY || c->health == SEEN_HEALTHY))
			return true;
	}
	return false;
}

static uint64_t world_scale(const struct world *world, const struct service *service)
{
	const char *given = pairs_get(&world->options->scale, service->name);
	uint64_t scale = service->scale;

	return given && parse_u64(given, &scale) ? scale : service->scale;
}

static void world_check_dependencies(struct world *world, const struct world_container *c)
{
	const struct service *service = project_service(world->project, c->service);

	for (size_t i = 0; service && i < service->dependency_count; i++) {
		const struct dependency *d = &service->dependencies[i];
		const struct service *other = project_service(world->project, d->service);

		if (!d->required || !other || !world_scale(world, other) ||
		    world->options->services.count) /* then some may be down by will */
			continue;
		if (!world_dependency_holds(world, d))
			world_trouble(world, "%s is started before %s", c->name, d->service);
	}
}

static bool world_start(struct world_run *run, const struct step *step)
{
	struct world *world = run->world;
	struct world_container *c = world_subject(run, step);

	const struct world_container *owner = c ? world_port_owner(world, c) : NULL;
	bool orphaned = c && c->network_of && !world_by_id(world, c->network_of);

	if (step->when == STEP_WHEN_FAILED && (!c || orphaned || owner))
		return false; /* what can no longer be put right */
	if (!c)
		return world_trouble(world, "%s is started and not there", step->name);
	if (orphaned)
		return world_trouble(world, "%s shares the network of a container that is gone",
				     c->name);
	if (owner && !world_is_active(c))
		return world_trouble(world, "%s is started while %s has its port", c->name,
				     owner->name);
	if (step->when == STEP_WHEN_DONE)
		world_check_dependencies(world, c);
	c->state = SEEN_RUNNING;
	c->health = SEEN_STARTING;
	return true;
}

/* Was the container put away since an update failed? */
static bool world_was_undone(const struct world_run *run, const struct step *step)
{
	for (size_t i = 0; i < run->plan->count; i++) {
		const struct step *other = &run->plan->items[i];

		if (other->when == STEP_WHEN_FAILED && run->outcomes[i] == WORLD_DONE &&
		    other->made_by == step->made_by && str_equal(other->id, step->id))
			return true;
	}
	return false;
}

/* Time goes by: what is good becomes healthy. */
static bool world_wait(struct world_run *run, const struct step *step)
{
	struct world_container *c = world_subject(run, step);

	if (!c || c->state != SEEN_RUNNING)
		return step->optional || world_was_undone(run, step)
			       ? false
			       : world_trouble(run->world, "%s is waited for and does not run",
					       step->name);
	c->health = c->bad ? SEEN_UNHEALTHY : SEEN_HEALTHY;
	return !c->bad;
}

static bool world_take_over(struct world_run *run, const struct step *step)
{
	struct world_container *c = world_subject(run, step);
	struct world_container *old = world_by_id(run->world, step->replaces);

	if (!old)
		old = world_by_name(run->world, step->replaces);
	if (!c || !old || c->state != SEEN_RUNNING || old->state != SEEN_RUNNING)
		return world_trouble(run->world, "%s takes over, but both must run", step->name);
	if (!c->held && !old->held)
		return world_trouble(run->world, "%s takes over and is not held", step->name);
	c->held = false;
	old->held = true;
	return true;
}

static bool world_rename(struct world_run *run, const struct step *step)
{
	struct world_container *c = world_subject(run, step);

	if (!c || strcmp(c->name, step->name) != 0)
		return world_trouble(run->world, "%s is renamed and not called so", step->name);
	if (world_by_name(run->world, step->new_name))
		return world_trouble(run->world, "the name %s is taken", step->new_name);
	str_replace(&c->name, step->new_name);
	return true;
}

static bool world_take_away(struct world_run *run, const struct step *step)
{
	struct world_container *c = world_subject(run, step);

	if (!c)
		return true;
	if (world_is_active(c))
		return world_trouble(run->world, "%s is removed while it runs", c->name);
	if (step->remove_volumes && !run->world->options->remove_volumes)
		return world_trouble(run->world, "volumes of %s go unasked", c->name);
	world_remove(run->world, c);
	return true;
}

static bool world_change_network(struct world_run *run, const struct step *step)
{
	struct world *world = run->world;
	struct world_container *c = world_subject(run, step);

	if (step->kind == STEP_CONNECT) {
		if (!c || !world_find_thing(world->networks, step->new_name))
			return world_trouble(world, "%s is connected to %s", step->name,
					     step->new_name);
		strings_add(&c->networks, step->new_name);
		return true;
	}
	for (size_t i = 0; c && i < c->networks.count; i++)
		if (strcmp(c->networks.items[i], step->new_name) == 0)
			strings_remove(&c->networks, i--);
	return true;
}

static bool world_make_thing(struct world_run *run, const struct step *step)
{
	struct world *world = run->world;
	bool is_network = step->kind == STEP_CREATE_NETWORK;
	const struct resources *resources =
		is_network ? &world->project->networks : &world->project->volumes;
	struct world_thing thing = {.name = str_dup(step->name)};
	char id[65];

	for (size_t i = 0; i < resources->count; i++)
		if (strcmp(resources->items[i].name, step->name) == 0)
			thing.hash = resource_hash(&resources->items[i]);
	if (!thing.hash || (is_network ? world_find_thing(world->networks, step->name)
				       : world_find_thing(world->volumes, step->name)))
		world_trouble(world, "%s is made and should not", step->name);
	world_new_id(world, id);
	thing.id = str_dup(id);
	if (is_network)
		vector_add(&world->networks, thing);
	else
		vector_add(&world->volumes, thing);
	return true;
}

static bool world_remove_thing(struct world_run *run, const struct step *step)
{
	struct world *world = run->world;
	bool is_network = step->kind == STEP_REMOVE_NETWORK;
	struct world_thing *thing = is_network ? world_find_thing(world->networks, step->name)
					       : world_find_thing(world->volumes, step->name);

	if (!thing)
		return true;
	if (!is_network && !world->options->remove_volumes && !world->options->recreate_volumes)
		return world_trouble(world, "the volume %s goes unasked", step->name);
	for (size_t i = 0; i < world->containers.count; i++) {
		const struct world_container *c = &world->containers.items[i];
		bool uses =
			is_network ? world_is_active(c) && strings_contain(&c->networks, step->name)
				   : strings_contain(&c->volumes, step->name);

		if (uses && step->optional)
			return false;
		if (uses)
			return world_trouble(world, "%s goes while %s uses it", step->name,
					     c->name);
	}
	free(thing->name);
	free(thing->hash);
	free(thing->id);
	if (is_network)
		vector_remove(&world->networks, (size_t)(thing - world->networks.items));
	else
		vector_remove(&world->volumes, (size_t)(thing - world->volumes.items));
	return true;
}

static bool world_set_state(struct world_run *run, const struct step *step, enum seen_state state)
{
	struct world_container *c = world_subject(run, step);

	if (c && world_is_active(c))
		c->state = state;
	return true;
}

static bool world_apply(struct world_run *run, size_t index)
{
	const struct step *step = &run->plan->items[index];

	switch (step->kind) {
	case STEP_CREATE:
		return world_create(run, index);
	case STEP_START:
	case STEP_RESTART:
		return world_start(run, step);
	case STEP_STOP:
	case STEP_KILL:
		return world_set_state(run, step, SEEN_EXITED);
	case STEP_PAUSE:
		return world_set_state(run, step, SEEN_PAUSED);
	case STEP_UNPAUSE:
		return world_set_state(run, step, SEEN_RUNNING);
	case STEP_REMOVE:
		return world_take_away(run, step);
	case STEP_RENAME:
		return world_rename(run, step);
	case STEP_WAIT:
	case STEP_MONITOR:
		return world_wait(run, step);
	case STEP_TAKE_OVER:
		return world_take_over(run, step);
	case STEP_CONNECT:
	case STEP_DISCONNECT:
		return world_change_network(run, step);
	case STEP_CREATE_NETWORK:
	case STEP_CREATE_VOLUME:
		return world_make_thing(run, step);
	case STEP_REMOVE_NETWORK:
	case STEP_REMOVE_VOLUME:
		return world_remove_thing(run, step);
	case STEP_PULL:
	case STEP_BUILD:
	case STEP_PUSH:
	case STEP_REMOVE_IMAGE:
	case STEP_POST_START:
	case STEP_PRE_STOP:
	case STEP_DRAIN:
	case STEP_DELAY:
	case STEP_JOIN:
	case STEP_KEEP:
	case STEP_KINDS:
		break;
	}
	return true;
}

/* ---- in which order ---- */

/* Is the step's turn there, and what becomes of it?  WORLD_WAITING: not yet; WORLD_DONE: it is to be carried out. */
static enum world_outcome world_turn(const struct world_run *run, const struct step *step)
{
	size_t gone_wrong = 0;

	for (size_t i = 0; i < step->after_count; i++) {
		enum world_outcome outcome = run->outcomes[step->after[i]];
		bool optional = run->plan->items[step->after[i]].optional;

		if (outcome == WORLD_WAITING)
			return WORLD_WAITING;
		gone_wrong +=
			outcome == WORLD_LEFT_OUT ||
			(outcome == WORLD_FAILED && (!optional || step->when == STEP_WHEN_FAILED));
	}
	if (step->when == STEP_WHEN_DONE)
		return gone_wrong > step->tolerated ? WORLD_LEFT_OUT : WORLD_DONE;
	if (gone_wrong <= step->tolerated)
		return WORLD_UNNEEDED;
	return step->undoes && run->outcomes[step->undoes - 1] != WORLD_DONE ? WORLD_UNNEEDED
									     : WORLD_DONE;
}

/* Whoever handed over, somebody serves under the number. */
static void world_check_service(struct world_run *run, const char *id, const char *service,
				unsigned number)
{
	for (size_t i = 0; i < run->world->containers.count; i++) {
		const struct world_container *c = &run->world->containers.items[i];

		if (c->number == number && strcmp(c->service, service) == 0 &&
		    c->state == SEEN_RUNNING && !c->held)
			return;
	}
	world_trouble(run->world, "nobody serves %s %u (was %.12s)", service, number, id);
}

static void world_check_served(struct world_run *run)
{
	for (size_t i = 0; i < run->plan->count; i++) {
		const struct step *step = &run->plan->items[i];

		if (step->kind == STEP_TAKE_OVER && step->when == STEP_WHEN_DONE)
			world_check_service(run, step->replaces, step->service, step->number);
	}
}

/* A random step whose turn it is; its index, or the count: none. */
static size_t world_next(struct world_run *run)
{
	size_t chosen = run->plan->count;
	uint32_t found = 0;

	for (size_t i = 0; i < run->plan->count; i++) {
		if (run->outcomes[i] != WORLD_WAITING)
			continue;
		enum world_outcome turn = world_turn(run, &run->plan->items[i]);

		if (turn == WORLD_DONE && world_random(run->world, ++found) == 0)
			chosen = i;
		if (turn == WORLD_WAITING || turn == WORLD_DONE)
			continue;
		run->outcomes[i] = turn;
		run->moved = true;
	}
	return chosen;
}

static bool world_may_fail(enum step_kind kind)
{
	return kind != STEP_JOIN && kind != STEP_KEEP && kind != STEP_DELAY;
}

/* Carry out at most `limit` steps; how many were, or the number of troubles is told by world->trouble. */
static size_t world_run(struct world *world, const struct plan *plan, size_t limit)
{
	struct world_run run = {.world = world, .plan = plan};
	size_t done = 0;

	run.outcomes = mem_zeroed(plan->count, sizeof(*run.outcomes));
	run.ids = mem_zeroed(plan->count, sizeof(*run.ids));
	world->failed = 0;
	while (done < limit && !world->trouble) {
		size_t index;

		do { /* what is left out may let others go */
			run.moved = false;
			index = world_next(&run);
		} while (index == plan->count && run.moved);
		if (index == plan->count)
			break;
		bool fails = world_may_fail(plan->items[index].kind) && world->unlucky &&
			     world_random(world, world->unlucky) == 0;
		bool good = !fails && world_apply(&run, index);
		run.outcomes[index] = good ? WORLD_DONE : WORLD_FAILED;
		world->failed += !good && !plan->items[index].optional;
		world_check_served(&run);
		done++;
	}
	for (size_t i = 0; i < plan->count && done < limit; i++)
		if (run.outcomes[i] == WORLD_WAITING)
			world_trouble(world, "step %zu has never its turn", i);
	free(run.outcomes);
	free(run.ids);
	return done;
}
