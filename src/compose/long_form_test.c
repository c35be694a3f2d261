#include "base/test.h"
#include "compose/attributes.h"
#include "format/yaml.h"

struct file {
	struct arena arena;
	struct diagnostics diagnostics;
	struct node *root;
};

static void file_fini(struct file *file)
{
	arena_fini(&file->arena);
	diagnostics_fini(&file->diagnostics);
}
#define scoped_file scoped_with(file_fini)

static void read_file(struct file *file, const char *text, enum compose_style style)
{
	static const struct yaml_rules yaml_rules;
	struct long_form_rules rules = {.style = style, .directory = "/p", .home = "/home/u"};
	struct yaml_documents documents = {0};

	assert_true(yaml_parse(&file->arena, "f", text, strlen(text), &yaml_rules, &documents,
			       &file->diagnostics));
	file->root = long_form_file(&file->arena, documents.items[0], &rules, &file->diagnostics);
	yaml_documents_fini(&documents);
}

/* One attribute of a service, as JSON. */
static void check_service(const char *yaml, const char *json)
{
	scoped_file struct file file = {0};
	scoped_buffer struct buffer out = {0};
	scoped_free char *text = str_format("services: {a: {%s}}", yaml);

	read_file(&file, text, COMPOSE_V2);
	if (file.diagnostics.count)
		fail_msg("%s: %s: %s", yaml, file.diagnostics.items[0].path,
			 file.diagnostics.items[0].text);
	node_write_json(node_get(node_get(file.root, "services"), "a"), &out);
	assert_string_equal(out.data, json);
}

static void short_forms_become_long(void **state)
{
	static const struct {
		const char *yaml, *json;
	} cases[] = {
		{"environment: [A=1, B=, C, A=2]",
		 "{\"environment\":{\"A\":\"2\",\"B\":\"\",\"C\":null}}"},
		{"environment: {A: 1, B: , C: x}",
		 "{\"environment\":{\"A\":\"1\",\"B\":null,\"C\":\"x\"}}"},
		{"labels: [a=b=c, d]", "{\"labels\":{\"a\":\"b=c\",\"d\":\"\"}}"},
		{"sysctls: {net.core.somaxconn: 1024}",
		 "{\"sysctls\":{\"net.core.somaxconn\":\"1024\"}}"},
		{"build: ./x", "{\"build\":{\"context\":\"/p/x\"}}"},
		{"build: {context: ../x, additional_contexts: [a=./y, b=service:c, "
		 "d=docker-image://e]}",
		 "{\"build\":{\"additional_contexts\":{\"a\":\"/p/y\",\"b\":\"service:c\","
		 "\"d\":\"docker-image://e\"},\"context\":\"/x\"}}"},
		{"build: https://example.org/x.git",
		 "{\"build\":{\"context\":\"https://example.org/x.git\"}}"},
		{"build: {context: x, ssh: {default: , k: /f}}",
		 "{\"build\":{\"context\":\"/p/x\",\"ssh\":[\"default\",\"k=/f\"]}}"},
		{"command: echo 'a b' c", "{\"command\":[\"echo\",\"a b\",\"c\"]}"},
		{"command: ''", "{\"command\":[]}"},
		{"command: [], entrypoint: ", "{\"command\":[],\"entrypoint\":null}"},
		{"depends_on: [b]", "{\"depends_on\":{\"b\":{\"condition\":\"service_started\"}}}"},
		{"networks: [n, m]", "{\"networks\":{\"m\":null,\"n\":null}}"},
		{"networks: {n: {priority: 3}, m: }",
		 "{\"networks\":{\"m\":null,\"n\":{\"priority\":3}}}"},
		{"dns: 1.1.1.1, tmpfs: /t", "{\"dns\":[\"1.1.1.1\"],\"tmpfs\":[\"/t\"]}"},
		{"extra_hosts: [a=1.2.3.4, 'a:::1', b:host-gateway]",
		 "{\"extra_hosts\":{\"a\":[\"1.2.3.4\",\"::1\"],\"b\":[\"host-gateway\"]}}"},
		{"extra_hosts: {a: 1.2.3.4, b: [1.1.1.1, '[::2]']}",
		 "{\"extra_hosts\":{\"a\":[\"1.2.3.4\"],\"b\":[\"1.1.1.1\",\"::2\"]}}"},
		{"env_file: a", "{\"env_file\":[{\"path\":\"/p/a\",\"required\":true}]}"},
		{"env_file: [a, {path: ~/b, required: false, format: raw}]",
		 "{\"env_file\":[{\"path\":\"/p/a\",\"required\":true},"
		 "{\"format\":\"raw\",\"path\":\"/home/u/b\",\"required\":false}]}"},
		{"extends: b", "{\"extends\":{\"service\":\"b\"}}"},
		{"extends: {service: b, file: d/c.yml}",
		 "{\"extends\":{\"file\":\"/p/d/c.yml\",\"service\":\"b\"}}"},
		{"gpus: all", "{\"gpus\":[{\"count\":-1}]}"},
		{"gpus: [{count: all, driver: x}]", "{\"gpus\":[{\"count\":-1,\"driver\":\"x\"}]}"},
		{"healthcheck: {test: exit 0, interval: 90s}",
		 "{\"healthcheck\":{\"interval\":\"1m30s\",\"test\":[\"CMD-SHELL\",\"exit 0\"]}}"},
		{"ulimits: {nproc: 3, nofile: {soft: 1, hard: 2}}",
		 "{\"ulimits\":{\"nofile\":{\"hard\":2,\"soft\":1},\"nproc\":3}}"},
		{"logging: {driver: d, options: {max-size: 1, x: }}",
		 "{\"logging\":{\"driver\":\"d\",\"options\":{\"max-size\":\"1\",\"x\":\"\"}}}"},
		{"configs: [c], secrets: [{source: s, mode: 0440}]",
		 "{\"configs\":[{\"source\":\"c\"}],\"secrets\":[{\"mode\":288,\"source\":\"s\"}]"
		 "}"},
		{"devices: [/dev/a, 'nvidia.com/gpu=0']",
		 "{\"devices\":[{\"permissions\":\"rwm\",\"source\":\"/dev/a\",\"target\":\"/dev/"
		 "a\"},"
		 "{\"permissions\":\"rwm\",\"source\":\"nvidia.com/gpu=0\",\"target\":\"nvidia.com/"
		 "gpu=0\"}]}"},
		{"volumes_from: [b, 'service:b:ro', 'container:c']",
		 "{\"volumes_from\":[\"b\",\"b:ro\",\"container:c\"]}"},
		{"label_file: l", "{\"label_file\":[\"/p/l\"]}"},
		{"user: 1000, expose: [80, 81-82]",
		 "{\"expose\":[\"80\",\"81-82\"],\"user\":\"1000\"}"},
		{"ports: , x-y: {a: [1]}", "{\"x-y\":{\"a\":[1]}}"},
	};

	for (size_t i = 0; i < array_length(cases); i++)
		check_service(cases[i].yaml, cases[i].json);
}

#define PORT(rest) "{\"mode\":\"ingress\",\"protocol\":\"tcp\"," rest "}"

static void ports_are_one_item_each(void **state)
{
	static const struct {
		const char *yaml, *json;
	} cases[] = {
		{"80", PORT("\"target\":80")},
		{"22:22", PORT("\"published\":\"22\",\"target\":22")},
		{"'127.0.0.1:80:81'",
		 "{\"host_ip\":\"127.0.0.1\",\"mode\":\"ingress\",\"protocol\":\"tcp\","
		 "\"published\":\"80\",\"target\":81}"},
		{"'[::1]::81/udp'",
		 "{\"host_ip\":\"::1\",\"mode\":\"ingress\",\"protocol\":\"udp\",\"target\":81}"},
		{"9000-9001:90-91", PORT("\"published\":\"9000\",\"target\":90") "," PORT(
					    "\"published\":\"9001\",\"target\":91")},
		{"8000-8010:80", PORT("\"published\":\"8000-8010\",\"target\":80")},
		{"{target: 80}", PORT("\"target\":80")},
		{"{target: '80', published: 8080, mode: host}",
		 "{\"mode\":\"host\",\"protocol\":\"tcp\",\"published\":\"8080\",\"target\":80}"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_free char *yaml = str_format("ports: [%s]", cases[i].yaml);
		scoped_free char *json = str_format("{\"ports\":[%s]}", cases[i].json);

		check_service(yaml, json);
	}
}

static void mounts_have_a_type(void **state)
{
	static const struct {
		const char *yaml, *json;
	} cases[] = {
		{"/x", "{\"target\":\"/x\",\"type\":\"volume\",\"volume\":{}}"},
		{"v:/x:ro", "{\"read_only\":true,\"source\":\"v\",\"target\":\"/"
			    "x\",\"type\":\"volume\",\"volume\":{}}"},
		{"v:/x:nocopy", "{\"source\":\"v\",\"target\":\"/"
				"x\",\"type\":\"volume\",\"volume\":{\"nocopy\":true}}"},
		{"./x:/x", "{\"bind\":{\"create_host_path\":true},\"source\":\"/p/"
			   "x\",\"target\":\"/x\",\"type\":\"bind\"}"},
		{"'~:/x:z,shared'", "{\"bind\":{\"create_host_path\":true,\"propagation\":"
				    "\"shared\",\"selinux\":\"z\"},"
				    "\"source\":\"/home/u\",\"target\":\"/x\",\"type\":\"bind\"}"},
		{"{type: bind, source: x, target: /x/}",
		 "{\"source\":\"/p/x\",\"target\":\"/x\",\"type\":\"bind\"}"},
		{"{type: tmpfs, target: /x, tmpfs: {size: 1m, mode: 0700}}",
		 "{\"target\":\"/"
		 "x\",\"tmpfs\":{\"mode\":448,\"size\":1048576},\"type\":\"tmpfs\"}"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_free char *yaml = str_format("volumes: [%s]", cases[i].yaml);
		scoped_free char *json = str_format("{\"volumes\":[%s]}", cases[i].json);

		check_service(yaml, json);
	}
}

static void scalars_take_the_kind_of_their_attribute(void **state)
{
	static const struct {
		const char *yaml, *json;
	} cases[] = {
		{"mem_limit: 1.5g, memswap_limit: -1, shm_size: 64",
		 "{\"mem_limit\":\"1610612736\",\"memswap_limit\":\"-1\",\"shm_size\":\"64\"}"},
		{"mem_limit: '1024m'", "{\"mem_limit\":\"1073741824\"}"},
		{"stop_grace_period: 1m30s", "{\"stop_grace_period\":\"1m30s\"}"},
		{"cpus: '0.5', scale: '3'", "{\"cpus\":0.5,\"scale\":3}"},
		{"cpu_quota: 50000, cpu_period: 50ms, cpu_rt_runtime: '95000'",
		 "{\"cpu_period\":50000,\"cpu_quota\":50000,\"cpu_rt_runtime\":95000}"},
		{"tty: 'true', init: false", "{\"init\":false,\"tty\":true}"},
		{"working_dir: /x, container_name: 5",
		 "{\"container_name\":\"5\",\"working_dir\":\"/x\"}"},
	};

	for (size_t i = 0; i < array_length(cases); i++)
		check_service(cases[i].yaml, cases[i].json);
}

/* ---- warnings ---- */

static void check_values(const char *yaml, enum compose_style style, const char *json,
			 size_t warnings)
{
	scoped_file struct file file = {0};
	scoped_buffer struct buffer out = {0};
	scoped_free char *text = str_format("services: {a: {%s}}", yaml);

	read_file(&file, text, style);
	assert_int_equal(file.diagnostics.errors, 0);
	assert_int_equal(file.diagnostics.count, warnings);
	node_write_json(node_get(node_get(file.root, "services"), "a"), &out);
	assert_string_equal(out.data, json);
}

static void changed_text_is_warned_of(void **state)
{
	check_values("environment: {A: 1.0, B: 1e3, C: 08, D: 0777, E: 12}", COMPOSE_V2,
		     "{\"environment\":{\"A\":\"1\",\"B\":\"1000\",\"C\":\"8\",\"D\":\"511\",\"E\":"
		     "\"12\"}}",
		     4);
	check_values("environment: {A: 1.0, B: 1e3, C: 08, D: 0777, E: 0o17}", COMPOSE_V1,
		     "{\"environment\":{\"A\":\"1.0\",\"B\":\"1e3\",\"C\":\"08\",\"D\":\"511\","
		     "\"E\":\"0o17\"}}",
		     1);
	check_values(
		"environment: {A: true, B: 22:22, C: yes, D: 0.1}", COMPOSE_V2,
		"{\"environment\":{\"A\":\"true\",\"B\":\"22:22\",\"C\":\"yes\",\"D\":\"0.1\"}}",
		0);
	check_values(
		"ports: ['80:80', 81, '80:80'], cap_add: [A, B, A], env_file: [a, b, a]",
		COMPOSE_V2,
		"{\"cap_add\":[\"A\",\"B\"],\"env_file\":[{\"path\":\"/p/a\",\"required\":true},"
		"{\"path\":\"/p/b\",\"required\":true},{\"path\":\"/p/a\",\"required\":true}],"
		"\"ports\":[" PORT("\"published\":\"80\",\"target\":80") "," PORT(
			"\"target\":81") "]}",
		2);
	check_values("tty: on, init: N", COMPOSE_V2, "{\"init\":false,\"tty\":true}", 2);
}

static void version_is_warned_of_once(void **state)
{
	scoped_file struct file file = {0};

	read_file(&file, "{version: '9', services: {}}", COMPOSE_V2);
	read_file(&file, "\n{version: '9'}", COMPOSE_V2);
	assert_int_equal(file.diagnostics.count, 1);
	assert_int_equal(file.diagnostics.errors, 0);

	scoped_file struct file other = {0};
	read_file(&other, "{version: '9'}", COMPOSE_V1);
	assert_int_equal(other.diagnostics.count, 0);
}

/* ---- errors ---- */

/* "LINE:COLUMN PATH: text", of all errors. */
static void check_errors(const char *text, enum compose_style style, const char *errors)
{
	scoped_file struct file file = {0};
	scoped_buffer struct buffer out = {0};

	read_file(&file, text, style);
	for (size_t i = 0; i < file.diagnostics.count; i++) {
		struct diagnostic *item = &file.diagnostics.items[i];

		if (item->level == DIAGNOSTIC_ERROR)
			buffer_format(&out, "%u:%u %s: %s\n", item->place.line, item->place.column,
				      item->path ? item->path : "", item->text);
	}
	assert_string_equal(out.data ? out.data : "", errors);
}

static void mistakes_are_told_all_at_once_with_their_places(void **state)
{
	check_errors("services:\n"
		     "  a:\n"
		     "    imag: y\n"
		     "    ports:\n"
		     "      - 80-82:80-81\n"
		     "      - 99999:1\n"
		     "      - 1:1/xyz\n"
		     "    mem_limit: 5x\n",
		     COMPOSE_V2,
		     "3:5 services.a.imag: additional properties 'imag' not allowed; did you mean "
		     "'image'?\n"
		     "5:9 services.a.ports[0]: invalid ranges specified for container and host "
		     "Ports: 80-81 and 80-82\n"
		     "6:9 services.a.ports[1]: invalid hostPort: 99999\n"
		     "7:9 services.a.ports[2]: invalid proto: xyz\n"
		     "8:16 services.a.mem_limit: invalid suffix: 'x'\n");
}

static void version_1_says_it_in_its_words(void **state)
{
	check_errors("services:\n  db:\n    imagee: mysql\n", COMPOSE_V1,
		     "3:5 services.db.imagee: Unsupported config option for services.db: 'imagee'; "
		     "did you mean 'image'?\n");
	check_errors(
		"servces: {}\n", COMPOSE_V1,
		"1:1 servces: Unsupported config option: 'servces'; did you mean 'services'?\n");
	check_errors("services: {a: {environment: {A: true}}}\n", COMPOSE_V1,
		     "1:33 services.a.environment.A: contains true, which is an invalid type, "
		     "it should be a string; write it in quotes\n");
}

static void wrong_kinds_are_refused(void **state)
{
	static const struct {
		const char *yaml, *error;
	} cases[] = {
		{"ports: 80", "ports: must be a list, not a number"},
		{"image: [x]", "image: must be text, not a list"},
		{"build: []", "build: must be a map, not a list"},
		{"environment: x", "environment: must be a map, not text"},
		{"environment: [{A: 1}]", "environment[0]: must be text, not a map"},
		{"environment: [=1]", "environment[0]: has no name before the ="},
		{"tty: x", "tty: must be true or false, not \"x\""},
		{"scale: x", "scale: must be an integer, not \"x\""},
		{"scale: -1", "scale: must be 0 or more, not -1"},
		{"cpus: x", "cpus: must be a number, not \"x\""},
		{"oom_score_adj: 1001", "oom_score_adj: must be between -1000 and 1000, not 1001"},
		{"stop_grace_period: 5", "stop_grace_period: has no unit: write 5s, 5m or 5h"},
		{"stop_grace_period: 5 s", "stop_grace_period: invalid duration \"5 s\": numbers "
					   "with units ns, us, ms, s, m, h, d or w, like 1m30s"},
		{"deploy: {mode: replicatd}",
		 "deploy.mode: \"replicatd\" is none of replicated, global, replicated-job, "
		 "global-job; did you mean 'replicated'?"},
		{"command: \"a 'b\"", "command: a ' is not closed"},
		{"ulimits: {nofile: {soft: 1}}", "ulimits.nofile: 'hard' is missing"},
		{"extra_hosts: [a=b]", "extra_hosts[0]: \"b\" is no address"},
		{"gpus: some", "gpus: must be \"all\" or a list, not \"some\""},
		{"volumes: [a/b:/c]", "volumes[0]: \"a/b\" is neither a path (it would begin with "
				      "., / or ~) nor a volume's name"},
		{"volumes: [{target: /x}]", "volumes[0]: 'type' is missing"},
		{"depends_on: {b: {condition: started}}",
		 "depends_on.b.condition: \"started\" is none of service_started, service_healthy, "
		 "service_completed_successfully"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_file struct file file = {0};
		scoped_free char *text = str_format("services: {a: {%s}}", cases[i].yaml);

		read_file(&file, text, COMPOSE_V2);
		if (file.diagnostics.errors != 1)
			fail_msg("%s: %zu errors", cases[i].yaml, file.diagnostics.errors);
		scoped_free char *error = str_format("%s: %s", file.diagnostics.items[0].path,
						     file.diagnostics.items[0].text);
		scoped_free char *wanted = str_format("services.a.%s", cases[i].error);
		assert_string_equal(error, wanted);
	}
}

static void bad_names_and_tops_are_refused(void **state)
{
	check_errors("services: {'a b': {}}", COMPOSE_V2,
		     "1:12 services.a b: a name has letters, digits and . _ - alone\n");
	check_errors("[1]", COMPOSE_V2, "1:1 : the top level must be a map, not a list\n");
	check_errors("networks: {n: {external: {name: a}, name: b}}", COMPOSE_V2,
		     "1:33 networks.n.external: name and external.name differ; use name alone\n");
}

/* A few letters may be 65535 ports: a file of them ends somewhere. */
static void ranges_of_ports_are_bounded(void **state)
{
	scoped_file struct file file = {0};
	scoped_buffer struct buffer text = {0};

	buffer_add_text(&text, "services:\n  a:\n    ports:\n");
	for (size_t i = 0; i < 200; i++)
		buffer_add_text(&text, "      - 1-65535:1-65535\n");
	read_file(&file, text.data, COMPOSE_V2);
	assert_true(file.diagnostics.errors > 0);
	assert_string_equal(file.diagnostics.items[0].text, "the file has more than 131072 ports");
	assert_true(file.arena.used < 200 << 20);
}

/* ---- the top level ---- */

static void resources_have_long_forms_too(void **state)
{
	scoped_file struct file file = {0};
	scoped_buffer struct buffer out = {0};

	read_file(&file,
		  "{networks: {n: , m: {external: {name: x}}},"
		  " volumes: {v: {labels: [a=1], driver_opts: {o: bind, device: ./d}}},"
		  " secrets: {s: {file: ./s.txt}}, include: [i.yml, {path: [j.yml], env_file: e}],"
		  " services: {a: }}",
		  COMPOSE_V2);
	assert_int_equal(file.diagnostics.count, 0);
	node_write_json(file.root, &out);
	assert_string_equal(
		out.data,
		"{\"include\":[{\"path\":[\"/p/i.yml\"]},{\"env_file\":[\"/p/e\"],\"path\":[\"/p/"
		"j.yml\"]}],"
		"\"networks\":{\"m\":{\"external\":true,\"name\":\"x\"},\"n\":{}},"
		"\"secrets\":{\"s\":{\"file\":\"/p/s.txt\"}},\"services\":{\"a\":{}},"
		"\"volumes\":{\"v\":{\"driver_opts\":{\"device\":\"/p/d\",\"o\":\"bind\"},"
		"\"labels\":{\"a\":\"1\"}}}}");
}

static void tags_stay_where_they_were(void **state)
{
	scoped_file struct file file = {0};

	read_file(&file,
		  "services: {a: {ports: !reset [], volumes: !override [v:/x], "
		  "environment: {A: !reset null}, image: !reset null}}",
		  COMPOSE_V2);
	const struct node *a = node_get(node_get(file.root, "services"), "a");
	assert_int_equal(file.diagnostics.count, 0);
	assert_int_equal(node_get(a, "ports")->tag, NODE_TAG_RESET);
	assert_int_equal(node_get(a, "image")->tag, NODE_TAG_RESET);
	assert_int_equal(node_get(a, "volumes")->tag, NODE_TAG_OVERRIDE);
	assert_int_equal(node_get(a, "volumes")->members[0].value->kind, NODE_MAP);
	assert_int_equal(node_get(node_get(a, "environment"), "A")->tag, NODE_TAG_RESET);
}

static void what_waits_for_its_variables_stays(void **state)
{
	static const struct yaml_rules yaml_rules;
	static const struct long_form_rules rules = {
		.style = COMPOSE_V2, .directory = "/p", .no_interpolate = true};
	static const char text[] =
		"services: {a: {ports: ['${P}:80'], scale: $N, mem_limit: '${M}', tty: $T, build: "
		"'${D}/x',"
		" volumes: ['$V:/x'], extra_hosts: ['a=$IP'], deploy: {mode: $M}}}";
	scoped_file struct file file = {0};
	scoped_buffer struct buffer out = {0};
	struct yaml_documents documents = {0};

	assert_true(yaml_parse(&file.arena, "f", text, strlen(text), &yaml_rules, &documents,
			       &file.diagnostics));
	file.root = long_form_file(&file.arena, documents.items[0], &rules, &file.diagnostics);
	yaml_documents_fini(&documents);
	assert_int_equal(file.diagnostics.count, 0);
	node_write_json(node_get(node_get(file.root, "services"), "a"), &out);
	assert_string_equal(out.data,
			    "{\"build\":{\"context\":\"${D}/x\"},\"deploy\":{\"mode\":\"$M\"},"
			    "\"extra_hosts\":{\"a\":[\"$IP\"]},"
			    "\"mem_limit\":\"${M}\",\"ports\":[\"${P}:80\"],"
			    "\"scale\":\"$N\",\"tty\":\"$T\",\"volumes\":[\"$V:/x\"]}");
}

static void long_forms_stay_as_they_are(void **state)
{
	scoped_file struct file file = {0};
	struct long_form_rules rules = {.style = COMPOSE_V2, .directory = "/q"};

	read_file(&file,
		  "services: {a: {ports: [1-2:1-2, 3], volumes: [v:/x, ./a:/b:ro], env_file: [a],"
		  " environment: [A, B=1], command: a b, depends_on: [c], extra_hosts: [a=::1],"
		  " mem_limit: 1g, healthcheck: {test: a, interval: 90s}, gpus: all, devices: "
		  "[/dev/a],"
		  " cpus: 1.50, networks: [n], secrets: [s], ulimits: {nproc: 1}, build: ./x}}",
		  COMPOSE_V2);
	assert_int_equal(file.diagnostics.count, 0);
	const struct node *again =
		long_form_file(&file.arena, file.root, &rules, &file.diagnostics);
	assert_int_equal(file.diagnostics.count, 0);
	assert_true(node_equal(file.root, again));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_forms_become_long),
		cmocka_unit_test(ports_are_one_item_each),
		cmocka_unit_test(mounts_have_a_type),
		cmocka_unit_test(scalars_take_the_kind_of_their_attribute),
		cmocka_unit_test(changed_text_is_warned_of),
		cmocka_unit_test(version_is_warned_of_once),
		cmocka_unit_test(mistakes_are_told_all_at_once_with_their_places),
		cmocka_unit_test(version_1_says_it_in_its_words),
		cmocka_unit_test(wrong_kinds_are_refused),
		cmocka_unit_test(bad_names_and_tops_are_refused),
		cmocka_unit_test(ranges_of_ports_are_bounded),
		cmocka_unit_test(resources_have_long_forms_too),
		cmocka_unit_test(tags_stay_where_they_were),
		cmocka_unit_test(what_waits_for_its_variables_stays),
		cmocka_unit_test(long_forms_stay_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
