/* Units that are stopped where they are.  That they are, the kernel alone knows: whoever asks reads its files.  The
 * container of a scope is paused, so that the engine knows of it. */
#include "unit/units_private.h"

#include "base/log.h"
#include "os/cgroup.h"

struct freezing {
	struct units *units; /* referred to */
	bool frozen;
	units_done *done;
	void *data;

	struct work work;
	char *cgroup;
	bool good;
	struct error err;
};

static void finish(struct freezing *f, const struct error *err)
{
	f->done(f->data, err);
	units_unref(f->units);
	free(f->cgroup);
	free(f);
}

static bool can_be_frozen(const struct unit *unit, bool frozen, struct error *err)
{
	enum active_state state = unit_active_state(unit);

	if (unit->config->load == LOAD_NOT_FOUND)
		return error_set(err, ERROR_NOT_FOUND, "Unit %s not loaded.", unit->name);
	if (unit_is_handed(unit))
		return error_set(err, ERROR_UNSUPPORTED, "Unit %s is systemd's: see its systemctl.",
				 unit->name);
	if (unit->config->builtin ||
	    (unit->config->type != UNIT_SERVICE && unit->config->type != UNIT_SLICE &&
	     unit->config->type != UNIT_SCOPE))
		return error_set(err, ERROR_UNSUPPORTED, "Unit '%s' does not support freezing.",
				 unit->name);
	if (state == UNIT_INACTIVE || state == UNIT_FAILED)
		return error_set(err, ERROR_CONFLICT, "Unit '%s' is not active.", unit->name);
	if (frozen && unit->job) /* it would not end: who is frozen heeds no request to stop */
		return error_set(err, ERROR_CONFLICT, "Unit '%s' has a pending job.", unit->name);
	return true;
}

/* ---- scopes ---- */

static void on_paused(void *data, const struct engine_result *result)
{
	finish(data, result->err);
}

static void pause_container(struct freezing *f, const struct unit *scope)
{
	struct container *c = scope_container(f->units, scope);
	struct error err;

	if (!c) {
		error_set(&err, ERROR_CONFLICT, "Unit '%s' is not active.", scope->name);
		finish(f, &err);
	} else if ((c->state == CONTAINER_PAUSED) == f->frozen) {
		finish(f, NULL);
	} else if (f->frozen) {
		engine_pause(f->units->engine, c, on_paused, f);
	} else {
		engine_unpause(f->units->engine, c, on_paused, f);
	}
}

/* ---- others ---- */

static void run(struct work *work)
{
	struct freezing *f = container_of(work, struct freezing, work);
	struct cgroup cgroup;

	f->good = cgroup_open(f->cgroup, &cgroup, &f->err);
	if (!f->good)
		return;
	f->good = cgroup_freeze(&cgroup, f->frozen, &f->err);
	cgroup_fini(&cgroup);
}

static void ran(struct work *work, bool closing)
{
	struct freezing *f = container_of(work, struct freezing, work);

	(void)closing;
	finish(f, f->good ? NULL : &f->err);
}

static void on_loaded(void *data, struct unit *unit)
{
	struct freezing *f = data;
	struct error err;

	if (!unit) {
		units_set_closing(&err);
		finish(f, &err);
	} else if (!can_be_frozen(unit, f->frozen, &err)) {
		finish(f, &err);
	} else if (unit->config->transient) {
		pause_container(f, unit);
	} else {
		f->cgroup = units_cgroup(f->units, unit);
		work_begin(&f->work, f->units->engine, run, ran);
	}
}

void units_freeze(struct units *units, const char *name, bool frozen, units_done *done, void *data)
{
	struct freezing *f = mem_new(struct freezing);

	f->units = units;
	units->references++;
	f->frozen = frozen;
	f->done = done;
	f->data = data;
	units_load(units, name, on_loaded, f);
}
