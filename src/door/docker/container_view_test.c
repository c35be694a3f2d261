/* What stands behind the views is faked here: one engine of three containers, one image. */
#include "door/docker/container_view.h"

#include "base/test.h"
#include "base/time.h"
#include "format/json.h"

#define NOW	 (1700000000 * NS_PER_SECOND)
#define ID(c)	 c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define WEB_ID	 ID("ab")
#define IMAGE_ID "sha256:" ID("cd")

static struct container *containers[3];
static const struct engine_parts parts;
static const struct engine_settings settings = {.data_root = "/data"};

/* ---- the fakes ---- */

const struct engine_parts *engine_get_parts(const struct engine *engine)
{
	return &parts;
}

const struct engine_settings *engine_get_settings(const struct engine *engine)
{
	return &settings;
}

struct container *engine_first(const struct engine *engine)
{
	return containers[0];
}

struct container *engine_next(const struct container *c)
{
	for (size_t i = 0; i + 1 < array_length(containers); i++)
		if (containers[i] == c)
			return containers[i + 1];
	return NULL;
}

struct image *image_find(struct image_store *images, const char *reference, struct error *err)
{
	return str_equal(reference, "cdcd") ? containers[0]->image : NULL;
}

struct strings image_rootfs(const struct image *image)
{
	struct strings layers = {0};

	strings_add(&layers, "aaaaa");
	strings_add(&layers, "bbbbb");
	return layers;
}

const char *container_state_name(enum container_state state)
{
	return state == CONTAINER_RUNNING ? "running" : "exited";
}

bool container_is_live(const struct container *c)
{
	return c->state == CONTAINER_RUNNING;
}

bool container_is_running(const struct container *c)
{
	return c->state == CONTAINER_RUNNING;
}

char *container_folder(const struct container *c)
{
	return str_dup("/data/c");
}

char *container_upper_folder(const struct container *c)
{
	return str_dup("/data/c/upper");
}

char *container_log_path(const struct container *c)
{
	return NULL;
}

char *container_etc_path(const struct container *c, const char *file)
{
	return str_format("/data/c/%s", file);
}

const char *health_state_name(enum health_state state)
{
	static const char *const names[] = {"none", "starting", "healthy", "unhealthy"};

	return names[state];
}

/* ---- the containers ---- */

static void publish(struct container *c, const char *port, const char *ip, const char *number)
{
	struct record_list *list = record_map_add(&record_list_of, &c->ports, port);
	struct port_binding *binding = record_list_add(&port_binding_type, list);

	binding->host_ip = str_dup(ip);
	binding->host_port = str_dup(number);
}

static void join_network(struct container *c, const char *name, const char *dns_name)
{
	struct endpoint_settings *e = record_map_add(&endpoint_settings_type, &c->networks, name);

	e->ip_address = str_dup("172.17.0.2");
	e->ip_prefix_len = 16;
	e->mac_address = str_dup("02:42:ac:11:00:02");
	if (dns_name)
		strings_add(&e->dns_names, dns_name);
}

static void add_mount(struct container *c, const char *type, bool from_mounts)
{
	struct mount_point *mount = record_list_add(&mount_point_type, &c->mounts);

	mount->type = str_dup(type);
	mount->destination = str_format("/%s-%d", type, from_mounts);
	mount->from_mounts = from_mounts;
}

static void make_web(struct container *c, struct image *image)
{
	c->id = str_dup(WEB_ID);
	c->name = str_dup("web");
	c->image = image;
	c->image_id = str_dup(IMAGE_ID);
	c->created_ns = NOW - 60 * NS_PER_SECOND;
	c->started_ns = NOW - 5 * NS_PER_SECOND;
	c->state = CONTAINER_RUNNING;
	c->pid = 4242;
	c->path = str_dup("nginx");
	c->config.image = str_dup("nginx");
	c->config.hostname = str_dup("host");
	strings_add(&c->config.exposed_ports, "80/tcp");
	strings_add(&c->config.exposed_ports, "443/tcp");
	pairs_set(&c->config.labels, "a", "b");
	pairs_set(&c->host_config.annotations, "n", "v");
	c->host_config.network_mode = str_dup("bridge");
	c->size_rw = 10;
	c->size_root = 20;
	publish(c, "80/tcp", "0.0.0.0", "8080");
	join_network(c, "bridge", NULL);
	join_network(c, "mine", "web");
	add_mount(c, "tmpfs", false);
	add_mount(c, "tmpfs", true);
	add_mount(c, "bind", false);
}

static void fini(struct container *c)
{
	free(c->id);
	free(c->name);
	free(c->image_id);
	free(c->path);
	record_fini(&container_config_type, &c->config);
	record_fini(&host_config_type, &c->host_config);
	record_map_fini(&endpoint_settings_type, &c->networks);
	record_map_of_lists_fini(&port_binding_type, &c->ports);
	record_list_fini(&mount_point_type, &c->mounts);
}

static struct image image = {.id = IMAGE_ID};
static struct container web, linking;

static int setup(void **state)
{
	strings_add(&image.tags, "nginx:latest");
	make_web(&web, &image);
	strings_add(&linking.host_config.links, "/web:/linking/db");
	strings_add(&linking.host_config.links, "/website:/linking/other");
	containers[0] = &web;
	containers[1] = &linking;
	return 0;
}

static int teardown(void **state)
{
	fini(&web);
	fini(&linking);
	strings_fini(&image.tags);
	return 0;
}

/* ---- the tests ---- */

static void a_list_item_has_what_ps_shows(void **state)
{
	scoped_buffer struct buffer json = {0};
	const struct view_options options = {.minor = 47, .now_ns = NOW};

	container_view_list_item(&web, &options, &json);
	assert_string_equal(
		json.data,
		"{\"Id\":\"" WEB_ID "\",\"Names\":[\"/web\"],\"Image\":\"nginx\",\"ImageID\":"
		"\"" IMAGE_ID "\",\"Command\":\"nginx\",\"Created\":1699999940,\"Ports\":["
		"{\"IP\":\"0.0.0.0\",\"PrivatePort\":80,\"PublicPort\":8080,\"Type\":\"tcp\"},"
		"{\"PrivatePort\":443,\"Type\":\"tcp\"}],\"Labels\":{\"a\":\"b\"},\"State\":"
		"\"running\",\"Status\":\"Up 5 seconds\",\"HostConfig\":{\"NetworkMode\":"
		"\"bridge\",\"Annotations\":{\"n\":\"v\"}},\"NetworkSettings\":{\"Networks\":{"
		"\"bridge\":{\"IPAMConfig\":null,\"Links\":null,\"Aliases\":null,\"MacAddress\":"
		"\"02:42:ac:11:00:02\",\"DriverOpts\":null,\"NetworkID\":\"\",\"EndpointID\":\"\","
		"\"Gateway\":\"\",\"IPAddress\":\"172.17.0.2\",\"IPPrefixLen\":16,\"IPv6Gateway\":"
		"\"\",\"GlobalIPv6Address\":\"\",\"GlobalIPv6PrefixLen\":0,\"DNSNames\":null},"
		"\"mine\":{\"IPAMConfig\":null,\"Links\":null,\"Aliases\":null,\"MacAddress\":"
		"\"02:42:ac:11:00:02\",\"DriverOpts\":null,\"NetworkID\":\"\",\"EndpointID\":\"\","
		"\"Gateway\":\"\",\"IPAddress\":\"172.17.0.2\",\"IPPrefixLen\":16,\"IPv6Gateway\":"
		"\"\",\"GlobalIPv6Address\":\"\",\"GlobalIPv6PrefixLen\":0,\"DNSNames\":[\"web\"]}"
		"}},\"Mounts\":[{\"Type\":\"tmpfs\",\"Source\":\"\",\"Destination\":\"/tmpfs-1\","
		"\"Mode\":\"\",\"RW\":false,\"Propagation\":\"\"},{\"Type\":\"bind\",\"Source\":"
		"\"\",\"Destination\":\"/bind-0\",\"Mode\":\"\",\"RW\":false,\"Propagation\":\"\"}]"
		"}");
}

static json_t *view(void (*write)(const struct container *, const struct view_options *,
				  struct buffer *),
		    const struct view_options *options)
{
	scoped_buffer struct buffer text = {0};
	struct error err;

	write(&web, options, &text);
	json_t *json = json_parse(text.data, text.size, &err);
	assert_non_null(json);
	return json;
}

static void sizes_links_and_annotations_are_told_when_it_is_their_time(void **state)
{
	const struct view_options old = {.minor = 45, .now_ns = NOW, .size = true, .links = true};
	scoped_json json_t *json = view(container_view_list_item, &old);
	const json_t *names = json_object_get(json, "Names");

	assert_int_equal(json_integer_value(json_object_get(json, "SizeRw")), 10);
	assert_int_equal(json_integer_value(json_object_get(json, "SizeRootFs")), 20);
	assert_null(json_object_get(json_object_get(json, "HostConfig"), "Annotations"));
	assert_int_equal(json_array_size(names), 2);
	assert_string_equal(json_string_value(json_array_get(names, 1)), "/linking/db");
}

static void the_image_is_shown_as_typed_while_that_names_it(void **state)
{
	static const struct {
		const char *typed, *shown;
	} cases[] = {
		{"nginx", "nginx"},    {"nginx:latest", "nginx:latest"},
		{"cdcd", "cdcd"}, /* found by id */
		{"nginx:1", IMAGE_ID}, {"ngin", IMAGE_ID},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		const struct view_options options = {.minor = 47, .now_ns = NOW};

		str_replace(&web.config.image, cases[i].typed);
		scoped_json json_t *json = view(container_view_list_item, &options);
		assert_string_equal(json_string_value(json_object_get(json, "Image")),
				    cases[i].shown);
	}
	str_replace(&web.config.image, "nginx");
}

static const char *text_at(const json_t *json, const char *path)
{
	scoped_strings struct strings names = strings_split(path, '.');

	for (size_t i = 0; i < names.count; i++)
		json = json_object_get(json, names.items[i]);
	return json_string_value(json);
}

static void inspect_repeats_the_bridge_and_points_at_the_process(void **state)
{
	const struct view_options options = {.minor = 47, .now_ns = NOW};
	scoped_json json_t *json = view(container_view_inspect, &options);
	const json_t *network = json_object_get(json, "NetworkSettings");
	scoped_free char *ports =
		json_dumps(json_object_get(network, "Ports"), JSON_COMPACT | JSON_SORT_KEYS);

	assert_string_equal(text_at(json, "Name"), "/web");
	assert_string_equal(text_at(json, "State.StartedAt"), "2023-11-14T22:13:15Z");
	assert_string_equal(text_at(json, "State.FinishedAt"), "0001-01-01T00:00:00Z");
	assert_null(json_object_get(json_object_get(json, "State"), "Health"));
	assert_string_equal(text_at(json, "LogPath"), "");
	assert_string_equal(text_at(json, "NetworkSettings.IPAddress"), "172.17.0.2");
	assert_string_equal(text_at(json, "NetworkSettings.SandboxKey"), "/proc/4242/ns/net");
	assert_string_equal(text_at(json, "GraphDriver.Data.LowerDir"),
			    "/data/layers/aaaaa:/data/layers/bbbbb");
	assert_string_equal(ports, "{\"443/tcp\":null,\"80/tcp\":[{\"HostIp\":\"0.0.0.0\","
				   "\"HostPort\":\"8080\"}]}");
	assert_true(json_is_null(json_object_get(json, "ExecIDs")));
	assert_null(json_object_get(json, "SizeRw"));
}

static void aliases_below_1_45_carry_id_and_hostname(void **state)
{
	for (int minor = 44; minor <= 45; minor++) {
		const struct view_options options = {.minor = minor, .now_ns = NOW};
		scoped_json json_t *json = view(container_view_inspect, &options);
		const json_t *networks =
			json_object_get(json_object_get(json, "NetworkSettings"), "Networks");
		const json_t *mine = json_object_get(json_object_get(networks, "mine"), "Aliases");
		const json_t *bridge =
			json_object_get(json_object_get(networks, "bridge"), "Aliases");

		assert_int_equal(json_array_size(mine), minor < 45 ? 2 : 0);
		assert_true(json_is_null(bridge));
	}
	assert_int_equal(RECORD_AT(web.networks, struct endpoint_settings, 1)->aliases.count, 0);
}

static void a_stopped_container_has_no_ports(void **state)
{
	const struct view_options options = {.minor = 47, .now_ns = NOW};

	web.state = CONTAINER_EXITED;
	scoped_json json_t *item = view(container_view_list_item, &options);
	scoped_json json_t *inspect = view(container_view_inspect, &options);
	web.state = CONTAINER_RUNNING;
	assert_int_equal(json_array_size(json_object_get(item, "Ports")), 0);
	assert_int_equal(json_object_size(json_object_get(
				 json_object_get(inspect, "NetworkSettings"), "Ports")),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_item_has_what_ps_shows),
		cmocka_unit_test(sizes_links_and_annotations_are_told_when_it_is_their_time),
		cmocka_unit_test(the_image_is_shown_as_typed_while_that_names_it),
		cmocka_unit_test(inspect_repeats_the_bridge_and_points_at_the_process),
		cmocka_unit_test(aliases_below_1_45_carry_id_and_hostname),
		cmocka_unit_test(a_stopped_container_has_no_ports),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
