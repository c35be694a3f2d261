/* What the files of a start share.  For start*.c alone. */
#pragma once

#include "execution/exit_code.h"
#include "execution/start.h"
#include "format/user_spec.h"

/* In the child. */
struct starting {
	const struct start *start;
	const struct execution_plan *plan;
	const struct execution_context *context;
	const struct pairs *file_environment; /* of the environment files */

	int report;
	int *sockets; /* owned; lifted above what they will be */
	size_t socket_count;
	struct user_identity identity;
	bool has_user;	 /* User= or Group= apply */
	bool restricted; /* the file system and rights are restricted: no `+` */
	struct strings environment;
	struct strings args;
	char *program;
	uint64_t capabilities; /* bounding set */
	struct buffer filters[2];
};

typedef bool start_step(struct starting *s, struct error *err);

/* ---- start_stdio.c ---- */
start_step start_input, start_output, start_error_output, start_descriptors;

/* ---- start_user.c ---- */
start_step start_find_user, start_find_group, start_join_groups, start_become_user;

/* ---- start_limits.c ---- */
start_step start_oom_score, start_nice, start_scheduler, start_affinity, start_io_priority,
	start_timer_slack, start_rlimits;

/* ---- start_environment.c ---- */
bool start_read_environment(const struct execution_context *context, struct pairs *out,
			    struct error *err); /* in the parent */
start_step start_environment;
start_step start_arguments; /* variables are in their place, the program is found */

/* ---- start_folders.c ---- */
start_step start_runtime_folders, start_state_folders, start_cache_folders, start_logs_folders,
	start_configuration_folders;
char *start_folder_path(const struct execution_context *context, enum execution_folder_kind kind,
			const char *name);
const char *start_folder_variable(enum execution_folder_kind kind); /* "RUNTIME_DIRECTORY" */

/* The working folder. */
start_step start_chdir;

/* ---- start_mounts.c, start_devices.c ---- */
start_step start_mounts;
int start_make_devices(struct error *err); /* a detached /dev; -1 on failure */

/* ---- start_rights.c ---- */
start_step start_network, start_hostname, start_keyring, start_read_filters,
	start_bound_capabilities, start_keep_capabilities, start_secure_bits,
	start_raise_capabilities, start_forbid_privileges, start_install_filters;
