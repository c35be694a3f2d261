/* GET /containers/{id}/json. */
#include "base/id.h"
#include "base/time.h"
#include "door/docker/container_text.h"
#include "door/docker/container_view.h"
#include "door/docker/graph_driver.h"
#include "format/json.h"

#define F      RECORD_FIELD
#define FLAGS  RECORD_FIELD_FLAGS
#define NESTED RECORD_NESTED
#define TEXT   RECORD_EMPTY_STRING
#define EMPTY  RECORD_OMIT_EMPTY
#define ABSENT RECORD_OMIT_ABSENT
#define LIST   RECORD_EMPTY_LIST

/* ---- health ---- */

struct probe_view {
	char *start, *end; /* owned */
	int64_t exit_code;
	char *output;
};

struct health_view {
	char *status;
	int64_t failing_streak;
	struct record_list log; /* struct probe_view */
};

#define T struct probe_view
static const struct record_field probe_view_fields[] = {
	F(T, 1, "Start", RECORD_STRING, start),
	F(T, 2, "End", RECORD_STRING, end),
	F(T, 3, "ExitCode", RECORD_I64, exit_code),
	FLAGS(T, 4, "Output", RECORD_STRING, output, TEXT),
};
static const struct record_type probe_view_type = RECORD_TYPE(T, probe_view_fields);
#undef T

#define T struct health_view
static const struct record_field health_view_fields[] = {
	F(T, 1, "Status", RECORD_STRING, status),
	F(T, 2, "FailingStreak", RECORD_I64, failing_streak),
	NESTED(T, 3, "Log", RECORD_LIST, log, LIST, &probe_view_type),
};
static const struct record_type health_view_type = RECORD_TYPE(T, health_view_fields);
#undef T

static char *time_text(int64_t ns)
{
	char text[TIME_TEXT_SIZE];

	return str_dup(time_to_text(ns, text));
}

static struct health_view *health_view_new(const struct container *c)
{
	struct health_view *view = mem_new(struct health_view);

	view->status = str_dup(health_state_name((enum health_state)c->health));
	view->failing_streak = c->failing_streak;
	for (size_t i = 0; i < c->health_log.count; i++) {
		const struct health_result *result =
			RECORD_AT(c->health_log, struct health_result, i);
		struct probe_view *probe = record_list_add(&probe_view_type, &view->log);

		probe->start = time_text(result->started_ns);
		probe->end = time_text(result->finished_ns);
		probe->exit_code = result->exit_code;
		probe->output = str_dup_or_null(result->output);
	}
	return view;
}

/* ---- state ---- */

struct state_view {
	char *status;
	bool running, paused, restarting, oom_killed, dead;
	int64_t pid, exit_code;
	char *error, *started_at, *finished_at;
	struct health_view *health; /* NULL: not checked */
};

#define T struct state_view
static const struct record_field state_view_fields[] = {
	F(T, 1, "Status", RECORD_STRING, status),
	F(T, 2, "Running", RECORD_BOOL, running),
	F(T, 3, "Paused", RECORD_BOOL, paused),
	F(T, 4, "Restarting", RECORD_BOOL, restarting),
	F(T, 5, "OOMKilled", RECORD_BOOL, oom_killed),
	F(T, 6, "Dead", RECORD_BOOL, dead),
	F(T, 7, "Pid", RECORD_I64, pid),
	F(T, 8, "ExitCode", RECORD_I64, exit_code),
	FLAGS(T, 9, "Error", RECORD_STRING, error, TEXT),
	F(T, 10, "StartedAt", RECORD_STRING, started_at),
	F(T, 11, "FinishedAt", RECORD_STRING, finished_at),
	NESTED(T, 12, "Health", RECORD_POINTER, health, ABSENT, &health_view_type),
};
static const struct record_type state_view_type = RECORD_TYPE(T, state_view_fields);
#undef T

static struct state_view state_view_make(const struct container *c)
{
	return (struct state_view){
		.status = str_dup(container_state_name((enum container_state)c->state)),
		.running = container_is_running(c),
		.paused = c->state == CONTAINER_PAUSED,
		.restarting = c->state == CONTAINER_RESTARTING,
		.oom_killed = c->oom_killed,
		.dead = c->state == CONTAINER_DEAD,
		.pid = c->pid,
		.exit_code = c->exit_code,
		.error = str_dup_or_null(c->error),
		.started_at = time_text(c->started_ns),
		.finished_at = time_text(c->finished_ns),
		.health = c->health == HEALTH_NONE ? NULL : health_view_new(c),
	};
}

/* ---- the root ---- */

static char *lower_folders(const struct container *c)
{
	scoped_strings struct strings folders = {0}, layers = {0};
	const char *data_root = engine_get_settings(c->engine)->data_root;

	if (!c->image)
		return str_dup("");
	layers = image_rootfs(c->image);
	for (size_t i = 0; i < layers.count; i++)
		strings_format(&folders, "%s/layers/%s", data_root, layers.items[i]);
	return strings_join(&folders, ":");
}

/* The merged view exists only inside the container, and through its first process. */
static struct driver_view driver_view_make(const struct container *c)
{
	char *upper = container_upper_folder(c);
	int parent = (int)(strrchr(upper, '/') - upper);

	return (struct driver_view){
		.data = {.lower = lower_folders(c),
			 .merged = c->pid ? str_format("/proc/%lld/root", (long long)c->pid) : NULL,
			 .upper = upper,
			 .work = str_format("%.*s/work", parent, upper)},
		.name = str_dup("overlay2"),
	};
}

/* ---- networks ---- */

/* Ports come as JSON text: an exposed port that is not published is null, which no record says. */
struct network_view {
	char *bridge, *sandbox_id, *sandbox_key;
	char *ports;
	bool hairpin;
	char *link_local;
	int64_t link_local_prefix;
	struct strings secondary, secondary6;
	char *endpoint_id, *gateway, *address6;
	int64_t prefix6;
	char *address;
	int64_t prefix;
	char *gateway6, *mac;
	struct record_map networks; /* struct endpoint_settings */
};

#define T struct network_view
static const struct record_field network_view_fields[] = {
	FLAGS(T, 1, "Bridge", RECORD_STRING, bridge, TEXT),
	FLAGS(T, 2, "SandboxID", RECORD_STRING, sandbox_id, TEXT),
	FLAGS(T, 3, "SandboxKey", RECORD_STRING, sandbox_key, TEXT),
	F(T, 4, "Ports", RECORD_JSON, ports),
	F(T, 5, "HairpinMode", RECORD_BOOL, hairpin),
	FLAGS(T, 6, "LinkLocalIPv6Address", RECORD_STRING, link_local, TEXT),
	F(T, 7, "LinkLocalIPv6PrefixLen", RECORD_I64, link_local_prefix),
	F(T, 8, "SecondaryIPAddresses", RECORD_STRINGS, secondary),
	F(T, 9, "SecondaryIPv6Addresses", RECORD_STRINGS, secondary6),
	FLAGS(T, 10, "EndpointID", RECORD_STRING, endpoint_id, TEXT),
	FLAGS(T, 11, "Gateway", RECORD_STRING, gateway, TEXT),
	FLAGS(T, 12, "GlobalIPv6Address", RECORD_STRING, address6, TEXT),
	F(T, 13, "GlobalIPv6PrefixLen", RECORD_I64, prefix6),
	FLAGS(T, 14, "IPAddress", RECORD_STRING, address, TEXT),
	F(T, 15, "IPPrefixLen", RECORD_I64, prefix),
	FLAGS(T, 16, "IPv6Gateway", RECORD_STRING, gateway6, TEXT),
	FLAGS(T, 17, "MacAddress", RECORD_STRING, mac, TEXT),
	NESTED(T, 18, "Networks", RECORD_MAP, networks, LIST, &endpoint_settings_type),
};
static const struct record_type network_view_type = RECORD_TYPE(T, network_view_fields);
#undef T

void container_view_ports(const struct container *c, struct buffer *json)
{
	const struct strings *exposed = &c->config.exposed_ports;

	buffer_add_char(json, '{');
	for (size_t i = 0; container_is_live(c) && i < c->ports.count; i++) {
		const struct record_list *list = RECORD_AT(c->ports, struct record_list, i);

		json_write_name(json, c->ports.names[i]);
		if (list->count == 0) {
			buffer_add_text(json, "null");
			continue;
		}
		buffer_add_char(json, '[');
		for (size_t k = 0; k < list->count; k++) {
			if (k)
				buffer_add_char(json, ',');
			record_write_json(&port_binding_type,
					  RECORD_AT(*list, struct port_binding, k), RECORD_FOR_API,
					  json);
		}
		buffer_add_char(json, ']');
	}
	for (size_t i = 0; container_is_live(c) && i < exposed->count; i++) {
		if (record_map_get(&record_list_of, &c->ports, exposed->items[i]))
			continue;
		json_write_name(json, exposed->items[i]);
		buffer_add_text(json, "null");
	}
	buffer_add_char(json, '}');
}

static void add_alias(struct strings *aliases, const char *alias)
{
	if (!str_is_empty(alias) && !strings_contain(aliases, alias))
		strings_add(aliases, alias);
}

/* Below 1.45 Aliases also carry the short id and the hostname, which DNSNames say since. */
static void add_old_aliases(const struct container *c, struct record_map *networks)
{
	scoped_free char *short_id = str_dup_n(c->id, ID_SHORT_LENGTH);

	for (size_t i = 0; i < networks->count; i++) {
		struct endpoint_settings *e = RECORD_AT(*networks, struct endpoint_settings, i);

		if (!e->dns_names.count)
			continue; /* the predefined networks know no names */
		add_alias(&e->aliases, short_id);
		add_alias(&e->aliases, c->config.hostname);
	}
}

/* The fields that stand beside Networks repeat what the default bridge says. */
static void repeat_bridge(struct network_view *view)
{
	const struct endpoint_settings *e =
		record_map_get(&endpoint_settings_type, &view->networks, "bridge");

	if (!e)
		return;
	view->endpoint_id = str_dup_or_null(e->endpoint_id);
	view->gateway = str_dup_or_null(e->gateway);
	view->address = str_dup_or_null(e->ip_address);
	view->prefix = e->ip_prefix_len;
	view->address6 = str_dup_or_null(e->global_ipv6_address);
	view->prefix6 = e->global_ipv6_prefix_len;
	view->gateway6 = str_dup_or_null(e->ipv6_gateway);
	view->mac = str_dup_or_null(e->mac_address);
}

static struct network_view network_view_make(const struct container *c, int minor)
{
	struct network_view view = {.sandbox_id = str_dup_or_null(c->sandbox_id)};
	struct networking_config own = {c->networks}, copy = {0};
	struct buffer ports = {0};

	record_copy(&networking_config_type, &own, &copy);
	view.networks = copy.endpoints;
	container_view_ports(c, &ports);
	view.ports = buffer_take(&ports);
	if (c->pid && container_is_live(c))
		view.sandbox_key = str_format("/proc/%lld/ns/net", (long long)c->pid);
	if (minor < 45)
		add_old_aliases(c, &view.networks);
	repeat_bridge(&view);
	return view;
}

/* ---- the whole ---- */

/* Owned, but for what is marked: those parts are the container's own. */
struct inspect_view {
	char *id, *created, *path;
	struct strings args;
	struct state_view state;
	char *image;
	char *resolv_conf_path, *hostname_path, *hosts_path, *log_path;
	char *name;
	int64_t restart_count;
	char *driver, *platform, *mount_label, *process_label, *app_armor;
	struct strings exec_ids;
	const struct host_config *host_config; /* borrowed */
	struct driver_view graph_driver;
	struct optional_i64 size_rw, size_root;
	struct record_list mounts;	       /* the array is owned, what it holds is borrowed */
	const struct container_config *config; /* borrowed */
	const struct extension *extension;     /* borrowed */
	struct network_view network_settings;
};

#define T struct inspect_view
/* In two halves, so that the owned one can be freed by its table. */
#define OWNED_HEAD                                                                                 \
	F(T, 1, "Id", RECORD_STRING, id), F(T, 2, "Created", RECORD_STRING, created),              \
		FLAGS(T, 3, "Path", RECORD_STRING, path, TEXT),                                    \
		FLAGS(T, 4, "Args", RECORD_STRINGS, args, LIST),                                   \
		NESTED(T, 5, "State", RECORD_STRUCT, state, 0, &state_view_type),                  \
		FLAGS(T, 6, "Image", RECORD_STRING, image, TEXT),                                  \
		FLAGS(T, 7, "ResolvConfPath", RECORD_STRING, resolv_conf_path, TEXT),              \
		FLAGS(T, 8, "HostnamePath", RECORD_STRING, hostname_path, TEXT),                   \
		FLAGS(T, 9, "HostsPath", RECORD_STRING, hosts_path, TEXT),                         \
		FLAGS(T, 10, "LogPath", RECORD_STRING, log_path, TEXT),                            \
		F(T, 11, "Name", RECORD_STRING, name),                                             \
		F(T, 12, "RestartCount", RECORD_I64, restart_count),                               \
		F(T, 13, "Driver", RECORD_STRING, driver),                                         \
		F(T, 14, "Platform", RECORD_STRING, platform),                                     \
		FLAGS(T, 15, "MountLabel", RECORD_STRING, mount_label, TEXT),                      \
		FLAGS(T, 16, "ProcessLabel", RECORD_STRING, process_label, TEXT),                  \
		FLAGS(T, 17, "AppArmorProfile", RECORD_STRING, app_armor, TEXT),                   \
		F(T, 18, "ExecIDs", RECORD_STRINGS, exec_ids)
#define OWNED_MIDDLE                                                                               \
	NESTED(T, 20, "GraphDriver", RECORD_STRUCT, graph_driver, 0, &driver_view_type),           \
		FLAGS(T, 21, "SizeRw", RECORD_OPTIONAL_I64, size_rw, ABSENT),                      \
		FLAGS(T, 22, "SizeRootFs", RECORD_OPTIONAL_I64, size_root, ABSENT)
#define OWNED_TAIL                                                                                 \
	NESTED(T, 25, "NetworkSettings", RECORD_STRUCT, network_settings, 0, &network_view_type)

static const struct record_field inspect_view_fields[] = {
	OWNED_HEAD,
	NESTED(T, 19, "HostConfig", RECORD_POINTER, host_config, 0, &host_config_type),
	OWNED_MIDDLE,
	NESTED(T, 23, "Mounts", RECORD_LIST, mounts, LIST, &mount_point_type),
	NESTED(T, 24, "Config", RECORD_POINTER, config, 0, &container_config_type),
	OWNED_TAIL,
	NESTED(T, 26, "Wherry", RECORD_POINTER, extension, ABSENT, &extension_type),
};
static const struct record_type inspect_view_type = RECORD_TYPE(T, inspect_view_fields);

static const struct record_field owned_fields[] = {OWNED_HEAD, OWNED_MIDDLE, OWNED_TAIL};
static const struct record_type owned_type = RECORD_TYPE(T, owned_fields);
#undef T

static struct strings exec_ids(const struct container *c)
{
	struct strings ids = {0};

	for (const struct exec *e = c->execs; e; e = e->next)
		if (!e->for_health && e->state != EXEC_EXITED)
			strings_add(&ids, e->id);
	return ids;
}

static struct inspect_view inspect_view_make(const struct container *c,
					     const struct view_options *options)
{
	return (struct inspect_view){
		.id = str_dup(c->id),
		.created = time_text(c->created_ns),
		.path = str_dup_or_null(c->path),
		.args = strings_copy(&c->args),
		.state = state_view_make(c),
		.image = str_dup_or_null(c->image_id),
		.resolv_conf_path = container_etc_path(c, "resolv.conf"),
		.hostname_path = container_etc_path(c, "hostname"),
		.hosts_path = container_etc_path(c, "hosts"),
		.log_path = container_log_path(c),
		.name = str_format("/%s", c->name),
		.restart_count = c->restart_count,
		.driver = str_dup("overlay2"),
		.platform = str_dup_or_null(c->platform),
		.exec_ids = exec_ids(c),
		.host_config = &c->host_config,
		.graph_driver = driver_view_make(c),
		.size_rw = {options->size, c->size_rw > 0 ? c->size_rw : 0},
		.size_root = {options->size, c->size_root > 0 ? c->size_root : 0},
		.mounts = container_view_mounts(c),
		.config = &c->config,
		.extension = c->extension,
		.network_settings = network_view_make(c, options->minor),
	};
}

void container_view_inspect(const struct container *c, const struct view_options *options,
			    struct buffer *json)
{
	struct inspect_view view = inspect_view_make(c, options);

	record_write_json(&inspect_view_type, &view, RECORD_FOR_API, json);
	free(view.mounts.items);
	record_fini(&owned_type, &view);
}
