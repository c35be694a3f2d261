/* Control groups of v1, hybrid and v2 hosts behind one interface.
 *
 * Everything of one daemon lives below one delegated subtree: v2 and unified `<ours>/daemon`,
 * `<ours>/c/<id>`, processes only in leaves; v1 the same path in each mounted hierarchy.  Linked
 * into daemon and shim; no libraries.  Reads and writes of kernel files: microseconds, never a
 * disk.
 *
 * The kernel's files are reached by the names of controllers: cgroup_file(cgroup, CGROUP_MEMORY,
 * ..) is a file of the v1 memory hierarchy or of the one v2 tree, whichever the host has. */
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
	CGROUP_BLKIO, /* "io" on v2 */
	CGROUP_DEVICES,
	CGROUP_FREEZER,
	CGROUP_HUGETLB,
	CGROUP_UNIFIED, /* v2, or the unified tree of a hybrid host */
	CGROUP_CONTROLLERS
};

/* What this host has; read once per process. */
struct cgroup_host {
	enum cgroup_layout layout;
	char *mount[CGROUP_CONTROLLERS]; /* where the hierarchy is; NULL: not on this host */
	enum cgroup_controller owner[CGROUP_CONTROLLERS]; /* the first of those mounted together */
	bool has[CGROUP_CONTROLLERS]; /* v1: mounted; v2: offered by the root of the mount */
	bool swap_limit, oom_kill_disable, blkio_weight, cpu_quota; /* for info and warnings */
};
const struct cgroup_host *cgroup_host(void);

/* "cpu", "memory" ...; "" for CGROUP_UNIFIED. */
const char *cgroup_controller_name(enum cgroup_controller controller);

/* The caller's own cgroup in the unified tree ("/system.slice/wherry.service"), else in the memory
 * hierarchy; "/" when unknown.  Owned. */
char *cgroup_own_path(void);

/* The same of another process; NULL: it is gone.  Owned. */
char *cgroup_path_of(pid_t pid);

/* A cgroup: one directory descriptor per hierarchy; v2 has only CGROUP_UNIFIED.  Controllers that
 * are mounted together share one number.
 *
 * A v1 cpuset is made only when it is wanted (cgroup_add_cpuset): an empty one takes no process,
 * and filling it rebuilds scheduling domains.  The v1 freezer is made only where no unified tree
 * can freeze. */
struct cgroup {
	int dir[CGROUP_CONTROLLERS]; /* -1: not there */
	char *path;		     /* below each mount: "/wherry/c/<id>" */
	bool killed;		     /* set by who has used cgroup_kill and goes on using it */
};

bool cgroup_make(const char *path, struct cgroup *out,
		 struct error *err); /* with missing parents */
bool cgroup_open(const char *path, struct cgroup *out, struct error *err); /* NOT_FOUND when gone */
void cgroup_fini(struct cgroup *cgroup); /* closes; the cgroup stays */

/* pid 0: the caller, who has one thread. */
bool cgroup_join(const struct cgroup *cgroup, pid_t pid, struct error *err);

/* What clone3's CLONE_INTO_CGROUP takes, -1 where there is none, and for a killed group: kernels
 * from 6.14 on compare how often the child's group was killed with how often the parent's was, and
 * kill the child.  A process that was cloned so has only the v1 hierarchies left to join. */
int cgroup_clone_fd(const struct cgroup *cgroup);
bool cgroup_join_v1(const struct cgroup *cgroup, pid_t pid, struct error *err);

/* Make the v1 cpuset with its parent's processors and memories, and move what runs there. */
bool cgroup_add_cpuset(struct cgroup *cgroup, struct error *err);

/* The folder that holds a controller's files; -1: the host cannot do that. */
int cgroup_folder(const struct cgroup *cgroup, enum cgroup_controller controller);
bool cgroup_write(const struct cgroup *cgroup, enum cgroup_controller controller, const char *file,
		  const char *value, struct error *err);
bool cgroup_read(const struct cgroup *cgroup, enum cgroup_controller controller, const char *file,
		 struct buffer *out, struct error *err);

bool cgroup_freeze(const struct cgroup *cgroup, bool frozen,
		   struct error *err);				  /* waits until it is */
bool cgroup_is_frozen(const struct cgroup *cgroup);
bool cgroup_kill(const struct cgroup *cgroup, struct error *err); /* SIGKILL, forks in flight too */
bool cgroup_is_empty(const struct cgroup *cgroup);
bool cgroup_pids(const struct cgroup *cgroup, pid_t **pids, size_t *count, struct error *err);

/* rmdir in every hierarchy, sub-groups first; while processes are still exiting it waits for them,
 * at most 2 s.  What is gone already is no error. */
bool cgroup_remove(const char *path, struct error *err);

/* Which devices the cgroup may use.  Everything is closed, then the rules open some.  v1 writes
 * devices.deny and devices.allow; v2 replaces the BPF program that sits on the cgroup. */
struct device_rule {
	char type;	      /* 'c', 'b', 'a' for both */
	int64_t major, minor; /* -1: all */
	bool read, write, make;
};
bool cgroup_set_devices(const struct cgroup *cgroup, const struct device_rule *rules, size_t count,
			struct error *err);

/* Has an edge of POLLIN or POLLPRI (so EPOLLET; v2's file is always readable) when an OOM kill may have
 * happened: v1 an eventfd on memory.oom_control, v2 memory.events.  -1: cannot be watched. */
int cgroup_watch_oom(const struct cgroup *cgroup);
uint64_t cgroup_oom_kills(const struct cgroup *cgroup); /* so far */

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
uint64_t cgroup_cpu_ns(const struct cgroup *cgroup); /* cpu_total_ns alone */
bool cgroup_read_usage(const struct cgroup *cgroup, struct cgroup_usage *out, struct error *err);
void cgroup_usage_fini(struct cgroup_usage *usage);
