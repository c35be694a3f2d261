/* Handing ports and names over between containers, and waiting for connections (docs/compose-api.md). */
#include "door/unit/door_state.h"
#include "door/unit/handlers.h"

#define MS_PER_SECOND	   1000
#define DRAIN_SECONDS	   10
#define DRAIN_SECONDS_MOST 86400

/* ---- what both answer ---- */

/* A client that goes away ends the counting. */
struct drain_state {
	struct engine_drain *drain; /* NULL: not counting now */
	char *old;		    /* owned: the id of a takeover's old one; NULL: a drain */
};

static void stop(struct drain_state *state)
{
	engine_drain_cancel(state->drain);
	state->drain = NULL;
}

static void free_state(void *data)
{
	struct drain_state *state = data;

	stop(state);
	free(state->old);
	free(state);
}

static void on_gone(struct call *call)
{
	struct drain_state *state = call->state;

	if (!state->drain)
		return;
	stop(state);
	call_drop(call);
}

static struct drain_state *new_state(struct call *call)
{
	struct drain_state *state = mem_new(struct drain_state);

	call->state = state;
	call->fini = free_state;
	return state;
}

static void answer(struct call *call, int64_t connections)
{
	const struct drain_state *state = call->state;
	scoped_buffer struct buffer json = {0};

	buffer_add_char(&json, '{');
	if (state->old)
		json_write_member(&json, "Old", state->old);
	json_write_number(&json, "Connections", connections);
	buffer_add_char(&json, '}');
	call_answer_json(call, 200, &json);
}

static void on_drained(void *data, int64_t connections, const struct error *err)
{
	struct call *call = data;
	struct drain_state *state = call->state;

	state->drain = NULL;
	if (call_is_open(call) && err)
		call_fail(call, err);
	else if (call_is_open(call))
		answer(call, connections);
	call_drop(call);
}

/* ---- POST /containers/ID/drain ---- */

static void begin_drain(struct call *call, struct container *c, int64_t seconds)
{
	struct drain_state *state = new_state(call);
	struct error err;

	if (!container_is_live(c)) { /* nobody is connected to it */
		answer(call, 0);
		return;
	}
	call->on_gone = on_gone;
	call_leave_on_half_close(call);
	state->drain = engine_drain(call_unit_door(call)->engine, c, seconds * MS_PER_SECOND,
				    on_drained, call, &err);
	if (state->drain)
		call_hold(call);
	else
		call_fail(call, &err);
}

void serve_drain(struct call *call)
{
	int64_t seconds = DRAIN_SECONDS;
	struct container *c;
	struct error err;

	c = engine_find(call_unit_door(call)->engine, call->arguments[0], &err);
	if (!c || !call_query_i64(call, "timeout", &seconds, &err)) {
		call_fail(call, &err);
	} else if (seconds < 0 || seconds > DRAIN_SECONDS_MOST) {
		error_set(&err, ERROR_INVALID, "timeout is from 0 to %d seconds",
			  DRAIN_SECONDS_MOST);
		call_fail(call, &err);
	} else {
		begin_drain(call, c, seconds);
	}
}

/* ---- POST /takeover ---- */

struct takeover_body {
	char *new, *old;
};

static const struct record_field takeover_body_fields[] = {
	RECORD_FIELD(struct takeover_body, 1, "New", RECORD_STRING, new),
	RECORD_FIELD(struct takeover_body, 2, "Old", RECORD_STRING, old),
};
static const struct record_type takeover_body_type =
	RECORD_TYPE(struct takeover_body, takeover_body_fields);

/* What the old one has left is told where it can be: it may have ended already. */
static void count_connections(struct call *call)
{
	struct engine *engine = call_unit_door(call)->engine;
	struct drain_state *state = call->state;
	struct container *old = state->old ? engine_by_id(engine, state->old) : NULL;

	call->on_gone = on_gone;
	state->drain =
		old ? engine_drain(engine, old, 0, on_drained, call, &(struct error){0}) : NULL;
	if (state->drain)
		call_hold(call);
	else
		answer(call, 0);
}

static void on_taken_over(void *data, const struct engine_result *result)
{
	struct call *call = data;

	if (call_is_open(call) && result->err)
		call_fail(call, result->err);
	else if (call_is_open(call))
		count_connections(call);
	call_drop(call);
}

static void begin_takeover(struct call *call, const struct takeover_body *body)
{
	struct engine *engine = call_unit_door(call)->engine;
	bool alone = str_is_empty(body->old);
	struct container *new, *old = NULL;
	struct error err;

	new = engine_find(engine, body->new ? body->new : "", &err);
	if (new && !alone)
		old = engine_find(engine, body->old, &err);
	if (!new || (!alone && !old)) {
		call_fail(call, &err);
		return;
	}
	new_state(call)->old = str_dup_or_null(old ? old->id : NULL);
	engine_takeover(engine, new, old, on_taken_over, call_hold(call));
}

void serve_takeover(struct call *call)
{
	struct takeover_body body = {0};
	struct error err;

	if (call_read_body(call, &takeover_body_type, &body, &err))
		begin_takeover(call, &body);
	else
		call_fail(call, &err);
	record_fini(&takeover_body_type, &body);
}
