/* The journal.  A connection that reads is given away, so that it outlives the daemon; the rest is asked of
 * the folder by a thread of the pool. */
#include "base/time.h"
#include "door/unit/door_state.h"
#include "door/unit/handlers.h"
#include "shim/journal_serve.h"

/* ---- GET /journal ---- */

static bool read_values(struct call *call, const char *name, struct journal_request *request,
			struct error *err)
{
	scoped_strings struct strings values = http_query_values(call->request, name);

	for (size_t i = 0; i < values.count; i++)
		if (!journal_request_set(request, name, values.items[i], time_now_ns(), err))
			return false;
	return true;
}

static bool read_request(struct call *call, struct journal_request *request, struct error *err)
{
	for (const char *const *name = journal_request_names; *name; name++)
		if (!read_values(call, *name, request, err))
			return false;
	return true;
}

void serve_journal(struct call *call)
{
	struct units *units = call_units(call);
	struct shim_journal request = {0};
	struct engine_connection connection;
	struct error err;

	journal_request_init(&request.request);
	if (!read_request(call, &request.request, &err))
		call_fail_code(call, &err, 1);
	else if (call_give_body(call, "text/plain; charset=utf-8", &connection, &request.chunked))
		units_read_journal(units, &request, &connection);
	free(request.folder);
	journal_request_fini(&request.request);
}

/* ---- what the folder holds ---- */

struct journal_work {
	struct call_work work;
	char *folder;
	enum { BOOTS, USAGE, VACUUM, SYNC } what;
	struct journal_keep keep; /* VACUUM */
	struct journal_boot *boots;
	size_t count;
	int64_t number; /* bytes used, or freed */
	struct error err;
	bool good;
};

static void ask(struct call_work *work)
{
	struct journal_work *w = container_of(work, struct journal_work, work);

	w->good = true;
	switch (w->what) {
	case BOOTS:
		w->good = journal_boots(w->folder, &w->boots, &w->count, &w->err);
		break;
	case USAGE:
		w->number = journal_usage(w->folder);
		break;
	case VACUUM:
		w->good = journal_vacuum(w->folder, &w->keep, &w->number, &w->err);
		break;
	case SYNC:
		w->good = journal_sync(w->folder, &w->err);
		break;
	}
}

static void write_boots(const struct journal_work *w, struct buffer *json)
{
	buffer_add_char(json, '[');
	for (size_t i = 0; i < w->count; i++) {
		json_next(json);
		buffer_add_char(json, '{');
		json_write_member(json, "Id", w->boots[i].id);
		json_write_number(json, "First_us", w->boots[i].first_ns / 1000);
		json_write_number(json, "Last_us", w->boots[i].last_ns / 1000);
		buffer_add_char(json, '}');
	}
	buffer_add_char(json, ']');
}

static void answer(struct call_work *work)
{
	struct journal_work *w = container_of(work, struct journal_work, work);
	scoped_buffer struct buffer json = {0};

	if (!w->good) {
		call_fail_code(work->call, &w->err, 1);
		return;
	}
	if (w->what == SYNC) {
		call_answer_status(work->call, 204);
		return;
	}
	if (w->what == BOOTS) {
		write_boots(w, &json);
	} else {
		buffer_add_char(&json, '{');
		json_write_number(&json, w->what == USAGE ? "Bytes" : "Freed", w->number);
		buffer_add_char(&json, '}');
	}
	call_answer_json(work->call, 200, &json);
}

static void free_work(struct call_work *work)
{
	struct journal_work *w = container_of(work, struct journal_work, work);

	free(w->folder);
	free(w->boots);
	free(w);
}

static struct journal_work *new_work(struct call *call, int what)
{
	struct journal_work *w = mem_new(struct journal_work);

	w->work.run = ask;
	w->work.done = answer;
	w->work.free = free_work;
	w->folder = str_dup(call_unit_door(call)->journal_folder);
	w->what = what;
	return w;
}

void serve_journal_boots(struct call *call)
{
	call_work_begin(&new_work(call, BOOTS)->work, call);
}

void serve_journal_usage(struct call *call)
{
	call_work_begin(&new_work(call, USAGE)->work, call);
}

static void on_rotated(void *data, const struct error *err)
{
	struct call *call = data;

	if (call_is_open(call))
		call_answer(call, 204, err);
	call_drop(call);
}

void serve_journal_rotate(struct call *call)
{
	units_rotate_journal(call_units(call), on_rotated, call_hold(call));
}

void serve_journal_sync(struct call *call)
{
	call_work_begin(&new_work(call, SYNC)->work, call);
}

struct vacuum_body {
	int64_t bytes, files, before_us;
};

static const struct record_field vacuum_body_fields[] = {
	RECORD_FIELD(struct vacuum_body, 1, "Bytes", RECORD_I64, bytes),
	RECORD_FIELD(struct vacuum_body, 2, "Before_us", RECORD_I64, before_us),
	RECORD_FIELD(struct vacuum_body, 3, "Files", RECORD_I64, files),
};
static const struct record_type vacuum_body_type =
	RECORD_TYPE(struct vacuum_body, vacuum_body_fields);

void serve_journal_vacuum(struct call *call)
{
	struct vacuum_body body = {0};
	struct error err;

	if (!call_read_body(call, &vacuum_body_type, &body, &err)) {
		call_fail(call, &err);
		return;
	}
	struct journal_work *w = new_work(call, VACUUM);
	w->keep = (struct journal_keep){body.bytes, body.files, body.before_us * NS_PER_US};
	call_work_begin(&w->work, call);
}
