#include "engine/resources_check.h"

#include "base/memory.h"

#include <sched.h>
#include <unistd.h>

#define MIB	     (INT64_C(1) << 20)
#define MEMORY_LEAST (6 * MIB)

struct check {
	struct resources *wanted;
	const struct host_limits *host;
	bool update;
	struct strings *warnings;
};

const struct host_limits *host_limits(void)
{
	static struct host_limits host;

	if (host.cpus == 0) {
		host.cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
		host.cgroups = cgroup_host();
	}
	return &host;
}

bool host_limits_has(const struct host_limits *host, enum cgroup_controller controller)
{
	return host->cgroups->has[controller];
}

/* Drop a limit that the host cannot set. */
static bool lacks(const struct check *check, bool wanted, bool supported, const char *warning)
{
	if (!wanted || supported)
		return false;
	strings_add(check->warnings, warning);
	return true;
}

static bool has(const struct check *check, enum cgroup_controller controller)
{
	return host_limits_has(check->host, controller);
}

/* ---- memory ---- */

static bool check_memory(struct check *check, struct error *err)
{
	struct resources *r = check->wanted;

	if (r->memory != 0 && r->memory < MEMORY_LEAST)
		return error_set(err, ERROR_INVALID, "Minimum memory limit allowed is 6MB");
	if (lacks(check, r->memory > 0, has(check, CGROUP_MEMORY),
		  "Your kernel does not support memory limit capabilities or the cgroup is not "
		  "mounted. Limitation discarded.")) {
		r->memory = 0;
		r->memory_swap = -1;
	}
	return true;
}

static bool check_swap(struct check *check, struct error *err)
{
	struct resources *r = check->wanted;

	if (lacks(check, r->memory > 0 && r->memory_swap != -1, check->host->cgroups->swap_limit,
		  "Your kernel does not support swap limit capabilities or the cgroup is not "
		  "mounted. Memory limited without swap."))
		r->memory_swap = -1;
	if (r->memory > 0 && r->memory_swap > 0 && r->memory_swap < r->memory)
		return error_set(err, ERROR_INVALID,
				 "Minimum memoryswap limit should be larger than memory limit, see "
				 "usage");
	if (r->memory == 0 && r->memory_swap > 0 && !check->update)
		return error_set(
			err, ERROR_INVALID,
			"You should always set the Memory limit when using Memoryswap limit, "
			"see usage");
	return true;
}

static bool check_swappiness(struct check *check, struct error *err)
{
	struct optional_i64 *swappiness = &check->wanted->memory_swappiness;

	if (!swappiness->given || swappiness->value == -1) {
		swappiness->given = false;
		return true;
	}
	if (swappiness->value < 0 || swappiness->value > 100)
		return error_set(err, ERROR_INVALID,
				 "invalid value: %lld, valid memory swappiness range is 0-100",
				 (long long)swappiness->value);
	if (lacks(check, true, check->host->cgroups->layout != CGROUP_V2,
		  "Your kernel does not support memory swappiness capabilities or the cgroup is "
		  "not mounted. Memory swappiness discarded."))
		swappiness->given = false;
	return true;
}

static bool check_reservation(struct check *check, struct error *err)
{
	struct resources *r = check->wanted;

	if (r->memory_reservation != 0 && r->memory_reservation < MEMORY_LEAST)
		return error_set(err, ERROR_INVALID, "Minimum memory reservation allowed is 6MB");
	if (r->memory > 0 && r->memory_reservation > r->memory)
		return error_set(
			err, ERROR_INVALID,
			"Minimum memory limit can not be less than memory reservation limit, "
			"see usage");
	if (lacks(check, r->memory_reservation > 0, has(check, CGROUP_MEMORY),
		  "Your kernel does not support memory soft limit capabilities or the cgroup is "
		  "not mounted. Limitation discarded."))
		r->memory_reservation = 0;
	return true;
}

static bool check_oom(struct check *check, struct error *err)
{
	struct resources *r = check->wanted;

	(void)err;
	if (lacks(check, r->oom_kill_disable > 0, check->host->cgroups->oom_kill_disable,
		  "Your kernel does not support OomKillDisable. OomKillDisable discarded."))
		r->oom_kill_disable = 0;
	if (r->oom_kill_disable > 0 && r->memory == 0 && !check->update)
		strings_add(check->warnings,
			    "OOM killer is disabled for the container, but no memory "
			    "limit is set, this can result in the system running out "
			    "of resources.");
	return true;
}

static bool check_pids(struct check *check, struct error *err)
{
	struct resources *r = check->wanted;

	(void)err;
	if (lacks(check, r->pids_limit.given && r->pids_limit.value > 0, has(check, CGROUP_PIDS),
		  "Your kernel does not support PIDs limit capabilities or the cgroup is not "
		  "mounted. PIDs limit discarded."))
		r->pids_limit = (struct optional_i64){0};
	return true;
}

/* ---- cpu ---- */

static bool check_nano_cpus(struct check *check, struct error *err)
{
	struct resources *r = check->wanted;
	int cpus = check->host->cpus;

	if (r->nano_cpus == 0)
		return true;
	if (r->cpu_period > 0)
		return error_set(
			err, ERROR_INVALID,
			"Conflicting options: Nano CPUs and CPU Period cannot both be set");
	if (r->cpu_quota > 0)
		return error_set(err, ERROR_INVALID,
				 "Conflicting options: Nano CPUs and CPU Quota cannot both be set");
	if (r->nano_cpus < 0 || r->nano_cpus > cpus * INT64_C(1000000000))
		return error_set(err, ERROR_INVALID,
				 "range of CPUs is from 0.01 to %d.00, as there are only %d CPUs "
				 "available",
				 cpus, cpus);
	if (lacks(check, true, check->host->cgroups->cpu_quota,
		  "Your kernel does not support CPU CFS scheduler. NanoCPUs discarded."))
		r->nano_cpus = 0;
	return true;
}

static bool check_cpu_time(struct check *check, struct error *err)
{
	struct resources *r = check->wanted;

	if (r->cpu_realtime_period != 0 || r->cpu_realtime_runtime != 0)
		return error_set(err, ERROR_INVALID,
				 "Your kernel does not support CPU real-time scheduler");
	if (r->cpu_period != 0 && (r->cpu_period < 1000 || r->cpu_period > 1000000))
		return error_set(
			err, ERROR_INVALID,
			"CPU cfs period can not be less than 1ms (i.e. 1000) or larger than "
			"1s (i.e. 1000000)");
	if (r->cpu_quota > 0 && r->cpu_quota < 1000)
		return error_set(err, ERROR_INVALID,
				 "CPU cfs quota can not be less than 1ms (i.e. 1000)");
	if (lacks(check, r->cpu_period || r->cpu_quota, check->host->cgroups->cpu_quota,
		  "Your kernel does not support CPU CFS scheduler. CPU period/quota discarded."))
		r->cpu_period = r->cpu_quota = 0;
	if (lacks(check, r->cpu_shares > 0, has(check, CGROUP_CPU),
		  "Your kernel does not support CPU shares or the cgroup is not mounted. Shares "
		  "discarded."))
		r->cpu_shares = 0;
	if (r->cpu_shares < 0)
		return error_set(err, ERROR_INVALID,
				 "invalid CPU shares (%lld): value must be a "
				 "positive integer",
				 (long long)r->cpu_shares);
	return true;
}

/* One "3" or "1-3"; moves *at behind it. */
static bool parse_range(const char **at, int limit, int *last)
{
	long ends[2];
	char *end;

	for (int i = 0; i < 2; i++) {
		if (**at < '0' || **at > '9')
			return false;
		ends[i] = strtol(*at, &end, 10);
		*at = end;
		if (ends[i] >= limit)
			return false;
		if (i == 0 && **at != '-') {
			*last = (int)ends[0];
			return true;
		}
		*at += i == 0;
	}
	*last = (int)ends[1];
	return ends[0] <= ends[1];
}

bool cpu_list_parse(const char *text, int limit, int *highest)
{
	int last;

	*highest = -1;
	for (;;) {
		if (!parse_range(&text, limit, &last))
			return false;
		if (last > *highest)
			*highest = last;
		if (!*text)
			return true;
		if (*text++ != ',')
			return false;
	}
}

#define SET_SIZE 8192 /* bits of a set: what the kernel takes at most */

static bool check_cpuset(struct check *check, struct error *err)
{
	struct resources *r = check->wanted;
	int highest;

	if (lacks(check, !str_is_empty(r->cpuset_cpus) || !str_is_empty(r->cpuset_mems),
		  has(check, CGROUP_CPUSET),
		  "Your kernel does not support cpuset or the cgroup is not mounted. Cpuset "
		  "discarded.")) {
		str_replace(&r->cpuset_cpus, NULL);
		str_replace(&r->cpuset_mems, NULL);
	}
	if (!str_is_empty(r->cpuset_cpus)) {
		if (!cpu_list_parse(r->cpuset_cpus, SET_SIZE, &highest))
			return error_set(err, ERROR_INVALID, "Invalid value %s for cpuset cpus",
					 r->cpuset_cpus);
		if (highest >= check->host->cpus)
			return error_set(
				err, ERROR_INVALID,
				"Requested CPUs are not available - requested %s, available: "
				"0-%d",
				r->cpuset_cpus, check->host->cpus - 1);
	}
	if (!str_is_empty(r->cpuset_mems) && !cpu_list_parse(r->cpuset_mems, SET_SIZE, &highest))
		return error_set(err, ERROR_INVALID, "Invalid value %s for cpuset mems",
				 r->cpuset_mems);
	return true;
}

/* ---- block devices and the rest ---- */

static bool check_blkio(struct check *check, struct error *err)
{
	struct resources *r = check->wanted;

	if (r->blkio_weight != 0 && (r->blkio_weight < 10 || r->blkio_weight > 1000))
		return error_set(err, ERROR_INVALID, "Range of blkio weight is from 10 to 1000");
	if (lacks(check, r->blkio_weight > 0, check->host->cgroups->blkio_weight,
		  "Your kernel does not support Block I/O weight or the cgroup is not mounted. "
		  "Weight discarded."))
		r->blkio_weight = 0;
	if (lacks(check, r->blkio_weight_device.count > 0, check->host->cgroups->blkio_weight,
		  "Your kernel does not support Block I/O weight_device."))
		record_list_fini(&weight_device_type, &r->blkio_weight_device);
	return true;
}

static bool check_windows(struct check *check, struct error *err)
{
	struct resources *r = check->wanted;

	if (r->io_maximum_bandwidth)
		return error_set(
			err, ERROR_INVALID,
			"Invalid QoS settings: linux does not support Maximum IO Bandwidth");
	if (r->io_maximum_iops)
		return error_set(err, ERROR_INVALID,
				 "Invalid QoS settings: linux does not support Maximum IO IOPs");
	return true;
}

static bool check_ulimits(struct check *check, struct error *err)
{
	const struct record_list *list = &check->wanted->ulimits;

	for (size_t i = 0; i < list->count; i++) {
		const struct ulimit *limit = RECORD_AT(*list, struct ulimit, i);

		if (str_is_empty(limit->name))
			return error_set(err, ERROR_INVALID, "invalid ulimit: it needs a name");
		if (limit->hard != -1 && (limit->soft == -1 || limit->soft > limit->hard))
			return error_set(
				err, ERROR_INVALID,
				"ulimit soft limit must be less than or equal to hard limit: "
				"%lld > %lld",
				(long long)limit->soft, (long long)limit->hard);
	}
	return true;
}

bool resources_check(struct resources *resources, const struct host_limits *host, bool update,
		     struct strings *warnings, struct error *err)
{
	static bool (*const checks[])(struct check * check, struct error * err) = {
		check_memory, check_swap,  check_swappiness, check_reservation,
		check_oom,    check_pids,  check_nano_cpus,  check_cpu_time,
		check_cpuset, check_blkio, check_windows,    check_ulimits,
	};
	struct check check = {resources, host, update, warnings};

	for (size_t i = 0; i < array_length(checks); i++)
		if (!checks[i](&check, err))
			return false;
	return true;
}
