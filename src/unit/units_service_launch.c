/* What a shim is told when its unit starts: the plan, variables and descriptors of this start.  From then on the shim does it,
 * whether we live or not. */
#include "unit/units_service.h"

#include "base/id.h"
#include "unit/peer.h"
#include "unit/units_socket.h"

#include <signal.h>

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
					&service_handlers, runtime, err);
	return runtime->peer;
}

bool service_complete_plan(const struct unit_runtime *runtime, struct execution_plan *plan)
{
	if (!unit_config_plan(runtime->unit->config, plan))
		return false;
	plan->context.default_environment = units_environment(runtime->units);
	return true;
}

void service_launch(struct unit_runtime *runtime)
{
	struct unit *unit = runtime->unit;
	struct unit_start message = {0};
	struct error err;

	if (!job_will_start(unit))
		return; /* called off meanwhile */
	if (!service_complete_plan(runtime, &message.plan)) {
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
