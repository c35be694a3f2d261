#include "compose/load_cases.h"

/* ---- names ---- */

static struct project *load(const struct load_case *c, struct case_request *request)
{
	struct compose_files files = {case_read, case_exists, (void *)c};
	scoped_diagnostics struct diagnostics diagnostics = {0};

	case_request_init(c, request);
	struct project *project = compose_load(&request->request, &files, &diagnostics);
	if (!project)
		case_show(c, &diagnostics);
	assert_non_null(project);
	case_request_fini(request);
	return project;
}

static struct project *load_text(const char *options, const char *text)
{
	struct load_case c = {options, {{"/p/docker-compose.yml", text}}};
	struct case_request request;

	return load(&c, &request);
}

static void names_follow_the_style(void **state)
{
	static const struct {
		const char *options;
		bool compatibility;
		const char *container, *image;
	} rows[] = {
		{NULL, false, "p-a-2", "p-a"},
		{"v1", false, "p_a_2", "p_a"},
		{NULL, true, "p_a_2", "p_a"},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		struct load_case c = {rows[i].options,
				      {{"/p/docker-compose.yml", "services: {a: {build: .}}\n"}}};
		struct compose_files files = {case_read, case_exists, &c};
		scoped_diagnostics struct diagnostics diagnostics = {0};
		struct case_request request;

		case_request_init(&c, &request);
		request.request.compatibility = rows[i].compatibility;
		scoped(project) struct project *project =
			compose_load(&request.request, &files, &diagnostics);
		scoped_free char *name = project_container_name(project, project->services, 2);
		assert_string_equal(name, rows[i].container);
		assert_string_equal(project->services[0].image, rows[i].image);
		case_request_fini(&request);
	}
}

static void a_container_name_is_of_the_first_alone(void **state)
{
	scoped(project) struct project *project =
		load_text(NULL, "services: {a: {image: x, container_name: mine}}\n");
	scoped_free char *first = project_container_name(project, project->services, 1);
	scoped_free char *second = project_container_name(project, project->services, 2);

	assert_string_equal(first, "mine");
	assert_string_equal(second, "p-a-2");
}

/* ---- what planners look at ---- */

static void services_have_their_scale(void **state)
{
	static const struct {
		const char *text;
		unsigned scale;
	} rows[] = {
		{"services: {a: {image: x}}\n", 1},
		{"services: {a: {image: x, scale: 3}}\n", 3},
		{"services: {a: {image: x, scale: 0}}\n", 0},
		{"services: {a: {image: x, deploy: {replicas: 4}}}\n", 4},
		{"services: {a: {image: x, deploy: {mode: global}}}\n", 1},
		{"services: {a: {image: x, deploy: {mode: replicated-job, replicas: 4}}}\n", 1},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		scoped(project) struct project *project = load_text(NULL, rows[i].text);

		assert_int_equal(project->services[0].scale, rows[i].scale);
	}
}

static void resources_have_names_and_users(void **state)
{
	scoped(project) struct project *project =
		load_text(NULL, "services:\n"
				"  a: {image: x, networks: [n], volumes: ['v:/v'], secrets: [s]}\n"
				"  b: {image: x, networks: [m], profiles: [off]}\n"
				"networks: {n: , m: {name: em}, e: {external: true}}\n"
				"volumes: {v: {external: true, name: w}, u: }\n"
				"secrets: {s: {file: ./s}}\n");
	static const struct {
		size_t offset;
		const char *key, *name;
		bool external, used;
	} rows[] = {
		{offsetof(struct project, networks), "n", "p_n", false, true},
		{offsetof(struct project, networks), "m", "em", false, false},
		{offsetof(struct project, networks), "e", "e", true, false},
		{offsetof(struct project, volumes), "v", "w", true, true},
		{offsetof(struct project, volumes), "u", "p_u", false, false},
		{offsetof(struct project, secrets), "s", "p_s", false, true},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		const struct resources *resources =
			(const void *)((const char *)project + rows[i].offset);
		const struct resource *resource = resources_get(resources, rows[i].key);

		assert_string_equal(resource->name, rows[i].name);
		assert_int_equal(resource->external, rows[i].external);
		assert_int_equal(resource->used, rows[i].used);
	}
	assert_null(resources_get(&project->networks, "default"));
	assert_null(project_service(project, "c"));
}

/* ---- identity ---- */

static char *hash_of(const char *options, const char *members)
{
	scoped_free char *text = str_format(
		"services: {a: {%s}, b: {image: y, profiles: [off]}}\nconfigs: {c: {file: ./c}}\n",
		members);
	scoped(project) struct project *project = load_text(options, text);

	return service_hash(project, project_service(project, "a"), NULL);
}

static void the_hash_is_of_what_containers_are(void **state)
{
	static const char base[] = "image: x, environment: {A: 1, B: 2}, ports: ['80:80']";
	static const struct {
		const char *members;
		bool same;
	} rows[] = {
		{"ports: ['80:80'], environment: [B=2, A=1], image: x", true},
		{"image: x, environment: {A: 1, B: 2}, ports: [{target: 80, published: 80, "
		 "protocol: tcp, mode: ingress}]",
		 true},
		{"image: x, environment: {A: 1, B: 2}, ports: ['80:80'], scale: 3", true},
		{"image: x, environment: {A: 1, B: 2}, ports: ['80:80'], deploy: {replicas: 3, "
		 "update_config: {order: start-first}}",
		 true},
		{"image: x, environment: {A: 1, B: 2}, ports: ['80:80'], pull_policy: always, "
		 "attach: false, x-any: thing",
		 true},
		{"image: x, environment: {A: 1, B: 2}, ports: ['80:80'], depends_on: {b: "
		 "{condition: service_started, required: false}}",
		 true},
		{"image: x, environment: {A: 1, B: 2}, ports: ['80:80'], post_start: [{command: "
		 "x}]",
		 true},
		{"image: x, environment: {A: 1, B: 3}, ports: ['80:80']", false},
		{"image: z, environment: {A: 1, B: 2}, ports: ['80:80']", false},
		{"image: x, environment: {A: 1, B: 2}, ports: ['81:80']", false},
		{"image: x, environment: {A: 1, B: 2}, ports: ['80:80'], tty: true", false},
		{"image: x, environment: {A: 1, B: 2}, ports: ['80:80'], deploy: {resources: "
		 "{limits: {pids: 9}}}",
		 false},
		{"image: x, environment: {A: 1, B: 2}, ports: ['80:80'], deploy: {restart_policy: "
		 "{condition: any}}",
		 false},
		{"image: x, environment: {A: 1, B: 2}, ports: ['80:80'], configs: [c]", false},
	};
	scoped_free char *wanted = hash_of(NULL, base);
	scoped_free char *other_style = hash_of("v1", base);

	assert_int_equal(strlen(wanted), 64);
	assert_string_equal(wanted, other_style);
	for (size_t i = 0; i < array_length(rows); i++) {
		scoped_free char *hash = hash_of(NULL, rows[i].members);

		if ((strcmp(hash, wanted) == 0) != rows[i].same)
			fail_msg("row %zu: %s", i, rows[i].members);
	}
}

static void the_hash_follows_contents(void **state)
{
	scoped(project) struct project *project =
		load_text(NULL, "services: {a: {image: x, configs: [c]}}\nconfigs: {c: {file: "
				"./c}, d: {file: ./d}}\n");
	scoped_pairs struct pairs digests = {0};

	pairs_set(&digests, "configs.c", "one");
	scoped_free char *one = service_hash(project, project->services, &digests);
	pairs_set(&digests, "configs.d", "unused");
	scoped_free char *same = service_hash(project, project->services, &digests);
	pairs_set(&digests, "configs.c", "two");
	scoped_free char *two = service_hash(project, project->services, &digests);
	assert_string_equal(one, same);
	assert_string_not_equal(one, two);
}

static void the_hash_of_a_network_is_of_its_settings(void **state)
{
	scoped(project) struct project *a =
		load_text(NULL, "services: {a: {image: x, networks: [n]}}\nnetworks: {n: {labels: "
				"[b=2, a=1], x-y: z}}\n");
	scoped(project) struct project *b =
		load_text(NULL, "services: {a: {image: x, networks: [n]}}\nnetworks: {n: {labels: "
				"{a: 1, b: 2}}}\n");
	scoped(project) struct project *c =
		load_text(NULL, "services: {a: {image: x, networks: [n]}}\nnetworks: {n: "
				"{internal: true, labels: {a: 1, b: 2}}}\n");
	scoped_free char *hash_a = resource_hash(&a->networks.items[0]);
	scoped_free char *hash_b = resource_hash(&b->networks.items[0]);
	scoped_free char *hash_c = resource_hash(&c->networks.items[0]);

	assert_string_equal(hash_a, hash_b);
	assert_string_not_equal(hash_a, hash_c);
}

/* ---- records ---- */

static void a_record_is_what_was_enabled(void **state)
{
	scoped_diagnostics struct diagnostics diagnostics = {0};
	scoped_buffer struct buffer model = {0};
	scoped(project) struct project *project = load_text(
		"--profile on",
		"services:\n  a: {image: x, profiles: [on], depends_on: [b], command: [a, "
		"\"\\u2713\"]}\n"
		"  b: {build: ., cpus: 0.5, init: true}\n  c: {image: z, profiles: [off]}\n");

	project_write_model(project, &model);
	scoped(project) struct project *again =
		compose_restore("p", COMPOSE_V2, "/p", model.data, model.size, &diagnostics);
	assert_non_null(again);
	assert_int_equal(again->service_count, 2);
	assert_string_equal(again->directory, "/p");
	for (size_t i = 0; i < 2; i++) {
		const struct service *service = project_service(project, again->services[i].name);
		scoped_free char *before = service_hash(project, service, NULL);
		scoped_free char *after = service_hash(again, &again->services[i], NULL);

		assert_true(again->services[i].enabled);
		assert_string_equal(before, after);
		assert_int_equal(again->services[i].dependency_count, service->dependency_count);
	}
	assert_true(again->networks.items[0].used);
	assert_false(again->version1);
}

static void a_record_of_version_1_stays_one(void **state)
{
	scoped_diagnostics struct diagnostics diagnostics = {0};
	scoped_buffer struct buffer model = {0};
	scoped(project) struct project *project =
		load_text("v1", "a: {image: x, links: [b]}\nb: {image: y}\n");

	project_write_model(project, &model);
	scoped(project) struct project *again =
		compose_restore("p", COMPOSE_V1, NULL, model.data, model.size, &diagnostics);
	assert_true(again->version1);
	assert_null(node_get(again->root, "version"));
	assert_null(compose_restore("p", COMPOSE_V1, NULL, "[]", 2, &diagnostics));
	assert_null(compose_restore("p", COMPOSE_V1, NULL, "{", 1, &diagnostics));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_follow_the_style),
		cmocka_unit_test(a_container_name_is_of_the_first_alone),
		cmocka_unit_test(services_have_their_scale),
		cmocka_unit_test(resources_have_names_and_users),
		cmocka_unit_test(the_hash_is_of_what_containers_are),
		cmocka_unit_test(the_hash_follows_contents),
		cmocka_unit_test(the_hash_of_a_network_is_of_its_settings),
		cmocka_unit_test(a_record_is_what_was_enabled),
		cmocka_unit_test(a_record_of_version_1_stays_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
