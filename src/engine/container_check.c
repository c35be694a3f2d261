#include "engine/container_check.h"

#include "base/memory.h"
#include "base/time.h"
#include "engine/capability.h"
#include "engine/container.h"
#include "engine/log_driver.h"
#include "engine/restart_policy.h"
#include "engine/security_option.h"
#include "engine/sysctl_check.h"
#include "engine/unhealthy.h"
#include "format/console_size.h"
#include "format/port.h"
#include "format/units.h"

#define MS	 NS_PER_MS
#define SHM_SIZE (INT64_C(64) << 20)

struct check {
	struct container_config *config;
	struct host_config *host;
	const struct create_defaults *defaults;
	struct strings *warnings;
};

#define REFUSE(...) return error_set(err, ERROR_INVALID, __VA_ARGS__)

static bool is_container_mode(const char *mode)
{
	return mode && str_starts_with(mode, "container:");
}

static bool one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (str_equal(text ? text : "", *words))
			return true;
	return false;
}

/* ---- Config ---- */

static bool check_working_dir(const struct container_config *config, struct error *err)
{
	if (str_is_empty(config->working_dir) || *config->working_dir == '/')
		return true;
	REFUSE("the working directory '%s' is invalid, it needs to be an absolute path",
	       config->working_dir);
}

static bool check_environment(const struct container_config *config, struct error *err)
{
	for (size_t i = 0; i < config->env.count; i++)
		if (!*config->env.items[i] || *config->env.items[i] == '=')
			REFUSE("invalid environment variable: %s", config->env.items[i]);
	return true;
}

static bool check_duration(int64_t ns, const char *name, struct error *err)
{
	if (ns == 0 || ns >= MS)
		return true;
	REFUSE("%s in Healthcheck cannot be less than 1ms", name);
}

static bool check_healthcheck(const struct container_config *config, struct error *err)
{
	const struct image_healthcheck *check = config->healthcheck;

	if (!check)
		return true;
	if (check->retries < 0)
		REFUSE("Retries in Healthcheck cannot be negative");
	return check_duration(check->interval, "Interval", err) &&
	       check_duration(check->timeout, "Timeout", err) &&
	       check_duration(check->start_period, "StartPeriod", err) &&
	       check_duration(check->start_interval, "StartInterval", err);
}

static bool check_stop_signal(const struct container_config *config, struct error *err)
{
	if (str_is_empty(config->stop_signal) || signal_from_name(config->stop_signal))
		return true;
	REFUSE("invalid signal: %s", config->stop_signal);
}

bool container_check_merged(const struct container_config *config, struct error *err)
{
	return check_working_dir(config, err) && check_environment(config, err) &&
	       check_healthcheck(config, err) && check_stop_signal(config, err);
}

static bool check_config(struct check *check, struct error *err)
{
	return container_check_merged(check->config, err);
}

/* ---- ports ---- */

static bool check_exposed(struct check *check, struct error *err)
{
	const struct strings *exposed = &check->config->exposed_ports;
	uint16_t first, last;
	int protocol;

	for (size_t i = 0; i < exposed->count; i++)
		if (!port_spec_parse(exposed->items[i], &protocol, &first, &last, err))
			return false;
	return true;
}

static bool check_binding(const char *port, const struct record_list *bindings, struct error *err)
{
	uint16_t first, last;
	int protocol;

	if (!port_spec_parse(port, &protocol, &first, &last, err))
		return false;
	if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
		return error_set(err, ERROR_UNSUPPORTED,
				 "publishing %s ports is not supported by this version",
				 port_protocol_name(protocol));
	for (size_t i = 0; i < bindings->count; i++) {
		const char *host = RECORD_AT(*bindings, struct port_binding, i)->host_port;

		if (!str_is_empty(host) && !port_range_parse(host, &first, &last, err))
			return false;
	}
	return true;
}

static bool check_bindings(struct check *check, struct error *err)
{
	const struct record_map *ports = &check->host->port_bindings;

	for (size_t i = 0; i < ports->count; i++)
		if (!check_binding(ports->names[i], RECORD_AT(*ports, struct record_list, i), err))
			return false;
	if (str_equal(check->host->network_mode, "host") && ports->count > 0)
		strings_add(check->warnings,
			    "Published ports are discarded when using host network mode");
	return true;
}

/* ---- namespaces ---- */

static bool check_network_mode(struct check *check, struct error *err)
{
	const struct container_config *config = check->config;
	const struct host_config *host = check->host;
	bool joins = is_container_mode(host->network_mode);
	bool is_host = str_equal(host->network_mode, "host");
	const struct {
		bool conflict;
		const char *text;
	} rules[] = {
		{joins && !host->network_mode[strlen("container:")],
		 "Invalid network mode: invalid container format container:<name|id>"},
		{joins && !str_is_empty(config->hostname),
		 "conflicting options: hostname and the network mode"},
		{str_equal(host->uts_mode, "host") && !str_is_empty(config->hostname),
		 "conflicting options: hostname and the UTS mode"},
		{joins && host->links.count,
		 "conflicting options: container type network can't be used with links. This would "
		 "result in undefined behavior"},
		{is_host && host->links.count,
		 "conflicting options: host type networking can't be used with links. This would "
		 "result in undefined behavior"},
		{joins && host->dns.count, "conflicting options: dns and the network mode"},
		{joins && host->extra_hosts.count,
		 "conflicting options: custom host-to-IP mapping and the network mode"},
		{(joins || is_host) && !str_is_empty(config->mac_address),
		 "conflicting options: mac-address and the network mode"},
		{joins && (host->port_bindings.count || host->publish_all_ports),
		 "conflicting options: port publishing and the container type network mode"},
		{joins && config->exposed_ports.count,
		 "conflicting options: port exposing and the container type network mode"},
	};

	for (size_t i = 0; i < array_length(rules); i++)
		if (rules[i].conflict)
			REFUSE("%s", rules[i].text);
	return true;
}

/* "container:" among the allowed ones stands for that of any container. */
static bool check_mode(const char *mode, const char *name, const char *const *allowed,
		       struct error *err)
{
	bool joins = is_container_mode(mode);

	if (joins ? one_of("container:", allowed) && mode[strlen("container:")]
		  : one_of(mode, allowed))
		return true;
	REFUSE("invalid %s: %s", name, mode);
}

static bool check_modes(struct check *check, struct error *err)
{
	static const char *const ipc[] = {"",	  "none",	"private", "shareable",
					  "host", "container:", NULL};
	static const char *const pid[] = {"", "host", "container:", NULL};
	static const char *const uts[] = {"", "host", NULL};
	static const char *const cgroupns[] = {"", "private", "host", NULL};
	const struct host_config *host = check->host;

	return check_mode(host->ipc_mode, "IPC mode", ipc, err) &&
	       check_mode(host->pid_mode, "PID mode", pid, err) &&
	       check_mode(host->uts_mode, "UTS mode", uts, err) &&
	       check_mode(host->userns_mode, "user namespace mode", uts, err) &&
	       check_mode(host->cgroupns_mode, "cgroup namespace mode", cgroupns, err);
}

/* ---- the rest of HostConfig ---- */

static bool check_restart(struct check *check, struct error *err)
{
	const struct host_config *host = check->host;

	if (host->auto_remove && restart_policy_is_set(&host->restart_policy))
		REFUSE("can't create 'AutoRemove' container with restart policy");
	return restart_policy_check(&host->restart_policy, err);
}

/* A label carries it through clients that know nothing of the field. */
static bool check_unhealthy(struct check *check, struct error *err)
{
	const char *label = pairs_get(&check->config->labels, UNHEALTHY_LABEL);

	if (str_is_empty(check->host->on_unhealthy) && label)
		str_replace(&check->host->on_unhealthy, label);
	return unhealthy_check(check->host->on_unhealthy, err);
}

static bool check_capabilities(struct check *check, struct error *err)
{
	return capability_normalize(&check->host->cap_add, "CapAdd", err) &&
	       capability_normalize(&check->host->cap_drop, "CapDrop", err);
}

static bool check_security(struct check *check, struct error *err)
{
	struct security_options unused;

	return security_options_parse(&check->host->security_opt, &unused, err);
}

static bool check_extra_hosts(struct check *check, struct error *err)
{
	const struct strings *hosts = &check->host->extra_hosts;

	for (size_t i = 0; i < hosts->count; i++) {
		const char *colon = strpbrk(hosts->items[i], ":=");

		if (!colon || colon == hosts->items[i])
			REFUSE("bad format for add-host: \"%s\"", hosts->items[i]);
	}
	return true;
}

static bool check_numbers(struct check *check, struct error *err)
{
	const struct host_config *host = check->host;
	int rows, columns;

	if (host->oom_score_adj < -1000 || host->oom_score_adj > 1000)
		REFUSE("Invalid value %lld, range for oom score adj is [-1000, 1000]",
		       (long long)host->oom_score_adj);
	if (host->shm_size < 0)
		REFUSE("SHM size can not be less than 0");
	return console_size_parse(host->console_size, &rows, &columns, err);
}

static bool check_runtime(struct check *check, struct error *err)
{
	static const char *const known[] = {"", "runc", "io.containerd.runc.v2", NULL};
	static const char *const isolations[] = {"", "default", NULL};

	if (!one_of(check->host->runtime, known))
		REFUSE("unknown or invalid runtime name: %s", check->host->runtime);
	if (!one_of(check->host->isolation, isolations))
		REFUSE("invalid isolation '%s' on linux", check->host->isolation);
	return true;
}

static bool is_empty_list(const char *json)
{
	return str_is_empty(json) || str_equal(json, "[]");
}

static bool check_sysctls(struct check *check, struct error *err)
{
	return sysctl_check(check->host, err);
}

/* Known by name and never done here; each says why, in Docker's words where it has some. */
static bool check_refused(struct check *check, struct error *err)
{
	const struct host_config *host = check->host;

	if (host->storage_opt.count)
		REFUSE("--storage-opt is supported only for overlay over xfs with 'pquota' mount "
		       "option");
	if (!is_empty_list(host->resources.device_requests))
		REFUSE("could not select device driver for device requests: GPUs are given by a "
		       "vendor's runtime hook, and none is run here; use --device");
	if (!str_is_empty(host->volume_driver) && !str_equal(host->volume_driver, "local"))
		REFUSE("error looking up volume plugin %s: plugin \"%s\" not found",
		       host->volume_driver, host->volume_driver);
	return true;
}

/* ---- logging ---- */

static bool check_log(struct check *check, struct error *err)
{
	const struct log_config *log = &check->host->log_config;

	return log_config_check(str_is_empty(log->type) ? check->defaults->log_driver : log->type,
				&log->config, err);
}

/* ---- filling in ---- */

static void fill_text(char **field, const char *value)
{
	if (str_is_empty(*field))
		str_replace(field, value);
}

const char *const masked_paths_default[] = {
	"/proc/asound",
	"/proc/acpi",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/sys/firmware",
	"/sys/devices/virtual/powercap",
	NULL,
};

const char *const readonly_paths_default[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL,
};

static void fill_paths(struct strings *field, bool privileged, const char *const *paths)
{
	if (privileged)
		strings_fini(field);
	if (privileged || field->items)
		return;
	for (; *paths; paths++)
		strings_add(field, *paths);
}

static void fill_log(struct check *check)
{
	struct log_config *log = &check->host->log_config;
	const struct create_defaults *defaults = check->defaults;

	fill_text(&log->type, defaults->log_driver);
	for (size_t i = 0; defaults->log_options && i < defaults->log_options->count; i++) {
		const struct pair *option = &defaults->log_options->items[i];
		bool of_cache = str_starts_with(option->name, "cache-");

		if ((of_cache || str_equal(log->type, defaults->log_driver)) &&
		    !pairs_have(&log->config, option->name))
			pairs_set(&log->config, option->name, option->value);
	}
}

#define PRIVATE_IPC_API	 40
#define CGROUP_NAMES_API 41
#define AUTO_REMOVE_API	 25

static void fill_namespaces(struct check *check)
{
	struct host_config *host = check->host;
	const struct create_defaults *defaults = check->defaults;
	bool unified = defaults->limits->cgroups->layout == CGROUP_V2;
	const char *ipc = defaults->ipc_mode ? defaults->ipc_mode : "private";
	const char *cgroupns = unified ? "private" : "host";

	if (defaults->cgroupns_mode)
		cgroupns = defaults->cgroupns_mode;
	if (defaults->api_minor < CGROUP_NAMES_API || (host->privileged && !unified))
		cgroupns = "host";
	fill_text(&host->ipc_mode, defaults->api_minor < PRIVATE_IPC_API ? "shareable" : ipc);
	fill_text(&host->cgroupns_mode, cgroupns);
	if (str_is_empty(host->network_mode) || str_equal(host->network_mode, "default"))
		str_replace(&host->network_mode, "bridge");
}

static void fill_resources(struct check *check)
{
	struct resources *r = &check->host->resources;

	if (r->memory > 0 && r->memory_swap == 0)
		r->memory_swap = r->memory <= INT64_MAX / 2 ? 2 * r->memory : -1;
	if (r->oom_kill_disable == 0 && check->defaults->limits->cgroups->layout != CGROUP_V2)
		r->oom_kill_disable = -1;
	if (r->pids_limit.given && r->pids_limit.value <= 0)
		r->pids_limit = (struct optional_i64){0};
}

static void fill_in(struct check *check)
{
	struct host_config *host = check->host;

	fill_log(check);
	fill_namespaces(check);
	fill_resources(check);
	fill_text(&host->restart_policy.name, "no");
	fill_text(&host->runtime, "runc");
	fill_paths(&host->masked_paths, host->privileged, masked_paths_default);
	fill_paths(&host->readonly_paths, host->privileged, readonly_paths_default);
	if (host->shm_size == 0)
		host->shm_size = check->defaults->shm_size ? check->defaults->shm_size : SHM_SIZE;
	fill_text(&host->console_size, "[0,0]");
}

static void forget_what_was_not_there(struct check *check)
{
	if (check->defaults->api_minor < AUTO_REMOVE_API)
		check->host->auto_remove = false;
}

static bool check_resources(struct check *check, struct error *err)
{
	return resources_check(&check->host->resources, check->defaults->limits, false,
			       check->warnings, err);
}

bool container_check(struct container_config *config, struct host_config *host_config,
		     const struct create_defaults *defaults, struct strings *warnings,
		     struct error *err)
{
	static bool (*const checks[])(struct check * check, struct error * err) = {
		check_network_mode, check_modes,	check_config,	check_resources,
		check_exposed,	    check_bindings,	check_restart,	check_unhealthy,
		check_extra_hosts,  check_capabilities, check_security, check_numbers,
		check_runtime,	    check_log,		check_sysctls,	check_refused,
	};
	struct check check = {config, host_config, defaults, warnings};

	forget_what_was_not_there(&check);
	for (size_t i = 0; i < array_length(checks); i++)
		if (!checks[i](&check, err))
			return false;
	fill_in(&check);
	return true;
}
