/* Units with a shim: services, and what lies under it of sockets and mounts.  The shim carries out; here is
 * decided when it starts and stops, and what becomes of the unit when it has ended. */
#include "unit/units_private.h"

#include "base/id.h"
#include "base/log.h"
#include "base/time.h"
#include "os/cgroup.h"
#include "os/file.h"
#include "unit/peer.h"
#include "unit/units_socket.h"

#include <signal.h>

static const struct shim_peer_handlers handlers;

/* ---- what is started ---- */

/* OnFailure= and OnSuccess= units hear of the one unit that names them; of several they could not tell. */
static const struct unit *monitored(const struct unit *unit)
{
	const struct unit *found = NULL;

	for (size_t i = 0; i < unit->edge_count; i++) {
		const struct unit_edge *edge = &unit->edges[i];

		if (edge->kind != DEPENDENCY_ON_FAILURE_OF &&
		    edge->kind != DEPENDENCY_ON_SUCCESS_OF)
			continue;
		if (found && found != edge->unit)
			return NULL;
		found = edge->unit;
	}
	return found;
}

static const char *signal_text(int number)
{
	const char *name = sigabbrev_np(number);

	return name ? name : "";
}

static void add_exit(const struct execution_process *main, struct pairs *out)
{
	scoped_free char *status = NULL;

	if (!main->pid)
		return;
	if (main->end == PROCESS_EXITED)
		status = str_format("%d", main->status);
	else
		status = str_dup(signal_text(main->status));
	pairs_set(out, "MONITOR_EXIT_CODE", process_end_name((enum process_end)main->end));
	pairs_set(out, "MONITOR_EXIT_STATUS", status);
}

static void add_monitored(const struct unit *unit, struct pairs *out)
{
	const struct unit *other = monitored(unit);

	if (!other)
		return;
	pairs_set(out, "MONITOR_SERVICE_RESULT", execution_result_name(other->result));
	pairs_set(out, "MONITOR_INVOCATION_ID", other->invocation_id);
	pairs_set(out, "MONITOR_UNIT", other->name);
	if (unit_status(other))
		add_exit(&unit_status(other)->main, out);
}

static void add_environment(struct unit_runtime *runtime, struct pairs *out)
{
	add_monitored(runtime->unit, out);
	for (size_t i = 0; i < runtime->trigger_environment.count; i++)
		pairs_set(out, runtime->trigger_environment.items[i].name,
			  runtime->trigger_environment.items[i].value);
	pairs_fini(&runtime->trigger_environment);
}

static void new_invocation(struct unit *unit)
{
	uint8_t bytes[16];

	random_bytes(bytes, sizeof(bytes));
	hex_encode(bytes, sizeof(bytes), unit->invocation_id);
}

static void fail(struct unit_runtime *runtime, const struct error *err)
{
	char text[ERROR_TEXT_SIZE];

	units_say(runtime->units, runtime->unit, 3, "%s: cannot be started: %s",
		  runtime->unit->name, error_text(err, text, sizeof(text)));
	unit_set_sub(runtime->units, runtime->unit, SUB_FAILED, RESULT_RESOURCES);
	unit_settle(runtime->units, runtime->unit);
}

static void send_start(struct unit_runtime *runtime, struct unit_start *message)
{
	struct units *units = runtime->units;
	struct unit *unit = runtime->unit;
	scoped_free char *run_folder = unit_run_path(units, unit);
	scoped_free char *cgroup = units_cgroup(units, unit);
	struct unit_sockets sockets = {0};
	int fds[MESSAGE_FDS];
	size_t count = sockets_take(runtime, &sockets.names, fds);

	message->invocation_id = unit->invocation_id;
	message->run_folder = run_folder;
	message->notify_folder = run_folder;
	message->cgroup_path = cgroup;
	message->journal_folder = units->journal_folder;
	message->journal_bytes = units->journal_bytes;
	message->journal_export = units->journal_export;
	message->worker = units->worker;
	message->docker = units->docker;
	message->restarted = runtime->restarted;
	message->socket_names = sockets.names;
	add_environment(runtime, &message->environment);
	unit_peer_send_with(runtime->peer, UNIT_START, &unit_start_type, message, fds, count);
	pairs_fini(&message->environment);
	strings_fini(&sockets.names);
	while (count > 0)
		close_fd(&fds[--count]);
}

static bool spawn(struct unit_runtime *runtime, struct error *err)
{
	scoped_fd int folder = unit_run_folder(runtime->units, runtime->unit, err);

	if (runtime->peer)
		return true;
	if (folder < 0)
		return false;
	runtime->peer = unit_peer_spawn(runtime->units->loop, runtime->units->shim, folder,
					&handlers, runtime, err);
	return runtime->peer;
}

static bool complete_plan(const struct unit_runtime *runtime, struct execution_plan *plan)
{
	if (!unit_config_plan(runtime->unit->config, plan))
		return false;
	plan->context.default_environment = units_environment(runtime->units);
	return true;
}

/* Everything is there: from here on the shim does it, whether we live or not. */
static void launch(struct unit_runtime *runtime)
{
	struct unit *unit = runtime->unit;
	struct unit_start message = {0};
	struct error err;

	if (!job_will_start(unit))
		return; /* called off meanwhile */
	if (!complete_plan(runtime, &message.plan)) {
		error_set(&err, ERROR_INVALID, "it has no plan");
		fail(runtime, &err);
		return;
	}
	new_invocation(unit);
	if (spawn(runtime, &err)) {
		runtime->under_way = true;
		runtime->stopped_by_job = false;
		unit->result = RESULT_SUCCESS;
		send_start(runtime, &message);
		unit_set_sub(runtime->units, unit, SUB_START, RESULT_SUCCESS);
	} else {
		fail(runtime, &err);
	}
	record_fini(&execution_plan_type, &message.plan);
}

static void gather(struct unit_runtime *runtime)
{
	sockets_gather(runtime, launch);
}

static void start(struct unit_runtime *runtime)
{
	runtime->restarted =
		runtime->unit->sub == SUB_AUTO_RESTART || (runtime->peer && !runtime->releasing);
	if (runtime->releasing)
		runtime->start_waits = true;
	else
		containers_clear(runtime, gather);
}

/* ---- stop, reload, signals ---- */

static void stop(struct unit_runtime *runtime)
{
	struct unit *unit = runtime->unit;
	struct unit_stop message = {.restarting = unit->job && unit->job->type == JOB_RESTART};

	runtime->stopped_by_job = true;
	if (unit->sub == SUB_AUTO_RESTART) {
		restart_cancel(runtime);
		unit_set_sub(runtime->units, unit, SUB_DEAD, unit->result);
		return;
	}
	if (!runtime->peer) {
		unit_set_sub(runtime->units, unit, SUB_DEAD, RESULT_SUCCESS);
		return;
	}
	unit_save(runtime->units, unit);
	unit_peer_send(runtime->peer, UNIT_STOP, &unit_stop_type, &message);
}

bool unit_has_reload(const struct unit *unit)
{
	struct execution_plan plan;

	if (unit->config->type != UNIT_SERVICE)
		return unit->config->type == UNIT_MOUNT;
	if (!unit_config_plan(unit->config, &plan))
		return false;
	bool has = plan.commands[EXECUTION_RELOAD].count || plan.type == SERVICE_NOTIFY_RELOAD;
	record_fini(&execution_plan_type, &plan);
	return has;
}

static bool reload(struct unit_runtime *runtime)
{
	if (!runtime->peer || !unit_has_reload(runtime->unit))
		return false;
	unit_peer_send(runtime->peer, UNIT_RELOAD, NULL, NULL);
	return true;
}

void service_replan(struct unit_runtime *runtime)
{
	struct unit_plan message = {0};

	if (!runtime->peer || runtime->releasing || runtime->adopting ||
	    !complete_plan(runtime, &message.plan))
		return;
	unit_peer_send(runtime->peer, UNIT_PLAN, &unit_plan_type, &message);
	record_fini(&execution_plan_type, &message.plan);
}

struct killing {
	units_done *done;
	void *data;
};

static void killed(void *data, const struct error *err)
{
	struct killing *killing = data;

	killing->done(killing->data, err);
	free(killing);
}

struct kill_request {
	struct units *units;
	enum unit_signal_who who;
	int signal;
	struct killing *killing;
};

static void kill_loaded(void *data, struct unit *unit)
{
	struct kill_request *request = data;
	struct killing *killing = request->killing;
	struct unit_signal message = {(int32_t)request->who, request->signal};
	struct units *units = request->units;
	struct error err;

	free(request);
	if (unit_is_handed(unit)) {
		systemd_kill(unit, &message, killed, killing);
	} else if (unit->config->transient) {
		scope_kill(units, unit, &message, killed, killing);
	} else if (unit->runtime && unit->runtime->peer) {
		unit_peer_ask(unit->runtime->peer, UNIT_SIGNAL, &unit_signal_type, &message, killed,
			      killing);
	} else if (unit->config->load == LOAD_NOT_FOUND) {
		error_set(&err, ERROR_NOT_FOUND, "Unit %s not loaded.", unit->name);
		killed(killing, &err);
	} else if (message.who != SIGNAL_ALL) {
		error_set(&err, ERROR_CONFLICT, "No %s process to kill",
			  message.who == SIGNAL_MAIN ? "main" : "control");
		killed(killing, &err);
	} else {
		killed(killing, NULL);
	}
}

void units_kill(struct units *units, const char *name, enum unit_signal_who who, int signal,
		units_done *done, void *data)
{
	struct kill_request *request = mem_new(struct kill_request);

	request->units = units;
	request->who = who;
	request->signal = signal;
	request->killing = mem_new(struct killing);
	*request->killing = (struct killing){done, data};
	units_load(units, name, kill_loaded, request);
}

/* ---- what the shim says ---- */

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
	socket_gone(runtime);
	if (runtime->under_way)
		service_lost(runtime);
	if (waits && runtime->unit->job)
		start(runtime);
	if (adopting)
		units_adopt_answered(runtime->units);
	collect_notice(runtime->units, runtime->unit);
}

static const struct shim_peer_handlers handlers = {on_message, on_gone, UNIT_REPLY};

void service_release(struct unit_runtime *runtime)
{
	runtime->releasing = true;
	unit_peer_send(runtime->peer, UNIT_RELEASE, NULL, NULL);
}

bool service_adopt(struct unit_runtime *runtime, int folder)
{
	runtime->peer = unit_peer_adopt(runtime->units->loop, folder, &handlers, runtime);
	runtime->adopting = runtime->peer;
	return runtime->peer;
}

const struct unit_kind service_kind = {
	.start = start, .stop = stop, .reload = reload, .has_shim = true};
const struct unit_kind socket_kind = {.start = start, .stop = stop, .has_shim = true};
