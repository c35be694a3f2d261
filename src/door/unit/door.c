#include "door/unit/door.h"

#include "door/unit/door_state.h"
#include "door/unit/handlers.h"
#include "format/glob.h"
#include "format/unit_name.h"
#include "http/http_status.h"

#define PREFIX "/wherry/v1/"

/* ---- routes ---- */

#define JSON ROUTE_BODY

static const struct route routes[] = {
	{"GET", "/units", serve_units, 0},
	{"GET", "/units/{}/files", serve_unit_text, 0},
	{"GET", "/units/{}/export", serve_unit_export, 0},
	{"GET", "/units/{}/dependencies", serve_unit_dependencies, 0},
	{"POST", "/units/{}/kill", serve_unit_kill, JSON},
	{"POST", "/units/{}/freeze", serve_unit_freeze, 0},
	{"POST", "/units/{}/thaw", serve_unit_thaw, 0},
	{"POST", "/units/{}/properties", serve_unit_properties, JSON},
	{"POST", "/units/{}/clean", serve_unit_clean, JSON},
	{"GET", "/units/{}", serve_unit, 0},
	{"GET", "/jobs", serve_jobs, 0},
	{"POST", "/jobs", serve_job_start, JSON},
	{"DELETE", "/jobs/{}", serve_job_cancel, 0},
	{"POST", "/reset-failed", serve_reset_failed, JSON},
	{"POST", "/reload", serve_reload, 0},
	{"POST", "/reexec", serve_reexec, 0},
	{"GET", "/unit-files", serve_unit_files, 0},
	{"GET", "/unit-files/{}", serve_unit_file, 0},
	{"PUT", "/unit-files/{}", serve_unit_file_put, JSON},
	{"POST", "/unit-files/{}", serve_install, JSON},
	{"POST", "/verify", serve_verify, JSON},
	{"POST", "/takeover", serve_takeover, JSON},
	{"POST", "/containers/{}/drain", serve_drain, 0},
	{"GET", "/timers", serve_timers, 0},
	{"GET", "/state", serve_state, ROUTE_EARLY},
	{"GET", "/environment", serve_environment, 0},
	{"POST", "/environment", serve_environment_change, JSON},
	{"GET", "/processes/{}", serve_process, 0},
	{"GET", "/events", serve_unit_events, 0},
	{"GET", "/journal", serve_journal, ROUTE_EARLY},
	{"GET", "/journal/boots", serve_journal_boots, ROUTE_EARLY},
	{"GET", "/journal/usage", serve_journal_usage, ROUTE_EARLY},
	{"POST", "/journal/vacuum", serve_journal_vacuum, JSON},
	{"POST", "/journal/sync", serve_journal_sync, ROUTE_EARLY},
	{"POST", "/journal/rotate", serve_journal_rotate, 0},
};

/* ---- life ---- */

static bool is_ready(const struct door *door)
{
	return container_of(door, struct unit_door, door)->ready;
}

static void be_ready(void *data)
{
	struct unit_door *door = data;

	door->ready = true;
	door_serve_early(&door->door);
}

static void fail_in_stream(struct call *call, const struct error *err)
{
	scoped_buffer struct buffer line = {0};
	char text[ERROR_TEXT_SIZE];

	buffer_add_char(&line, '{');
	json_write_member(&line, "Event", "error");
	json_write_member(&line, "message", error_text(err, text, sizeof(text)));
	buffer_add_text(&line, "}\n");
	call_write(call, line.data, line.size);
	call_end_stream(call);
}

static void describe_error(const struct error *err, struct buffer *json)
{
	json_write_number(json, "code", units_exit_code(err));
}

struct unit_door *unit_door_new(struct units *units, struct engine *engine,
				const struct unit_door_settings *settings)
{
	struct unit_door *door = mem_new(struct unit_door);

	door_init(&door->door, engine_get_parts(engine)->loop);
	door->door.is_ready = is_ready;
	door->door.fail_in_stream = fail_in_stream;
	door->door.describe_error = describe_error;
	door->units = units;
	door->engine = engine;
	door->shim = str_dup_or_null(settings->shim);
	door->journal_folder = str_dup_or_null(settings->journal_folder);
	door->begin_again = settings->begin_again;
	door->data = settings->data;
	units_when_ready(units, be_ready, door);
	return door;
}

void unit_door_free(struct unit_door *door)
{
	if (!door)
		return;
	door_fini(&door->door);
	free(door->shim);
	free(door->journal_folder);
	free(door);
}

bool unit_door_has(const char *path)
{
	return str_starts_with(path, PREFIX);
}

void unit_door_serve(struct unit_door *door, struct http_request *request)
{
	char *arguments[CALL_ARGUMENTS] = {0};
	const struct route *route = routes_find(routes, array_length(routes), http_method(request),
						http_path(request) + strlen(PREFIX) - 1, arguments);

	if (!route) {
		door_answer_not_found(request);
		return;
	}
	struct call *call = call_new(&door->door, request);
	call->route = route;
	memcpy(call->arguments, arguments, sizeof(arguments));
	door_handle(call);
}

/* ---- what the handlers share ---- */

struct unit_door *call_unit_door(const struct call *call)
{
	return container_of(call->door, struct unit_door, door);
}

struct units *call_units(const struct call *call)
{
	return call_unit_door(call)->units;
}

char *call_unit_name(struct call *call, const char *typed)
{
	struct error err;
	char *name;

	if (unit_name_from_argument(typed, false, &name, &err))
		return name;
	call_fail(call, &err);
	return NULL;
}

bool call_goes_on(struct call *call, const struct unit *unit)
{
	struct error err;

	if (!call_is_open(call))
		return false;
	if (unit)
		return true;
	units_set_closing(&err);
	call_fail(call, &err);
	return false;
}

bool pattern_matches(const char *pattern, const char *text)
{
	struct glob glob = {.pattern = pattern}; /* \x2d is a part of names */
	size_t size = strlen(text), cut;

	return str_equal(pattern, text) ||
	       (glob_prefix(&glob, text, size, true, &cut) && cut == size && size);
}

void call_fail_code(struct call *call, const struct error *err, int code)
{
	scoped_buffer struct buffer json = {0};
	char text[ERROR_TEXT_SIZE];

	buffer_add_char(&json, '{');
	json_write_member(&json, "message", error_text(err, text, sizeof(text)));
	json_write_number(&json, "code", code);
	buffer_add_char(&json, '}');
	call_answer_json(call, http_status_of_error(err->kind), &json);
}

void json_next(struct buffer *json)
{
	if (json->size && !strchr("[:", json->data[json->size - 1]))
		buffer_add_char(json, ',');
}

void json_write_member(struct buffer *json, const char *name, const char *text)
{
	json_write_name(json, name);
	json_write_string(json, text ? text : "");
}

void json_write_number(struct buffer *json, const char *name, int64_t value)
{
	json_write_name(json, name);
	json_write_i64(json, value);
}

void json_write_bool(struct buffer *json, const char *name, bool value)
{
	json_write_name(json, name);
	buffer_add_text(json, value ? "true" : "false");
}
