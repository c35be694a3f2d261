/* What `run` and `create` are told of a container: the options, and the body of the API's create that
 * they make.  It runs before the daemon is asked, so it knows only the text of the options. */
#pragma once

#include "base/error.h"
#include "spec/resources.h"
#include "spec/spec_kinds.h"

#include <jansson.h>

struct spec {
	struct resource_options resources; /* first: resources_options fill it */
	bool interactive, tty, privileged, publish_all, read_only, remove, oom_kill_disable,
		no_healthcheck, quiet, content_trust, use_api_socket;
	int8_t init;
	char *name, *platform, *pull, *cidfile;
	char *hostname, *domainname, *user, *workdir, *entrypoint, *stop_signal, *mac_address;
	char *cgroup_parent, *cgroupns, *ipc, *pid, *uts, *userns, *isolation, *runtime,
		*volume_driver, *log_driver;
	char *health_command, *ip, *ip6, *windows; /* the last is never set */
	struct option_number health_interval, health_timeout, health_start_period,
		health_start_interval, health_retries, stop_timeout, shm_size, swappiness,
		oom_score_adj;
	struct strings attach, env, env_files, labels, label_files, publish, expose, volumes,
		volumes_from, tmpfs, devices, device_cgroup_rules, cap_add, cap_drop, dns,
		dns_options, dns_search, add_host, group_add, links, security_opt, networks,
		network_aliases, link_local_ips;
	struct pairs annotations, sysctls, log_options, storage_options;
	json_t *mounts, *ulimits, *weights, *read_bps, *write_bps, *read_iops, *write_iops, *gpus;
};

extern const struct option spec_options[];
#define SPEC_OPTION_COUNT 88

/* What every command that makes a container takes. */
#define CONTAINER_OPTION_SETS                                                                      \
	{resources_options, RESOURCES_OPTION_COUNT},                                               \
	{                                                                                          \
		spec_options, SPEC_OPTION_COUNT                                                    \
	}

/* The body, from the options and what stands behind the image's name. */
json_t *spec_to_body(const struct spec *spec, const struct strings *arguments, struct error *err);

/* Nobody is attached to it. */
void spec_detach(json_t *body);

/* ---- parts of the body, one file each ---- */

bool spec_set_volumes(const struct spec *spec, json_t *config, json_t *host, struct error *err);
bool spec_set_ports(const struct spec *spec, json_t *config, json_t *host, struct error *err);
bool spec_set_networks(const struct spec *spec, json_t *host, json_t *body, struct error *err);
bool spec_set_devices(const struct spec *spec, json_t *host, struct error *err);
bool spec_set_security(const struct spec *spec, json_t *host, struct error *err);
bool spec_set_health(const struct spec *spec, json_t *config, struct error *err);
bool spec_set_environment(const struct spec *spec, json_t *config, struct error *err);

/* ---- helpers ---- */

void free_json_field(void *field);

/* "./x" and "../x" become absolute. */
char *absolute_path(const char *path);

/* Name=value lines of a file of --env-file or --label-file, comments and blank lines left out. */
bool read_lines(const char *path, const char *kind, bool from_environment, struct strings *lines,
		struct error *err);
