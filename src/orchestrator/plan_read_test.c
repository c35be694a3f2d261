/* Plans as text, and back. */
#include "orchestrator/plan_sample.h"

#include <time.h>

static void see_container(struct seen *seen, const char *service, const char *id, const char *hash)
{
	struct seen_container c = {
		.id = str_dup(id),
		.name = str_format("p-%s-1", service),
		.service = str_dup(service),
		.number = 1,
		.state = SEEN_RUNNING,
		.hash = str_dup(hash),
	};

	strings_add(&c.networks, "p_default");
	changes_add(&c.changes, "environment.DEBUG", NULL, "1");
	changes_add(&c.changes, "image", "a", "b");
	vector_add(&seen->containers, c);
}

/* One with steps of many kinds. */
static void make_plan(struct plan *plan, struct seen *seen)
{
	struct project *project = sample_project(
		"services:\n"
		"  web: {image: i, deploy: {update_config: {order: start-first, failure_action: "
		"rollback}},\n"
		"    depends_on: {db: {condition: service_healthy, required: false}}}\n"
		"  db: {image: j}\n"
		"networks: {default: {}}\n");
	struct wanted wanted = sample_wanted(project);
	struct plan_options options = {
		.stop_timeout_s = 7, .wait_timeout_ms = -1, .can_hold = true};

	see_container(seen, "web", "0123456789abcdef", "x");
	see_container(seen, "old", "1123456789abcdef", "x");
	plan_up(&wanted, seen, &options, plan);
	pairs_fini(&wanted.hashes);
	project_free(project);
}

static void a_plan_comes_back_as_it_was(void **state)
{
	scoped_seen struct seen seen = {0};
	scoped_plan struct plan plan = {0}, again = {0};
	scoped_buffer struct buffer text = {0}, once_more = {0};
	scoped_free char *read = NULL;
	scoped_free char *digest = seen_digest(&seen);
	struct error err = {0};

	make_plan(&plan, &seen);
	assert_true(plan.count > 10 && plan.warnings.count);
	plan_write_json(&plan, digest, &text);
	if (!plan_read_json(text.data, text.size, &again, &read, &err))
		fail_msg("%s", err.text);
	plan_write_json(&again, read, &once_more);
	assert_string_equal(text.data, once_more.data);
	assert_string_equal(read, digest);
	assert_int_equal(again.count, plan.count);
	for (size_t i = 0; i < plan.count; i++) {
		assert_int_equal(again.items[i].timeout_ms, plan.items[i].timeout_ms);
		assert_int_equal(again.items[i].tolerated, plan.items[i].tolerated);
		assert_int_equal(again.items[i].undoes, plan.items[i].undoes);
	}
}

static void people_read_one_line_a_change(void **state)
{
	scoped_seen struct seen seen = {0};
	scoped_plan struct plan plan = {0};
	scoped_buffer struct buffer text = {0};

	make_plan(&plan, &seen);
	plan_write_text(&plan, &text);
	assert_string_equal(
		text.data,
		"create network p_default\n"
		"create p-db-1\n"
		"recreate p-web-1: environment.DEBUG added, image changed (start-first)\n"
		"    environment.DEBUG added: 1\n"
		"    image: a -> b\n");
}

static void every_kind_has_a_name(void **state)
{
	for (int kind = 0; kind < STEP_KINDS; kind++)
		assert_non_null(step_kind_name((enum step_kind)kind));
}

#define STEPS(steps) "{\"version\":1,\"state\":\"s\",\"warnings\":[],\"steps\":[" steps "]}"
#define JOIN	     "{\"kind\":\"join\",\"after\":[]}"

static void what_is_no_plan_is_refused(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"", "1:"},
		{"[]", "'version' must be"},
		{"{\"version\":2}", "'version' must be"},
		{"{\"version\":1,\"steps\":[]}", "'state' must be text"},
		{"{\"version\":1,\"state\":\"s\"}", "'steps' must be a list"},
		{STEPS("3"), "step 0: a step must be an object"},
		{STEPS("{\"kind\":\"jump\"}"), "step 0: 'kind' must be a kind of step"},
		{STEPS("{\"kind\":\"join\",\"colour\":1}"), "step 0: 'colour' is not known"},
		{STEPS("{\"kind\":\"join\",\"after\":[0]}"), "step 0: 'after' must be"},
		{STEPS(JOIN ",{\"kind\":\"join\",\"after\":[1]}"), "step 1: 'after' must be"},
		{STEPS(JOIN ",{\"kind\":\"join\",\"after\":[-1]}"), "step 1: 'after' must be"},
		{STEPS(JOIN ",{\"kind\":\"join\",\"undoes\":1}"), "step 1: 'undoes' must be"},
		{STEPS("{\"kind\":\"create\",\"name\":\"a\"}"), "step 0: 'service' must be there"},
		{STEPS("{\"kind\":\"start\",\"name\":\"a\"}"), "step 0: 'id' must be there"},
		{STEPS(JOIN ",{\"kind\":\"start\",\"name\":\"a\",\"made_by\":0}"),
		 "step 1: 'made_by' must be a step that creates"},
		{STEPS("{\"kind\":\"rename\",\"name\":\"a\",\"id\":\"b\"}"), "'new_name' must be"},
		{STEPS("{\"kind\":\"take_over\",\"name\":\"a\",\"id\":\"b\"}"),
		 "'replaces' must be"},
		{STEPS("{\"kind\":\"stop\",\"name\":\"a\",\"id\":\"b\",\"timeout_ms\":-2}"),
		 "'timeout_ms' must be"},
		{STEPS("{\"kind\":\"wait\",\"name\":\"a\",\"id\":\"b\",\"condition\":\"well\"}"),
		 "'condition' must be"},
		{STEPS("{\"kind\":\"join\",\"when\":\"often\"}"), "'when' must be"},
		{STEPS("{\"kind\":\"join\",\"changes\":[{}]}"), "'changes' must be"},
		{STEPS("{\"kind\":\"join\",\"detail\":1}"), "'detail' must be true or false"},
		{STEPS("{\"name\":\"a\"}"), "a step must be an object with a kind"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_plan struct plan plan = {0};
		struct error err = {0};
		char *read = NULL;

		assert_false(
			plan_read_json(cases[i].text, strlen(cases[i].text), &plan, &read, &err));
		assert_null(read);
		if (!strstr(err.text, cases[i].error))
			fail_msg("%s\n=> %s, not %s", cases[i].text, err.text, cases[i].error);
	}
}

static void what_moved_changes_the_digest(void **state)
{
	scoped_seen struct seen one = {0}, two = {0};

	see_container(&one, "a", "0123456789abcdef", "x");
	see_container(&one, "b", "1123456789abcdef", "x");
	see_container(&two, "b", "1123456789abcdef", "x");
	see_container(&two, "a", "0123456789abcdef", "x");
	two.containers.items[0].health = SEEN_HEALTHY;
	scoped_free char *first = seen_digest(&one), *second = seen_digest(&two);
	assert_string_equal(first, second);
	two.containers.items[0].state = SEEN_EXITED;
	scoped_free char *third = seen_digest(&two);
	assert_string_not_equal(first, third);
}

/* 5000 services, each of which depends on the one before and on the first. */
static void many_services_take_little_time(void **state)
{
	enum { MANY = 5000 };
	scoped_buffer struct buffer yaml = {0};
	scoped_plan struct plan up = {0}, down = {0};
	scoped_seen struct seen seen = {0};
	struct plan_options options = {.stop_timeout_s = -1};
	struct timespec from, to;

	buffer_add_text(&yaml, "services:\n  s0: {image: i, scale: 50}\n");
	for (int i = 1; i < MANY; i++)
		buffer_format(&yaml, "  s%d: {image: i, depends_on: [s%d%s]}\n", i, i - 1,
			      i > 1 ? ", s0" : "");
	struct project *project = sample_project(yaml.data);
	struct wanted wanted = sample_wanted(project);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	plan_up(&wanted, &seen, &options, &up);
	for (size_t i = 0; i < up.count; i++)
		if (up.items[i].kind == STEP_CREATE) {
			scoped_free char *id = str_format("%016zx", i);

			see_container(&seen, up.items[i].service, id, "x");
			seen.containers.items[seen.containers.count - 1].number =
				up.items[i].number;
		}
	plan_down(project, &seen, &options, &down);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	int64_t ms = (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000;
	print_message("# %d services: %zu and %zu steps in %lld ms\n", MANY, up.count, down.count,
		      (long long)ms);
	assert_true(up.count > 2 * MANY && down.count > 2 * MANY);
	size_t edges = 0;
	for (size_t i = 0; i < up.count; i++)
		edges += up.items[i].after_count;
	assert_true(edges < 10 * MANY);
	assert_true(ms <
		    3000); /* a sanitized build on a busy machine; quadratic would be minutes */
	pairs_fini(&wanted.hashes);
	project_free(project);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_comes_back_as_it_was),
		cmocka_unit_test(people_read_one_line_a_change),
		cmocka_unit_test(every_kind_has_a_name),
		cmocka_unit_test(what_is_no_plan_is_refused),
		cmocka_unit_test(what_moved_changes_the_digest),
		cmocka_unit_test(many_services_take_little_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
