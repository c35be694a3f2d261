/* Updates whose new containers are not healthy: what was there stays, or comes back. */
#include "orchestrator/plan_world.h"

struct gate_case {
	const char *order, *action, *extra; /* more of update_config */
	unsigned scale, bad_from;	    /* numbers from here on fail */
	const char
		*outcome; /* a letter for each number: o the old one, n a new one that is healthy */
	bool cannot_hold;
};

struct gate_scene {
	struct world world;
	struct plan_options options;
};

static char *case_yaml(const struct gate_case *c, unsigned value, bool bad)
{
	scoped_free char *from = bad ? str_format(", BAD: \"%u\"", c->bad_from) : str_dup("");

	return str_format("services:\n  web:\n    image: i\n    scale: %u\n"
			  "    environment: {V: v%u%s}\n    healthcheck: {test: x}\n"
			  "    deploy: {update_config: {order: %s, failure_action: %s%s%s}}\n",
			  c->scale, value, from, c->order, c->action, c->extra ? ", " : "",
			  c->extra ? c->extra : "");
}

static void use_yaml(struct gate_scene *scene, char *yaml)
{
	project_free((struct project *)scene->world.project);
	scene->world.project = sample_project(yaml);
	free(yaml);
}

/* One plan, carried out up to a cut.  False: there was nothing to do. */
static bool up(struct gate_scene *scene, size_t limit)
{
	struct wanted wanted = sample_wanted(scene->world.project);
	scoped_seen struct seen seen = {0};
	scoped_plan struct plan plan = {0};

	world_see(&scene->world, &seen);
	plan_up(&wanted, &seen, &scene->options, &plan);
	pairs_fini(&wanted.hashes);
	assert_null(plan.failure);
	bool changes = plan_changes_something(&plan);
	world_run(&scene->world, &plan, limit);
	if (scene->world.trouble)
		fail_msg("after %zu steps: %s", limit, scene->world.trouble);
	return changes;
}

static void begin(struct gate_scene *scene, const struct gate_case *c)
{
	*scene = (struct gate_scene){.options = {.stop_timeout_s = -1, .wait_timeout_ms = -1}};
	scene->world.options = &scene->options;
	scene->world.random = 88172645463325252u;
	scene->options.can_hold = !c->cannot_hold;
	pairs_set(&scene->world.images, "i", "sha256:i");
	use_yaml(scene, case_yaml(c, 1, false));
	up(scene, SIZE_MAX);
	assert_int_equal(scene->world.containers.count, c->scale);
}

static void end(struct gate_scene *scene)
{
	project_free((struct project *)scene->world.project);
	world_fini(&scene->world);
}

static char *outcome_of(const struct gate_scene *scene, unsigned scale, const struct strings *old)
{
	char *letters = mem_zeroed(scale + 1, 1);

	memset(letters, '-', scale);
	for (size_t i = 0; i < scene->world.containers.count; i++) {
		const struct world_container *c = &scene->world.containers.items[i];
		scoped_free char *name = str_format("p-web-%u", c->number);
		bool serves = c->state == SEEN_RUNNING && !c->held && strcmp(c->name, name) == 0;

		assert_in_range(c->number, 1, scale);
		letters[c->number - 1] = letters[c->number - 1] != '-' ? '2'
					 : !serves		       ? '?'
					 : strings_contain(old, c->id) ? 'o'
					 : c->bad		       ? 'b'
								       : 'n';
	}
	return letters;
}

static struct strings ids_of(const struct gate_scene *scene)
{
	struct strings ids = {0};

	for (size_t i = 0; i < scene->world.containers.count; i++)
		strings_add(&ids, scene->world.containers.items[i].id);
	return ids;
}

static void check_case(const struct gate_case *c, size_t cut)
{
	struct gate_scene scene;

	begin(&scene, c);
	scoped_strings struct strings old = ids_of(&scene);
	use_yaml(&scene, case_yaml(c, 2, true));
	up(&scene, cut);
	if (cut != SIZE_MAX)
		up(&scene, SIZE_MAX);
	scoped_free char *letters = outcome_of(&scene, c->scale, &old);
	if (c->bad_from <= c->scale)
		assert_true(scene.world.failed > 0 || cut != SIZE_MAX);
	if (cut == SIZE_MAX ? strcmp(letters, c->outcome) != 0 : strpbrk(letters, "-2?b") != NULL)
		fail_msg("%s %s, %u bad from %u, cut after %zu: %s", c->order, c->action, c->scale,
			 c->bad_from, cut, letters);
	/* The file is put right: all become new. */
	use_yaml(&scene, case_yaml(c, 3, false));
	for (int i = 0; i < 5 && up(&scene, SIZE_MAX); i++)
		;
	free(letters);
	letters = outcome_of(&scene, c->scale, &old);
	for (unsigned i = 0; i < c->scale; i++)
		assert_int_equal(letters[i], 'n');
	end(&scene);
}

static const struct gate_case cases[] = {
	{"start-first", "pause", NULL, 1, 1, "o"},
	{"start-first", "pause", NULL, 1, 2, "n"},
	{"start-first", "pause", NULL, 3, 2, "noo"},
	{"start-first", "pause", "parallelism: 2", 4, 3, "nnoo"},
	{"start-first", "continue", NULL, 3, 2, "noo"},
	{"start-first", "rollback", NULL, 1, 1, "o"},
	{"start-first", "rollback", NULL, 3, 2, "ooo"},
	{"start-first", "rollback", NULL, 3, 4, "nnn"},
	{"start-first", "rollback", "parallelism: 2", 4, 3, "oooo"},
	{"start-first", "rollback", "parallelism: 0", 4, 3, "oooo"},
	{"start-first", "rollback", "max_failure_ratio: 0.5", 4, 3, "nnoo"},
	{"start-first", "pause", "max_failure_ratio: 0.25, parallelism: 1", 4, 3, "nnoo"},
	{"start-first", "rollback", "delay: 5s", 3, 3, "ooo"},
	{"stop-first", "rollback", NULL, 1, 1, "o"},
	{"stop-first", "rollback", NULL, 3, 2, "ooo"},
	{"stop-first", "rollback", "parallelism: 2", 4, 3, "oooo"},
	{"stop-first", "rollback", "max_failure_ratio: 0.5", 4, 3, "nnoo"},
	{"stop-first", "rollback", NULL, 3, 4, "nnn"},
	{"start-first", "pause", NULL, 3, 2, "noo", .cannot_hold = true},
	{"start-first", "rollback", NULL, 3, 2, "ooo", .cannot_hold = true},
};

static void a_gate_that_fails_keeps_or_restores(void **state)
{
	for (size_t i = 0; i < array_length(cases); i++)
		check_case(&cases[i], SIZE_MAX);
}

/* After any step: the next run ends with a container that serves under every number, none doubled. */
static void a_failing_update_may_be_cut_anywhere(void **state)
{
	for (size_t i = 0; i < array_length(cases); i++)
		for (size_t cut = 1; cut < 50; cut++)
			check_case(&cases[i], cut);
}

/* db, and web that is stopped while db is made anew; V is what changes in each. */
static char *restart_yaml(unsigned db, unsigned web, bool bad)
{
	return str_format("services:\n  db:\n    image: i\n    environment: {V: v%u%s}\n"
			  "    healthcheck: {test: x}\n"
			  "  web:\n    image: i\n    environment: {V: v%u}\n"
			  "    depends_on: {db: {condition: service_healthy, restart: true}}\n",
			  db, bad ? ", BAD: \"1\"" : "", web);
}

static bool runs(const struct gate_scene *scene, const char *name)
{
	for (size_t i = 0; i < scene->world.containers.count; i++)
		if (strcmp(scene->world.containers.items[i].name, name) == 0)
			return scene->world.containers.items[i].state == SEEN_RUNNING;
	return false;
}

static void who_was_stopped_for_one_that_fails_runs_again(void **state)
{
	static const struct gate_case one = {.scale = 1, .order = "stop-first", .action = "pause"};

	for (unsigned web = 1; web <= 2; web++)
		for (size_t cut = 0; cut < 20; cut++) {
			struct gate_scene scene;

			begin(&scene, &one);
			use_yaml(&scene, restart_yaml(1, 1, false));
			scene.options.remove_orphans = true;
			up(&scene, SIZE_MAX);
			use_yaml(&scene, restart_yaml(2, web, true));
			up(&scene, cut ? cut : SIZE_MAX);
			if (!cut)
				assert_true(runs(&scene, "p-web-1") && scene.world.failed);
			use_yaml(&scene, restart_yaml(3, web, false));
			for (int i = 0; i < 5 && up(&scene, SIZE_MAX); i++)
				;
			assert_true(runs(&scene, "p-db-1") && runs(&scene, "p-web-1"));
			assert_int_equal(scene.world.containers.count, 2);
			end(&scene);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_gate_that_fails_keeps_or_restores),
		cmocka_unit_test(a_failing_update_may_be_cut_anywhere),
		cmocka_unit_test(who_was_stopped_for_one_that_fails_runs_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
