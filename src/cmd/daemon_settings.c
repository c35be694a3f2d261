/* One table says everything: an option's flag, its kind, and (beside it) its key in the file.  The
 * file's values are turned into the texts that the flag would have had, so that a value is checked in
 * one place. */
#include "cmd/daemon_settings.h"

#include "format/json.h"
#include "os/file.h"

#include <fcntl.h>
#include <stdio.h>

#define SETTING(name, kind, member, ...)                                                           \
	{                                                                                          \
		0, name, &kind, offsetof(struct daemon_settings, member), __VA_ARGS__              \
	}
#define SHORT_SETTING(letter, name, kind, member, ...)                                             \
	{                                                                                          \
		letter, name, &kind, offsetof(struct daemon_settings, member), __VA_ARGS__         \
	}

static const struct option options[] = {
	SHORT_SETTING('b', "bridge", option_string, bridge, NULL,
		      "Bridge of the default network; made when it is missing"),
	SETTING("bip", option_string, bip, NULL, "Address and prefix of the default bridge"),
	SETTING("cgroup-parent", option_string, cgroup_parent, NULL,
		"Control group below which all containers live (default /wherry)"),
	SETTING("config-file", option_string, config_file, NULL,
		"File of settings (default /etc/wherry/wherry.json)"),
	SETTING("data-root", option_string, data_root, "/var/lib/wherry",
		"Folder of everything that lasts: state, layers, volumes"),
	SHORT_SETTING('D', "debug", option_switch, debug, NULL, "Log more"),
	SETTING("default-address-pool", option_list, address_pools, NULL,
		"Pool that networks take their subnets from: base=CIDR,size=PREFIX"),
	SETTING("default-cgroupns-mode", option_string, cgroupns_mode, NULL,
		"Default for --cgroupns: host or private"),
	SETTING("default-ipc-mode", option_string, ipc_mode, "private",
		"Default for --ipc: private or shareable"),
	SETTING("default-shm-size", option_bytes, shm_size, "64m", "Default for --shm-size"),
	SETTING("default-ulimit", option_list, ulimits, NULL,
		"Default for --ulimit: NAME=SOFT:HARD"),
	SETTING("dns", option_list, dns, NULL, "Name servers of containers"),
	SETTING("dns-opt", option_list, dns_options, NULL, "Resolver options of containers"),
	SETTING("dns-search", option_list, dns_search, NULL, "Search domains of containers"),
	SETTING("exec-root", option_string, exec_root, "/run/wherry",
		"Folder of what lives until the next boot: sockets, shims"),
	SETTING("fixed-cidr", option_string, fixed_cidr, NULL,
		"Part of the default bridge's subnet that containers get addresses of"),
	SETTING("fixed-cidr-v6", option_string, fixed_cidr6, NULL,
		"IPv6 subnet of containers on the default bridge; without it they have no IPv6"),
	SHORT_SETTING('G', "group", option_string, group, NULL,
		      "Group of the unix socket (default wherry, else docker)"),
	SHORT_SETTING('H', "host", option_list, hosts, NULL,
		      "Where to listen: unix://PATH, tcp://ADDRESS:PORT, fd://"),
	SETTING("host-gateway-ip", option_string, host_gateway, NULL,
		"What host-gateway means in --add-host (default: the default bridge's address)"),
	SETTING("icc", option_choice, icc, NULL,
		"Let containers of the default bridge talk to each other (default true)"),
	SETTING("init", option_switch, init, NULL, "Run an init in every container"),
	SETTING("init-path", option_string, init_path, NULL, "Another program as that init"),
	SETTING("insecure-registry", option_list, insecure_registries, NULL,
		"Registry that may be spoken to without TLS: HOST[:PORT] or CIDR"),
	SETTING("ip", option_string, default_host_ip, "0.0.0.0",
		"Host address of published ports that name none"),
	SETTING("ip-forward", option_choice, ip_forward, NULL,
		"Switch on net.ipv4.ip_forward (default true)"),
	SETTING("ip-forward-no-drop", option_switch, forward_no_drop, NULL,
		"Do not drop what is forwarded between other devices where forwarding was off"),
	SETTING("ip-masq", option_choice, ip_masq, NULL,
		"Masquerade what containers send outside (default true)"),
	SETTING("iptables", option_choice, firewall, NULL,
		"Keep the nftables table that publishing and isolation need (default true)"),
	SETTING("journal-export", option_switch, journal_export, NULL,
		"Send what goes into the journal to the host's journald, too"),
	SETTING("journal-max-size", option_bytes, journal_size, "1g",
		"Of all files of the journal: the oldest go"),
	SETTING("label", option_list, labels, NULL, "Label of this daemon: NAME=VALUE"),
	SETTING("live-restore", option_choice, live_restore, NULL,
		"Containers outlive the daemon; they always do", .hidden = true),
	SETTING("log-driver", option_string, log_driver, "json-file", "Default for --log-driver"),
	SHORT_SETTING('l', "log-level", option_string, log_level, "info",
		      "Least important lines to log: debug, info, warn, error"),
	SETTING("log-opt", option_map, log_options, NULL, "Default for --log-opt: NAME=VALUE"),
	SETTING("max-concurrent-downloads", option_number, downloads, "3",
		"Layers that one pull fetches side by side"),
	SETTING("max-connections", option_number, connections, "4096",
		"Connections that are served at once"),
	SETTING("max-download-attempts", option_number, download_attempts, "5",
		"Tries of one download"),
	SETTING("mtu", option_number, mtu, "1500", "MTU of the default bridge"),
	SETTING("no-new-privileges", option_switch, no_new_privileges, NULL,
		"Default for --security-opt no-new-privileges"),
	SETTING("no-supervisor", option_switch, no_supervisor, NULL,
		"Do not run under a shim that holds the sockets and restarts the daemon"),
	SETTING("oom-score-adjust", option_number, oom_score_adjust, NULL, "Of the daemon itself"),
	SHORT_SETTING('p', "pidfile", option_string, pidfile, NULL,
		      "File for the daemon's process id (default EXEC-ROOT/wherryd.pid)"),
	SETTING("program-folder", option_string, programs, NULL,
		"Folder of wherry-shim, wherry-worker, wherry-network, wherry-init and wherry "
		"(default: "
		"that of wherryd)"),
	SETTING("project-patience", option_number, project_patience, "600",
		"Seconds without a start after which restart policies count for what a project has "
		"still to start at boot"),
	SETTING("published-ports-bypass-firewall", option_switch, past_firewall, NULL,
		"Open published ports, and let containers' packets pass, also where the host's own "
		"firewall "
		"drops what comes in or is forwarded"),
	SETTING("ready-fd", option_number, ready_fd, NULL,
		"Descriptor that gets the line \"ready\" once requests are answered",
		.hidden = true),
	SETTING("registry-mirror", option_list, mirrors, NULL,
		"URL that is asked before docker.io"),
	SETTING("seccomp-profile", option_string, seccomp_profile, NULL,
		"File of the default seccomp profile, or unconfined"),
	SETTING("storage-driver", option_string, storage_driver, NULL, "overlay2 is the only one",
		.hidden = true),
	SETTING("supervisor", option_string, supervisor, "wherry",
		"Who runs units: wherry, or systemd where that is the first process"),
	SETTING("tls", option_choice, tls, NULL, "TLS on TCP; implied by --tlsverify"),
	SETTING("tlscacert", option_string, tls_ca, NULL,
		"Certificates of the CAs that sign clients"),
	SETTING("tlscert", option_string, tls_certificate, NULL, "The daemon's certificate"),
	SETTING("tlskey", option_string, tls_key, NULL, "The daemon's key"),
	SETTING("tlsverify", option_choice, tls_verify, NULL,
		"TLS on TCP, and only for clients whose certificate verifies"),
	SETTING("unit-path", option_string, unit_path, NULL,
		"Folders of unit files, best first: FOLDER[:FOLDER...] (default: /etc, /run and "
		"/usr/lib/wherry/units, then systemd's where that is not running)"),
	SETTING("userland-proxy", option_choice, userland_proxy, NULL,
		"There is none; ports are published in the kernel", .hidden = true),
	SETTING("validate", option_switch, validate, NULL, "Check the settings and end"),
	SHORT_SETTING('v', "version", option_switch, version, NULL, "Print the version and end"),
};

/* Keys of the file that are not the flag's name; the rest are. */
static const struct {
	const char *key, *flag;
} file_keys[] = {
	{"default-address-pools", "default-address-pool"},
	{"default-ulimits", "default-ulimit"},
	{"dns-opts", "dns-opt"},
	{"dns-searches", "dns-search"},
	{"hosts", "host"},
	{"insecure-registries", "insecure-registry"},
	{"labels", "label"},
	{"log-opts", "log-opt"},
	{"registry-mirrors", "registry-mirror"},
};

/* Of the flags, what makes no sense in a file. */
static const char *const flags_only[] = {"config-file", "no-supervisor", "ready-fd", "validate",
					 "version"};

static const struct option_set sets[OPTION_SETS] = {OPTION_SET(options)};

static const struct option *find_option(const char *name)
{
	for (size_t i = 0; i < array_length(options); i++)
		if (str_equal(options[i].name, name))
			return &options[i];
	return NULL;
}

static const struct option *find_by_key(const char *key)
{
	for (size_t i = 0; i < array_length(file_keys); i++)
		if (str_equal(file_keys[i].key, key))
			return find_option(file_keys[i].flag);
	for (size_t i = 0; i < array_length(flags_only); i++)
		if (str_equal(flags_only[i], key))
			return NULL;
	return find_option(key);
}

static bool set_value(struct daemon_settings *settings, const struct option *option,
		      const char *text, struct error *err)
{
	return option->kind->set((char *)settings + option->offset, text, err);
}

static bool set_from_json(struct daemon_settings *settings, const struct option *option,
			  const json_t *value, struct error *err);

/* {"base": "10.0.0.0/8", "size": 24} as "base=10.0.0.0/8,size=24". */
static char *object_as_list(const json_t *object)
{
	scoped_buffer struct buffer text = {0};
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)object, name, value) {
		if (text.size)
			buffer_add_char(&text, ',');
		if (json_is_integer(value))
			buffer_format(&text, "%s=%lld", name, (long long)json_integer_value(value));
		else
			buffer_format(&text, "%s=%s", name,
				      json_is_string(value) ? json_string_value(value) : "");
	}
	return buffer_take(&text);
}

static bool set_from_array(struct daemon_settings *settings, const struct option *option,
			   const json_t *array, struct error *err)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *item = json_array_get(array, i);
		scoped_free char *text = json_is_object(item) ? object_as_list(item) : NULL;

		if (text ? !set_value(settings, option, text, err)
			 : !set_from_json(settings, option, item, err))
			return false;
	}
	return true;
}

/* {"nofile": {"Hard": 2048, "Soft": 1024}} of default-ulimits, and {"max-size": "10m"} of log-opts. */
static bool set_from_object(struct daemon_settings *settings, const struct option *option,
			    const json_t *object, struct error *err)
{
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)object, name, value) {
		scoped_free char *text = NULL;

		if (json_is_object(value))
			text = str_format(
				"%s=%lld:%lld", name,
				(long long)json_integer_value(json_object_get(value, "Soft")),
				(long long)json_integer_value(json_object_get(value, "Hard")));
		else if (json_is_string(value))
			text = str_format("%s=%s", name, json_string_value(value));
		else
			return error_set(err, ERROR_INVALID, "'%s' wants text", name);
		if (!set_value(settings, option, text, err))
			return false;
	}
	return true;
}

static bool set_from_json(struct daemon_settings *settings, const struct option *option,
			  const json_t *value, struct error *err)
{
	char number[24];

	switch (json_typeof(value)) {
	case JSON_STRING:
		return set_value(settings, option, json_string_value(value), err);
	case JSON_TRUE:
		return set_value(settings, option, "true", err);
	case JSON_FALSE:
		return set_value(settings, option, "false", err);
	case JSON_INTEGER:
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
		return set_value(settings, option, number, err);
	case JSON_ARRAY:
		return set_from_array(settings, option, value, err);
	case JSON_OBJECT:
		return set_from_object(settings, option, value, err);
	case JSON_NULL:
		return true;
	case JSON_REAL:
		break;
	}
	return error_set(err, ERROR_INVALID, "a number with a fraction");
}

static bool set_nothing(const char *key, const json_t *value, struct error *err)
{
	bool known, good = daemon_settings_of_dockerd(key, value, &known, err);

	return known ? good : error_set(err, ERROR_INVALID, "unknown setting '%s'", key);
}

static bool set_from_member(struct daemon_settings *settings, const char *key, const json_t *value,
			    const struct strings *flags_given, struct error *err)
{
	const struct option *option = find_by_key(key);

	if (!option)
		return set_nothing(key, value, err);
	if (strings_contain(flags_given, option->name))
		return error_set(err, ERROR_CONFLICT,
				 "'%s' is given as a flag and in the file: take one away", key);
	if (option->kind->fini)
		option->kind->fini((char *)settings + option->offset);
	if (!set_from_json(settings, option, value, err))
		return error_prefix(err, "setting '%s'", key);
	return true;
}

static bool is_blank(const char *text, size_t size)
{
	while (size > 0 && strchr(" \t\r\n", text[size - 1]) && text[size - 1])
		size--;
	return size == 0;
}

bool daemon_settings_from_json(struct daemon_settings *settings, const char *text, size_t size,
			       const struct strings *flags_given, struct error *err)
{
	const char *key;
	json_t *value;
	bool good = true;

	if (is_blank(text, size))
		return true;
	json_t *file = json_parse(text, size, err);
	if (!file)
		return false;
	if (!json_is_object(file))
		good = error_set(err, ERROR_INVALID, "not an object of settings");
	json_object_foreach (file, key, value)
		good = good && set_from_member(settings, key, value, flags_given, err);
	json_decref(file);
	return good;
}

/* ---- reading both ---- */

#define FILE_LIMIT   (1 << 20)
#define DEFAULT_FILE "/etc/wherry/wherry.json"

/* The long names of the flags that stand in argv, however they are written. */
static struct strings flags_in(const char *const *argv, size_t count)
{
	struct strings given = {0};

	for (size_t i = 0; i < count; i++) {
		const char *flag = argv[i];

		if (flag[0] != '-' || !flag[1])
			continue;
		if (flag[1] == '-') {
			strings_take(&given, str_dup_n(flag + 2, strcspn(flag + 2, "=")));
			continue;
		}
		for (size_t k = 0; k < array_length(options); k++)
			if (options[k].shorthand == flag[1])
				strings_add(&given, options[k].name);
	}
	return given;
}

bool daemon_settings_read(struct daemon_settings *settings, const char *const *argv, size_t count,
			  bool *help, struct error *err)
{
	scoped_with(option_outcome_fini) struct option_outcome outcome = {0};
	scoped_strings struct strings given = flags_in(argv, count);

	*help = false;
	if (!options_parse(sets, settings, argv, count, false, &outcome, err))
		return false;
	*help = outcome.help || outcome.short_help;
	if (*help || settings->version)
		return true;
	if (outcome.arguments.count)
		return error_set(err, ERROR_INVALID, "'%s' is no flag; wherryd takes no arguments",
				 outcome.arguments.items[0]);

	const char *path = settings->config_file ? settings->config_file : DEFAULT_FILE;
	scoped_buffer struct buffer text = {0};
	struct error unread = {0};
	if (!file_read(AT_FDCWD, path, FILE_LIMIT, &text, &unread)) {
		if (!settings->config_file && unread.kind == ERROR_NOT_FOUND)
			return daemon_settings_check(settings, err);
		*err = unread;
		return false;
	}
	if (!daemon_settings_from_json(settings, text.data, text.size, &given, err))
		return error_prefix(err, "'%s'", path);
	return daemon_settings_check(settings, err);
}

void daemon_settings_fini(struct daemon_settings *settings)
{
	options_fini(sets, settings);
}

const struct option **daemon_options(size_t *count)
{
	return options_sorted(sets, count);
}
