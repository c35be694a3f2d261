/* Random projects on a random daemon, with plans that are cut after random steps: what the next plans make of it is
 * what was wanted, and nothing that must not happen does on the way (plan_world.h).  The seed is printed when
 * something is wrong; WHERRY_SEED repeats it, WHERRY_VERBOSE shows the plans. */
#include "orchestrator/plan_world.h"

#include <time.h>

enum { SERVICES = 6, ROUNDS = 200, PATIENCE = 12 };

static uint64_t seed;
static bool verbose;

/* What a service of the project is like; changed a little from plan to plan. */
struct model_service {
	bool exists, shared;
	unsigned scale, value, check;
	bool port, container_name, anonymous, host_network;
	bool networks[2], volumes[2];
	int shares;	       /* index; -1 */
	int depends[SERVICES]; /* 0 none, 1 started, 2 healthy; + 4 restart */
	unsigned update;       /* 0 none; bits: 1 given, 2 start-first, 4 rollback, 8 continue */
	unsigned parallelism;
};

struct model {
	struct model_service services[SERVICES];
	unsigned networks[2], volumes[2]; /* versions of their settings */
	unsigned images[SERVICES];
};

struct scene {
	struct world world;
	struct model model;
	struct plan_options options;
};

#define check(scene, condition)                                                                    \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail_msg("WHERRY_SEED=%llu: " #condition, (unsigned long long)seed);       \
	} while (0)

static bool chance(struct scene *scene, uint32_t one_in)
{
	return world_random(&scene->world, one_in) == 0;
}

/* ---- models ---- */

static void random_service(struct scene *scene, int at)
{
	struct model_service *s = &scene->model.services[at];

	*s = (struct model_service){.exists = !chance(scene, 6), .shares = -1, .scale = 1};
	s->port = chance(scene, 3);
	if (!s->port && chance(scene, 2))
		s->scale = world_random(&scene->world, 5);
	s->container_name = s->scale == 1 && chance(scene, 8);
	s->check = chance(scene, 2);
	s->value = world_random(&scene->world, 3);
	if (at && chance(scene, 5) && scene->model.services[at - 1].exists) {
		s->shares = at - 1;
		scene->model.services[at - 1].shared = true;
		scene->model.services[at - 1].scale += !scene->model.services[at - 1].scale;
	}
	for (int i = 0; i < at; i++)
		if (scene->model.services[i].exists && chance(scene, 3))
			s->depends[i] = 1 + (int)world_random(&scene->world, 2) +
					(chance(scene, 3) ? 4 : 0);
	for (int i = 0; i < 2; i++) {
		s->networks[i] = chance(scene, 2);
		s->volumes[i] = chance(scene, 4);
	}
	s->update = chance(scene, 2) ? 1 | world_random(&scene->world, 16) : 0;
	s->parallelism = world_random(&scene->world, 3);
}

static void random_model(struct scene *scene)
{
	for (int i = 0; i < SERVICES; i++)
		random_service(scene, i);
	for (int i = 0; i < SERVICES; i++)
		for (int k = 0; k < i; k++)
			if (!scene->model.services[k].exists)
				scene->model.services[i].depends[k] = 0;
}

/* Somebody edits the file. */
static void change_model(struct scene *scene, bool scale)
{
	struct model *model = &scene->model;

	for (int i = 0; i < SERVICES; i++) {
		struct model_service *s = &model->services[i];

		if (chance(scene, 3))
			s->value = world_random(&scene->world, 3);
		if (scale && !s->port && !s->container_name && chance(scene, 4))
			s->scale = s->shared + world_random(&scene->world, 4);
		if (chance(scene, 6))
			model->images[i]++;
		if (chance(scene, 6))
			s->update ^= 2;
	}
	for (int i = 0; i < 2; i++) {
		model->networks[i] += chance(scene, 6);
		model->volumes[i] += chance(scene, 8);
	}
}

static void write_dependencies(const struct model_service *s, struct buffer *out)
{
	static const char *const conditions[] = {"", "service_started", "service_healthy"};
	bool any = false;

	for (int i = 0; i < SERVICES; i++) {
		if (!s->depends[i] || s->shares == i)
			continue;
		buffer_add_text(out, any ? "" : "    depends_on:\n");
		buffer_format(out, "      s%d: {condition: %s%s}\n", i,
			      conditions[s->depends[i] & 3],
			      s->depends[i] & 4 ? ", restart: true" : "");
		any = true;
	}
}

static void write_update(const struct model_service *s, struct buffer *out)
{
	if (!s->update)
		return;
	buffer_format(
		out,
		"    deploy: {update_config: {order: %s, failure_action: %s, parallelism: %u}}\n",
		s->update & 2 ? "start-first" : "stop-first",
		s->update & 4	? "rollback"
		: s->update & 8 ? "continue"
				: "pause",
		s->parallelism);
}

static void write_service(const struct model *model, int at, struct buffer *out)
{
	const struct model_service *s = &model->services[at];

	buffer_format(out, "  s%d:\n    image: i%d\n    scale: %u\n    environment: {V: v%u}\n", at,
		      at, s->scale, s->value);
	if (s->check)
		buffer_add_text(out, "    healthcheck: {test: exit 0}\n");
	if (s->container_name)
		buffer_format(out, "    container_name: c%d\n", at);
	if (s->shares >= 0)
		buffer_format(out, "    network_mode: service:s%d\n", s->shares);
	else
		buffer_format(out, "    networks: [%s%s%s]\n", s->networks[0] ? "n0" : "",
			      s->networks[0] && s->networks[1] ? ", " : "",
			      s->networks[1]   ? "n1"
			      : s->networks[0] ? ""
					       : "default");
	if (s->port && s->shares < 0)
		buffer_format(out, "    ports: [\"80%d:80\"]\n", at);
	if (s->volumes[0] || s->volumes[1])
		buffer_format(out, "    volumes: [%s%s]\n", s->volumes[0] ? "\"v0:/v0\"" : "",
			      s->volumes[1] ? s->volumes[0] ? ", \"v1:/v1\"" : "\"v1:/v1\"" : "");
	write_dependencies(s, out);
	write_update(s, out);
}

static struct project *make_project(const struct scene *scene)
{
	const struct model *model = &scene->model;
	scoped_buffer struct buffer yaml = {0};

	buffer_add_text(&yaml, "services:\n");
	for (int i = 0; i < SERVICES; i++)
		if (model->services[i].exists)
			write_service(model, i, &yaml);
	buffer_add_text(&yaml, "  last: {image: last}\nnetworks:\n");
	for (int i = 0; i < 2; i++)
		buffer_format(&yaml, "  n%d: {driver_opts: {o: \"%u\"}}\n", i, model->networks[i]);
	buffer_add_text(&yaml, "volumes:\n");
	for (int i = 0; i < 2; i++)
		buffer_format(&yaml, "  v%d: {driver_opts: {o: \"%u\"}}\n", i, model->volumes[i]);
	if (verbose)
		fprintf(stderr, "%s", yaml.data);
	return sample_project(yaml.data);
}

static void set_images(struct scene *scene)
{
	for (int i = 0; i < SERVICES; i++) {
		scoped_free char *name = str_format("i%d", i);
		scoped_free char *id = str_format("sha256:%d.%u", i, scene->model.images[i]);

		pairs_set(&scene->world.images, name, id);
	}
	pairs_set(&scene->world.images, "last", "sha256:last");
}

/* ---- plans ---- */

static void check_plan(struct scene *scene, const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		for (size_t k = 0; k < plan->items[i].after_count; k++)
			check(scene, plan->items[i].after[k] < i);
	if (!verbose)
		return;
	scoped_buffer struct buffer text = {0};
	plan_write_json(plan, "", &text);
	fprintf(stderr, "%s\n", text.data);
}

typedef void make_plan(const struct scene *scene, const struct seen *seen, struct plan *plan);

static void make_up(const struct scene *scene, const struct seen *seen, struct plan *plan)
{
	struct wanted wanted = sample_wanted(scene->world.project);

	plan_up(&wanted, seen, &scene->options, plan);
	pairs_fini(&wanted.hashes);
}

static void make_down(const struct scene *scene, const struct seen *seen, struct plan *plan)
{
	plan_down(scene->world.project, seen, &scene->options, plan);
}

/* One plan from what is seen, carried out up to a cut.  True: it had something to do. */
static bool step_on(struct scene *scene, make_plan *make, size_t limit)
{
	scoped_seen struct seen seen = {0};
	scoped_plan struct plan plan = {0};

	world_see(&scene->world, &seen);
	make(scene, &seen, &plan);
	if (plan.failure && scene->options.services.count)
		return false; /* what it shares was removed, or others have its volume */
	if (plan.failure)
		fail_msg("WHERRY_SEED=%llu: %s", (unsigned long long)seed, plan.failure);
	check_plan(scene, &plan);
	if (!plan_changes_something(&plan))
		return false;
	world_run(&scene->world, &plan, limit);
	if (scene->world.trouble)
		fail_msg("WHERRY_SEED=%llu: %s", (unsigned long long)seed, scene->world.trouble);
	return true;
}

/* Cut a few times, with requests that fail, then left alone: it comes to an end. */
static void converge(struct scene *scene, make_plan *make)
{
	scene->world.unlucky = chance(scene, 2) ? 10 : 0;
	for (uint32_t cuts = world_random(&scene->world, 4); cuts > 0; cuts--)
		step_on(scene, make, chance(scene, 4) ? SIZE_MAX : world_random(&scene->world, 30));
	scene->world.unlucky = 0;
	for (int rounds = 0; step_on(scene, make, SIZE_MAX); rounds++) {
		scene->options.force_recreate = false;
		scene->options.always_recreate_dependencies = false;
		check(scene, rounds < PATIENCE);
	}
}

/* ---- what holds in the end ---- */

static void check_container(struct scene *scene, const struct world_container *c,
			    const struct service *service)
{
	scoped_free char *name = project_container_name(scene->world.project, service, c->number);
	scoped_free char *hash = service_hash(scene->world.project, service, NULL);

	check(scene, strcmp(c->name, name) == 0);
	check(scene, c->state == SEEN_RUNNING && !c->held);
	check(scene, strcmp(c->hash, hash) == 0);
	check(scene, str_equal(c->image, pairs_get(&scene->world.images, service->image)));
	check(scene, !c->network_of || world_by_id(&scene->world, c->network_of));
	node_each (network, node_get(service->node, "networks")) {
		const struct resource *resource =
			resources_get(&scene->world.project->networks, network->key);

		check(scene, node_get_text(service->node, "network_mode", NULL) ||
				     strings_contain(&c->networks, resource->name));
	}
}

static void check_services(struct scene *scene)
{
	const struct project *project = scene->world.project;
	size_t all = 0;

	for (size_t i = 0; i < project->service_count; i++) {
		const struct service *service = &project->services[i];
		size_t count = 0;

		for (size_t k = 0; k < scene->world.containers.count; k++) {
			const struct world_container *c = &scene->world.containers.items[k];

			if (strcmp(c->service, service->name) != 0)
				continue;
			count++;
			check_container(scene, c, service);
		}
		check(scene, count == service->scale);
		all += count;
	}
	check(scene, all == scene->world.containers.count);
}

/* Data of a number stays with the number. */
static void remember_data(const struct scene *scene, struct pairs *data)
{
	for (size_t i = 0; i < scene->world.containers.count; i++) {
		const struct world_container *c = &scene->world.containers.items[i];
		scoped_free char *key = str_format("%s %u", c->service, c->number);
		scoped_free char *value = str_format("%u", c->anonymous);

		pairs_set(data, key, value);
	}
}

static void check_data(struct scene *scene, const struct pairs *before)
{
	for (size_t i = 0; i < scene->world.containers.count; i++) {
		const struct world_container *c = &scene->world.containers.items[i];
		scoped_free char *key = str_format("%s %u", c->service, c->number);
		scoped_free char *value = str_format("%u", c->anonymous);
		const char *old = pairs_get(before, key);

		if (old && strcmp(old, value) != 0)
			fail_msg("WHERRY_SEED=%llu: data of %s is lost", (unsigned long long)seed,
				 key);
	}
}

/* ---- scenes ---- */

static void begin_scene(struct scene *scene)
{
	*scene = (struct scene){.options = {.stop_timeout_s = -1, .wait_timeout_ms = -1}};
	scene->world.random = seed * 2654435761u + 88172645463325252u;
	scene->world.options = &scene->options;
	for (int i = 0; i < 8; i++)
		world_random(&scene->world, 2);
	scene->options.can_hold = !chance(scene, 3);
	scene->options.remove_orphans = true;
	random_model(scene);
}

static void use_project(struct scene *scene)
{
	if (scene->world.project)
		project_free((struct project *)scene->world.project);
	set_images(scene);
	scene->world.project = make_project(scene);
}

static void end_scene(struct scene *scene)
{
	project_free((struct project *)scene->world.project);
	strings_fini(&scene->options.services);
	world_fini(&scene->world);
}

/* Version 1 of docker-compose was cut: the old one is renamed, the new one perhaps there. */
static void leave_version1(struct scene *scene, struct world_container *old)
{
	struct world_container next = {.state = SEEN_CREATED, .number = old->number};
	scoped_free char *name = str_dup(old->name);

	if (strlen(old->name) > 12 && old->name[12] == '_')
		return;
	free(old->name);
	old->name = str_format("%.12s_%s", old->id, name);
	if (chance(scene, 2))
		return;
	world_new_id(&scene->world, next.id);
	next.name = str_dup(name);
	next.service = str_dup(old->service);
	next.created = scene->world.counter;
	next.hash = str_dup(chance(scene, 2) ? "other" : old->hash);
	next.image = str_dup_or_null(old->image);
	next.network_of = str_dup_or_null(old->network_of);
	next.anonymous = old->anonymous;
	next.networks = strings_copy(&old->networks);
	next.volumes = strings_copy(&old->volumes);
	vector_add(&scene->world.containers, next);
}

/* People stop and remove things by hand, and other programs were cut. */
static void meddle(struct scene *scene)
{
	if (scene->world.containers.count && chance(scene, 3))
		world_remove(&scene->world,
			     &scene->world.containers.items[world_random(
				     &scene->world, (uint32_t)scene->world.containers.count)]);
	if (scene->world.containers.count && chance(scene, 3))
		leave_version1(scene,
			       &scene->world.containers.items[world_random(
				       &scene->world, (uint32_t)scene->world.containers.count)]);
	for (size_t i = 0; i < scene->world.containers.count; i++) {
		struct world_container *c = &scene->world.containers.items[i];

		if (chance(scene, 12) && c->state == SEEN_RUNNING)
			c->state = chance(scene, 3) ? SEEN_PAUSED : SEEN_EXITED;
	}
}

/* Some services alone, perhaps without what they depend on, or not started. */
static void up_of_some(struct scene *scene)
{
	const struct project *project = scene->world.project;

	for (size_t i = 0; i < project->service_count; i++)
		if (chance(scene, 3))
			strings_add(&scene->options.services, project->services[i].name);
	scene->options.no_dependencies = chance(scene, 3);
	scene->options.no_start = chance(scene, 3);
	converge(scene, make_up);
	strings_fini(&scene->options.services);
	scene->options.services = (struct strings){0};
	scene->options.no_dependencies = scene->options.no_start = false;
}

static void options_by_chance(struct scene *scene)
{
	scene->options.force_recreate = chance(scene, 6);
	scene->options.always_recreate_dependencies = chance(scene, 6);
	scene->options.recreate_volumes = chance(scene, 3);
	scene->options.wait = chance(scene, 3);
}

static void a_plan_that_is_cut_is_finished_by_the_next(void **state)
{
	for (int round = 0; round < ROUNDS; round++, seed++) {
		struct scene scene;

		begin_scene(&scene);
		use_project(&scene);
		converge(&scene, make_up);
		check_services(&scene);
		for (int edits = 0; edits < 3; edits++) {
			scoped_pairs struct pairs data = {0};

			change_model(&scene, true);
			options_by_chance(&scene);
			meddle(&scene);
			remember_data(&scene, &data);
			use_project(&scene);
			if (chance(&scene, 3)) { /* and once more, before it was finished */
				step_on(&scene, make_up, world_random(&scene.world, 20));
				change_model(&scene, false);
				use_project(&scene);
			}
			if (chance(&scene, 3))
				up_of_some(&scene);
			converge(&scene, make_up);
			check_services(&scene);
			if (!scene.options.recreate_volumes) /* then containers go first */
				check_data(&scene, &data);
			scene.options.recreate_volumes = false;
		}
		converge(&scene, make_down);
		check(&scene, scene.world.containers.count == 0);
		check(&scene, scene.world.networks.count == 0);
		end_scene(&scene);
	}
}

static int begin(void **state)
{
	const char *given = getenv("WHERRY_SEED");
	struct timespec now;

	verbose = getenv("WHERRY_VERBOSE") != NULL;
	clock_gettime(CLOCK_REALTIME, &now);
	if (!given || !parse_u64(given, &seed))
		seed = (uint64_t)now.tv_nsec << 20 ^ (uint64_t)now.tv_sec;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_plan_that_is_cut_is_finished_by_the_next, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
