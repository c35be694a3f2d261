/* Control groups of v1, hybrid and v2 hosts behind one interface.
 *
 * Everything of one daemon lives below one delegated subtree: v2 and unified `<ours>/daemon`,
 * `<ours>/c/<id>`, processes only in leaves; v1 the same path in each mounted hierarchy.  Linked into
 * daemon and shim; no libraries.  Reads and writes of kernel files: microseconds, never a disk. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <stdint.h>
#include <sys/types.h>

enum cgroup_layout { CGROUP_NONE, CGROUP_V1, CGROUP_HYBRID, CGROUP_V2 };

enum cgroup_controller {
	CGROUP_CPU,
	CGROUP_CPUACCT,
	CGROUP_CPUSET,
	CGROUP_MEMORY,
	CGROUP_PIDS,
	CGROUP_BLKIO,
	CGROUP_DEVICES,
	CGROUP_FREEZER,
	CGROUP_UNIFIED, /* v2, or the unified tree of a hybrid host */
	CGROUP_CONTROLLERS
};

/* What this host has; read once per process. */
struct cgroup_host {
	enum cgroup_layout layout;
	char *mount[CGROUP_CONTROLLERS]; /* where the hierarchy is; NULL: not on this host */
	bool has[CGROUP_CONTROLLERS];	 /* v2: the controller is enabled for our subtree */
	bool swap_limit, oom_kill_disable, blkio_weight, cpu_quota; /* for info and warnings */
};
const struct cgroup_host *cgroup_host(void);

/* A cgroup: one directory descriptor per hierarchy; v2 has only CGROUP_UNIFIED. */
struct cgroup {
	int dir[CGROUP_CONTROLLERS]; /* -1: not there */
	char *path;		     /* below each mount: "/wherry/c/<id>" */
};

bool cgroup_make(const char *path, struct cgroup *out, struct error *err); /* with missing parents */
bool cgroup_open(const char *path, struct cgroup *out, struct error *err); /* NOT_FOUND when gone */
void cgroup_fini(struct cgroup *cgroup);				   /* closes; the cgroup stays */

bool cgroup_join(const struct cgroup *cgroup, pid_t pid, struct error *err); /* 0: the caller */
bool cgroup_freeze(const struct cgroup *cgroup, bool frozen, struct error *err); /* waits until it is */
bool cgroup_kill(const struct cgroup *cgroup, struct error *err); /* SIGKILL, forks in flight too */
bool cgroup_is_empty(const struct cgroup *cgroup);
bool cgroup_pids(const struct cgroup *cgroup, pid_t **pids, size_t *count, struct error *err);

/* rmdir in every hierarchy, sub-groups first; while processes are still exiting it waits for them, at
 * most 2 s.  What is gone already is no error. */
bool cgroup_remove(const char *path, struct error *err);

struct resources_spec;

/* Apply limits (sandbox/spec.h).  What the host cannot limit becomes a text in `warnings`.  Raising
 * and lowering of memory and swap are written in the order that the kernel accepts. */
bool cgroup_limit(const struct cgroup *cgroup, const struct resources_spec *resources,
		  struct strings *warnings, struct error *err);

/* One sample for stats; absent values are 0 (UINT64_MAX: no limit). */
struct cgroup_usage {
	uint64_t cpu_total_ns, cpu_user_ns, cpu_system_ns;
	uint64_t cpu_periods, cpu_throttled_periods, cpu_throttled_ns;
	uint64_t memory_usage, memory_max_usage, memory_limit, memory_failcnt;
	struct pairs memory_stat; /* as the kernel writes it, names of v1 or v2 */
	uint64_t pids_current, pids_limit;
	struct {
		uint32_t major, minor;
		uint64_t read, write;
	} io[16];
	size_t io_count;
	uint64_t *per_cpu_ns; /* v1 only; owned */
	size_t per_cpu_count;
};
bool cgroup_read_usage(const struct cgroup *cgroup, struct cgroup_usage *out, struct error *err);
void cgroup_usage_fini(struct cgroup_usage *usage);
