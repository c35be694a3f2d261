/* What becomes of units that systemd runs: their states come as they come, and are ours at once. */
#include "unit/units_systemd.h"

#include "base/log.h"
#include "unit/mirror.h"

static void keep_status(struct unit *unit, const struct bus_state *state)
{
	struct execution_status status = {0};

	mirror_status(state, &status);
	unit_set_status(unit, &status);
	unit_rest(unit);
}

/* What it has been, and what it is, decides about its containers: those of a run that is over are stopped. */
static void follow(struct units *units, struct unit *unit, const char *before)
{
	enum active_state now = unit_active_state(unit);
	bool over = now == UNIT_INACTIVE || now == UNIT_FAILED || unit->sub == SUB_AUTO_RESTART;

	if (over)
		containers_leave(units, unit, before);
	else if (now == UNIT_ACTIVE && !str_equal(before, unit->invocation_id))
		containers_leave(units, unit, before);
}

static void apply(struct units *units, struct unit *unit, const struct bus_state *state)
{
	struct unit_handed *handed = unit->runtime->handed;
	struct unit_change change = {.sub = mirror_sub(state->active_state, state->sub_state),
				     .result = mirror_result(state->result),
				     .realtime_ns = state->changed_us * 1000,
				     .monotonic_ns = state->changed_monotonic_us * 1000};
	bool same = change.sub == unit->sub && change.result == unit->result;

	keep_status(unit, state);
	scoped_free char *before = str_dup(unit->invocation_id);
	str_replace(&handed->cgroup, state->control_group);
	handed->next_us = state->next_elapse_us;
	handed->last_us = state->last_trigger_us;
	unit->restarts = (uint32_t)state->restarts;
	unit->condition_met = !state->condition_unmet;
	unit->assert_met = true;
	if (!same)
		unit_change(units, unit, &change);
	mirror_moments(state, unit);
	if (same)
		unit_tell(units, unit);
	follow(units, unit, before);
}

void systemd_take_state(struct units_systemd *s, const struct message *message)
{
	struct bus_state state = {0};
	struct unit *unit = NULL;
	struct error err;

	if (!record_decode(&bus_state_type, message->data, message->size, &state, &err))
		log_error("cannot understand the worker 'bus'", &err, "");
	else if (state.unit)
		unit = unit_set_find(&s->units->set, state.unit);
	if (unit && unit_is_handed(unit))
		apply(s->units, unit, &state);
	record_fini(&bus_state_type, &state);
}
