/* v1 and v2 say the same things in other files and units.  Each limit is a row that knows how to write
 * itself for either; what the host lacks becomes a warning, as Docker's engine words it. */
#include "sandbox/limits.h"

#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct limiting {
	struct cgroup *cgroup;
	const struct resources_spec *resources;
	struct strings *warnings;
};

#define DISCARDED "Your kernel does not support %s or the cgroup is not mounted. %s discarded."

static bool is_v2(const struct cgroup *cgroup, enum cgroup_controller c)
{
	return cgroup->dir[c] < 0;
}

static bool set(const struct limiting *l, enum cgroup_controller c, const char *file,
		const char *value, struct error *err)
{
	return cgroup_write(l->cgroup, c, file, value, err);
}

static bool set_number(const struct limiting *l, enum cgroup_controller c, const char *file,
		       int64_t value, struct error *err)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	return set(l, c, file, text, err);
}

static bool has_file(const struct limiting *l, enum cgroup_controller c, const char *file)
{
	int folder = cgroup_folder(l->cgroup, c);

	return folder >= 0 && faccessat(folder, file, F_OK, 0) == 0;
}

/* ---- memory ---- */

#define NO_SWAP_LIMIT                                                                              \
	"Your kernel does not support swap limit capabilities or the cgroup is not mounted. "      \
	"Memory limited without swap."

/* v1 wants memory <= memory + swap at every instant: lowering begins with memory, raising with the
 * sum.  Which of both it is shows in the first write being refused as EINVAL; EBUSY is memory that is in use. */
static bool set_memory_and_swap_v1(const struct limiting *l, struct error *err)
{
	static const char memory[] = "memory.limit_in_bytes",
			  both[] = "memory.memsw.limit_in_bytes";
	const struct resources_spec *r = l->resources;

	if (r->memory_swap == 0)
		return r->memory == 0 || set_number(l, CGROUP_MEMORY, memory, r->memory, err);
	if (!has_file(l, CGROUP_MEMORY, both)) {
		strings_add(l->warnings, NO_SWAP_LIMIT);
		return r->memory == 0 || set_number(l, CGROUP_MEMORY, memory, r->memory, err);
	}
	if (r->memory && set_number(l, CGROUP_MEMORY, memory, r->memory, err))
		return set_number(l, CGROUP_MEMORY, both, r->memory_swap, err);
	if (r->memory && err->os == EBUSY)
		return error_prefix(err, "the container uses more memory");
	return set_number(l, CGROUP_MEMORY, both, r->memory_swap, err) &&
	       (r->memory == 0 || set_number(l, CGROUP_MEMORY, memory, r->memory, err));
}

/* v2 counts swap alone. */
static bool set_memory_and_swap_v2(const struct limiting *l, struct error *err)
{
	const struct resources_spec *r = l->resources;

	if (r->memory && !set_number(l, CGROUP_MEMORY, "memory.max", r->memory, err))
		return false;
	if (r->memory_swap == 0)
		return true;
	if (!has_file(l, CGROUP_MEMORY, "memory.swap.max")) {
		strings_add(l->warnings, NO_SWAP_LIMIT);
		return true;
	}
	if (r->memory_swap < 0)
		return set(l, CGROUP_MEMORY, "memory.swap.max", "max", err);
	return set_number(l, CGROUP_MEMORY, "memory.swap.max", r->memory_swap - r->memory, err);
}

static bool set_memory_extras_v1(const struct limiting *l, struct error *err)
{
	const struct resources_spec *r = l->resources;

	if (r->memory_reservation &&
	    !set_number(l, CGROUP_MEMORY, "memory.soft_limit_in_bytes", r->memory_reservation, err))
		return false;
	if (r->memory_swappiness.given && r->memory_swappiness.value >= 0 &&
	    !set_number(l, CGROUP_MEMORY, "memory.swappiness", r->memory_swappiness.value, err))
		return false;
	return !r->oom_kill_disable || set(l, CGROUP_MEMORY, "memory.oom_control", "1", err);
}

static bool set_memory_extras_v2(const struct limiting *l, struct error *err)
{
	const struct resources_spec *r = l->resources;

	if (r->memory_swappiness.given && r->memory_swappiness.value >= 0)
		strings_format(l->warnings, DISCARDED, "memory swappiness capabilities",
			       "Memory swappiness");
	if (r->oom_kill_disable)
		strings_format(l->warnings, DISCARDED, "OomKillDisable", "OomKillDisable");
	return !r->memory_reservation ||
	       set_number(l, CGROUP_MEMORY, "memory.low", r->memory_reservation, err);
}

static bool set_memory(const struct limiting *l, struct error *err)
{
	if (is_v2(l->cgroup, CGROUP_MEMORY))
		return set_memory_and_swap_v2(l, err) && set_memory_extras_v2(l, err);
	return set_memory_and_swap_v1(l, err) && set_memory_extras_v1(l, err);
}

/* ---- processors ---- */

enum { DEFAULT_PERIOD_US = 100000 };

/* Quota 0: none is asked for. */
static void quota_of(const struct resources_spec *r, int64_t *quota, int64_t *period)
{
	*period = r->cpu_period;
	*quota = r->cpu_quota;
	if (r->nano_cpus > 0) {
		*period = DEFAULT_PERIOD_US;
		*quota = r->nano_cpus / (1000000000 / DEFAULT_PERIOD_US);
	}
}

static bool set_quota_v1(const struct limiting *l, int64_t quota, int64_t period, struct error *err)
{
	if (period && !set_number(l, CGROUP_CPU, "cpu.cfs_period_us", period, err))
		return false;
	return !quota || set_number(l, CGROUP_CPU, "cpu.cfs_quota_us", quota, err);
}

static bool set_quota_v2(const struct limiting *l, int64_t quota, int64_t period, struct error *err)
{
	char text[64], number[24] = "max";

	if (quota > 0)
		snprintf(number, sizeof(number), "%" PRId64, quota);
	snprintf(text, sizeof(text), "%s %" PRId64, number, period ? period : DEFAULT_PERIOD_US);
	return (!quota && !period) || set(l, CGROUP_CPU, "cpu.max", text, err);
}

/* 2..262144 with 1024 as the middle becomes 1..10000, as every engine on v2 converts it. */
static int64_t weight_from_shares(int64_t shares)
{
	if (shares < 2)
		shares = 2;
	if (shares > 262144)
		shares = 262144;
	return 1 + (shares - 2) * 9999 / 262142;
}

static bool set_cpu(const struct limiting *l, struct error *err)
{
	const struct resources_spec *r = l->resources;
	bool v2 = is_v2(l->cgroup, CGROUP_CPU);
	int64_t quota, period;

	quota_of(r, &quota, &period);
	if (r->cpu_shares > 0 &&
	    !set_number(l, CGROUP_CPU, v2 ? "cpu.weight" : "cpu.shares",
			v2 ? weight_from_shares(r->cpu_shares) : r->cpu_shares, err))
		return false;
	return v2 ? set_quota_v2(l, quota, period, err) : set_quota_v1(l, quota, period, err);
}

static bool set_cpuset(const struct limiting *l, struct error *err)
{
	const struct resources_spec *r = l->resources;

	if (!cgroup_add_cpuset(l->cgroup, err))
		return false;
	if (!str_is_empty(r->cpuset_cpus) &&
	    !set(l, CGROUP_CPUSET, "cpuset.cpus", r->cpuset_cpus, err))
		return false;
	return str_is_empty(r->cpuset_mems) ||
	       set(l, CGROUP_CPUSET, "cpuset.mems", r->cpuset_mems, err);
}

static bool set_pids(const struct limiting *l, struct error *err)
{
	if (l->resources->pids_limit < 0)
		return set(l, CGROUP_PIDS, "pids.max", "max", err);
	return set_number(l, CGROUP_PIDS, "pids.max", l->resources->pids_limit, err);
}

/* ---- block devices ---- */

static bool device_number(const char *path, unsigned *high, unsigned *low, struct error *err)
{
	struct stat st;

	if (!path || stat(path, &st) < 0)
		return error_errno(err, "cannot limit device '%s'", path ? path : "");
	if (!S_ISBLK(st.st_mode))
		return error_set(err, ERROR_INVALID, "'%s' is not a block device", path);
	*high = major(st.st_rdev);
	*low = minor(st.st_rdev);
	return true;
}

static const struct {
	size_t list;
	const char *v1, *v2;
} throttles[] = {
	{offsetof(struct resources_spec, blkio_read_bps), "blkio.throttle.read_bps_device", "rbps"},
	{offsetof(struct resources_spec, blkio_write_bps), "blkio.throttle.write_bps_device",
	 "wbps"},
	{offsetof(struct resources_spec, blkio_read_iops), "blkio.throttle.read_iops_device",
	 "riops"},
	{offsetof(struct resources_spec, blkio_write_iops), "blkio.throttle.write_iops_device",
	 "wiops"},
};

static bool set_throttle(const struct limiting *l, size_t row, const struct blkio_limit *limit,
			 struct error *err)
{
	bool v2 = is_v2(l->cgroup, CGROUP_BLKIO);
	unsigned high = 0, low = 0;
	char text[80];

	if (!device_number(limit->path, &high, &low, err))
		return false;
	if (v2)
		snprintf(text, sizeof(text), "%u:%u %s=%" PRId64, high, low, throttles[row].v2,
			 limit->rate);
	else
		snprintf(text, sizeof(text), "%u:%u %" PRId64, high, low, limit->rate);
	return set(l, CGROUP_BLKIO, v2 ? "io.max" : throttles[row].v1, text, err);
}

static bool set_throttles(const struct limiting *l, struct error *err)
{
	for (size_t row = 0; row < array_length(throttles); row++) {
		const struct record_list *list =
			(const void *)((const char *)l->resources + throttles[row].list);

		for (size_t i = 0; i < list->count; i++)
			if (!set_throttle(l, row, RECORD_AT(*list, struct blkio_limit, i), err))
				return false;
	}
	return true;
}

/* Which file takes weights depends on the scheduler; the range of "io.weight" is another one. */
static const char *weight_file(const struct limiting *l)
{
	static const char *const files[] = {"blkio.weight", "blkio.bfq.weight", "io.bfq.weight",
					    "io.weight"};

	for (size_t i = 0; i < array_length(files); i++)
		if (has_file(l, CGROUP_BLKIO, files[i]))
			return files[i];
	return NULL;
}

static int64_t weight_for(const char *file, int64_t weight)
{
	return str_equal(file, "io.weight") ? 1 + (weight - 10) * 9999 / 990 : weight;
}

static bool set_device_weights(const struct limiting *l, const char *file, struct error *err)
{
	const struct record_list *list = &l->resources->blkio_weight_device;
	scoped_free char *name =
		str_format("%s%s", file, str_starts_with(file, "blkio.") ? "_device" : "");

	for (size_t i = 0; i < list->count; i++) {
		const struct blkio_limit *limit = RECORD_AT(*list, struct blkio_limit, i);
		unsigned high = 0, low = 0;
		char text[64];

		if (!device_number(limit->path, &high, &low, err))
			return false;
		snprintf(text, sizeof(text), "%u:%u %" PRId64, high, low,
			 weight_for(file, limit->rate));
		if (!set(l, CGROUP_BLKIO, name, text, err))
			return false;
	}
	return true;
}

static bool set_blkio(const struct limiting *l, struct error *err)
{
	const struct resources_spec *r = l->resources;
	const char *file = weight_file(l);

	if (!set_throttles(l, err))
		return false;
	if (!file && (r->blkio_weight > 0 || r->blkio_weight_device.count > 0)) {
		strings_format(l->warnings, DISCARDED, "Block I/O weight", "Weight");
		return true;
	}
	if (r->blkio_weight > 0 &&
	    !set_number(l, CGROUP_BLKIO, file, weight_for(file, r->blkio_weight), err))
		return false;
	return !file || set_device_weights(l, file, err);
}

/* ---- which of them ---- */

static bool wants_memory(const struct resources_spec *r)
{
	return r->memory || r->memory_swap || r->memory_reservation || r->oom_kill_disable ||
	       (r->memory_swappiness.given && r->memory_swappiness.value >= 0);
}

static bool wants_cpu(const struct resources_spec *r)
{
	return r->cpu_shares > 0 || r->cpu_period || r->cpu_quota || r->nano_cpus > 0;
}

static bool wants_cpuset(const struct resources_spec *r)
{
	return !str_is_empty(r->cpuset_cpus) || !str_is_empty(r->cpuset_mems);
}

static bool wants_pids(const struct resources_spec *r)
{
	return r->pids_limit != 0;
}

static bool wants_blkio(const struct resources_spec *r)
{
	return r->blkio_weight > 0 ||
	       r->blkio_weight_device.count + r->blkio_read_bps.count + r->blkio_write_bps.count +
			       r->blkio_read_iops.count + r->blkio_write_iops.count >
		       0;
}

static const struct {
	enum cgroup_controller controller;
	bool (*is_wanted)(const struct resources_spec *);
	bool (*apply)(const struct limiting *, struct error *);
	const char *ability, *name;
} limits[] = {
	{CGROUP_MEMORY, wants_memory, set_memory, "memory limit capabilities", "Limitation"},
	{CGROUP_CPU, wants_cpu, set_cpu, "CPU limits", "Limitation"},
	{CGROUP_CPUSET, wants_cpuset, set_cpuset, "cpuset", "Cpuset"},
	{CGROUP_PIDS, wants_pids, set_pids, "pids limit capabilities", "PIDs limit"},
	{CGROUP_BLKIO, wants_blkio, set_blkio, "Block I/O limits", "Limitation"},
};

bool cgroup_limit(struct cgroup *cgroup, const struct resources_spec *resources,
		  struct strings *warnings, struct error *err)
{
	const struct limiting l = {cgroup, resources, warnings};

	for (size_t i = 0; i < array_length(limits); i++) {
		if (!limits[i].is_wanted(resources))
			continue;
		if (!cgroup_host()->has[limits[i].controller])
			strings_format(warnings, DISCARDED, limits[i].ability, limits[i].name);
		else if (!limits[i].apply(&l, err))
			return false;
	}
	return true;
}
