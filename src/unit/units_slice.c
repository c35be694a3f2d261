/* Slices: control groups that units are in.  They carry limits; making and limiting one may wait for memory
 * that the kernel takes back, so the pool does it. */
#include "unit/units_private.h"

#include "base/log.h"
#include "execution/limits.h"
#include "os/cgroup.h"

struct slice_work {
	struct work work;
	struct unit_runtime *runtime;
	char *cgroup;
	struct execution_plan plan; /* owned: limits alone */
	struct strings warnings;
	struct error err;
	bool good;
};

static void make(struct work *work)
{
	struct slice_work *w = container_of(work, struct slice_work, work);
	struct cgroup cgroup;

	w->good = cgroup_make(w->cgroup, &cgroup, &w->err);
	if (!w->good)
		return;
	execution_limit(&cgroup, &w->plan, &w->warnings);
	cgroup_fini(&cgroup);
}

static void made(struct work *work, bool closing)
{
	struct slice_work *w = container_of(work, struct slice_work, work);
	struct unit_runtime *runtime = w->runtime;

	for (size_t i = 0; !closing && i < w->warnings.count; i++)
		units_say(runtime->units, runtime->unit, 4, "%s: %s", runtime->unit->name,
			  w->warnings.items[i]);
	if (!closing && !w->good)
		units_say(runtime->units, runtime->unit, 3, "%s: %s", runtime->unit->name,
			  w->err.text);
	if (!closing && job_will_start(runtime->unit))
		unit_set_sub(runtime->units, runtime->unit, w->good ? SUB_ACTIVE : SUB_FAILED,
			     w->good ? RESULT_SUCCESS : RESULT_RESOURCES);
	record_fini(&execution_plan_type, &w->plan);
	strings_fini(&w->warnings);
	free(w->cgroup);
	free(w);
}

static void begin(struct unit_runtime *runtime, void (*run)(struct work *work),
		  void (*done)(struct work *work, bool closing))
{
	const struct execution_limits *limits = runtime->unit->config->slice_limits;
	struct slice_work *w = mem_new(struct slice_work);

	w->runtime = runtime;
	w->cgroup = units_cgroup(runtime->units, runtime->unit);
	execution_plan_init(&w->plan, runtime->unit->name);
	if (limits)
		record_copy(&execution_limits_type, limits, &w->plan.limits);
	work_begin(&w->work, runtime->units->engine, run, done);
}

static void start(struct unit_runtime *runtime)
{
	begin(runtime, make, made);
}

static void remove_group(struct work *work)
{
	struct slice_work *w = container_of(work, struct slice_work, work);

	cgroup_remove(w->cgroup, &w->err); /* whoever is in it still keeps it */
}

static void removed(struct work *work, bool closing)
{
	struct slice_work *w = container_of(work, struct slice_work, work);

	(void)closing;
	record_fini(&execution_plan_type, &w->plan);
	free(w->cgroup);
	free(w);
}

static void stop(struct unit_runtime *runtime)
{
	if (!runtime->unit->config->builtin)
		begin(runtime, remove_group, removed);
	unit_set_sub(runtime->units, runtime->unit, SUB_DEAD, RESULT_SUCCESS);
}

const struct unit_kind slice_kind = {.start = start, .stop = stop};
