/* GET /events: what happened since, and what happens until the client leaves or `until` comes. */
#include "base/time.h"
#include "door/docker/door_state.h"
#include "door/docker/event_view.h"
#include "door/docker/handlers.h"

/* A client that stops reading is told nothing more once this much waits for it. */
#define BACKLOG_LIMIT ((size_t)4 * 1024 * 1024)

struct event_stream {
	struct call *call;
	struct filters filters;
	int64_t since_ns, until_ns; /* 0: not asked for */
	struct event_subscription *subscription;
	uv_timer_t *timer; /* owned; closed asynchronously */
	bool blocked;	   /* the client does not read */
	size_t backlog;	   /* bytes written since then */
};

static void free_timer(uv_handle_t *handle)
{
	free(handle);
}

static void stop(struct event_stream *stream)
{
	engine_unsubscribe(take(stream->subscription));
	if (stream->timer)
		uv_close((uv_handle_t *)take(stream->timer), free_timer);
}

static void event_stream_free(void *data)
{
	struct event_stream *stream = data;

	stop(stream);
	filters_fini(&stream->filters);
	free(stream);
}

static void on_gone(struct call *call)
{
	stop(call->state);
}

static void on_drain(void *data, struct http_request *request)
{
	struct call *call = http_data(request);
	struct event_stream *stream = call->state;

	stream->blocked = false;
	stream->backlog = 0;
}

/* ---- telling ---- */

static void tell(void *data, const struct engine_event *event)
{
	struct event_stream *stream = data;
	struct call *call = stream->call;
	scoped_buffer struct buffer json = {0};

	if (!call_is_open(call) || !event_matches(event, &stream->filters) ||
	    (stream->until_ns && event->time_ns > stream->until_ns))
		return;
	event_write(event, &json);
	buffer_add_char(&json, '\n');
	stream->backlog += stream->blocked ? json.size : 0;
	if (stream->backlog > BACKLOG_LIMIT) {
		stop(stream);
		call_abort(call);
	} else if (!call_write(call, json.data, json.size)) {
		stream->blocked = true;
	}
}

static void on_until(uv_timer_t *timer)
{
	struct event_stream *stream = timer->data;
	struct call *call = call_hold(stream->call);

	stop(stream);
	if (call_is_open(call))
		call_end_stream(call);
	call_drop(call);
}

/* ---- beginning ---- */

static bool read_moment(struct call *call, const char *name, int64_t *ns, struct error *err)
{
	const char *text = call_query(call, name);

	return str_is_empty(text) || moment_parse(text, time_now_ns(), ns, err);
}

static bool read_request(struct event_stream *stream, struct error *err)
{
	struct call *call = stream->call;

	if (!read_moment(call, "since", &stream->since_ns, err) ||
	    !read_moment(call, "until", &stream->until_ns, err))
		return false;
	if (stream->until_ns && stream->since_ns > stream->until_ns)
		return error_set(err, ERROR_INVALID,
				 "`since` time (%s) cannot be after `until` time (%s)",
				 call_query(call, "since"), call_query(call, "until"));
	return filters_parse(call_query(call, "filters"), &stream->filters, err);
}

static void set_timer(struct event_stream *stream, int64_t delay_ns)
{
	stream->timer = mem_new(uv_timer_t);
	uv_timer_init(call_parts(stream->call)->loop, stream->timer);
	stream->timer->data = stream;
	uv_timer_start(stream->timer, on_until, (uint64_t)(delay_ns / NS_PER_MS) + 1, 0);
}

static void begin(struct event_stream *stream)
{
	struct call *call = stream->call;
	int64_t left = stream->until_ns - time_now_ns();

	call_leave_on_half_close(call);
	call_begin_stream(call);
	http_on_drain(call->request, on_drain);
	if (stream->since_ns)
		engine_past_events(call_engine(call), stream->since_ns, tell, stream);
	if (!call_is_open(call))
		return;
	if (stream->until_ns && left <= 0) {
		call_end_stream(call);
		return;
	}
	stream->subscription = engine_subscribe(call_engine(call), tell, stream);
	if (stream->until_ns)
		set_timer(stream, left);
}

void serve_events(struct call *call)
{
	struct event_stream *stream = mem_new(struct event_stream);
	struct error err;

	stream->call = call;
	call->state = stream;
	call->fini = event_stream_free;
	call->on_gone = on_gone;
	if (read_request(stream, &err))
		begin(stream);
	else
		call_fail(call, &err);
}
