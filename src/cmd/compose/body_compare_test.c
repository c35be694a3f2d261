/* A project that docker-compose 1.29.2 made, beside what we want of the same file: nothing differs; of another file:
 * what does is named. */
#include "base/test.h"
#include "cmd/compose/body.h"
#include "cmd/compose/body_compare_fixture.h"
#include "format/json.h"

static const char file[] =
	"version: '2.4'\n"
	"services:\n"
	"  db:\n"
	"    image: busybox\n"
	"    command: sleep 1d\n"
	"    environment:\n"
	"      A: '1'\n"
	"      B: two words\n"
	"    volumes:\n"
	"      - data:/data\n"
	"      - ./conf:/conf:ro\n"
	"      - /anon\n"
	"    mem_limit: 64m\n"
	"    healthcheck:\n"
	"      test: exit 0\n"
	"      interval: 90s\n"
	"      retries: 4\n"
	"    restart: on-failure:3\n"
	"    labels:\n"
	"      x: y\n"
	"    cap_add: [NET_ADMIN]\n"
	"    ulimits: {nofile: {soft: 1000, hard: 2000}, nproc: 300}\n"
	"    stop_grace_period: 7s\n"
	"    logging: {driver: json-file, options: {max-size: 1m}}\n"
	"    tmpfs: [/run]\n"
	"    sysctls: {net.core.somaxconn: 1024}\n"
	"    extra_hosts: ['a:1.2.3.4']\n"
	"    dns: [1.1.1.1]\n"
	"    hostname: dbhost\n"
	"    shm_size: 32m\n"
	"  web:\n"
	"    image: busybox\n"
	"    command: [sleep, 1d]\n"
	"    entrypoint: env\n"
	"    links: ['db:database']\n"
	"    depends_on: [db]\n"
	"    ports: ['18080:80', '127.0.0.1:18081:81/udp', '90']\n"
	"    expose: ['53/udp']\n"
	"    networks: {front: {aliases: [www]}, default: {}}\n"
	"    working_dir: /tmp\n"
	"    user: '1:1'\n"
	"    init: true\n"
	"    read_only: true\n"
	"    cpus: 0.5\n"
	"    pids_limit: 50\n"
	"    privileged: false\n"
	"    stdin_open: true\n"
	"    tty: true\n"
	"  side:\n"
	"    image: busybox\n"
	"    command: sleep 1d\n"
	"    network_mode: service:db\n"
	"    pid: host\n"
	"    volumes_from: [db]\n"
	"    volumes:\n"
	"      - {type: volume, source: data, target: /long, volume: {nocopy: true}}\n"
	"      - {type: tmpfs, target: /t, tmpfs: {size: 1000000}}\n"
	"      - {type: bind, source: ./conf, target: /longbind}\n"
	"networks: {front: {}}\n"
	"volumes: {data: {}, more: {}}\n";

static const char *const services[] = {"db", "web", "side"};

static const char image_text[] =
	"{\"Id\": \"sha256:1111111111111111111111111111111111111111111111111111111111111111\", "
	"\"Config\": {\"Cmd\": [\"sh\"], \"Env\": null}}";

#define DB_ID "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"

static bool read_file(void *data, const char *path, size_t limit, struct buffer *out,
		      struct error *err)
{
	buffer_add_text(out, data);
	return true;
}

static bool file_exists(void *data, const char *path)
{
	return strcmp(path, "/p/compose.yaml") == 0;
}

static struct project *load(const char *text, enum compose_style style)
{
	const struct compose_files files = {read_file, file_exists, (void *)text};
	const struct compose_request request = {
		.style = style, .working_directory = "/p", .project_name = "p"};
	scoped_diagnostics struct diagnostics diagnostics = {0};
	struct project *project = compose_load(&request, &files, &diagnostics);

	for (size_t i = 0; !project && i < diagnostics.count; i++)
		print_error("%s: %s\n", diagnostics.items[i].path, diagnostics.items[i].text);
	assert_non_null(project);
	return project;
}

static const char *id_of(void *data, const char *service)
{
	return DB_ID;
}

static void names_of(void *data, const char *service, struct strings *names)
{
	strings_format(names, "p_%s_1", service);
}

/* "field: old -> new", sorted as they were found, one a line. */
static char *compare(const char *text, enum compose_style style, size_t daemon, size_t service)
{
	static const struct compose_features features = {.asked = true};
	scoped_free char *name = str_format("p_%s_1", services[service]);
	scoped(project) struct project *project = load(text, style);
	struct body_request request = {
		.project = project,
		.service = project_service(project, services[service]),
		.number = 1,
		.name = name,
		.features = &features,
		.use_aliases = true,
		.publish = true,
		.id_of = id_of,
		.names_of = names_of,
	};
	struct error err;
	struct changes changes = {0};
	scoped_buffer struct buffer out = {0};
	scoped_json json_t *body = body_of_container(&request, &err);
	scoped_json json_t *image = json_loads(image_text, 0, NULL);
	scoped_json json_t *seen = json_loads(seen_documents[daemon][service], 0, NULL);

	assert_non_null(body);
	assert_non_null(seen);
	assert_non_null(image);
	body_compare(body, seen, image, &changes);
	for (size_t i = 0; i < changes.count; i++)
		buffer_format(&out, "%s: %s -> %s\n", changes.items[i].field,
			      changes.items[i].old_value ? changes.items[i].old_value : "nothing",
			      changes.items[i].new_value ? changes.items[i].new_value : "nothing");
	changes_fini(&changes);
	return buffer_take(&out);
}

static void what_another_compose_made_is_as_wanted(void **state)
{
	for (size_t daemon = 0; daemon < 2; daemon++)
		for (size_t service = 0; service < 3; service++)
			for (int style = COMPOSE_V1; style <= COMPOSE_V2; style++) {
				scoped_free char *found =
					compare(file, (enum compose_style)style, daemon, service);

				assert_string_equal(found, "");
			}
}

/* Some words of the file are others now. */
static char *replaced(const char *from, const char *to)
{
	const char *at = strstr(file, from);

	assert_non_null(at);
	return str_format("%.*s%s%s", (int)(at - file), file, to, at + strlen(from));
}

static void what_differs_is_named(void **state)
{
	static const struct {
		size_t service;
		const char *from, *to, *changes;
	} cases[] = {
		{0, "A: '1'", "A: '2'", "environment.A: 1 -> 2\n"},
		{0, "A: '1'", "C: '1'",
		 "environment.A: 1 -> nothing\nenvironment.C: nothing -> 1\n"},
		{0, "x: y", "x: z", "labels.x: y -> z\n"},
		{0, "command: sleep 1d", "command: sleep 2d",
		 "command: [\"sleep\",\"1d\"] -> [\"sleep\",\"2d\"]\n"},
		{0, "    command: sleep 1d\n", "", "command: [\"sleep\",\"1d\"] -> [\"sh\"]\n"},
		{0, "image: busybox", "image: other", ""}, /* another name of the same image */
		{0, "mem_limit: 64m", "mem_limit: 65m", "mem_limit: 67108864 -> 68157440\n"},
		{0, "retries: 4", "retries: 5", "healthcheck.retries: 4 -> 5\n"},
		{0, "test: exit 0", "disable: true",
		 "healthcheck.test: [\"CMD-SHELL\",\"exit 0\"] -> [\"NONE\"]\n"
		 "healthcheck.interval: 1m30s -> nothing\nhealthcheck.retries: 4 -> "
		 "nothing\n"},
		{0, "restart: on-failure:3", "restart: always",
		 "restart: on-failure:3 -> always\n"},
		{0, "cap_add: [NET_ADMIN]", "cap_add: [SYS_TIME]",
		 "cap_add: [\"NET_ADMIN\"] -> [\"SYS_TIME\"]\n"},
		{0, "nproc: 300", "nproc: 301",
		 "ulimits: [{\"Hard\":2000,\"Name\":\"nofile\",\"Soft\":1000},{\"Hard\":300,"
		 "\"Name\":\"nproc\",\"Soft\":300}] -> "
		 "[{\"Hard\":2000,\"Name\":\"nofile\",\"Soft\":1000},{\"Hard\":301,\"Name\":"
		 "\"nproc\",\"Soft\":301}]\n"},
		{0, "stop_grace_period: 7s", "stop_grace_period: 8s",
		 "stop_grace_period: 7 -> 8\n"},
		{0, "max-size: 1m", "max-size: 2m",
		 "logging: {\"Config\":{\"max-size\":\"1m\"},\"Type\":\"json-file\"} -> "
		 "{\"Config\":{\"max-size\":\"2m\"},\"Type\":\"json-file\"}\n"},
		{0, "./conf:/conf:ro", "./conf:/conf",
		 "mounts./conf: {\"read_only\":true,\"source\":\"/p/conf\",\"type\":\"bind\"} -> "
		 "{\"source\":\"/p/conf\",\"type\":\"bind\"}\n"},
		{0, "data:/data", "more:/data",
		 "mounts./data: {\"source\":\"p_data\",\"type\":\"volume\"} -> "
		 "{\"source\":\"p_more\",\"type\":\"volume\"}\n"},
		{0, "      - /anon\n", "", ""}, /* it is handed on */
		{0, "tmpfs: [/run]", "tmpfs: [/tmp]",
		 "mounts./run: {\"type\":\"tmpfs\"} -> nothing\n"
		 "mounts./tmp: nothing -> {\"type\":\"tmpfs\"}\n"},
		{0, "hostname: dbhost", "hostname: other", "hostname: dbhost -> other\n"},
		{0, "extra_hosts: ['a:1.2.3.4']", "extra_hosts: ['a:1.2.3.5']",
		 "extra_hosts: [\"a:1.2.3.4\"] -> [\"a:1.2.3.5\"]\n"},
		{0, "dns: [1.1.1.1]", "dns: [1.1.1.2]", "dns: [\"1.1.1.1\"] -> [\"1.1.1.2\"]\n"},
		{0, "shm_size: 32m", "shm_size: 33m", "shm_size: 33554432 -> 34603008\n"},
		{1, "18080:80", "18082:80",
		 "ports: {\"80/tcp\":[\":18080\"],\"81/udp\":[\"127.0.0.1:18081\"],\"90/tcp\":"
		 "[\":\"]} -> "
		 "{\"80/tcp\":[\":18082\"],\"81/udp\":[\"127.0.0.1:18081\"],\"90/tcp\":[\":\"]}\n"},
		{1, "53/udp", "54/udp",
		 "expose: [\"53/udp\",\"80/tcp\",\"81/udp\",\"90/tcp\"] -> "
		 "[\"54/udp\",\"80/tcp\",\"81/udp\",\"90/tcp\"]\n"},
		{1, "aliases: [www]", "aliases: [w3]",
		 "networks.p_front.aliases: [\"www\"] -> [\"w3\"]\n"},
		{1, "front: {aliases: [www]}, ", "", "networks.p_front: connected -> nothing\n"},
		{1, "db:database", "db:base",
		 "links: [\"p_db_1:database\",\"p_db_1:db_1\",\"p_db_1:p_db_1\"] -> "
		 "[\"p_db_1:base\",\"p_db_1:db_1\",\"p_db_1:p_db_1\"]\n"},
		{1, "entrypoint: env", "entrypoint: []", "entrypoint: [\"env\"] -> nothing\n"},
		{1, "user: '1:1'", "user: '2'", "user: 1:1 -> 2\n"},
		{1, "    user: '1:1'\n", "", "user: 1:1 -> nothing\n"},
		{1, "init: true", "init: false", "init: true -> nothing\n"},
		{1, "cpus: 0.5", "cpus: 1", "cpus: 0.5 -> 1\n"},
		{1, "tty: true", "tty: false", "tty: true -> nothing\n"},
		{2, "pid: host", "pid: ''", "pid: host -> nothing\n"},
		{2, "network_mode: service:db", "network_mode: none",
		 "network_mode: container:" DB_ID " -> none\n"},
		{2, "volume: {nocopy: true}", "read_only: true",
		 "mounts./long: {\"nocopy\":true,\"source\":\"p_data\",\"type\":\"volume\"} -> "
		 "{\"read_only\":true,\"source\":\"p_data\",\"type\":\"volume\"}\n"},
		{2, "size: 1000000", "size: 1000001",
		 "mounts./t: {\"SizeBytes\":1000000,\"type\":\"tmpfs\"} -> "
		 "{\"SizeBytes\":1000001,\"type\":\"tmpfs\"}\n"},
	};

	for (size_t daemon = 0; daemon < 2; daemon++)
		for (size_t i = 0; i < array_length(cases); i++) {
			scoped_free char *text = replaced(cases[i].from, cases[i].to);
			scoped_free char *found =
				compare(text, COMPOSE_V2, daemon, cases[i].service);

			if (strcmp(found, cases[i].changes) != 0)
				fail_msg("daemon %zu, %s: found\n%swanted\n%s", daemon, cases[i].to,
					 found, cases[i].changes);
		}
}

/* ---- what the fixtures do not have ---- */

static char *compare_texts(const char *body_text, const char *seen_text, const char *image_json)
{
	scoped_json json_t *body = json_loads(body_text, 0, NULL);
	scoped_json json_t *seen = json_loads(seen_text, 0, NULL);
	scoped_json json_t *image = image_json ? json_loads(image_json, 0, NULL) : NULL;
	struct changes changes = {0};
	scoped_buffer struct buffer out = {0};

	assert_non_null(body);
	assert_non_null(seen);
	body_compare(body, seen, image, &changes);
	for (size_t i = 0; i < changes.count; i++)
		buffer_format(&out, "%s: %.18s -> %.18s\n", changes.items[i].field,
			      changes.items[i].old_value ? changes.items[i].old_value : "nothing",
			      changes.items[i].new_value ? changes.items[i].new_value : "nothing");
	changes_fini(&changes);
	return buffer_take(&out);
}

static void what_the_image_brings_is_taken_off(void **state)
{
	static const char image[] =
		"{\"Id\": \"sha256:i\", \"Config\": {\"Env\": [\"PATH=/bin\", \"A=1\"], "
		"\"Labels\": "
		"{\"l\": \"m\"}, \"Cmd\": [\"c\"], \"Entrypoint\": [\"e\"], \"User\": \"u\", "
		"\"WorkingDir\": \"/w\", \"Volumes\": {\"/v\": {}}, \"ExposedPorts\": {\"80/tcp\": "
		"{}}, \"StopSignal\": \"SIGINT\", \"Healthcheck\": {\"Test\": [\"CMD\", \"t\"], "
		"\"Interval\": 5}}}";
	static const char seen[] =
		"{\"Id\": \"x\", \"Name\": \"/n\", \"Image\": \"sha256:i\", \"Config\": "
		"{\"Image\": "
		"\"i\", \"Env\": [\"A=2\", \"PATH=/bin\", \"HTTP_PROXY=p\", "
		"\"affinity:container==0123\"], \"Labels\": {\"l\": "
		"\"m\", \"com.docker.compose.image\": \"i\"}, \"Cmd\": [\"c\"], \"Entrypoint\": "
		"[\"e\"], \"User\": \"u\", \"WorkingDir\": \"/w\", \"Volumes\": {\"/v\": {}}, "
		"\"ExposedPorts\": {\"80/tcp\": {}}, \"StopSignal\": \"SIGINT\", \"Healthcheck\": "
		"{\"Test\": [\"CMD\", \"t\"], \"Interval\": 5}}, \"HostConfig\": {\"NetworkMode\": "
		"\"default\"}, \"NetworkSettings\": {\"Networks\": {\"bridge\": {}}}}";
	scoped_free char *found = compare_texts(
		"{\"Image\": \"i\", \"Env\": [\"A=2\"], \"HostConfig\": {\"NetworkMode\": "
		"\"bridge\"}}",
		seen, image);
	scoped_free char *other = compare_texts(
		"{\"Image\": \"j\", \"HostConfig\": {\"NetworkMode\": \"bridge\"}}", seen, NULL);

	assert_string_equal(found, "");
	assert_string_equal(other, "image: i -> j\n");
}

/* Version 1 links an alias to the last of several containers, we to each. */
static void an_alias_of_several_containers_is_that_of_the_last(void **state)
{
	scoped_free char *found = compare_texts(
		"{\"HostConfig\": {\"NetworkMode\": \"bridge\", \"Links\": [\"p_b_9:b\", "
		"\"p_b_9:b_9\", "
		"\"p_b_10:b\", \"p_b_10:b_10\"]}}",
		"{\"Config\": {}, \"HostConfig\": {\"NetworkMode\": \"bridge\", \"Links\": "
		"[\"/p_b_10:/p_a_1/b\", \"/p_b_10:/p_a_1/b_10\", \"/p_b_9:/p_a_1/b_9\"]}}",
		NULL);
	scoped_free char *other = compare_texts(
		"{\"HostConfig\": {\"NetworkMode\": \"bridge\", \"Links\": [\"p_c_1:b\"]}}",
		"{\"Config\": {}, \"HostConfig\": {\"NetworkMode\": \"bridge\", \"Links\": "
		"[\"/p_b_1:/p_a_1/b\"]}}",
		NULL);

	assert_string_equal(found, "");
	assert_string_equal(other, "links: [\"p_b_1:b\"] -> [\"p_c_1:b\"]\n");
}

static void files_in_memory_are_told_as_digests(void **state)
{
	scoped_free char *found = compare_texts(
		"{\"HostConfig\": {\"NetworkMode\": \"none\"}, \"Wherry\": {\"Files\": "
		"[{\"Target\": "
		"\"/run/secrets/s\", \"Content\": \"Z2VoZWlt\", \"Uid\": 0, \"Gid\": 0, \"Mode\": "
		"292}]}}",
		"{\"Config\": {}, \"HostConfig\": {\"NetworkMode\": \"none\"}, \"Wherry\": "
		"{\"Files\": "
		"[{\"Target\": \"/run/secrets/s\", \"Content\": \"sha256:00\", \"Uid\": 0, "
		"\"Gid\": "
		"0, \"Mode\": 292}]}}",
		NULL);

	assert_non_null(strstr(found, "files./run/secrets/s: sha256:00 0:0 444 -> sha256:"));
	assert_null(strstr(found, "Z2VoZWlt"));
}

/* Other composes bind the file, as we do on other daemons. */
static void a_file_in_memory_may_have_been_a_bind(void **state)
{
	static const char wanted[] = "{\"HostConfig\": {\"NetworkMode\": \"none\"}, \"Wherry\": "
				     "{\"Files\": [{\"Target\": "
				     "\"/run/secrets/s\", \"Content\": \"aGk=\"}]}}";
	scoped_free char *bound =
		compare_texts(wanted,
			      "{\"Config\": {}, \"HostConfig\": {\"NetworkMode\": \"none\", "
			      "\"Mounts\": [{\"Type\": "
			      "\"bind\", \"Source\": \"/s\", \"Target\": \"/run/secrets/s\", "
			      "\"ReadOnly\": true}]}}",
			      NULL);
	scoped_free char *absent = compare_texts(
		wanted, "{\"Config\": {}, \"HostConfig\": {\"NetworkMode\": \"none\"}}", NULL);

	assert_string_equal(bound, "");
	assert_non_null(strstr(absent, "files./run/secrets/s: nothing -> sha256:"));
}

static void restarts_of_our_own_are_named(void **state)
{
	static const char wanted[] =
		"{\"HostConfig\": {\"NetworkMode\": \"none\"}, \"Wherry\": {\"Restarts\": "
		"{\"Delay\": 1500000000}}}";
	scoped_free char *ours = compare_texts(
		wanted,
		"{\"Config\": {\"Labels\": {\"wherry.compose.hash\": \"x\"}}, \"HostConfig\": "
		"{\"NetworkMode\": \"none\"}, \"Wherry\": {\"Restarts\": {\"Delay\": 5000000000, "
		"\"Window\": 60000000000}}}",
		NULL);
	scoped_free char *others = compare_texts(
		wanted, "{\"Config\": {}, \"HostConfig\": {\"NetworkMode\": \"none\"}}", NULL);

	assert_string_equal(ours, "deploy.restart_policy.delay: 5s -> 1.5s\n"
				  "deploy.restart_policy.window: 60s -> nothing\n");
	assert_string_equal(others, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_another_compose_made_is_as_wanted),
		cmocka_unit_test(what_differs_is_named),
		cmocka_unit_test(what_the_image_brings_is_taken_off),
		cmocka_unit_test(an_alias_of_several_containers_is_that_of_the_last),
		cmocka_unit_test(files_in_memory_are_told_as_digests),
		cmocka_unit_test(a_file_in_memory_may_have_been_a_bind),
		cmocka_unit_test(restarts_of_our_own_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
