/* GET /events: a line at each change of a unit or its job, until the client leaves. */
#include "door/unit/door_state.h"
#include "door/unit/handlers.h"

/* A client that stops reading is told nothing more once this much waits for it. */
#define BACKLOG_LIMIT ((size_t)4 * 1024 * 1024)

struct unit_stream {
	struct units_listener listener;
	struct units *units;
	struct call *call;
	bool listens, blocked;
	size_t backlog;
};

static void stop(struct unit_stream *stream)
{
	if (stream->listens)
		units_unlisten(stream->units, &stream->listener);
	stream->listens = false;
}

static void free_stream(void *data)
{
	stop(data);
	free(data);
}

static void on_gone(struct call *call)
{
	stop(call->state);
}

static void on_drain(void *data, struct http_request *request)
{
	struct call *call = http_data(request);
	struct unit_stream *stream = call->state;

	stream->blocked = false;
	stream->backlog = 0;
}

static void write_event(const struct unit *unit, struct buffer *json)
{
	buffer_add_char(json, '{');
	json_write_member(json, "Unit", unit->name);
	json_write_member(json, "ActiveState", active_state_name(unit_active_state(unit)));
	json_write_member(json, "SubState", sub_state_name(unit->sub));
	json_write_member(json, "Result", execution_result_name(unit->result));
	if (unit->job)
		json_write_number(json, "Job", unit->job->id);
	buffer_add_text(json, "}\n");
}

static void on_change(void *data, struct unit *unit)
{
	struct unit_stream *stream = data;
	scoped_buffer struct buffer json = {0};

	write_event(unit, &json);
	if (stream->blocked && (stream->backlog += json.size) > BACKLOG_LIMIT) {
		stop(stream);
		call_abort(stream->call);
		return;
	}
	stream->blocked = !call_write(stream->call, json.data, json.size);
}

void serve_unit_events(struct call *call)
{
	struct unit_stream *stream = mem_new(struct unit_stream);

	stream->call = call;
	stream->units = call_units(call);
	stream->listener = (struct units_listener){on_change, stream, NULL};
	stream->listens = true;
	call->state = stream;
	call->fini = free_stream;
	call->on_gone = on_gone;
	call_leave_on_half_close(call);
	call_begin_stream(call);
	http_on_drain(call->request, on_drain);
	units_listen(stream->units, &stream->listener);
}
