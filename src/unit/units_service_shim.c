/* What the shim of a unit says, until it has gone: states become the unit's, and with an end is decided whether it starts
 * again. */
#include "unit/units_service.h"

#include "base/log.h"
#include "os/cgroup.h"
#include "unit/peer.h"
#include "unit/units_socket.h"

/* ---- an end ---- */

static bool is_over(enum sub_state sub)
{
	return sub == SUB_DEAD || sub == SUB_FAILED;
}

/* A start that runs is the one that has come to this end: of a daemon that was killed the next may see no more
 * of it. */
static bool is_spoken_for(const struct unit *unit)
{
	const struct job *job = unit->job;

	return job && (job->type == JOB_STOP || job->type == JOB_RESTART ||
		       (job->type == JOB_START && !job->running));
}

static bool shall_restart(const struct unit_runtime *runtime, const struct execution_status *status)
{
	const struct unit *unit = runtime->unit;

	return unit->config && unit->config->restart && !is_spoken_for(unit) &&
	       decide_restart(unit->config->restart, (enum execution_result)status->result,
			      &status->main, runtime->stopped_by_job);
}

/* A socket that was given up has failed, however well it was stopped. */
static void fail_given_up(struct unit_runtime *runtime, struct unit_change *change)
{
	enum execution_result why = socket_take_given_up(runtime);

	if (why == RESULT_SUCCESS || change->sub != SUB_DEAD)
		return;
	change->sub = SUB_FAILED;
	change->result = why;
	unit_status(runtime->unit)->sub = SUB_FAILED;
	unit_status(runtime->unit)->result = (int32_t)why;
	units_say(runtime->units, runtime->unit, 4, "%s: Failed with result '%s'.",
		  runtime->unit->name, execution_result_name(why));
}

static void judge_end(struct unit_runtime *runtime, struct unit_change *change)
{
	struct unit *unit = runtime->unit;

	runtime->under_way = false;
	fail_given_up(runtime, change);
	change->will_restart = shall_restart(runtime, unit_status(unit));
	if (change->will_restart)
		restart_later(runtime);
	unit_change(runtime->units, unit, change);
	containers_sweep(runtime->units, unit);
	unit_settle(runtime->units, unit);
}

/* ---- states ---- */

/* The shim has lived while we did not: its moments count. */
static void take_moments(struct unit *u, const struct execution_status *s)
{
	const struct {
		int64_t *to;
		int64_t from;
	} rows[] = {
		{&u->changed_ns, s->changed_ns},
		{&u->changed_monotonic_ns, s->changed_monotonic_ns},
		{&u->active_enter_ns, s->active_enter_ns},
		{&u->active_enter_monotonic_ns, s->active_enter_monotonic_ns},
		{&u->active_exit_ns, s->active_exit_ns},
		{&u->active_exit_monotonic_ns, s->active_exit_monotonic_ns},
		{&u->inactive_enter_ns, s->inactive_enter_ns},
		{&u->inactive_enter_monotonic_ns, s->inactive_enter_monotonic_ns},
		{&u->inactive_exit_ns, s->inactive_exit_ns},
		{&u->inactive_exit_monotonic_ns, s->inactive_exit_monotonic_ns},
	};

	for (size_t i = 0; i < array_length(rows); i++)
		if (rows[i].from)
			*rows[i].to = rows[i].from;
}

/* A stop that was recorded was of the run before this one. */
static void take_invocation(struct unit *unit, const struct execution_status *status)
{
	if (!status->invocation_id)
		return;
	if (!str_equal(status->invocation_id, unit->invocation_id))
		unit->runtime->stopped_by_job = false;
	snprintf(unit->invocation_id, sizeof(unit->invocation_id), "%s", status->invocation_id);
}

static void take_adopted(struct unit_runtime *runtime)
{
	struct unit *unit = runtime->unit;
	const struct execution_status *status = unit_status(unit);

	runtime->adopting = false;
	take_moments(unit, status);
	take_invocation(unit, status);
	shim_peer_watch(runtime->peer, (pid_t)status->shim_pid, status->shim_start_time);
	units_adopt_answered(runtime->units);
}

/* Thousands of them are kept: the unit has its invocation and its moments, and the peer the shim. */
static void forget_known(struct execution_status *status)
{
	int64_t *const numbers[] = {
		&status->shim_pid,	    &status->shim_start_time,
		&status->changed_ns,	    &status->changed_monotonic_ns,
		&status->active_enter_ns,   &status->active_enter_monotonic_ns,
		&status->active_exit_ns,    &status->active_exit_monotonic_ns,
		&status->inactive_enter_ns, &status->inactive_enter_monotonic_ns,
		&status->inactive_exit_ns,  &status->inactive_exit_monotonic_ns,
	};

	str_replace(&status->invocation_id, NULL);
	str_replace(&status->boot_id, NULL);
	for (size_t i = 0; i < array_length(numbers); i++)
		*numbers[i] = 0;
}

/* A start that the daemon before has sent may be on its way when we ask; and a release that meets one is not
 * heeded: it is due again when this run is over. */
static void take_run_under_way(struct unit_runtime *runtime, const struct execution_status *status)
{
	take_invocation(runtime->unit, status);
	runtime->under_way = true;
	runtime->releasing = runtime->start_waits = false;
}

/* An end may be told twice, and the second time cross the order for the next run, which it is not about. */
static bool ends_earlier_run(const struct unit *unit, const struct execution_status *status)
{
	return is_over((enum sub_state)status->sub) && status->invocation_id &&
	       !str_equal(status->invocation_id, unit->invocation_id);
}

static void apply_status(struct unit_runtime *runtime)
{
	struct unit *unit = runtime->unit;
	struct execution_status *status = unit_status(unit);
	struct unit_change change = {.sub = (enum sub_state)status->sub,
				     .result = (enum execution_result)status->result,
				     .realtime_ns = status->changed_ns,
				     .monotonic_ns = status->changed_monotonic_ns};

	if (!is_over(change.sub))
		take_run_under_way(runtime, status);
	forget_known(status);
	if (is_over(change.sub) && !runtime->under_way)
		return; /* it has said so before */
	if (is_over(change.sub)) {
		judge_end(runtime, &change);
		return;
	}
	if (change.sub != unit->sub || change.result != unit->result)
		unit_change(runtime->units, unit, &change);
	else
		unit_tell(runtime->units, unit);
	unit_rest(unit);
}

static void take_status(struct unit_runtime *runtime, const struct message *message)
{
	struct execution_status status = {0};
	struct error err;
	bool adopting = runtime->adopting;

	if (!record_decode(&execution_status_type, message->data, message->size, &status, &err) ||
	    status.sub < 0 || status.sub >= SUB_STATES || status.result < 0 ||
	    status.result >= EXECUTION_RESULTS) {
		log_error("cannot understand the shim of a unit", &err, "name=%s",
			  runtime->unit->name);
		record_fini(&execution_status_type, &status);
		return;
	}
	if (!adopting && ends_earlier_run(runtime->unit, &status)) {
		record_fini(&execution_status_type, &status);
		return;
	}
	unit_set_status(runtime->unit, &status);
	if (adopting)
		take_adopted(runtime);
	if (adopting)
		containers_compare(runtime);
	apply_status(runtime);
}

/* ---- messages ---- */

static void take_stop_containers(struct unit_runtime *runtime, const struct message *message)
{
	struct shim_number us = {0};
	struct error err;

	if (!record_decode(&shim_number_type, message->data, message->size, &us, &err))
		log_error("cannot understand the shim of a unit", &err, "name=%s",
			  runtime->unit->name);
	containers_stop(runtime, us.value);
}

static void take_run(struct unit_runtime *runtime, const struct message *message)
{
	struct unit_run request = {0};
	struct error err;

	if (record_decode(&unit_run_type, message->data, message->size, &request, &err))
		container_run(runtime, &request);
	else
		log_error("cannot understand the shim of a unit", &err, "name=%s",
			  runtime->unit->name);
	record_fini(&unit_run_type, &request);
}

static void on_message(void *data, struct message *message)
{
	struct unit_runtime *runtime = data;

	if (message->type == UNIT_STATUS)
		take_status(runtime, message);
	else if (message->type == UNIT_STOP_CONTAINERS)
		take_stop_containers(runtime, message);
	else if (message->type == UNIT_RUN)
		take_run(runtime, message);
	else
		socket_message(runtime, message);
}

/* ---- the end of a shim ---- */

/* It has died with its unit under way: what it had is ended, by a thread of the pool. */
struct sweep {
	struct work work;
	char *cgroup;
};

static void sweep(struct work *work)
{
	struct sweep *job = container_of(work, struct sweep, work);
	struct cgroup cgroup;
	struct error err;

	if (!cgroup_open(job->cgroup, &cgroup, &err))
		return;
	cgroup_kill(&cgroup, &err);
	cgroup_fini(&cgroup);
	cgroup_remove(job->cgroup, &err);
}

static void swept(struct work *work, bool closing)
{
	struct sweep *job = container_of(work, struct sweep, work);

	(void)closing;
	free(job->cgroup);
	free(job);
}

static void sweep_cgroup(struct unit_runtime *runtime)
{
	struct sweep *job = mem_new(struct sweep);

	job->cgroup = units_cgroup(runtime->units, runtime->unit);
	work_begin(&job->work, runtime->units->engine, sweep, swept);
}

void service_ended(struct unit_runtime *runtime)
{
	take_moments(runtime->unit, unit_status(runtime->unit));
	apply_status(runtime);
}

void service_lost(struct unit_runtime *runtime)
{
	struct unit *unit = runtime->unit;
	struct unit_change change = {.sub = SUB_FAILED, .result = RESULT_RESOURCES};

	log_warning("the shim of a unit has died", NULL, "name=%s", unit->name);
	sweep_cgroup(runtime);
	if (!unit_status(unit))
		unit_set_status(unit, &(struct execution_status){0});
	unit_status(unit)->sub = SUB_FAILED;
	unit_status(unit)->result = RESULT_RESOURCES;
	unit_status(unit)->main_pid = unit_status(unit)->control_pid = 0;
	judge_end(runtime, &change);
}

static void on_gone(void *data)
{
	struct unit_runtime *runtime = data;
	bool adopting = runtime->adopting, waits = runtime->start_waits;

	runtime->peer = NULL; /* it frees itself */
	run_folder_left(runtime->units, runtime->unit);
	runtime->releasing = runtime->adopting = runtime->start_waits = false;
	runtime->stops_containers = false;
	socket_gone(runtime);
	if (runtime->under_way)
		service_lost(runtime);
	if (waits && runtime->unit->job)
		service_kind.start(runtime);
	if (adopting)
		units_adopt_answered(runtime->units);
	collect_notice(runtime->units, runtime->unit);
}

const struct shim_peer_handlers service_handlers = {on_message, on_gone, UNIT_REPLY};
