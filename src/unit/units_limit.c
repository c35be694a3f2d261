/* The limits of a unit that runs, as its files have them now: set again by a thread of the pool, since the kernel may
 * wait for memory that it takes back. */
#include "unit/units_private.h"

#include "execution/limits.h"
#include "os/cgroup.h"

struct limiting {
	struct work work;
	struct units *units;
	char *name, *cgroup;
	struct execution_plan plan; /* owned: limits alone */
	struct strings warnings;
	units_done *done;
	void *data;
};

static void run(struct work *work)
{
	struct limiting *l = container_of(work, struct limiting, work);
	struct cgroup cgroup;
	struct error ignored;

	if (!l->cgroup || !cgroup_open(l->cgroup, &cgroup, &ignored))
		return; /* it does not run: its next start sets them */
	execution_limit(&cgroup, &l->plan, &l->warnings);
	cgroup_fini(&cgroup);
}

static void done(struct work *work, bool closing)
{
	struct limiting *l = container_of(work, struct limiting, work);
	struct unit *unit = closing ? NULL : unit_set_find(&l->units->set, l->name);

	for (size_t i = 0; unit && i < l->warnings.count; i++)
		units_say(l->units, unit, 4, "%s: %s", l->name, l->warnings.items[i]);
	if (l->done)
		l->done(l->data, NULL);
	units_unref(l->units);
	record_fini(&execution_plan_type, &l->plan);
	strings_fini(&l->warnings);
	free(l->name);
	free(l->cgroup);
	free(l);
}

static void take_limits(const struct unit *unit, struct execution_plan *plan)
{
	execution_plan_init(plan, unit->name);
	if (unit->config && unit->config->slice_limits)
		record_copy(&execution_limits_type, unit->config->slice_limits, &plan->limits);
	else if (unit->config) {
		record_fini(&execution_plan_type, plan);
		if (!unit_config_plan(unit->config, plan))
			execution_plan_init(plan, unit->name);
	}
}

void units_limit(struct units *units, const struct unit *unit, units_done *after, void *data)
{
	struct limiting *l = mem_new(struct limiting);

	l->units = units;
	l->name = str_dup(unit->name);
	if (!unit_is_handed(unit)) /* systemd sets its own by its files */
		l->cgroup = units_cgroup(units, unit);
	l->done = after;
	l->data = data;
	take_limits(unit, &l->plan);
	units->references++;
	work_begin(&l->work, units->engine, run, done);
}
