/* GET /info. */
#include "base/time.h"
#include "door/docker/door_state.h"
#include "door/docker/handlers.h"
#include "door/docker/host_info.h"
#include "os/cgroup.h"

#define PLUGINS                                                                                    \
	"{\"Volume\":[\"local\"],\"Network\":[\"bridge\",\"host\",\"macvlan\",\"null\"],"          \
	"\"Authorization\":"                                                                       \
	"null,\"Log\":[\"journal\",\"journald\",\"json-file\",\"local\",\"none\",\"syslog\"]}"
#define SWARM                                                                                      \
	"{\"NodeID\":\"\",\"NodeAddr\":\"\",\"LocalNodeState\":\"inactive\",\"ControlAvailable\":" \
	"false,\"Error\":\"\",\"RemoteManagers\":null}"

/* Containers are started by our own runtime; its name is what clients send and compare. */
#define RUNTIME "runc"

struct commit_view {
	char *id;
};
static const struct record_field commit_view_fields[] = {
	RECORD_FIELD_FLAGS(struct commit_view, 1, "ID", RECORD_STRING, id, RECORD_EMPTY_STRING),
};
static const struct record_type commit_view_type =
	RECORD_TYPE(struct commit_view, commit_view_fields);

/* Texts are borrowed from door and host; JSON and lists are owned by what fills them. */
struct info_view {
	char *id;
	int64_t containers, running, paused, stopped, images;
	char *driver, *driver_status, *data_root, *plugins;
	bool memory_limit, swap_limit, cpu_period, cpu_quota, cpu_shares, cpuset, pids_limit,
		ipv4_forwarding, bridge_nf, bridge_nf6, debug;
	int64_t descriptors;
	bool oom_kill_disable;
	int64_t goroutines;
	char *system_time, *log_driver, *cgroup_driver, *cgroup_version;
	int64_t listeners;
	char *kernel, *operating_system, *os_version, *os_type, *machine, *index_server,
		*registries;
	int64_t processors, memory;
	char *generic_resources, *http_proxy, *https_proxy, *no_proxy, *name;
	struct strings labels;
	bool experimental;
	char *version, *runtimes, *default_runtime, *swarm;
	bool live_restore;
	char *isolation, *init_binary;
	struct commit_view containerd, runtime, init;
	struct strings security_options;
	char *product_license;
	struct strings warnings;
};

#define F     RECORD_FIELD
#define FLAGS RECORD_FIELD_FLAGS
#define TEXT  RECORD_EMPTY_STRING
#define LIST  RECORD_EMPTY_LIST
#define T     struct info_view
static const struct record_field info_view_fields[] = {
	F(T, 1, "ID", RECORD_STRING, id),
	F(T, 2, "Containers", RECORD_I64, containers),
	F(T, 3, "ContainersRunning", RECORD_I64, running),
	F(T, 4, "ContainersPaused", RECORD_I64, paused),
	F(T, 5, "ContainersStopped", RECORD_I64, stopped),
	F(T, 6, "Images", RECORD_I64, images),
	F(T, 7, "Driver", RECORD_STRING, driver),
	F(T, 8, "DriverStatus", RECORD_JSON, driver_status),
	F(T, 9, "DockerRootDir", RECORD_STRING, data_root),
	F(T, 10, "Plugins", RECORD_JSON, plugins),
	F(T, 11, "MemoryLimit", RECORD_BOOL, memory_limit),
	F(T, 12, "SwapLimit", RECORD_BOOL, swap_limit),
	F(T, 13, "CpuCfsPeriod", RECORD_BOOL, cpu_period),
	F(T, 14, "CpuCfsQuota", RECORD_BOOL, cpu_quota),
	F(T, 15, "CPUShares", RECORD_BOOL, cpu_shares),
	F(T, 16, "CPUSet", RECORD_BOOL, cpuset),
	F(T, 17, "PidsLimit", RECORD_BOOL, pids_limit),
	F(T, 18, "IPv4Forwarding", RECORD_BOOL, ipv4_forwarding),
	F(T, 19, "BridgeNfIptables", RECORD_BOOL, bridge_nf),
	F(T, 20, "BridgeNfIp6tables", RECORD_BOOL, bridge_nf6),
	F(T, 21, "Debug", RECORD_BOOL, debug),
	F(T, 22, "NFd", RECORD_I64, descriptors),
	F(T, 23, "OomKillDisable", RECORD_BOOL, oom_kill_disable),
	F(T, 24, "NGoroutines", RECORD_I64, goroutines),
	F(T, 25, "SystemTime", RECORD_STRING, system_time),
	F(T, 26, "LoggingDriver", RECORD_STRING, log_driver),
	F(T, 27, "CgroupDriver", RECORD_STRING, cgroup_driver),
	F(T, 28, "CgroupVersion", RECORD_STRING, cgroup_version),
	F(T, 29, "NEventsListener", RECORD_I64, listeners),
	F(T, 30, "KernelVersion", RECORD_STRING, kernel),
	F(T, 31, "OperatingSystem", RECORD_STRING, operating_system),
	FLAGS(T, 32, "OSVersion", RECORD_STRING, os_version, TEXT),
	F(T, 33, "OSType", RECORD_STRING, os_type),
	F(T, 34, "Architecture", RECORD_STRING, machine),
	F(T, 35, "IndexServerAddress", RECORD_STRING, index_server),
	F(T, 36, "RegistryConfig", RECORD_JSON, registries),
	F(T, 37, "NCPU", RECORD_I64, processors),
	F(T, 38, "MemTotal", RECORD_I64, memory),
	F(T, 39, "GenericResources", RECORD_JSON, generic_resources),
	FLAGS(T, 40, "HttpProxy", RECORD_STRING, http_proxy, TEXT),
	FLAGS(T, 41, "HttpsProxy", RECORD_STRING, https_proxy, TEXT),
	FLAGS(T, 42, "NoProxy", RECORD_STRING, no_proxy, TEXT),
	F(T, 43, "Name", RECORD_STRING, name),
	FLAGS(T, 44, "Labels", RECORD_STRINGS, labels, LIST),
	F(T, 45, "ExperimentalBuild", RECORD_BOOL, experimental),
	F(T, 46, "ServerVersion", RECORD_STRING, version),
	F(T, 47, "Runtimes", RECORD_JSON, runtimes),
	F(T, 48, "DefaultRuntime", RECORD_STRING, default_runtime),
	F(T, 49, "Swarm", RECORD_JSON, swarm),
	F(T, 50, "LiveRestoreEnabled", RECORD_BOOL, live_restore),
	FLAGS(T, 51, "Isolation", RECORD_STRING, isolation, TEXT),
	FLAGS(T, 52, "InitBinary", RECORD_STRING, init_binary, TEXT),
	RECORD_NESTED(T, 53, "ContainerdCommit", RECORD_STRUCT, containerd, 0, &commit_view_type),
	RECORD_NESTED(T, 54, "RuncCommit", RECORD_STRUCT, runtime, 0, &commit_view_type),
	RECORD_NESTED(T, 55, "InitCommit", RECORD_STRUCT, init, 0, &commit_view_type),
	FLAGS(T, 56, "SecurityOptions", RECORD_STRINGS, security_options, LIST),
	FLAGS(T, 57, "ProductLicense", RECORD_STRING, product_license, RECORD_OMIT_EMPTY),
	F(T, 58, "Warnings", RECORD_STRINGS, warnings),
};
static const struct record_type info_view_type = RECORD_TYPE(T, info_view_fields);
#undef T

/* ---- parts that are lists and maps of their own ---- */

static char *driver_status(const struct host_info *host)
{
	return str_format("[[\"Backing Filesystem\",\"%s\"],[\"Supports d_type\",\"true\"],"
			  "[\"Using metacopy\",\"false\"],[\"Native Overlay Diff\",\"true\"]]",
			  host->filesystem);
}

static void write_index(const char *name, const struct strings *mirrors, bool secure, bool official,
			struct buffer *json)
{
	json_write_name(json, name);
	buffer_add_text(json, "{\"Name\":");
	json_write_string(json, name);
	buffer_add_text(json, ",\"Mirrors\":");
	json_write_strings(json, mirrors);
	buffer_format(json, ",\"Secure\":%s,\"Official\":%s}", secure ? "true" : "false",
		      official ? "true" : "false");
}

/* "10.0.0.0/8" among the insecure ones is a network, all others are hosts. */
static char *registry_config(const struct docker_door *door)
{
	static const struct strings none;
	struct buffer json = {0};
	scoped_strings struct strings networks = {0};

	strings_add(&networks, "127.0.0.0/8");
	for (size_t i = 0; i < door->insecure_registries.count; i++)
		if (strchr(door->insecure_registries.items[i], '/'))
			strings_add(&networks, door->insecure_registries.items[i]);
	buffer_add_text(&json, "{\"AllowNondistributableArtifactsCIDRs\":null,"
			       "\"AllowNondistributableArtifactsHostnames\":null,"
			       "\"InsecureRegistryCIDRs\":");
	json_write_strings(&json, &networks);
	buffer_add_text(&json, ",\"IndexConfigs\":{");
	write_index("docker.io", &door->mirrors, true, true, &json);
	for (size_t i = 0; i < door->insecure_registries.count; i++)
		if (!strchr(door->insecure_registries.items[i], '/'))
			write_index(door->insecure_registries.items[i], &none, false, false, &json);
	buffer_add_text(&json, "},\"Mirrors\":");
	json_write_strings(&json, &door->mirrors);
	buffer_add_char(&json, '}');
	return buffer_take(&json);
}

static char *runtimes(const struct engine_settings *settings)
{
	struct buffer json = {0};
	scoped_free char *path = str_format("%s/wherry-shim", settings->program_folder);

	buffer_add_text(&json, "{\"" RUNTIME "\":{\"path\":");
	json_write_string(&json, path);
	buffer_add_text(&json, "}}");
	return buffer_take(&json);
}

static struct strings security_options(const struct engine_settings *settings)
{
	struct strings options = {0};
	const char *profile = settings->seccomp_profile;

	if (!str_equal(profile, "unconfined"))
		strings_format(&options, "name=seccomp,profile=%s", profile ? profile : "builtin");
	if (settings->no_new_privileges)
		strings_add(&options, "name=no-new-privileges");
	if (cgroup_host()->layout == CGROUP_V2)
		strings_add(&options, "name=cgroupns");
	return options;
}

/* ---- what the host cannot do ---- */

static struct strings warnings(const struct call *call, const struct host_info *host)
{
	const struct cgroup_host *cgroups = cgroup_host();
	const struct strings *network = networks_warnings(call_parts(call)->networks);
	const struct {
		bool missing;
		const char *text;
	} rows[] = {
		{!cgroups->has[CGROUP_MEMORY], "WARNING: No memory limit support"},
		{!cgroups->swap_limit, "WARNING: No swap limit support"},
		{!cgroups->cpu_quota, "WARNING: No cpu cfs quota support"},
		{!cgroups->has[CGROUP_CPUSET], "WARNING: No cpuset support"},
		{!cgroups->has[CGROUP_PIDS], "WARNING: No pids limit support"},
		{!host->ipv4_forwarding, "WARNING: IPv4 forwarding is disabled"},
	};
	struct strings texts = {0};

	for (size_t i = 0; i < array_length(rows); i++)
		if (rows[i].missing)
			strings_add(&texts, rows[i].text);
	for (size_t i = 0; network && i < network->count; i++)
		strings_format(&texts, "WARNING: %s", network->items[i]);
	return texts;
}

/* ---- the whole ---- */

static const char *environment(const char *lower, const char *upper)
{
	const char *value = getenv(lower);

	return value ? value : getenv(upper);
}

static void fill_counts(struct info_view *view, const struct call *call)
{
	struct engine_counts counts = engine_count(call_engine(call));
	size_t images;

	image_all(call_parts(call)->images, &images);
	view->containers = (int64_t)counts.all;
	view->running = (int64_t)counts.running;
	view->paused = (int64_t)counts.paused;
	view->stopped = (int64_t)counts.stopped;
	view->images = (int64_t)images;
}

static void fill_limits(struct info_view *view)
{
	const struct cgroup_host *cgroups = cgroup_host();

	view->memory_limit = cgroups->has[CGROUP_MEMORY];
	view->swap_limit = cgroups->swap_limit;
	view->cpu_period = view->cpu_quota = cgroups->cpu_quota;
	view->cpu_shares = cgroups->has[CGROUP_CPU];
	view->cpuset = cgroups->has[CGROUP_CPUSET];
	view->pids_limit = cgroups->has[CGROUP_PIDS];
	view->oom_kill_disable = cgroups->oom_kill_disable;
	view->cgroup_driver = "cgroupfs";
	view->cgroup_version = cgroups->layout == CGROUP_V2 ? "2" : "1";
}

static void fill_host(struct info_view *view, const struct host_info *host)
{
	view->kernel = host->kernel;
	view->operating_system = host->operating_system;
	view->os_version = host->os_version;
	view->os_type = "linux";
	view->machine = host->machine;
	view->name = host->name;
	view->processors = host->processors;
	view->memory = host->memory;
	view->ipv4_forwarding = host->ipv4_forwarding;
	view->bridge_nf = host->bridge_nf;
	view->bridge_nf6 = host->bridge_nf6;
	view->http_proxy = (char *)(uintptr_t)environment("http_proxy", "HTTP_PROXY");
	view->https_proxy = (char *)(uintptr_t)environment("https_proxy", "HTTPS_PROXY");
	view->no_proxy = (char *)(uintptr_t)environment("no_proxy", "NO_PROXY");
}

static void fill_daemon(struct info_view *view, const struct docker_door *door,
			const struct engine_settings *settings)
{
	view->id = door->id;
	view->driver = "overlay2";
	view->data_root = door->data_root;
	view->plugins = PLUGINS;
	view->log_driver =
		(char *)(uintptr_t)(settings->log_driver ? settings->log_driver : "json-file");
	view->index_server = "https://index.docker.io/v1/";
	view->labels = door->labels;
	view->version = door->version;
	view->default_runtime = RUNTIME;
	view->swarm = SWARM;
	view->live_restore = true; /* containers outlive the daemon here, always */
	view->init_binary = "wherry-init";
}

static void info_fini(struct info_view *view)
{
	free(view->driver_status);
	free(view->registries);
	free(view->runtimes);
	strings_fini(&view->security_options);
	strings_fini(&view->warnings);
}

void serve_info(struct call *call)
{
	const struct engine_settings *settings = engine_get_settings(call_engine(call));
	char now[TIME_TEXT_SIZE];
	struct host_info host;
	struct info_view view = {0};

	host_info_read(call_door(call)->data_root, &host);
	fill_counts(&view, call);
	fill_limits(&view);
	fill_host(&view, &host);
	fill_daemon(&view, call_door(call), settings);
	view.system_time = (char *)(uintptr_t)time_to_text(time_now_ns(), now);
	view.driver_status = driver_status(&host);
	view.registries = registry_config(call_door(call));
	view.runtimes = runtimes(settings);
	view.security_options = security_options(settings);
	view.warnings = warnings(call, &host);
	call_answer_record(call, 200, &info_view_type, &view);
	info_fini(&view);
	host_info_fini(&host);
}
