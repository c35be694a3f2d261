/* The files are those of containers (sandbox/limits.h), one group of limits at a time, so that one that the
 * host lacks does not take the others with it.  What containers do not know is written here. */
#include "execution/limits.h"

#include "execution/limit_devices.h"
#include "sandbox/limits.h"

#include <inttypes.h>
#include <stdio.h>

enum { PERIOD_US = 100000, SECOND_US = 1000000 };

struct limiting {
	struct cgroup *cgroup;
	const struct execution_limits *limits;
	struct strings *warnings;
};

static bool is_v2(const struct limiting *l, enum cgroup_controller c)
{
	return l->cgroup->dir[c] < 0;
}

static void warn(const struct limiting *l, const char *what, const struct error *err)
{
	char text[ERROR_TEXT_SIZE];

	strings_format(l->warnings, "%s has no effect: %s", what,
		       error_text(err, text, sizeof(text)));
}

static void apply(const struct limiting *l, const struct resources_spec *resources,
		  const char *what)
{
	struct error err;

	if (!cgroup_limit(l->cgroup, resources, l->warnings, &err))
		warn(l, what, &err);
}

/* ---- memory ---- */

/* Docker counts memory and swap together. */
static int64_t memory_and_swap(const struct execution_limits *x)
{
	if (!x->memory_swap_max.given)
		return 0;
	if (x->memory_swap_max.value < 0 || !x->memory_max.given || x->memory_max.value < 0)
		return -1;
	return x->memory_max.value + x->memory_swap_max.value;
}

static void limit_memory(const struct limiting *l)
{
	const struct execution_limits *x = l->limits;
	struct resources_spec r = {.memory = x->memory_max.given ? x->memory_max.value : 0,
				   .memory_swap = memory_and_swap(x)};

	if (r.memory || r.memory_swap)
		apply(l, &r, "MemoryMax=");
}

static void write_memory(const struct limiting *l, const char *key, const char *file,
			 const struct optional_i64 *value)
{
	char text[24] = "max";
	struct error err;

	if (!value->given)
		return;
	if (!is_v2(l, CGROUP_MEMORY)) {
		strings_format(l->warnings,
			       "%s has no effect: it needs control groups of version 2", key);
		return;
	}
	if (value->value >= 0)
		snprintf(text, sizeof(text), "%" PRId64, value->value);
	if (!cgroup_write(l->cgroup, CGROUP_MEMORY, file, text, &err))
		warn(l, key, &err);
}

static void limit_memory_v2(const struct limiting *l)
{
	write_memory(l, "MemoryMin=", "memory.min", &l->limits->memory_min);
	write_memory(l, "MemoryLow=", "memory.low", &l->limits->memory_low);
	write_memory(l, "MemoryHigh=", "memory.high", &l->limits->memory_high);
}

/* ---- processors, tasks ---- */

static void limit_weight(const struct limiting *l)
{
	const struct optional_i64 *weight = &l->limits->cpu_weight;
	struct error err;
	char text[24];

	if (!weight->given)
		return;
	if (!is_v2(l, CGROUP_CPU)) {
		apply(l, &(struct resources_spec){.cpu_shares = weight->value * 1024 / 100},
		      "CPUWeight=");
		return;
	}
	snprintf(text, sizeof(text), "%" PRId64, weight->value);
	if (!cgroup_write(l->cgroup, CGROUP_CPU, "cpu.weight", text, &err))
		warn(l, "CPUWeight=", &err);
}

static void limit_quota(const struct limiting *l)
{
	const struct execution_limits *x = l->limits;
	struct resources_spec r = {.cpu_period = x->cpu_period_us.given ? x->cpu_period_us.value
									: PERIOD_US};

	if (!x->cpu_quota_us.given)
		return;
	r.cpu_quota =
		x->cpu_quota_us.value < 0 ? -1 : x->cpu_quota_us.value * r.cpu_period / SECOND_US;
	apply(l, &r, "CPUQuota=");
}

static void limit_processors(const struct limiting *l)
{
	const struct execution_limits *x = l->limits;

	if (x->allowed_cpus || x->allowed_memory_nodes)
		apply(l,
		      &(struct resources_spec){.cpuset_cpus = x->allowed_cpus,
					       .cpuset_mems = x->allowed_memory_nodes},
		      "AllowedCPUs=");
}

static void limit_tasks(const struct limiting *l)
{
	const struct optional_i64 *tasks = &l->limits->tasks_max;

	if (tasks->given)
		apply(l,
		      &(struct resources_spec){.pids_limit = tasks->value < 0 ? -1 : tasks->value},
		      "TasksMax=");
}

/* ---- input and output ---- */

static struct record_list devices_of(const struct record_list *from)
{
	struct record_list out = {0};

	for (size_t i = 0; i < from->count; i++) {
		const struct execution_io_limit *limit =
			RECORD_AT(*from, struct execution_io_limit, i);
		struct blkio_limit *row = record_list_add(&blkio_limit_type, &out);

		row->path = str_dup(limit->path ? limit->path : "");
		row->rate = limit->value;
	}
	return out;
}

static void limit_io_weight(const struct limiting *l)
{
	const struct optional_i64 *weight = &l->limits->io_weight;
	struct error err;
	char text[32];

	if (!weight->given)
		return;
	if (!is_v2(l, CGROUP_BLKIO)) {
		int64_t v1 = weight->value * 500 / 100; /* 10 to 1000, 500 being the middle */

		apply(l,
		      &(struct resources_spec){.blkio_weight = v1 < 10	   ? 10
							       : v1 > 1000 ? 1000
									   : v1},
		      "IOWeight=");
		return;
	}
	snprintf(text, sizeof(text), "default %" PRId64, weight->value);
	if (!cgroup_write(l->cgroup, CGROUP_BLKIO, "io.weight", text, &err))
		warn(l, "IOWeight=", &err);
}

static void limit_io(const struct limiting *l)
{
	const struct execution_limits *x = l->limits;
	struct resources_spec r = {.blkio_read_bps = devices_of(&x->io_read_bps),
				   .blkio_write_bps = devices_of(&x->io_write_bps),
				   .blkio_read_iops = devices_of(&x->io_read_iops),
				   .blkio_write_iops = devices_of(&x->io_write_iops),
				   .blkio_weight_device = devices_of(&x->io_device_weight)};

	limit_io_weight(l);
	if (!record_is_empty(&resources_spec_type, &r))
		apply(l, &r, "IOReadBandwidthMax= and its kin");
	record_fini(&resources_spec_type, &r);
}

/* OOMPolicy=kill: the kernel ends all of the unit at once. */
static void limit_oom(const struct limiting *l, const struct execution_plan *plan)
{
	struct error err;

	if (is_v2(l, CGROUP_MEMORY) && plan->oom_policy == OOM_KILL &&
	    !cgroup_write(l->cgroup, CGROUP_MEMORY, "memory.oom.group", "1", &err))
		warn(l, "OOMPolicy=kill", &err);
}

void execution_limit(struct cgroup *cgroup, const struct execution_plan *plan,
		     struct strings *warnings)
{
	const struct limiting l = {cgroup, &plan->limits, warnings};

	limit_memory(&l);
	limit_memory_v2(&l);
	limit_weight(&l);
	limit_quota(&l);
	limit_processors(&l);
	limit_tasks(&l);
	limit_io(&l);
	limit_oom(&l, plan);
	execution_limit_devices(cgroup, plan, warnings);
}
