/* Answers come from what is kept of all projects in memory; a revision's text is read when it is asked
 * for, and passed on as it was written. */
#include "door/project/door.h"

#include "base/time.h"
#include "door/door.h"
#include "project/leases.h"

#define PREFIX	 "/wherry/v1"
#define PROJECTS PREFIX "/projects"

struct project_door {
	struct door door;
	struct projects *projects; /* borrowed */
	struct engine *engine;	   /* borrowed */
	struct leases *leases;	   /* owned */
	bool ready;
};

static struct project_door *door_of(const struct call *call)
{
	return container_of(call->door, struct project_door, door);
}

static struct projects *projects_of(const struct call *call)
{
	return door_of(call)->projects;
}

/* ---- what is shown ---- */

static void write_text(struct buffer *json, const char *name, const char *text)
{
	json_write_name(json, name);
	json_write_string(json, text);
}

static void write_number(struct buffer *json, const char *name, int64_t value)
{
	json_write_name(json, name);
	json_write_i64(json, value);
}

static void write_time(struct buffer *json, int64_t ns)
{
	char text[TIME_TEXT_SIZE];

	write_text(json, "Updated", time_to_text(ns, text));
}

static void begin_item(struct buffer *json)
{
	if (json->data[json->size - 1] != '[')
		buffer_add_char(json, ',');
	buffer_add_char(json, '{');
}

static void write_row(const struct project *project, struct buffer *json)
{
	const struct project_revision *last = project_last(project);

	begin_item(json);
	write_text(json, "Name", project->name);
	write_number(json, "Revision", last->revision);
	write_text(json, "Directory", project->directory);
	write_time(json, last->updated_ns);
	buffer_add_char(json, '}');
}

static void write_revisions(const struct project *project, struct buffer *json)
{
	json_write_name(json, "Revisions");
	buffer_add_char(json, '[');
	for (size_t i = 0; i < project->revisions.count; i++) {
		const struct project_revision *revision =
			RECORD_AT(project->revisions, struct project_revision, i);

		begin_item(json);
		write_number(json, "Revision", revision->revision);
		write_time(json, revision->updated_ns);
		buffer_add_char(json, '}');
	}
	buffer_add_char(json, ']');
}

static void write_due(struct engine *engine, const char *name, struct buffer *json)
{
	scoped_strings struct strings due = engine_due(engine, name);

	json_write_name(json, "Due");
	json_write_strings(json, &due);
}

/* ---- reading ---- */

static void serve_list(struct call *call)
{
	scoped_buffer struct buffer json = {0};
	struct projects *projects = projects_of(call);

	buffer_add_char(&json, '[');
	for (size_t i = 0; i < projects_count(projects); i++)
		write_row(projects_at(projects, i), &json);
	buffer_add_char(&json, ']');
	call_answer_json(call, 200, &json);
}

/* One that is asked for while its text is read. */
struct get_state {
	int64_t revision;
};

/* The text is an object that is never empty: what else is known of the project stands in front of it. */
static void answer_project(struct call *call, const struct project *project, const char *text,
			   size_t size)
{
	const struct get_state *state = call->state;
	scoped_buffer struct buffer json = {0};

	buffer_add_char(&json, '{');
	write_text(&json, "Name", project->name);
	write_number(&json, "Revision", state->revision);
	write_revisions(project, &json);
	write_due(door_of(call)->engine, project->name, &json);
	buffer_add_char(&json, ',');
	buffer_add(&json, text + 1, size - 1);
	call_answer_json(call, 200, &json);
}

static bool find(struct call *call, const struct project **out)
{
	const char *name = call->arguments[0];
	struct error err;

	*out = projects_find(projects_of(call), name);
	if (!*out) {
		error_set(&err, ERROR_NOT_FOUND, "no such project: %s", name);
		call_fail(call, &err);
	}
	return *out;
}

static void on_read(void *data, const char *json, size_t size, const struct error *err)
{
	struct call *call = data;
	const struct project *project;

	if (call_is_open(call) && err)
		call_fail(call, err);
	else if (call_is_open(call) && find(call, &project))
		answer_project(call, project, json, size);
	call_drop(call);
}

static bool choose_revision(struct call *call, const struct project *project, int64_t *out,
			    struct error *err)
{
	*out = project_last(project)->revision;
	if (!call_query_i64(call, "revision", out, err))
		return false;
	return project_revision(project, *out) ||
	       error_set(err, ERROR_NOT_FOUND, "no such revision of project '%s': %lld",
			 project->name, (long long)*out);
}

static void serve_get(struct call *call)
{
	struct get_state *state = mem_new(struct get_state);
	const struct project *project;
	struct error err;

	call->state = state;
	call->fini = free;
	if (!find(call, &project))
		return;
	if (choose_revision(call, project, &state->revision, &err))
		project_read(projects_of(call), project->name, state->revision, on_read,
			     call_hold(call));
	else
		call_fail(call, &err);
}

/* ---- changing ---- */

static void on_put(void *data, int64_t revision, const struct error *err)
{
	struct call *call = data;
	scoped_buffer struct buffer json = {0};

	if (call_is_open(call) && err) {
		call_fail(call, err);
	} else if (call_is_open(call)) {
		buffer_add_char(&json, '{');
		write_number(&json, "Revision", revision);
		buffer_add_char(&json, '}');
		call_answer_json(call, 200, &json);
	}
	call_drop(call);
}

/* What is to be recorded may have megabytes: it is read and written anew in the pool, while the
 * loop serves others. */
struct put_work {
	struct call_work work;
	json_t *body;
	bool good;
	struct project_document document;
	struct error err;
};

static void run_put(struct call_work *work)
{
	struct put_work *put = container_of(work, struct put_work, work);
	struct project_text text = {0};

	put->good = body_read(put->body, &project_text_type, &text, &put->err) &&
		    project_text_check(&text, &put->err);
	if (put->good)
		project_document_make(&text, &put->document);
	record_fini(&project_text_type, &text);
}

static void after_put(struct call_work *work)
{
	struct put_work *put = container_of(work, struct put_work, work);
	struct call *call = work->call;

	if (put->good)
		project_put(projects_of(call), call->arguments[0], &put->document, on_put,
			    call_hold(call));
	else
		call_fail(call, &put->err);
}

static void free_put(struct call_work *work)
{
	struct put_work *put = container_of(work, struct put_work, work);

	project_document_fini(&put->document);
	free(put);
}

static void serve_put(struct call *call)
{
	struct put_work *put;
	struct error err;

	if (!project_name_check(call->arguments[0], &err)) {
		call_fail(call, &err);
		return;
	}
	put = mem_new(struct put_work);
	put->work.run = run_put;
	put->work.done = after_put;
	put->work.free = free_put;
	put->body = call->body; /* the call's, which the work holds */
	call_work_begin(&put->work, call);
}

static void on_removed(void *data, const struct error *err)
{
	struct call *call = data;

	if (call_is_open(call))
		call_answer(call, 204, err);
	call_drop(call);
}

static void serve_delete(struct call *call)
{
	project_remove(projects_of(call), call->arguments[0], on_removed, call_hold(call));
}

/* ---- leases: held as long as the connection that asked ---- */

enum { HOLDER_SIZE = 100 };

static void drop_lease(void *state)
{
	lease_drop(state);
}

static void on_leaver(struct call *call)
{
	lease_drop(take(call->state));
}

/* Each document is a line. */
static void tell_lease(struct call *call, const char *holder)
{
	scoped_buffer struct buffer json = {0};

	buffer_add_char(&json, '{');
	write_text(&json, "State", holder ? "waiting" : "held");
	if (holder)
		write_text(&json, "Holder", holder);
	buffer_add_text(&json, "}\n");
	call_write(call, json.data, json.size);
}

static void on_held(void *data)
{
	tell_lease(data, NULL);
}

/* It is shown on terminals. */
static bool check_holder(const char *holder, struct error *err)
{
	if (strlen(holder) > HOLDER_SIZE)
		return error_set(err, ERROR_INVALID, "holder: more than %d bytes", HOLDER_SIZE);
	for (const char *c = holder; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return error_set(err, ERROR_INVALID, "holder: a control character");
	return true;
}

static void serve_lease(struct call *call)
{
	const char *holder = call_query(call, "holder");
	struct lease_request request = {
		.project = call->arguments[0],
		.holder = str_is_empty(holder) ? "another client" : holder,
		.again = call_query_bool(call, "again"),
		.held = on_held,
		.data = call,
	};
	struct error err;

	if (!project_name_check(request.project, &err) || !check_holder(request.holder, &err)) {
		call_fail(call, &err);
		return;
	}
	call->fini = drop_lease;
	call->on_gone = on_leaver;
	call_leave_on_half_close(call);
	call_begin_stream(call);
	struct lease *lease = call->state = leases_ask(door_of(call)->leases, &request);
	tell_lease(call, lease_waits_for(lease));
}

/* ---- the door ---- */

static const struct route routes[] = {
	{"GET", "/projects", serve_list, 0},
	{"GET", "/projects/{}", serve_get, 0},
	{"PUT", "/projects/{}", serve_put, ROUTE_BODY | ROUTE_LARGE},
	{"DELETE", "/projects/{}", serve_delete, 0},
	{"POST", "/projects/{}/lease", serve_lease, 0},
};

static bool is_ready(const struct door *door)
{
	return container_of(door, struct project_door, door)->ready;
}

static void be_ready(void *data)
{
	struct project_door *door = data;

	door->ready = true;
	door_serve_early(&door->door);
}

struct project_door *project_door_new(struct projects *projects, struct engine *engine)
{
	struct project_door *door = mem_new(struct project_door);

	door_init(&door->door, engine_get_parts(engine)->loop);
	door->door.is_ready = is_ready;
	door->projects = projects;
	door->engine = engine;
	door->leases = leases_new();
	engine_when_ready(engine, be_ready, door);
	return door;
}

void project_door_free(struct project_door *door)
{
	if (!door)
		return;
	door_fini(&door->door);
	leases_free(door->leases);
	free(door);
}

bool project_door_has(const char *path)
{
	size_t length = strlen(PROJECTS);

	return str_starts_with(path, PROJECTS) && (path[length] == '\0' || path[length] == '/');
}

void project_door_serve(struct project_door *door, struct http_request *request)
{
	char *arguments[CALL_ARGUMENTS] = {0};
	const struct route *route = routes_find(routes, array_length(routes), http_method(request),
						http_path(request) + strlen(PREFIX), arguments);
	struct call *call;

	if (!route) {
		door_answer_not_found(request);
		return;
	}
	call = call_new(&door->door, request);
	call->route = route;
	memcpy(call->arguments, arguments, sizeof(arguments));
	door_handle(call);
}
