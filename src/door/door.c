#include "door/door.h"

#include "base/memory.h"

#include <ctype.h>
#include <strings.h>

#define POOLED_BODY ((size_t)64 * 1024) /* a millisecond's work */
#define BODY_LIMIT  ((size_t)4 * 1024 * 1024)
#define LARGE_BODY_LIMIT                                                                           \
	((size_t)24 * 1024 * 1024) /* 16 MiB in base64, and what stands around them */

/* ---- the way of a request ---- */

/* The handler may answer and thereby end the call at any time: a reference of ours keeps it. */
static void handle(struct call *call)
{
	call_hold(call);
	call->route->handle(call);
	call_drop(call);
}

void door_serve_early(struct door *door)
{
	for (size_t i = 0; i < door->early.count; i++) {
		struct call *call = door->early.items[i];

		if (call_is_open(call))
			handle(call);
		call_drop(call);
	}
	vector_fini(&door->early);
}

static void handle_when_ready(struct call *call)
{
	if (call->route->flags & ROUTE_EARLY || call->door->is_ready(call->door))
		handle(call);
	else
		vector_add(&call->door->early, call_hold(call));
}

/* ---- its body ---- */

/* JSON, whatever parameters follow the type. */
static bool is_json_type(const char *type)
{
	size_t length = strcspn(type, "; \t");

	return length == strlen("application/json") &&
	       strncasecmp(type, "application/json", length) == 0;
}

static bool check_type(const struct http_request *request, struct error *err)
{
	const char *type = http_header(request, "content-type");

	if (type && is_json_type(type))
		return true;
	return error_set(err, ERROR_INVALID,
			 "unsupported Content-Type header (%s): must be 'application/json'",
			 type ? type : "");
}

static bool is_blank(const char *text, size_t size)
{
	while (size && isspace((unsigned char)*text))
		text++, size--;
	return size == 0;
}

static bool parse(const char *text, size_t size, json_t **body, struct error *err)
{
	size_t used;

	if (is_blank(text, size))
		return true;
	*body = json_parse_first(text, size, &used, err);
	if (!*body)
		return error_prefix(err, "invalid JSON");
	return is_blank(text + used, size - used) ||
	       error_set(err, ERROR_INVALID, "unexpected content after JSON");
}

/* What becomes of a body: the document, or what its route makes of that. */
struct reading {
	const struct route_body *wanted; /* NULL: the document */
	json_t *body;			 /* owned */
	void *state;			 /* owned */
	bool ok;
	struct error err;
};

static void read_text(struct reading *r, const char *text, size_t size)
{
	r->ok = parse(text, size, &r->body, &r->err);
	if (!r->ok || !r->wanted)
		return;
	r->state = r->wanted->read(r->body, &r->err);
	r->ok = r->state != NULL;
	json_decref(r->body);
	r->body = NULL;
}

static void reading_fini(struct reading *r)
{
	json_decref(r->body);
	if (r->state)
		r->wanted->free(r->state);
}

static void take_reading(struct call *call, struct reading *r)
{
	if (!r->ok) {
		call_fail(call, &r->err);
		return;
	}
	call->body = take(r->body);
	if (r->wanted) {
		call->state = take(r->state);
		call->fini = r->wanted->free;
	}
	handle_when_ready(call);
}

/* ---- a large one, in the pool: it takes a second to read tens of megabytes ---- */

struct large_reading {
	struct call_work work;
	struct reading reading;
	struct buffer text; /* owned */
};

static void run_large(struct call_work *work)
{
	struct large_reading *large = container_of(work, struct large_reading, work);

	read_text(&large->reading, large->text.data, large->text.size);
	buffer_fini(&large->text);
}

static void large_done(struct call_work *work)
{
	take_reading(work->call, &container_of(work, struct large_reading, work)->reading);
}

static void large_free(struct call_work *work)
{
	struct large_reading *large = container_of(work, struct large_reading, work);

	reading_fini(&large->reading);
	buffer_fini(&large->text);
	free(large);
}

static void read_large(struct call *call)
{
	struct large_reading *large = mem_new(struct large_reading);

	large->work = (struct call_work){.run = run_large, .done = large_done, .free = large_free};
	large->reading.wanted = call->route->body;
	large->text = http_take_body(call->request);
	call_work_begin(&large->work, call);
}

static void on_body(void *data, struct http_request *request, const char *body, size_t size)
{
	struct call *call = http_data(request);
	struct reading reading = {.wanted = call->route->body};
	struct error err;

	if (size && !check_type(request, &err)) {
		call_fail(call, &err);
	} else if (size >= POOLED_BODY) {
		read_large(call);
	} else {
		read_text(&reading, body, size);
		take_reading(call, &reading);
		reading_fini(&reading);
	}
}

void door_handle(struct call *call)
{
	bool large = call->route->flags & ROUTE_LARGE;

	if (call->route->flags & ROUTE_BODY)
		http_collect_body(call->request, large ? LARGE_BODY_LIMIT : BODY_LIMIT, on_body);
	else
		handle_when_ready(call);
}

/* ---- the rest ---- */

void door_init(struct door *door, uv_loop_t *loop)
{
	door->loop = loop;
	list_init(&door->calls);
}

void door_fini(struct door *door)
{
	for (size_t i = 0; i < door->early.count; i++)
		call_drop(door->early.items[i]);
	vector_fini(&door->early);
	while (!list_is_empty(&door->calls))
		call_forget(list_first(&door->calls, struct call, all));
}

void door_answer_not_found(struct http_request *request)
{
	static const char body[] = "{\"message\":\"page not found\"}\n";

	http_respond(request, 404, "application/json", body, sizeof(body) - 1);
}
