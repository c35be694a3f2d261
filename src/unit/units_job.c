/* The queue of jobs: at most one for each unit.  A job is looked at when it is queued and whenever one that it
 * may have waited for is over; decide_job says whether it may run.  Running it asks the unit to change;
 * what the unit then becomes ends the job. */
#include "unit/units_private.h"

#include "base/log.h"
#include "base/time.h"

/* ---- watchers ---- */

void job_watch(struct job *job, const struct job_watcher *watcher)
{
	struct job_waiter *waiter = mem_new(struct job_waiter);

	waiter->watcher = *watcher;
	waiter->next = job->waiters;
	job->waiters = waiter;
}

/* Somebody starts, stops ... what is in that state already, or what a condition keeps out. */
static int32_t code_of(enum job_result result)
{
	return result == JOB_DONE || result == JOB_SKIPPED ? 0 : 1;
}

/* Why a job has failed is told by the unit's result; a reload has its own. */
static const char *reason_of(const struct unit *unit, enum job_type type)
{
	const struct execution_status *status = unit_status(unit);

	if (type == JOB_RELOAD)
		return execution_result_name(status && status->reload_result
						     ? (enum execution_result)status->reload_result
						     : RESULT_EXIT_CODE);
	return unit->result ? execution_result_name(unit->result) : NULL;
}

static void tell_waiters(struct job_waiter *waiters, const struct job_outcome *outcome)
{
	while (waiters) {
		struct job_waiter *next = waiters->next;

		if (waiters->watcher.done)
			waiters->watcher.done(waiters->watcher.data, outcome);
		free(waiters);
		waiters = next;
	}
}

static void forget_waiter(struct job *job, const void *data)
{
	for (struct job_waiter **at = &job->waiters; *at;) {
		struct job_waiter *waiter = *at;

		if (waiter->watcher.data == data) {
			*at = waiter->next;
			free(waiter);
		} else {
			at = &waiter->next;
		}
	}
}

void units_forget(struct units *units, void *data)
{
	for (size_t i = 0; i < units->set.count; i++)
		if (units->set.items[i]->job)
			forget_waiter(units->set.items[i]->job, data);
	requests_forget(units, data);
}

/* ---- timeouts ---- */

static void on_timeout(void *data)
{
	struct unit_runtime *runtime = data;

	runtime->job_timeout = NULL;
	if (!runtime->unit->job)
		return;
	units_say(runtime->units, runtime->unit, 4, "%s: Job %s/%s timed out.", runtime->unit->name,
		  runtime->unit->name, job_type_name(runtime->unit->job->type));
	job_finish(runtime->units, runtime->unit, JOB_TIMEOUT);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return !a ? b : !b ? a : a < b ? a : b;
}

/* JobTimeoutSec= counts from the queue, JobRunningTimeoutSec= from the moment it runs. */
static void arm_timeout(struct units *units, struct unit *unit)
{
	const struct unit_config *config = unit->config;
	const struct job *job = unit->job;
	int64_t due = 0;

	if (!config || (!config->job_timeout_us && !config->job_running_timeout_us) ||
	    unit_is_handed(unit))
		return;
	if (config->job_timeout_us)
		due = job->queued_ns + config->job_timeout_us * 1000;
	if (config->job_running_timeout_us && job->running)
		due = earlier(due, job->begun_ns + config->job_running_timeout_us * 1000);
	if (!due)
		return;
	struct unit_runtime *runtime = unit_runtime(units, unit);
	int64_t left = due - time_monotonic_ns();
	deadline_cancel(&runtime->job_timeout);
	runtime->job_timeout = deadline_start(
		units->loop, left > 0 ? (uint64_t)(left / NS_PER_MS) + 1 : 0, on_timeout, runtime);
}

static void disarm_timeout(struct unit *unit)
{
	if (unit->runtime)
		deadline_cancel(&unit->runtime->job_timeout);
}

/* ---- the queue ---- */

static void on_turn(uv_idle_t *turn);

void job_look(struct units *units, struct unit *unit)
{
	if (!unit->job || unit->job->running)
		return;
	vector_add(&units->looked, unit);
	uv_idle_start(&units->turn, on_turn);
}

/* Whoever is ordered against the unit, in whichever direction, may have waited for it. */
static void look_around(struct units *units, const struct unit *unit)
{
	for (size_t i = 0; i < unit->edge_count; i++) {
		enum dependency kind = unit->edges[i].kind;

		if (kind == DEPENDENCY_BEFORE || kind == DEPENDENCY_AFTER ||
		    kind == DEPENDENCY_REQUISITE_OF)
			job_look(units, unit->edges[i].unit);
	}
}

static struct job *queue_job(struct units *units, struct unit *unit, enum job_type type)
{
	struct job *job = mem_new(struct job);

	job->id = ++units->set.last_job;
	job->unit = unit;
	job->type = (uint8_t)type;
	job->queued_ns = time_monotonic_ns();
	unit->job = job;
	units->jobs++;
	arm_timeout(units, unit);
	job_look(units, unit);
	return job;
}

/* What is queued already has become part of the plan; a job that runs and does that goes on. */
static void replan(struct units *units, struct job *job, enum job_type type)
{
	if (type == job->type && !(type == JOB_RELOAD && job->running))
		return;
	job->type = (uint8_t)type;
	job->running = false;
	job_look(units, job->unit);
}

struct job *job_install(struct units *units, const struct planned_job *planned)
{
	struct unit *unit = planned->unit;

	if (unit->job)
		replan(units, unit->job, planned->type);
	else
		queue_job(units, unit, planned->type);
	unit->job->irreversible = unit->job->irreversible || planned->irreversible;
	unit->job->ignore_order = planned->ignore_order;
	if (planned->type != JOB_STOP)
		unit->starts_with_bound = false;
	unit_save(units, unit);
	unit_tell(units, unit);
	return unit->job;
}

void job_restore(struct units *units, struct unit *unit, enum job_type type)
{
	if (!unit->job)
		queue_job(units, unit, type);
}

bool job_will_start(const struct unit *unit)
{
	return unit->job && (unit->job->type == JOB_START || unit->job->type == JOB_RESTART);
}

bool job_will_stop(const struct unit *unit)
{
	return unit->job && unit->job->type == JOB_STOP;
}

/* ---- the end of a job ---- */

/* A start that has not worked takes along what still waits and needs it. */
static void fail_dependents(struct units *units, const struct unit *unit)
{
	struct consequences all = {0};

	decide_dependents(unit, &all);
	for (size_t i = 0; i < all.count; i++)
		if (all.items[i].unit->job)
			job_finish(units, all.items[i].unit, JOB_DEPENDENCY);
	vector_fini(&all);
}

/* A shim says it of its unit by itself. */
static void say_done(struct units *units, struct unit *unit, enum job_type type)
{
	bool target = unit->config && unit->config->type == UNIT_TARGET;
	const char *description = unit_description(unit);
	enum active_state now = unit_active_state(unit);

	if (!unit->config || unit->config->builtin || !unit_kind(unit) || unit_kind(unit)->has_shim)
		return;
	if (type == JOB_START && now == UNIT_ACTIVE)
		units_say(units, unit, 6, target ? "Reached target %s." : "Started %s.",
			  description);
	else if (type == JOB_STOP && now == UNIT_INACTIVE)
		units_say(units, unit, 6, target ? "Stopped target %s." : "Stopped %s.",
			  description);
}

static void say_end(struct units *units, struct unit *unit, enum job_type type,
		    enum job_result result)
{
	const char *description = unit_description(unit);

	if (result == JOB_DEPENDENCY)
		units_say(units, unit, 4, "Dependency failed for %s.", description);
	else if (result == JOB_ASSERT)
		units_say(units, unit, 3, "Assertion failed for %s.", description);
	else if (result == JOB_TIMEOUT)
		units_say(units, unit, 3, "Timed out %s %s.",
			  type == JOB_STOP ? "stopping" : "starting", description);
}

void job_finish(struct units *units, struct unit *unit, enum job_result result)
{
	struct job *job = unit->job;
	enum job_type type = job->type;

	if (type == JOB_RESTART && result == JOB_DONE && !unit_is_handed(unit)) {
		job->type = JOB_START; /* its stop is done */
		job->running = false;
		unit_save(units, unit);
		job_look(units, unit);
		look_around(units, unit);
		return;
	}
	struct job_outcome outcome = {.exit_code = code_of(result),
				      .id = job->id,
				      .result = result,
				      .reason =
					      result == JOB_FAILED ? reason_of(unit, type) : NULL};
	struct job_waiter *waiters = take(job->waiters);
	bool acted = job->begun_ns && unit->changed_monotonic_ns >= job->begun_ns;
	unit->job = NULL;
	units->jobs--;
	free(job);
	disarm_timeout(unit);
	if (result == JOB_DONE && acted)
		say_done(units, unit, type);
	else
		say_end(units, unit, type, result);
	unit_save(units, unit);
	if (result != JOB_DONE && result != JOB_SKIPPED &&
	    (type == JOB_START || type == JOB_VERIFY))
		fail_dependents(units, unit);
	if (result == JOB_DEPENDENCY || result == JOB_TIMEOUT)
		unit_start_failed(units, unit);
	look_around(units, unit);
	unit_tell(units, unit);
	tell_waiters(waiters, &outcome);
	unit_settle(units, unit);
	if (!unit->job && !(unit->runtime && unit->runtime->restart))
		unit_follow_job(units, unit);
	collect_notice(units, unit);
}

/* ---- running ---- */

static void run_start(struct units *units, struct unit *unit)
{
	switch (unit_active_state(unit)) {
	case UNIT_ACTIVE:
	case UNIT_RELOADING:
		job_finish(units, unit, JOB_DONE);
		break;
	case UNIT_DEACTIVATING: /* its end is noticed */
		unit->job->running = false;
		break;
	case UNIT_ACTIVATING:
		if (unit->sub != SUB_AUTO_RESTART)
			break; /* on its way */
		restart_cancel(unit->runtime);
		__attribute__((fallthrough));
	case UNIT_INACTIVE:
	case UNIT_FAILED:
		unit_start(unit_runtime(units, unit));
		break;
	}
}

static void run_verify(struct units *units, struct unit *unit)
{
	enum active_state now = unit_active_state(unit);

	if (now == UNIT_ACTIVE || now == UNIT_RELOADING)
		job_finish(units, unit, JOB_DONE);
	else if (now == UNIT_ACTIVATING && unit->sub != SUB_AUTO_RESTART)
		unit->job->running = false;
	else
		job_finish(units, unit, JOB_FAILED);
}

static void run_stop(struct units *units, struct unit *unit)
{
	struct unit_runtime *runtime = unit->runtime;

	if (runtime && runtime->starting)
		unit_start_abort(runtime);
	if (unit_active_state(unit) == UNIT_INACTIVE || unit_active_state(unit) == UNIT_FAILED)
		job_finish(units, unit, JOB_DONE);
	else
		unit_stop(unit_runtime(units, unit));
}

static void run_reload(struct units *units, struct unit *unit)
{
	const struct unit_kind *kind = unit_kind(unit);

	if (unit_active_state(unit) == UNIT_ACTIVATING) {
		unit->job->running = false; /* first it starts */
		return;
	}
	if (unit_active_state(unit) != UNIT_ACTIVE)
		job_finish(units, unit, JOB_INVALID);
	else if (!kind || !kind->reload || !kind->reload(unit_runtime(units, unit)))
		job_finish(units, unit, JOB_DONE); /* targets: nothing to do */
}

/* Whoever carries out whole jobs has no word for a look at the state. */
static bool is_carried_out(const struct unit *unit)
{
	const struct unit_kind *kind = unit_kind(unit);

	return kind && kind->carry_out && unit->job->type != JOB_VERIFY &&
	       unit->job->type != JOB_NOP;
}

static void run(struct units *units, struct unit *unit)
{
	struct job *job = unit->job;

	job->running = true;
	job->begun_ns = time_monotonic_ns();
	arm_timeout(units, unit);
	unit_tell(units, unit);
	if (is_carried_out(unit)) {
		unit_kind(unit)->carry_out(unit->runtime);
		return;
	}
	switch ((enum job_type)job->type) {
	case JOB_START:
		run_start(units, unit);
		break;
	case JOB_VERIFY:
		run_verify(units, unit);
		break;
	case JOB_STOP:
	case JOB_RESTART:
		run_stop(units, unit);
		break;
	case JOB_RELOAD:
		run_reload(units, unit);
		break;
	case JOB_NOP:
	case JOB_TRY_RESTART:
	case JOB_RELOAD_OR_START:
	case JOB_TRY_RELOAD:
	case JOB_TYPES:
		job_finish(units, unit, JOB_DONE);
		break;
	}
}

static void look(struct units *units, struct unit *unit)
{
	if (!unit->job || unit->job->running)
		return;
	if (unit->job->ignore_order && is_carried_out(unit)) {
		run(units, unit);
		return;
	}
	switch (decide_job(unit->job)) {
	case JOB_WAITS:
		break;
	case JOB_RUNS:
		run(units, unit);
		break;
	case JOB_CANNOT:
		job_finish(units, unit, JOB_DEPENDENCY);
		break;
	}
}

void job_turn(struct units *units)
{
	uv_idle_start(&units->turn, on_turn);
}

/* Those that come while we look are for the next turn: clients are served in between. */
static void on_turn(uv_idle_t *turn)
{
	struct units *units = turn->data;
	struct unit_queue now = units->looked;

	units->looked = (struct unit_queue){0};
	units->looking = true;
	for (size_t i = 0; i < now.count; i++)
		look(units, now.items[i]);
	units->looking = false;
	vector_fini(&now);
	if (!units->looked.count)
		uv_idle_stop(turn);
	collect_passing(units);
}

/* ---- what becomes of a unit ---- */

static void notice_start(struct units *units, struct unit *unit, enum active_state now)
{
	if (now == UNIT_ACTIVE || now == UNIT_RELOADING)
		job_finish(units, unit, JOB_DONE);
	else if (unit->job->running && now == UNIT_INACTIVE)
		job_finish(units, unit, JOB_DONE);
	else if (unit->job->running && now == UNIT_FAILED)
		job_finish(units, unit, JOB_FAILED);
}

/* It has not worked if the unit comes back from it (a mount that is busy).  That it has come up is what the shim
 * said before our order met it. */
static void notice_stop(struct units *units, struct unit *unit, enum active_state before,
			enum active_state now)
{
	if (now == UNIT_INACTIVE || now == UNIT_FAILED)
		job_finish(units, unit, JOB_DONE);
	else if (unit->job->running && before == UNIT_DEACTIVATING && now != UNIT_DEACTIVATING)
		job_finish(units, unit, JOB_FAILED);
}

static void notice_reload(struct units *units, struct unit *unit, enum active_state now)
{
	const struct execution_status *status = unit_status(unit);

	if (!unit->job->running || now == UNIT_RELOADING)
		return;
	if (now == UNIT_ACTIVE)
		job_finish(units, unit, status && status->reload_result ? JOB_FAILED : JOB_DONE);
	else if (now != UNIT_ACTIVATING)
		job_finish(units, unit, now == UNIT_FAILED ? JOB_FAILED : JOB_DONE);
}

void job_notice(struct units *units, struct unit *unit, enum active_state before)
{
	enum active_state now = unit_active_state(unit);

	if (!unit->job || is_carried_out(unit))
		return;
	switch ((enum job_type)unit->job->type) {
	case JOB_START:
	case JOB_VERIFY:
		notice_start(units, unit, now);
		break;
	case JOB_STOP:
	case JOB_RESTART:
		notice_stop(units, unit, before, now);
		break;
	case JOB_RELOAD:
		notice_reload(units, unit, now);
		break;
	case JOB_NOP:
	case JOB_TRY_RESTART:
	case JOB_RELOAD_OR_START:
	case JOB_TRY_RELOAD:
	case JOB_TYPES:
		break;
	}
	if (unit->job && !unit->job->running)
		job_look(units, unit);
}

bool units_cancel(struct units *units, uint32_t id, struct error *err)
{
	for (size_t i = 0; i < units->set.count; i++) {
		struct unit *unit = units->set.items[i];

		if (!unit->job || unit->job->id != id)
			continue;
		if (!systemd_cancel(units, unit))
			job_finish(units, unit, JOB_CANCELED);
		return true;
	}
	return error_set(err, ERROR_NOT_FOUND, "Job %u does not exist.", id);
}

/* ---- life ---- */

void jobs_init(struct units *units)
{
	uv_idle_init(units->loop, &units->turn);
	units->turn.data = units;
}

/* Nobody is told; the records say what is queued. */
void jobs_fini(struct units *units)
{
	for (size_t i = 0; i < units->set.count; i++) {
		struct job *job = units->set.items[i]->job;

		while (job && job->waiters) {
			struct job_waiter *next = job->waiters->next;

			free(job->waiters);
			job->waiters = next;
		}
	}
	vector_fini(&units->looked);
}
