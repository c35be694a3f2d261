#include "base/test.h"
#include "compose/compose.h"

/* One file in memory, loaded as a project "p" in /p. */
static bool read_memory(void *data, const char *path, size_t limit, struct buffer *out,
			struct error *err)
{
	if (strcmp(path, "/p/compose.yaml") != 0)
		return error_set(err, ERROR_NOT_FOUND, "no such file '%s'", path);
	buffer_add_text(out, data);
	return true;
}

static bool exists_in_memory(void *data, const char *path)
{
	return strcmp(path, "/p/compose.yaml") == 0;
}

static struct project *load(const char *text, enum compose_style style,
			    struct diagnostics *diagnostics)
{
	struct compose_files files = {read_memory, exists_in_memory, (void *)text};
	struct compose_request request = {.style = style, .working_directory = "/p"};

	return compose_load(&request, &files, diagnostics);
}

/* "LINE:COLUMN level PATH: text", in the order of their places. */
static int by_place(const void *a, const void *b)
{
	const struct diagnostic *left = a, *right = b;

	if (left->place.line != right->place.line)
		return left->place.line < right->place.line ? -1 : 1;
	return (int)left->place.column - (int)right->place.column;
}

static char *diagnostics_text(struct diagnostics *diagnostics)
{
	struct buffer out = {0};

	if (diagnostics->count)
		qsort(diagnostics->items, diagnostics->count, sizeof(struct diagnostic), by_place);
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *item = &diagnostics->items[i];

		buffer_format(&out, "%u:%u %s%s: %s\n", item->place.line, item->place.column,
			      item->level == DIAGNOSTIC_WARNING ? "warning: " : "",
			      item->path ? item->path : "", item->text);
	}
	return buffer_take(&out);
}

/* The members of service `a`, one a line, which begins with four blanks: lines count from 4 (image is the third). */
static void check_service(const char *yaml, const char *said)
{
	scoped_diagnostics struct diagnostics diagnostics = {0};
	scoped_free char *text = str_format("services:\n"
					    "  b: {image: busybox}\n"
					    "  a: \n"
					    "    %s\n",
					    yaml);
	scoped(project) struct project *project = load(text, COMPOSE_V2, &diagnostics);
	scoped_free char *found = diagnostics_text(&diagnostics);

	assert_string_equal(found, said);
	assert_int_equal(project == NULL, diagnostics.errors > 0);
}

#define IMAGE "image: busybox\n    "

static void contradictions_are_refused(void **state)
{
	static const struct {
		const char *yaml, *said;
	} cases[] = {
		{"command: x", "3:3 services.a: service \"a\" has neither an image nor a build "
			       "context specified\n"},
		{IMAGE "network_mode: host\n    networks: [default]",
		 "6:5 services.a.networks: service \"a\" declares mutually exclusive "
		 "`network_mode` "
		 "and `networks`\n"},
		{IMAGE "network_mode: service:b\n    ports: ['80']",
		 "6:5 services.a.ports: ports are published by who owns the network, with "
		 "network_mode service:b\n"},
		{IMAGE "network_mode: host\n    ports: ['80:80']",
		 "6:5 warning: services.a.ports: published ports are discarded when using host "
		 "network mode\n"},
		{IMAGE "scale: 2\n    deploy: {replicas: 3}",
		 "5:12 services.a.scale: can't set distinct values on 'scale' and "
		 "'deploy.replicas': 2 and 3\n"},
		{IMAGE "scale: 2\n    deploy: {replicas: 2}", ""},
		{IMAGE "mem_limit: 1g\n    deploy: {resources: {limits: {memory: 1024m}}}", ""},
		{IMAGE "mem_limit: 1g\n    deploy: {resources: {limits: {memory: 1023m}}}",
		 "5:16 services.a.mem_limit: can't set distinct values on 'mem_limit' and "
		 "'deploy.resources.limits.memory': 1073741824 and 1072693248\n"},
		{IMAGE "cpus: 0.50\n    deploy: {resources: {limits: {cpus: '0.5'}}}", ""},
		{IMAGE "volumes:\n      - /d\n      - ./x:/d/",
		 "7:9 services.a.volumes[1]: there are two mounts on /d\n"},
		{IMAGE "labels: {com.docker.compose.x: y}",
		 "5:14 services.a.labels: the label 'com.docker.compose.x' is one that compose "
		 "sets itself\n"},
		{IMAGE "restart: sometimes",
		 "5:14 services.a.restart: must be no, always, unless-stopped or on-failure[:N], "
		 "not \"sometimes\"\n"},
		{IMAGE "restart: on-failure:3", ""},
		{IMAGE "restart: no", ""},
		{IMAGE "pull_policy: every_2d", ""},
		{IMAGE "pull_policy: often", "5:18 services.a.pull_policy: must be always, never, "
					     "missing, build, daily, weekly "
					     "or every_<duration>, not \"often\"\n"},
		{IMAGE "stop_signal: SIGNONE", "5:18 services.a.stop_signal: must be a signal, not "
					       "\"SIGNONE\"\n"},
		{IMAGE "container_name: a b", "5:21 services.a.container_name: must be letters, "
					      "digits and _ . -, not \"a b\"\n"},
		{IMAGE "container_name: x", ""},
		{IMAGE "container_name: ab\n    scale: 2",
		 "5:21 services.a.container_name: one name is not enough for 2 containers\n"},
		{IMAGE "healthcheck: {test: [curl, x]}",
		 "5:26 services.a.healthcheck.test[0]: must be CMD, CMD-SHELL or NONE, not "
		 "\"curl\"\n"},
		{IMAGE "ulimits: {nofile: {soft: 3, hard: 2}}",
		 "5:23 services.a.ulimits.nofile: the soft limit 3 is above the hard one, 2\n"},
		{"build: {dockerfile: x, dockerfile_inline: y}",
		 "4:28 services.a.build.dockerfile_inline: \"dockerfile\" and "
		 "\"dockerfile_inline\" "
		 "exclude each other\n"},
		{"build: {platforms: [linux/arm64]}\n    platform: linux/amd64",
		 "4:24 services.a.build.platforms: must include the service's platform "
		 "linux/amd64\n"},
		{IMAGE "gpus: [{count: 1, device_ids: [a]}]",
		 "5:12 services.a.gpus[0]: \"count\" and \"device_ids\" exclude each other\n"},
		{IMAGE "volumes: [{type: tmpfs, source: x, target: /x}]",
		 "5:37 services.a.volumes[0]: a mount of type tmpfs has no source\n"},
		{IMAGE "volumes: [{type: bind, target: /x}]",
		 "5:15 services.a.volumes[0]: a mount of type bind needs a source\n"},
		{IMAGE "volumes: [{type: npipe, source: x, target: /x}]",
		 "5:15 services.a.volumes[0]: mounts of type npipe are not supported\n"},
		{IMAGE "volumes: [{type: bind, source: x, target: /x, tmpfs: {size: 1}}]",
		 "5:51 services.a.volumes[0]: 'tmpfs' is for mounts of type tmpfs, not bind\n"},
		{"image: Bad", "4:12 services.a.image: invalid reference format: repository name "
			       "(library/Bad) must be lowercase: \"Bad\"\n"},
		{IMAGE "networks: {default: {ipv4_address: x}}",
		 "5:40 services.a.networks.default: \"x\" is no IPv4 address\n"},
		{IMAGE "ports: [{target: 1, published: x}]",
		 "5:36 services.a.ports[0]: invalid port specification: \"x\"\n"},
		{IMAGE "dns: [8.8.8.8, 'x']",
		 "5:20 services.a.dns[1]: must be an address, not \"x\"\n"},
		{IMAGE "mac_address: x", "5:18 services.a.mac_address: must be an address like "
					 "02:42:ac:11:00:02, not \"x\"\n"},
		{IMAGE "mac_address: 02:42:ac:11:00:02", ""},
		{IMAGE "volumes_from: ['b', 'b:ro', 'container:c:rw']", ""},
		{IMAGE "volumes_from: ['b:x']", "5:20 services.a.volumes_from[0]: must be "
						"[container:]NAME[:ro|rw], not \"b:x\"\n"},
		{IMAGE "device_cgroup_rules: ['c 1:3 mr', 'a *:* rwm']", ""},
		{IMAGE "device_cgroup_rules: ['c 1 rwm']",
		 "5:27 services.a.device_cgroup_rules[0]: must be like \"c 1:3 rwm\", not \"c 1 "
		 "rwm\"\n"},
		{IMAGE "expose: [x]", "5:14 services.a.expose[0]: invalid port specification: "
				      "\"x\"\n"},
		{IMAGE "develop: {watch: [{path: ., action: sync}]}",
		 "5:23 services.a.develop.watch[0]: the action sync needs a target\n"},
	};

	for (size_t i = 0; i < array_length(cases); i++)
		check_service(cases[i].yaml, cases[i].said);
}

static void what_nothing_declares_is_refused(void **state)
{
	check_service(IMAGE "networks: [nn]\n    volumes: [vv:/x]\n    configs: [cc]\n"
			    "    secrets: [ss]",
		      "5:16 services.a.networks.nn: service \"a\" refers to undefined network nn\n"
		      "6:15 services.a.volumes[0]: service \"a\" refers to undefined volume vv\n"
		      "7:15 services.a.configs[0]: service \"a\" refers to undefined config cc\n"
		      "8:15 services.a.secrets[0]: service \"a\" refers to undefined secret ss\n");
	check_service(IMAGE
		      "secrets: [{source: s, target: x}, {source: t, target: /run/secrets/x}]\n"
		      "secrets: {s: {file: s}, t: {file: t}}",
		      "5:59 services.a.secrets[1]: there are two mounts on /run/secrets/x\n");
	check_service(IMAGE "volumes: [dta:/x]\nvolumes: {data: }",
		      "5:15 services.a.volumes[0]: service \"a\" refers to undefined volume dta; "
		      "did you mean 'data'?\n");
}

static void what_is_not_done_is_said(void **state)
{
	check_service(IMAGE "provider: {type: x}",
		      "5:5 services.a.provider: 'provider' is not supported yet\n");
	check_service(IMAGE "provider: {type: x}\n    profiles: ['off']", "");
	check_service(IMAGE "use_api_socket: false\n    models: []", "");
	check_service(IMAGE "isolation: hyperv",
		      "5:5 warning: services.a.isolation: 'isolation' has no effect here\n");
	check_service("build: {sbom: true}",
		      "4:13 warning: services.a.build.sbom: 'sbom' has no effect here\n");
}

static void check_file(const char *text, const char *said)
{
	scoped_diagnostics struct diagnostics diagnostics = {0};
	scoped(project) struct project *project = load(text, COMPOSE_V2, &diagnostics);
	scoped_free char *found = diagnostics_text(&diagnostics);

	assert_string_equal(found, said);
	assert_int_equal(project == NULL, diagnostics.errors > 0);
}

#define SERVICES "services: {a: {image: busybox}}\n"

static void resources_are_checked(void **state)
{
	check_file(SERVICES "networks: {n: {external: true, driver: x}}",
		   "2:32 networks.n.driver: conflicting parameters \"external\" and \"driver\" "
		   "specified\n");
	check_file(SERVICES "networks: {n: {external: {name: x}}, m: {external: true, name: y}}",
		   "");
	check_file(SERVICES "secrets: {s: {}}",
		   "2:14 secrets.s: one of file, environment and external must be set\n");
	check_file(SERVICES "configs: {c: {file: x, content: y}}",
		   "2:24 configs.c.content: \"file\" and \"content\" exclude each other\n");
	check_file(SERVICES "configs: {c: {file: x, external: false}, d: {external: true}}", "");
	check_file(SERVICES "secrets: {s: {file: x, driver: y}}",
		   "2:24 warning: secrets.s.driver: 'driver' has no effect here\n");
	check_file("services:\n"
		   "  a: {image: x, container_name: nn}\n"
		   "  b: {image: x, container_name: nn}\n",
		   "3:33 services.b.container_name: service \"a\" has the container name \"nn\", "
		   "too\n");
}

static void one_run_tells_all_and_nothing_twice(void **state)
{
	check_file("services:\n"
		   "  a:\n"
		   "    imag: x\n" /* so it has no image, which is no news */
		   "    networks: [n, nn]\n"
		   "    scale: ${U:?need}\n"
		   "  b: {image: x, tty: z, volumes: ['v:/x'], depends_on: [zz], network_mode: "
		   "host, networks: [n]}\n"
		   "  c: 5\n"
		   "networks: {n: 5}\n"
		   "volumes: []\n"
		   "secrets: {s: 1}\n",
		   "3:5 services.a.imag: additional properties 'imag' not allowed; did you mean "
		   "'image'?\n"
		   "4:19 services.a.networks.nn: service \"a\" refers to undefined network nn; did "
		   "you mean 'n'?\n"
		   "5:12 services.a.scale: required variable U is missing a value: need\n"
		   "6:22 services.b.tty: must be true or false, not \"z\"\n"
		   "6:57 services.b.depends_on: service \"b\" depends on undefined service \"zz\"\n"
		   "6:82 services.b.networks: service \"b\" declares mutually exclusive "
		   "`network_mode` and `networks`\n"
		   "7:6 services.c: must be a map, not a number\n"
		   "8:15 networks.n: must be a map, not a number\n"
		   "9:10 volumes: must be a map, not a list\n"
		   "10:14 secrets.s: must be a map, not a number\n");
}

/* ---- defaults ---- */

static void check_defaults(const char *yaml, enum compose_style style, const char *json)
{
	scoped_diagnostics struct diagnostics diagnostics = {0};
	scoped(project) struct project *project = load(yaml, style, &diagnostics);
	scoped_buffer struct buffer out = {0};
	scoped_free char *said = diagnostics_text(&diagnostics);

	assert_string_equal(said, "");
	node_write_json(project->root, &out);
	assert_string_equal(out.data, json);
}

static void what_nobody_said_is_put_in(void **state)
{
	check_defaults("services: {a: {build: {args: {A: 1}}, depends_on: {b: {restart: true}}},"
		       " b: {image: x, network_mode: host}}",
		       COMPOSE_V2,
		       "{\"name\":\"p\",\"networks\":{\"default\":{\"name\":\"p_default\"}},"
		       "\"services\":{\"a\":{\"build\":{\"args\":{\"A\":\"1\"},\"context\":\"/p\","
		       "\"dockerfile\":\"Dockerfile\"},\"depends_on\":{\"b\":{\"condition\":"
		       "\"service_started\",\"required\":true,\"restart\":true}},"
		       "\"networks\":{\"default\":null}},"
		       "\"b\":{\"image\":\"x\",\"network_mode\":\"host\"}}}");
	check_defaults(
		"services: {a: {image: x, networks: [n], secrets: [s], configs: [{source: c, "
		"target: t}], gpus: [{driver: d}], pull_policy: if_not_present}}\n"
		"networks: {n: }\nsecrets: {s: {file: /f}}\nconfigs: {c: {content: x}}",
		COMPOSE_V2,
		"{\"configs\":{\"c\":{\"content\":\"x\",\"name\":\"p_c\"}},\"name\":\"p\","
		"\"networks\":{\"n\":{\"name\":\"p_n\"}},"
		"\"secrets\":{\"s\":{\"file\":\"/f\",\"name\":\"p_s\"}},"
		"\"services\":{\"a\":{\"configs\":[{\"source\":\"c\",\"target\":\"/t\"}],"
		"\"gpus\":[{\"count\":-1,\"driver\":\"d\"}],\"image\":\"x\","
		"\"networks\":{\"n\":null},\"pull_policy\":\"missing\","
		"\"secrets\":[{\"source\":\"s\",\"target\":\"/run/secrets/s\"}]}}}");
	check_defaults("a: {image: x, links: [b]}\nb: {image: x}\n", COMPOSE_V1,
		       "{\"name\":\"p\",\"services\":{\"a\":{\"image\":\"x\",\"links\":[\"b\"],"
		       "\"network_mode\":\"bridge\"},\"b\":{\"image\":\"x\",\"network_mode\":"
		       "\"bridge\"}}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(what_nothing_declares_is_refused),
		cmocka_unit_test(what_is_not_done_is_said),
		cmocka_unit_test(resources_are_checked),
		cmocka_unit_test(one_run_tells_all_and_nothing_twice),
		cmocka_unit_test(what_nobody_said_is_put_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
