/* The way of a start job to the unit's kind: how often it was tried, conditions (looked at by a thread of the
 * pool), then it goes. */
#include "unit/units_private.h"

#include "base/time.h"
#include "format/unit_name.h"
#include "unit/condition.h"

struct starting {
	struct work work;
	struct unit_runtime *runtime; /* NULL: called off */
	struct unit_config config;    /* owned: conditions alone */
	bool conditions_met, asserts_met;
	char *failed; /* owned: the text of what did not hold */
};

/* ---- kinds ---- */

const struct unit_kind *unit_kind(const struct unit *unit)
{
	static const struct unit_kind *const kinds[UNIT_TYPES] = {
		[UNIT_SERVICE] = &service_kind, [UNIT_TARGET] = &plain_kind,
		[UNIT_SLICE] = &slice_kind,	[UNIT_SOCKET] = &socket_kind,
		[UNIT_MOUNT] = &service_kind,	[UNIT_TIMER] = &timer_kind,
		[UNIT_PATH] = &path_kind,	[UNIT_SCOPE] = &scope_kind,
	};

	if (unit_is_handed(unit))
		return &systemd_kind;
	return unit->config && unit->config->type < UNIT_TYPES ? kinds[unit->config->type] : NULL;
}

/* ---- conditions ---- */

static void copy_conditions(const struct unit_config *from, struct unit_config *to)
{
	to->name = from->name; /* interned */
	to->conditions = mem_zeroed(from->condition_count, sizeof(*to->conditions));
	to->condition_count = from->condition_count;
	for (size_t i = 0; i < from->condition_count; i++) {
		to->conditions[i] = from->conditions[i];
		to->conditions[i].argument = str_dup_or_null(from->conditions[i].argument);
	}
}

static bool hold(struct starting *starting, bool asserts)
{
	const struct unit_condition *failed = NULL;

	if (conditions_hold(&starting->config, asserts, condition_probe_host, NULL, &failed))
		return true;
	if (failed && !starting->failed)
		starting->failed = condition_text(failed);
	return false;
}

static void look(struct work *work)
{
	struct starting *starting = container_of(work, struct starting, work);

	starting->conditions_met = hold(starting, false);
	starting->asserts_met = starting->conditions_met && hold(starting, true);
}

static void starting_free(struct starting *starting)
{
	for (size_t i = 0; i < starting->config.condition_count; i++)
		free(starting->config.conditions[i].argument);
	free(starting->config.conditions);
	free(starting->failed);
	free(starting);
}

/* Nothing will start: a pending restart is over, too. */
static void stay_out(struct units *units, struct unit *unit, enum job_result result)
{
	if (unit->sub == SUB_AUTO_RESTART)
		unit_set_sub(units, unit, SUB_DEAD, RESULT_SUCCESS);
	if (unit->job)
		job_finish(units, unit, result);
}

struct unit *unit_triggered(const struct unit *unit)
{
	for (size_t i = 0; i < unit->edge_count; i++)
		if (unit->edges[i].kind == DEPENDENCY_TRIGGERS)
			return unit->edges[i].unit;
	return NULL;
}

/* A timer, a path or a socket without what it is to start is of no use. */
static bool lacks_target(const struct unit *unit)
{
	const struct unit *target = unit_triggered(unit);

	if (!target || unit_name_is_template(target->name))
		return false;
	return !target->config || target->config->load != LOAD_LOADED;
}

static void go(struct unit_runtime *runtime)
{
	struct unit *unit = runtime->unit;
	struct error err;

	if (!systemd_has_not(runtime->units, unit, &err)) {
		units_say(runtime->units, unit, 3, "Refusing to start: %s", err.text);
		stay_out(runtime->units, unit, JOB_FAILED);
		return;
	}
	if (!lacks_target(unit)) {
		unit_kind(unit)->start(runtime);
		return;
	}
	units_say(runtime->units, unit, 3, "%s: Refusing to start, unit %s to trigger not loaded.",
		  unit->name, unit_triggered(unit)->name);
	stay_out(runtime->units, unit, JOB_FAILED);
}

static void judge(struct unit_runtime *runtime, const struct starting *starting)
{
	struct units *units = runtime->units;
	struct unit *unit = runtime->unit;

	unit->condition_met = starting->conditions_met;
	unit->assert_met = starting->asserts_met || !starting->conditions_met;
	if (!unit->condition_met) {
		units_say(units, unit, 6,
			  "%s was skipped because of an unmet condition check (%s).",
			  unit_description(unit), starting->failed ? starting->failed : "");
		stay_out(units, unit, JOB_DONE);
	} else if (!unit->assert_met) {
		units_say(units, unit, 3, "Starting %s failed: assertion %s does not hold.",
			  unit_description(unit), starting->failed ? starting->failed : "");
		stay_out(units, unit, JOB_ASSERT);
	} else {
		go(runtime);
	}
}

static void looked(struct work *work, bool closing)
{
	struct starting *starting = container_of(work, struct starting, work);
	struct unit_runtime *runtime = closing ? NULL : starting->runtime;

	if (runtime) {
		runtime->starting = NULL;
		judge(runtime, starting);
	}
	starting_free(starting);
}

void unit_start_abort(struct unit_runtime *runtime)
{
	runtime->starting->runtime = NULL;
	runtime->starting = NULL;
}

/* ---- the start ---- */

/* An earlier failure says more than that it was tried too often. */
static void refuse(struct unit_runtime *runtime)
{
	struct unit *unit = runtime->unit;
	struct unit_change change = {
		.sub = SUB_FAILED, .result = unit->result ? unit->result : RESULT_START_LIMIT_HIT};

	units_say(runtime->units, unit, 4, "%s: Start request repeated too quickly.", unit->name);
	unit_change(runtime->units, unit, &change);
	unit_settle(runtime->units, unit);
}

void unit_start(struct unit_runtime *runtime)
{
	struct unit *unit = runtime->unit;

	if (runtime->starting)
		return;
	if (!unit_kind(unit) || unit->config->load != LOAD_LOADED) {
		stay_out(runtime->units, unit, unit_kind(unit) ? JOB_INVALID : JOB_UNSUPPORTED);
		return;
	}
	if (unit->config->needs_bus) {
		units_say(runtime->units, unit, 4, "%s: Type=dbus is not supported: there is no bus.",
			  unit->name);
		stay_out(runtime->units, unit, JOB_UNSUPPORTED);
		return;
	}
	if (!runtime->automatic)
		unit->restarts = 0;
	runtime->automatic = false;
	if (!decide_start_limit(unit, time_monotonic_ns())) {
		refuse(runtime);
		return;
	}
	unit->condition_met = unit->assert_met = true;
	if (!unit->config->condition_count) {
		go(runtime);
		return;
	}
	struct starting *starting = runtime->starting = mem_new(struct starting);
	starting->runtime = runtime;
	copy_conditions(unit->config, &starting->config);
	work_begin(&starting->work, runtime->units->engine, look, looked);
}

void unit_stop(struct unit_runtime *runtime)
{
	const struct unit_kind *kind = unit_kind(runtime->unit);

	if (kind)
		kind->stop(runtime);
	else
		unit_set_sub(runtime->units, runtime->unit, SUB_DEAD, RESULT_SUCCESS);
}

/* A unit that is to start again keeps its shim, and with it its stored descriptors. */
void unit_settle(struct units *units, struct unit *unit)
{
	struct unit_runtime *runtime = unit->runtime;

	if (!runtime || unit->job || runtime->restart || runtime->starting)
		return;
	if (unit->sub == SUB_AUTO_RESTART)
		restart_resume(runtime); /* a stop was to come, and was called off */
	if (runtime->peer && !runtime->releasing && !runtime->adopting &&
	    (unit->sub == SUB_DEAD || unit->sub == SUB_FAILED))
		service_release(runtime);
}
