/* From a container and what was looked up for it to the sandbox that its shim builds: pure. */
#pragma once

#include "engine/container.h"
#include "sandbox/spec.h"

/* Another container's first process, whose namespace is joined. */
struct donor {
	int64_t pid, start_time;
	const char *shm; /* the donor's /dev/shm as a host path: ipc */
};

/* All texts are borrowed. */
struct sandbox_facts {
	const char *layers_folder;
	const char *init_layer;	      /* the places of mounts: sandbox/init_layer.h */
	const struct strings *layers; /* topmost first */
	const char *writable_folder;  /* holds upper and work */
	const char *etc_folder;	      /* NULL: the host's own files */
	const char *cgroup_path;      /* "/wherry/c/<id>" */
	const char *init_path;
	const char *seccomp;		   /* compiled program; NULL: unconfined */
	const struct record_list *ulimits; /* struct ulimit: the daemon's defaults */
	uint64_t capabilities;		   /* of the container, cut to the host's */
	bool no_new_privileges, init;	   /* the daemon's defaults */
	int32_t network_mode;		   /* enum namespace_mode */
	const struct strings *links;	   /* variables that links give; NULL: none */
	const struct strings *secrets;	   /* variables that are in no record; NULL: none */
	const char *hostname;		   /* joined networks have their owner's */
	struct donor network, ipc, pid;	   /* pid 0: not joined */
};

/* Fills `out`, a zeroed record.  INVALID for options that cannot be read. */
bool sandbox_plan(const struct container *c, const struct sandbox_facts *facts,
		  struct sandbox_spec *out, struct error *err);

/* What is mounted alone: struct mount_spec. */
bool sandbox_plan_mounts(const struct container *c, struct record_list *out, struct error *err);

/* Its files in memory alone: out->files and files_folder.  `folder`: the container's own. */
void sandbox_plan_files(const struct container *c, const char *folder, struct sandbox_spec *out);

/* The limits alone: what `update` writes to a running container's cgroup. */
void resources_plan(const struct resources *resources, struct resources_spec *out);

/* A process that joins the container by exec. */
bool exec_plan(const struct container *c, const struct exec_config *config,
	       const struct sandbox_facts *facts, struct process_spec *out, struct error *err);
