/* The daemon's settings: flags with dockerd's names where dockerd has one, and the same in a file
 * (/etc/wherry/wherry.json, daemon.json's keys).  A setting stands in one place only; standing in both
 * is an error that names it, as dockerd's users know it. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "engine/container_config.h"
#include "format/json.h"
#include "format/option.h"

struct daemon_settings {
	char *config_file, *data_root, *exec_root, *pidfile, *group, *programs;
	struct strings hosts;
	bool debug;
	char *log_level;
	struct strings labels;

	char *bridge, *bip, *fixed_cidr, *fixed_cidr6, *default_host_ip, *host_gateway;
	struct strings address_pools; /* "base=10.10.0.0/16,size=24" */
	struct option_number mtu, journal_size;
	bool journal_export;
	int8_t icc, ip_forward, ip_masq, firewall; /* option_choice: 0 not given */
	bool forward_no_drop;
	bool past_firewall;
	struct strings dns, dns_options, dns_search;

	struct strings mirrors, insecure_registries;
	struct option_number downloads, download_attempts;

	char *cgroup_parent, *seccomp_profile, *init_path, *ipc_mode, *cgroupns_mode;
	struct strings ulimits; /* "nofile=1024:2048" */
	struct option_number shm_size, oom_score_adjust;
	bool init, no_new_privileges;
	int8_t live_restore, userland_proxy;

	char *log_driver;
	struct pairs log_options;

	char *storage_driver, *tls_ca, *tls_certificate, *tls_key;
	int8_t tls, tls_verify;

	struct option_number ready_fd, connections, project_patience;
	bool no_supervisor, validate, version;

	char *unit_path;  /* FOLDER[:FOLDER...] */
	char *supervisor; /* "wherry" or "systemd" */
};

/* Read flags and file into `settings` (zeroed by the caller; free it with daemon_settings_fini also
 * after a failure).  *help: --help was asked for and nothing else was looked at.  A file named with
 * --config-file must be there; the default one may be absent. */
bool daemon_settings_read(struct daemon_settings *settings, const char *const *argv, size_t count,
			  bool *help, struct error *err);
void daemon_settings_fini(struct daemon_settings *settings);

/* A file's text (blank: as no file) into settings, beside what flags gave (for the fuzzer and for the tests). */
bool daemon_settings_from_json(struct daemon_settings *settings, const char *text, size_t size,
			       const struct strings *flags_given, struct error *err);

/* A key that dockerd knows and wherryd has no setting for: *known.  Said in the log where it has no effect; false
 * where to go on without it would be less than what is asked for. */
bool daemon_settings_of_dockerd(const char *key, const json_t *value, bool *known,
				struct error *err);

/* What can be said wrong is said before anything is done: the first of it is `err`.  Fills in where to listen when nobody
 * has said it.  daemon_settings_read() does it at its end. */
bool daemon_settings_check(struct daemon_settings *settings, struct error *err);

/* --log-level and --debug, from now on. */
void daemon_settings_apply_log(const struct daemon_settings *settings);

/* --default-ulimit as struct ulimit; to be freed also after a failure. */
bool daemon_settings_ulimits(const struct daemon_settings *settings, struct record_list *out,
			     struct error *err);

/* The options by name, for --help, completion and the man page; the array is the caller's. */
const struct option **daemon_options(size_t *count);
