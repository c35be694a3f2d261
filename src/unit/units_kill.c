/* Signals to the processes of units: whoever has them sends it. */
#include "unit/units_private.h"

#include "unit/peer.h"

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
	if (!unit) {
		units_set_closing(&err);
		killed(killing, &err);
	} else if (unit_is_handed(unit)) {
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
