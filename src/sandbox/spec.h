/* What a sandbox is to be: a value that the engine fills, the wire carries to the shim, and the shim
 * turns into namespaces, mounts, limits and a process.  Nothing in it needs looking up: references
 * (images, volumes, other containers) are already paths, ids and numbers.  Only names that live inside
 * the image (user, group) are resolved by the sandbox, inside the image's root. */
#pragma once

#include "format/record.h"

#include <stdbool.h>
#include <stdint.h>

enum namespace_mode {
	NAMESPACE_NEW,	/* a private one */
	NAMESPACE_HOST, /* the daemon's own */
	NAMESPACE_JOIN, /* that of the process with pid `join_pid` (checked by its start time) */
};

struct namespace_spec {
	int32_t mode; /* enum namespace_mode */
	int64_t join_pid;
	int64_t join_start_time; /* field 22 of /proc/PID/stat */
};

/* One mount below the root, in the order given. */
struct mount_spec {
	char *type; /* "bind", "tmpfs", "layers", "proc", "sysfs", "devpts", "mqueue", "cgroup" */
	char *source;  /* bind: absolute path on the host */
	char *subpath; /* bind: what of it, links within it followed, never out of it; NULL: all */
	char *target;  /* absolute inside the container; made when missing, below the root only */
	char *options; /* tmpfs: "size=64m,mode=1777" */
	char *propagation; /* bind: "" or [r]private, [r]shared, [r]slave */
	bool read_only;
	bool recursive;		  /* bind: with the mounts below it (rbind) */
	bool read_only_recursive; /* ro for the mounts below it too (API 1.44) */
	bool make_source;	  /* bind: make the host folder when it is missing (-v) */
	bool nosuid, nodev, noexec;
	char *layers_folder;   /* layers: absolute; a root of these layers, writable in `source`, */
	struct strings layers; /* topmost first, of which `subpath` is shown */
	bool copy_up; /* volume: fill an empty source from the image's folder first */
};

struct device_spec {
	char *path_on_host, *path_in_container;
	char *access; /* "rwm" */
};

/* A file that is there in memory alone (sandbox/memory_files.h). */
struct file_spec {
	char *target; /* absolute inside the container */
	int64_t uid, gid, mode;
};

struct rlimit_spec {
	char *name; /* "nofile" */
	int64_t soft, hard;
};

struct blkio_limit {
	char *path;
	int64_t rate; /* or weight */
};

/* Limits; zero is "not limited" unless said. */
struct resources_spec {
	int64_t memory, memory_reservation;
	int64_t memory_swap; /* memory + swap; -1 unlimited; 0 not set */
	struct optional_i64 memory_swappiness;
	int64_t cpu_shares, cpu_period, cpu_quota, nano_cpus;
	char *cpuset_cpus, *cpuset_mems;
	int64_t pids_limit; /* 0: as it is; negative: none */
	int64_t blkio_weight;
	struct record_list blkio_weight_device; /* struct blkio_limit, and so are the next four */
	struct record_list blkio_read_bps, blkio_write_bps, blkio_read_iops, blkio_write_iops;
	bool oom_kill_disable;
	struct strings device_cgroup_rules; /* "c 1:3 rwm" */
};

/* A process in a sandbox: the first one, or one that joins by exec. */
struct process_spec {
	struct strings args; /* args[0] is looked up in PATH of env, inside the container */
	struct strings env;  /* complete but for HOME, which the sandbox adds when absent */
	char *cwd;	     /* made when missing */
	char *user;	     /* "", "name", "uid", "name:group" ... */
	struct strings group_add;
	bool terminal;
	bool open_stdin;
	int32_t rows, columns; /* of the terminal; 0: unknown */
	int64_t capabilities;  /* bit i: capability i; already cut to what the host allows */
	bool no_new_privileges;
	int32_t oom_score_adj;
	char *seccomp; /* path of the compiled program; NULL: unconfined */
	struct record_list rlimits;
};

struct id_map {
	int64_t inside, outside, count;
};

struct sandbox_spec {
	char *id; /* 64 hex, also the cgroup's name */
	char *hostname, *domainname;

	/* The root: an overlay of read-only layers and a writable folder. */
	char *layers_folder;   /* absolute; layer names are below it */
	struct strings layers; /* topmost first, as overlayfs wants them */
	char *init_layer;      /* absolute: above them all, sandbox/init_layer.h; NULL: none */
	char *writable_folder; /* absolute, holds upper/ and work/; on one filesystem with the layers */
	bool read_only_root;
	char *root_folder; /* instead of the overlay: a ready root (tests, bundles) */

	struct namespace_spec network, pid, ipc, uts, cgroup, user;
	/* struct id_map.  user.mode NAMESPACE_NEW (0) with empty maps is the host's user namespace. */
	struct record_list uid_map, gid_map;
	char *etc_folder; /* absolute: holds hosts, hostname, resolv.conf to be mounted; NULL: none */

	struct record_list mounts; /* struct mount_spec: the user's, after the OCI default ones */
	char *files_folder;	  /* absolute: what files hold lies there as "0", "1" ...; */
	struct record_list files; /* struct file_spec, after the mounts */
	struct record_list devices;
	bool all_devices; /* privileged: every host device, no device rules, /sys and cgroups writable */
	struct strings masked_paths, read_only_paths;
	struct pairs sysctls;
	int64_t shm_size; /* of /dev/shm; 0: 64 MiB; -1: there is none */
	char *shm_source; /* /dev/shm is this folder of the host (its IPC: "/dev/shm"); NULL: own.  With
			     ipc.mode NAMESPACE_JOIN it is the other container's, without a word here */
	bool init;	  /* run the small init as pid 1 */
	char *init_path; /* absolute path of that program on the host */

	char *cgroup_path; /* below each hierarchy: "/wherry/c/<id>", or below the user's parent */
	struct resources_spec resources;
	struct process_spec process;
};

extern const struct record_type namespace_spec_type, mount_spec_type, file_spec_type,
	device_spec_type, rlimit_spec_type, resources_spec_type, blkio_limit_type, process_spec_type,
	sandbox_spec_type, id_map_type;
