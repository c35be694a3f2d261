/* A request to create a container, held against what can be: pure, but for the host's limits that
 * are handed in.  What cannot be is refused in Docker's words; what the host lacks is dropped with a
 * warning; what is open is filled in as inspect shows it. */
#pragma once

#include "engine/container_config.h"
#include "engine/resources_check.h"

struct create_defaults {
	const struct host_limits *limits;
	const char *log_driver;		      /* "json-file" */
	const struct pairs *log_options;      /* what the daemon was told; may be empty */
	const char *ipc_mode, *cgroupns_mode; /* NULL: ours */
	int64_t shm_size;		      /* 0: ours */
	int api_minor;
};

/* Before the image is looked up.  Both structs may be changed. */
bool container_check(struct container_config *config, struct host_config *host_config,
		     const struct create_defaults *defaults, struct strings *warnings,
		     struct error *err);

/* After the image's configuration was merged in. */
bool container_check_merged(const struct container_config *config, struct error *err);

/* The paths that no container sees or writes, unless it is privileged or says otherwise. */
extern const char *const masked_paths_default[], *const readonly_paths_default[];
