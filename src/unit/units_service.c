/* Units with a shim: services, and what lies under it of sockets and mounts.  The shim carries out; here is
 * decided when it starts and stops, and in units_service_shim.c what becomes of the unit when it has ended. */
#include "unit/units_service.h"

#include "unit/peer.h"
#include "unit/units_socket.h"

/* ---- start ---- */

static void gather(struct unit_runtime *runtime)
{
	sockets_gather(runtime, service_launch);
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

/* ---- stop, reload ---- */

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
	    !service_complete_plan(runtime, &message.plan))
		return;
	unit_peer_send(runtime->peer, UNIT_PLAN, &unit_plan_type, &message);
	record_fini(&execution_plan_type, &message.plan);
}

/* ---- its shim ---- */

void service_release(struct unit_runtime *runtime)
{
	runtime->releasing = true;
	unit_peer_send(runtime->peer, UNIT_RELEASE, NULL, NULL);
}

bool service_adopt(struct unit_runtime *runtime, int folder)
{
	runtime->peer = unit_peer_adopt(runtime->units->loop, folder, &service_handlers, runtime);
	runtime->adopting = runtime->peer;
	return runtime->peer;
}

/* ---- kinds ---- */

const struct unit_kind service_kind = {
	.start = start, .stop = stop, .reload = reload, .has_shim = true};
const struct unit_kind socket_kind = {.start = start, .stop = stop, .has_shim = true};
