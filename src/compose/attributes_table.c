/* The rows.  Members of a map stand sorted by name: they are found by halving. */
#include "compose/attributes.h"

#define ROW(kind_, name_, ...)                                                                     \
	{                                                                                          \
		.name = (name_), .kind = ATTRIBUTE_##kind_, __VA_ARGS__                            \
	}
#define ANY(name, ...)		ROW(ANY, name, __VA_ARGS__)
#define TEXT(name, ...)		ROW(TEXT, name, __VA_ARGS__)
#define BOOL(name, ...)		ROW(BOOL, name, __VA_ARGS__)
#define INT(name, ...)		ROW(INT, name, __VA_ARGS__)
#define FLOAT(name, ...)	ROW(FLOAT, name, __VA_ARGS__)
#define BYTES(name, ...)	ROW(BYTES, name, __VA_ARGS__)
#define SIZE(name, ...)		ROW(SIZE, name, __VA_ARGS__)
#define DURATION(name, ...)	ROW(DURATION, name, __VA_ARGS__)
#define MICROSECONDS(name, ...) ROW(MICROSECONDS, name, __VA_ARGS__)
#define PATH(name, ...)		ROW(PATH, name, __VA_ARGS__)
#define TARGET(name, ...)	ROW(TARGET, name, __VA_ARGS__)

#define MAP(name, members, ...) MAP_MERGED(BY_KEY, name, members, __VA_ARGS__)
#define MAP_MERGED(merge_, name_, members_, ...)                                                   \
	{                                                                                          \
		.name = (name_), .kind = ATTRIBUTE_MAP, .merge = MERGE_##merge_,                   \
		.members = (members_), .member_count = sizeof(members_) / sizeof(*(members_)),     \
		__VA_ARGS__                                                                        \
	}

/* Maps whose keys are the user's. */
#define NAMES(name_, item_, ...)                                                                   \
	{                                                                                          \
		.name = (name_), .kind = ATTRIBUTE_NAMES, .merge = MERGE_BY_KEY, .item = &(item_), \
		__VA_ARGS__                                                                        \
	}
#define TEXTS(name, ...) NAMES(name, text, __VA_ARGS__)
#define PAIRS(name, ...) NAMES(name, text, .short_form = SHORT_PAIRS, __VA_ARGS__)
/* As PAIRS, but a key without a value means something. */
#define ENVIRONMENT(name, ...) NAMES(name, text_or_null, .short_form = SHORT_PAIRS, __VA_ARGS__)

/* Lists: what is appended, what is a set, and what may be a single scalar. */
#define LIST(name_, item_, ...)                                                                    \
	{                                                                                          \
		.name = (name_), .kind = ATTRIBUTE_LIST, .merge = MERGE_APPEND, .item = &(item_),  \
		__VA_ARGS__                                                                        \
	}
#define SET_OF(name_, item_, identity_, ...)                                                       \
	{                                                                                          \
		.name = (name_), .kind = ATTRIBUTE_LIST, .merge = MERGE_BY_IDENTITY,               \
		.identity = IDENTITY_##identity_, .item = &(item_), __VA_ARGS__                    \
	}
#define SET(name, ...)	  SET_OF(name, text, VALUE, __VA_ARGS__)
#define SINGLE(name, ...) SET_OF(name, text, VALUE, .short_form = SHORT_SINGLE, __VA_ARGS__)
#define WORDS(name_, short_form_, flags_)                                                          \
	{                                                                                          \
		.name = (name_), .kind = ATTRIBUTE_LIST, .short_form = SHORT_##short_form_,        \
		.item = &text, .flags = (flags_)                                                   \
	}

#define UNSUPPORTED .flags = ATTRIBUTE_UNSUPPORTED
#define IGNORED	    .flags = ATTRIBUTE_IGNORED
#define NOT_HASHED  .flags = ATTRIBUTE_NOT_HASHED
#define REQUIRED    .flags = ATTRIBUTE_REQUIRED
#define RANGE(a, b) .least = (a), .most = (b)
#define AT_LEAST(a) .least = (a), .most = INT64_MAX

static const struct attribute text = TEXT(NULL);
static const struct attribute text_or_null = TEXT(NULL, .flags = ATTRIBUTE_NULL);
static const struct attribute path = PATH(NULL);
static const struct attribute service_name = TEXT(NULL, .short_form = SHORT_SERVICE);

/* ---- pieces that several have ---- */

static const struct attribute file_members[] = {
	TEXT("gid"), INT("mode", RANGE(0, 07777)), TEXT("source", REQUIRED), TARGET("target"),
	TEXT("uid"),
};
static const struct attribute file = MAP(NULL, file_members, .short_form = SHORT_FILE);

static const struct attribute ulimit_members[] = {
	INT("hard", REQUIRED, AT_LEAST(-1)),
	INT("soft", REQUIRED, AT_LEAST(-1)),
};
static const struct attribute ulimit =
	MAP_MERGED(REPLACE, NULL, ulimit_members, .short_form = SHORT_ULIMIT);

static const struct attribute host = {
	.kind = ATTRIBUTE_LIST, .short_form = SHORT_SINGLE, .item = &text};

static const struct attribute hook_members[] = {
	WORDS("command", COMMAND, ATTRIBUTE_REQUIRED),
	ENVIRONMENT("environment"),
	BOOL("privileged"),
	TEXT("user"),
	TEXT("working_dir"),
};
static const struct attribute hook = MAP(NULL, hook_members);

static const struct attribute device_request_members[] = {
	SET("capabilities"), INT("count", .short_form = SHORT_COUNT, AT_LEAST(-1)),
	SET("device_ids"),   TEXT("driver"),
	PAIRS("options"),
};
static const struct attribute device_request = MAP(NULL, device_request_members);

/* ---- build ---- */

static const struct attribute build_members[] = {
	PAIRS("additional_contexts"),
	ENVIRONMENT("args"),
	SET("cache_from"),
	SET("cache_to"),
	TEXT("context"),
	TEXT("dockerfile"),
	TEXT("dockerfile_inline"),
	SET("entitlements"),
	NAMES("extra_hosts", host, .short_form = SHORT_EXTRA_HOSTS),
	TEXT("isolation", IGNORED),
	PAIRS("labels"),
	TEXT("network"),
	BOOL("no_cache"),
	SET("platforms"),
	BOOL("privileged"),
	ANY("provenance", IGNORED),
	BOOL("pull"),
	ANY("sbom", IGNORED),
	SET_OF("secrets", file, SECRET),
	BYTES("shm_size"),
	SET("ssh", .short_form = SHORT_SSH),
	SET("tags"),
	TEXT("target"),
	NAMES("ulimits", ulimit),
};

/* ---- deploy ---- */

static const struct attribute discrete_resource_members[] = {
	TEXT("kind"),
	INT("value"),
};
static const struct attribute generic_resource_members[] = {
	MAP("discrete_resource_spec", discrete_resource_members),
};
static const struct attribute generic_resource = MAP(NULL, generic_resource_members);

static const struct attribute reserved_device_members[] = {
	SET("capabilities", REQUIRED),
	INT("count", .short_form = SHORT_COUNT, AT_LEAST(-1)),
	SET("device_ids"),
	TEXT("driver"),
	PAIRS("options"),
};
static const struct attribute reserved_device = MAP(NULL, reserved_device_members);

static const struct attribute limit_members[] = {
	FLOAT("cpus", AT_LEAST(0)),
	BYTES("memory"),
	INT("pids", AT_LEAST(-1)),
};
static const struct attribute reservation_members[] = {
	FLOAT("cpus", AT_LEAST(0)),
	LIST("devices", reserved_device),
	LIST("generic_resources", generic_resource),
	BYTES("memory"),
};
static const struct attribute resource_members[] = {
	MAP("limits", limit_members),
	MAP("reservations", reservation_members),
};
static const struct attribute restart_policy_members[] = {
	TEXT("condition", .words = "none|on-failure|any"),
	DURATION("delay"),
	INT("max_attempts", AT_LEAST(0)),
	DURATION("window"),
};
static const struct attribute preference_members[] = {
	TEXT("spread"),
};
static const struct attribute preference = MAP(NULL, preference_members);
static const struct attribute placement_members[] = {
	LIST("constraints", text),
	INT("max_replicas_per_node", AT_LEAST(0)),
	LIST("preferences", preference),
};
static const struct attribute update_members[] = {
	DURATION("delay"),
	DURATION("drain_timeout"), /* ours: how long an old container may serve open connections */
	TEXT("failure_action", .words = "pause|continue|rollback"),
	FLOAT("max_failure_ratio", RANGE(0, 1)),
	DURATION("monitor"),
	TEXT("order", .words = "start-first|stop-first"),
	INT("parallelism", AT_LEAST(0)),
};
static const struct attribute deploy_members[] = {
	TEXT("endpoint_mode", .words = "vip|dnsrr", NOT_HASHED),
	PAIRS("labels", NOT_HASHED),
	TEXT("mode", .words = "replicated|global|replicated-job|global-job", NOT_HASHED),
	MAP("placement", placement_members, NOT_HASHED),
	INT("replicas", AT_LEAST(0), NOT_HASHED),
	MAP("resources", resource_members),
	MAP("restart_policy", restart_policy_members),
	MAP("rollback_config", update_members, NOT_HASHED),
	MAP("update_config", update_members, NOT_HASHED),
};

/* ---- develop ---- */

static const struct attribute watch_members[] = {
	TEXT("action", REQUIRED, .words = "rebuild|sync|restart|sync+restart|sync+exec"),
	MAP("exec", hook_members),
	LIST("ignore", text, .short_form = SHORT_SINGLE),
	LIST("include", text, .short_form = SHORT_SINGLE),
	BOOL("initial_sync"),
	PATH("path", REQUIRED),
	TARGET("target"),
};
static const struct attribute watch = MAP(NULL, watch_members);
static const struct attribute develop_members[] = {
	LIST("watch", watch),
};

/* ---- other parts of a service ---- */

static const struct attribute blkio_bytes_members[] = {
	TEXT("path", REQUIRED),
	SIZE("rate", REQUIRED),
};
static const struct attribute blkio_bytes = MAP(NULL, blkio_bytes_members);
static const struct attribute blkio_count_members[] = {
	TEXT("path", REQUIRED),
	INT("rate", REQUIRED, AT_LEAST(0)),
};
static const struct attribute blkio_count = MAP(NULL, blkio_count_members);
static const struct attribute blkio_weight_members[] = {
	TEXT("path", REQUIRED),
	INT("weight", REQUIRED, RANGE(0, 1000)),
};
static const struct attribute blkio_weight = MAP(NULL, blkio_weight_members);
static const struct attribute blkio_members[] = {
	LIST("device_read_bps", blkio_bytes),  LIST("device_read_iops", blkio_count),
	LIST("device_write_bps", blkio_bytes), LIST("device_write_iops", blkio_count),
	INT("weight", RANGE(0, 1000)),	       LIST("weight_device", blkio_weight),
};

static const struct attribute credential_members[] = {
	TEXT("config"),
	TEXT("file"),
	TEXT("registry"),
};

static const struct attribute dependency_members[] = {
	TEXT("condition",
	     .words = "service_started|service_healthy|service_completed_successfully"),
	BOOL("required"),
	BOOL("restart"),
};
static const struct attribute dependency = MAP(NULL, dependency_members);

static const struct attribute device_members[] = {
	TEXT("permissions"),
	TEXT("source", REQUIRED),
	TEXT("target"),
};
static const struct attribute device = MAP(NULL, device_members, .short_form = SHORT_DEVICE);

static const struct attribute env_file_members[] = {
	TEXT("format", .words = "raw"),
	PATH("path", REQUIRED),
	BOOL("required"),
};
static const struct attribute env_file = MAP(NULL, env_file_members);

static const struct attribute extends_members[] = {
	PATH("file"),
	TEXT("service", REQUIRED),
};

static const struct attribute healthcheck_members[] = {
	BOOL("disable"),
	DURATION("interval"),
	INT("retries", AT_LEAST(0)),
	DURATION("start_interval"),
	DURATION("start_period"),
	WORDS("test", HEALTH_TEST, 0),
	DURATION("timeout"),
};

static const struct attribute logging_members[] = {
	TEXT("driver"),
	TEXTS("options"),
};

static const struct attribute endpoint_members[] = {
	SET("aliases"),		TEXTS("driver_opts"), INT("gw_priority"),
	TEXT("interface_name"), TEXT("ipv4_address"), TEXT("ipv6_address"),
	SET("link_local_ips"),	TEXT("mac_address"),  INT("priority"),
};
static const struct attribute endpoint = MAP(NULL, endpoint_members, .flags = ATTRIBUTE_NULL);

static const struct attribute port_members[] = {
	TEXT("app_protocol"),
	TEXT("host_ip"),
	TEXT("mode", .words = "host|ingress"),
	TEXT("name"),
	TEXT("protocol", .words = "tcp|udp|sctp"),
	TEXT("published"),
	INT("target", REQUIRED, RANGE(1, 65535)),
};
static const struct attribute port = MAP(NULL, port_members, .short_form = SHORT_PORT);

static const struct attribute volume_bind_members[] = {
	BOOL("create_host_path"),
	TEXT("propagation", .words = "private|rprivate|shared|rshared|slave|rslave"),
	TEXT("recursive", .words = "enabled|disabled|writable|readonly"),
	TEXT("selinux", .words = "z|Z"),
};
static const struct attribute volume_image_members[] = {
	TEXT("subpath"),
};
static const struct attribute volume_tmpfs_members[] = {
	INT("mode", RANGE(0, 07777)),
	SIZE("size"),
};
static const struct attribute volume_volume_members[] = {
	PAIRS("labels"),
	BOOL("nocopy"),
	TEXT("subpath"),
};
static const struct attribute mount_members[] = {
	MAP("bind", volume_bind_members),
	TEXT("consistency"),
	MAP("image", volume_image_members),
	BOOL("read_only"),
	TEXT("source"),
	TARGET("target", REQUIRED),
	MAP("tmpfs", volume_tmpfs_members),
	TEXT("type", REQUIRED, .words = "volume|bind|tmpfs|image|npipe|cluster"),
	MAP("volume", volume_volume_members),
};
static const struct attribute mount = MAP(NULL, mount_members, .short_form = SHORT_VOLUME);

/* ---- service ---- */

static const struct attribute service_members[] = {
	PAIRS("annotations"),
	BOOL("attach", NOT_HASHED),
	MAP("blkio_config", blkio_members),
	MAP("build", build_members, .short_form = SHORT_BUILD, NOT_HASHED),
	SET("cap_add"),
	SET("cap_drop"),
	TEXT("cgroup"),
	TEXT("cgroup_parent"),
	WORDS("command", COMMAND, ATTRIBUTE_NULL),
	SET_OF("configs", file, CONFIG),
	TEXT("container_name"),
	INT("cpu_count", IGNORED, AT_LEAST(0)),
	FLOAT("cpu_percent", IGNORED, RANGE(0, 100)),
	MICROSECONDS("cpu_period", AT_LEAST(0)),
	MICROSECONDS("cpu_quota", AT_LEAST(-1)),
	MICROSECONDS("cpu_rt_period", AT_LEAST(0)),
	MICROSECONDS("cpu_rt_runtime", AT_LEAST(0)),
	INT("cpu_shares", AT_LEAST(0)),
	FLOAT("cpus", AT_LEAST(0)),
	TEXT("cpuset"),
	MAP("credential_spec", credential_members, IGNORED),
	NAMES("depends_on", dependency, .short_form = SHORT_DEPENDS_ON, NOT_HASHED),
	MAP("deploy", deploy_members),
	MAP("develop", develop_members, NOT_HASHED),
	LIST("device_cgroup_rules", text),
	SET_OF("devices", device, TARGET),
	SINGLE("dns"),
	SET("dns_opt"),
	SINGLE("dns_search"),
	TEXT("domainname"),
	WORDS("entrypoint", COMMAND, ATTRIBUTE_NULL),
	SET_OF("env_file", env_file, PATH, .short_form = SHORT_ENV_FILE),
	ENVIRONMENT("environment"),
	SET("expose"),
	MAP_MERGED(REPLACE, "extends", extends_members, .short_form = SHORT_EXTENDS, NOT_HASHED),
	LIST("external_links", text),
	NAMES("extra_hosts", host, .short_form = SHORT_EXTRA_HOSTS),
	LIST("gpus", device_request, .short_form = SHORT_GPUS),
	LIST("group_add", text),
	MAP("healthcheck", healthcheck_members),
	TEXT("hostname"),
	TEXT("image"),
	BOOL("init"),
	TEXT("ipc"),
	TEXT("isolation", IGNORED),
	SET_OF("label_file", path, VALUE, .short_form = SHORT_SINGLE),
	PAIRS("labels"),
	SET("links"),
	MAP_MERGED(BY_DRIVER, "logging", logging_members),
	TEXT("mac_address"),
	BYTES("mem_limit"),
	BYTES("mem_reservation"),
	INT("mem_swappiness", RANGE(-1, 100)),
	BYTES("memswap_limit"),
	ANY("models", UNSUPPORTED),
	TEXT("network_mode"),
	NAMES("networks", endpoint, .short_form = SHORT_KEYS),
	BOOL("oom_kill_disable"),
	INT("oom_score_adj", RANGE(-1000, 1000)),
	TEXT("pid"),
	INT("pids_limit", AT_LEAST(-1)),
	TEXT("platform"),
	SET_OF("ports", port, PORT),
	LIST("post_start", hook, NOT_HASHED),
	ANY("pre_start", UNSUPPORTED),
	LIST("pre_stop", hook, NOT_HASHED),
	BOOL("privileged"),
	SET("profiles", NOT_HASHED),
	ANY("provider", UNSUPPORTED),
	TEXT("pull_policy", NOT_HASHED),
	TEXT("pull_refresh_after", .flags = ATTRIBUTE_IGNORED | ATTRIBUTE_NOT_HASHED),
	BOOL("read_only"),
	TEXT("restart"),
	TEXT("runtime"),
	INT("scale", AT_LEAST(0), NOT_HASHED),
	SET_OF("secrets", file, SECRET),
	LIST("security_opt", text),
	BYTES("shm_size"),
	BOOL("stdin_open"),
	DURATION("stop_grace_period"),
	TEXT("stop_signal"),
	TEXTS("storage_opt"),
	PAIRS("sysctls"),
	SINGLE("tmpfs"),
	BOOL("tty"),
	NAMES("ulimits", ulimit),
	BOOL("use_api_socket", UNSUPPORTED),
	TEXT("user"),
	TEXT("userns_mode"),
	TEXT("uts"),
	SET_OF("volumes", mount, TARGET),
	LIST("volumes_from", service_name),
	TEXT("working_dir"),
};

const struct attribute attributes_service = MAP(NULL, service_members);

/* ---- the top level ---- */

static const struct attribute subnet_members[] = {
	TEXTS("aux_addresses"),
	TEXT("gateway"),
	TEXT("ip_range"),
	TEXT("subnet"),
};
static const struct attribute subnet = MAP(NULL, subnet_members);
static const struct attribute ipam_members[] = {
	SET_OF("config", subnet, SUBNET),
	TEXT("driver"),
	TEXTS("options"),
};
static const struct attribute network_members[] = {
	BOOL("attachable"),   TEXT("driver"),
	TEXTS("driver_opts"), BOOL("enable_ipv4"),
	BOOL("enable_ipv6"),  BOOL("external", .short_form = SHORT_EXTERNAL),
	BOOL("internal"),     MAP("ipam", ipam_members),
	PAIRS("labels"),      TEXT("name"),
};
static const struct attribute network = MAP(NULL, network_members);

static const struct attribute volume_members[] = {
	TEXT("driver"),	 TEXTS("driver_opts"), BOOL("external", .short_form = SHORT_EXTERNAL),
	PAIRS("labels"), TEXT("name"),
};
static const struct attribute volume = MAP(NULL, volume_members);

static const struct attribute config_members[] = {
	TEXT("content"),
	TEXT("environment"),
	BOOL("external", .short_form = SHORT_EXTERNAL),
	PATH("file"),
	PAIRS("labels"),
	TEXT("name"),
	TEXT("template_driver", IGNORED),
};
static const struct attribute config = MAP(NULL, config_members);

static const struct attribute secret_members[] = {
	TEXT("driver", IGNORED),
	TEXTS("driver_opts", IGNORED),
	TEXT("environment"),
	BOOL("external", .short_form = SHORT_EXTERNAL),
	PATH("file"),
	PAIRS("labels"),
	TEXT("name"),
	TEXT("template_driver", IGNORED),
};
static const struct attribute secret = MAP(NULL, secret_members);

static const struct attribute include_members[] = {
	LIST("env_file", path, .short_form = SHORT_SINGLE),
	LIST("path", path, .short_form = SHORT_SINGLE, REQUIRED),
	PATH("project_directory"),
};
static const struct attribute include = MAP(NULL, include_members, .short_form = SHORT_INCLUDE);

static const struct attribute root_members[] = {
	NAMES("configs", config),
	LIST("include", include),
	ANY("models", UNSUPPORTED),
	TEXT("name"),
	NAMES("networks", network),
	NAMES("secrets", secret),
	NAMES("services", attributes_service),
	TEXT("version"),
	NAMES("volumes", volume),
};

const struct attribute attributes_root = MAP(NULL, root_members);
