/* What follows when a unit's state changes, beyond the jobs of a transaction: the column "B leaves" of docs/units.md,
 * OnFailure=, OnSuccess=, StopWhenUnneeded=. */
#include "unit/decide.h"

#define IS(state) (1u << UNIT_##state)

enum {
	DOWN = IS(INACTIVE) | IS(FAILED),
	UP = IS(ACTIVE) | IS(RELOADING),
	RISING = UP | IS(ACTIVATING),
};

static bool state_in(enum active_state state, uint32_t states)
{
	return states & 1u << state;
}

static bool is_in(const struct unit *unit, uint32_t states)
{
	return state_in(unit_active_state(unit), states);
}

static void add(struct consequences *out, struct unit *unit, enum job_type type, enum job_mode mode)
{
	for (size_t i = 0; i < out->count; i++)
		if (out->items[i].unit == unit && out->items[i].type == type)
			return;
	vector_add(out, ((struct consequence){.unit = unit, .type = type, .mode = mode}));
}

/* ---- of one edge ---- */

static void stop_bound(struct unit *other, struct consequences *out)
{
	if (is_in(other, RISING))
		add(out, other, JOB_STOP, JOB_REPLACE);
}

static void uphold(const struct unit *upholder, struct unit *unit, struct consequences *out)
{
	if (is_in(upholder, UP) && !upholder->job && is_in(unit, DOWN) && !unit->job &&
	    unit->result != RESULT_START_LIMIT_HIT)
		add(out, unit, JOB_START, JOB_FAIL);
}

static bool is_pinned_by(const struct unit_edge *edge)
{
	switch (edge->kind) {
	case DEPENDENCY_REQUIRED_BY:
	case DEPENDENCY_REQUISITE_OF:
	case DEPENDENCY_WANTED_BY:
	case DEPENDENCY_BOUND_BY:
	case DEPENDENCY_UPHELD_BY:
		return edge->unit->job || edge->unit->will_restart || !is_in(edge->unit, DOWN);
	default:
		return false;
	}
}

static void stop_unneeded(struct unit *unit, struct consequences *out)
{
	if (!unit->config || !unit->config->stop_when_unneeded || !is_in(unit, IS(ACTIVE)) ||
	    unit->job)
		return;
	for (size_t i = 0; i < unit->edge_count; i++)
		if (is_pinned_by(&unit->edges[i]))
			return;
	add(out, unit, JOB_STOP, JOB_FAIL);
}

/* ---- of one change ---- */

/* Those that are bound to it stop with it.  If it restarts by itself they are to come back: that is
 * known for sure only when it does, so the mark stands until it is down for good. */
static void when_it_leaves(struct unit *unit, struct consequences *out)
{
	for (size_t i = 0; i < unit->edge_count; i++) {
		struct unit *other = unit->edges[i].unit;

		if (unit->edges[i].kind == DEPENDENCY_BOUND_BY && is_in(other, RISING))
			other->starts_with_bound = true;
		if (unit->edges[i].kind == DEPENDENCY_BOUND_BY ||
		    unit->edges[i].kind == DEPENDENCY_PROPAGATES_STOP_TO)
			stop_bound(other, out);
	}
}

/* Upholding waits for a change: a start that its limit refuses leaves the unit as it was, and is not tried again. */
static void when_it_is_down(struct unit *unit, bool changed, struct consequences *out)
{
	for (size_t i = 0; i < unit->edge_count; i++) {
		struct unit *other = unit->edges[i].unit;

		switch (unit->edges[i].kind) {
		case DEPENDENCY_BOUND_BY:
			other->starts_with_bound = false;
			if (is_in(other, UP) && !other->job && !unit->job)
				add(out, other, JOB_STOP, JOB_REPLACE);
			break;
		case DEPENDENCY_UPHELD_BY:
			if (changed)
				uphold(other, unit, out);
			break;
		case DEPENDENCY_REQUIRES:
		case DEPENDENCY_REQUISITE:
		case DEPENDENCY_WANTS:
		case DEPENDENCY_BINDS_TO:
		case DEPENDENCY_UPHOLDS:
			stop_unneeded(other, out);
			break;
		default:
			break;
		}
	}
}

static void when_it_is_up(struct unit *unit, struct consequences *out)
{
	for (size_t i = 0; i < unit->edge_count; i++) {
		struct unit *other = unit->edges[i].unit;

		if (unit->edges[i].kind == DEPENDENCY_UPHOLDS)
			uphold(unit, other, out);
		if (unit->edges[i].kind == DEPENDENCY_BINDS_TO && is_in(other, DOWN) &&
		    !other->job && !unit->job)
			add(out, unit, JOB_STOP, JOB_REPLACE);
	}
	stop_unneeded(unit, out);
}

static void start_all(struct unit *unit, enum dependency kind, enum job_mode mode,
		      struct consequences *out)
{
	for (size_t i = 0; i < unit->edge_count; i++)
		if (unit->edges[i].kind == kind)
			add(out, unit->edges[i].unit, JOB_START, mode);
}

static void when_it_is_over(struct unit *unit, enum active_state before, enum active_state after,
			    struct consequences *out)
{
	when_it_is_down(unit, before != after, out);
	if (after == UNIT_FAILED && before != UNIT_FAILED && unit->config)
		start_all(unit, DEPENDENCY_ON_FAILURE, unit->config->on_failure_mode, out);
	if (after == UNIT_INACTIVE && !state_in(before, DOWN) && unit->config &&
	    unit->result == RESULT_SUCCESS)
		start_all(unit, DEPENDENCY_ON_SUCCESS, unit->config->on_success_mode, out);
}

void decide_consequences(struct unit *unit, enum active_state before, enum active_state after,
			 bool by_job, struct consequences *out)
{
	bool restarts = unit->sub == SUB_AUTO_RESTART || unit->will_restart;
	bool leaves = state_in(before, RISING) && (!state_in(after, RISING) || restarts);

	if (leaves && !by_job)
		when_it_leaves(unit, out);
	if (state_in(after, DOWN) && !restarts)
		when_it_is_over(unit, before, after, out);
	if (state_in(after, UP))
		when_it_is_up(unit, out);
}
