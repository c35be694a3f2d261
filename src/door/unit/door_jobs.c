/* Jobs: POST starts some and tells of each as it goes, one line of JSON for every event. */
#include "door/unit/door_state.h"
#include "door/unit/handlers.h"
#include "format/unit_name.h"

/* ---- the request ---- */

struct verb {
	const char *name;
	enum job_type type;
};

static const struct verb verbs[] = {
	{"start", JOB_START},
	{"stop", JOB_STOP},
	{"restart", JOB_RESTART},
	{"reload", JOB_RELOAD},
	{"try-restart", JOB_TRY_RESTART},
	{"condrestart", JOB_TRY_RESTART},
	{"reload-or-restart", JOB_RELOAD_OR_START},
	{"force-reload", JOB_RELOAD_OR_START},
	{"try-reload-or-restart", JOB_TRY_RELOAD},
	{"isolate", JOB_START},
};

struct jobs_body {
	char *verb, *mode;
	struct strings units;
	bool no_block, wait;
};

static const struct record_field jobs_body_fields[] = {
	RECORD_FIELD(struct jobs_body, 1, "Verb", RECORD_STRING, verb),
	RECORD_FIELD(struct jobs_body, 2, "Units", RECORD_STRINGS, units),
	RECORD_FIELD(struct jobs_body, 3, "Mode", RECORD_STRING, mode),
	RECORD_FIELD(struct jobs_body, 4, "NoBlock", RECORD_BOOL, no_block),
	RECORD_FIELD(struct jobs_body, 5, "Wait", RECORD_BOOL, wait),
};
static const struct record_type jobs_body_type = RECORD_TYPE(struct jobs_body, jobs_body_fields);

static bool read_verb(const struct jobs_body *body, struct job_request *request, struct error *err)
{
	const char *name = body->verb ? body->verb : "";

	request->mode = str_equal(name, "isolate") ? JOB_ISOLATE : JOB_REPLACE;
	if (!str_is_empty(body->mode) && request->mode != JOB_ISOLATE &&
	    !job_mode_from_name(body->mode, &request->mode))
		return error_set(err, ERROR_INVALID, "Job mode %s not valid", body->mode);
	for (size_t i = 0; i < array_length(verbs); i++) {
		if (!str_equal(verbs[i].name, name))
			continue;
		request->type = verbs[i].type;
		return true;
	}
	return error_set(err, ERROR_INVALID, "Unknown verb '%s'", name);
}

/* ---- the stream ---- */

struct job_stream {
	struct call *call;
	struct units *units;
	struct units_listener listener; /* with `wait` */
	bool no_block, wait, listens;
	size_t pending;
	struct job_line *lines; /* owned: a chain */
};

struct job_line { /* one unit's job: the watcher's data */
	struct job_stream *stream;
	char *name;
	bool started; /* and it is waited for its end */
	struct job_line *next;
};

static void begin_line(const struct job_line *line, const char *event, struct buffer *json)
{
	buffer_add_char(json, '{');
	json_write_member(json, "Unit", line->name);
	json_write_member(json, "Event", event);
}

static void end_line(const struct job_line *line, struct buffer *json)
{
	buffer_add_text(json, "}\n");
	call_write(line->stream->call, json->data, json->size);
}

/* One job less to wait for; the last one ends the stream, and the call with it. */
static void line_is_over(struct job_line *line)
{
	struct job_stream *stream = line->stream;

	if (--stream->pending == 0)
		call_end_stream(stream->call);
}

static void write_done(struct job_line *line, const struct job_outcome *outcome)
{
	scoped_buffer struct buffer json = {0};

	begin_line(line, "done", &json);
	json_write_number(&json, "Job", outcome->id);
	json_write_member(&json, "Result", job_result_name(outcome->result));
	if (outcome->reason)
		json_write_member(&json, "Reason", outcome->reason);
	json_write_number(&json, "Code", outcome->exit_code);
	end_line(line, &json);
}

/* ---- until units are over ---- */

static bool is_over(const struct unit *unit)
{
	enum active_state state = unit_active_state(unit);

	return !unit->job && (state == UNIT_INACTIVE || state == UNIT_FAILED);
}

static void write_over(const struct job_line *line, const struct unit *unit)
{
	scoped_buffer struct buffer json = {0};
	enum active_state state = unit_active_state(unit);

	begin_line(line, "over", &json);
	json_write_member(&json, "ActiveState", active_state_name(state));
	json_write_number(&json, "Code", state == UNIT_FAILED);
	end_line(line, &json);
}

static void on_change(void *data, struct unit *unit)
{
	struct job_stream *stream = data;

	for (struct job_line *line = stream->lines; line; line = line->next) {
		bool is_last = stream->pending == 1;

		if (!line->started || !is_over(unit) || !str_equal(line->name, unit->name))
			continue;
		line->started = false;
		write_over(line, unit);
		line_is_over(line);
		if (is_last)
			return; /* and so has the stream */
	}
}

/* Is there an end to wait for?  A unit may be over by now. */
static bool waits_for_end(struct job_line *line, const struct job_outcome *outcome)
{
	const struct job_stream *stream = line->stream;
	const struct unit *unit = unit_set_find(units_all(stream->units), line->name);

	if (!stream->wait || outcome->err || outcome->result != JOB_DONE || !unit)
		return false;
	line->started = !is_over(unit);
	if (!line->started)
		write_over(line, unit);
	return line->started;
}

static void on_done(void *data, const struct job_outcome *outcome)
{
	write_done(data, outcome);
	if (!waits_for_end(data, outcome))
		line_is_over(data);
}

static void write_error(struct job_line *line, const struct job_outcome *outcome)
{
	scoped_buffer struct buffer json = {0};
	char text[ERROR_TEXT_SIZE];

	begin_line(line, "error", &json);
	json_write_member(&json, "message", error_text(outcome->err, text, sizeof(text)));
	json_write_number(&json, "Code", outcome->exit_code);
	end_line(line, &json);
}

static void write_queued(struct job_line *line, const struct job_outcome *outcome)
{
	scoped_buffer struct buffer json = {0};

	begin_line(line, "queued", &json);
	json_write_number(&json, "Job", outcome->id);
	end_line(line, &json);
}

static void on_queued(void *data, const struct job_outcome *outcome)
{
	struct job_line *line = data;

	if (outcome->err)
		write_error(line, outcome);
	else if (outcome->id)
		write_queued(line, outcome);
	else
		write_done(line, outcome); /* nothing had to be done */
	if ((outcome->err || !outcome->id || line->stream->no_block) &&
	    !waits_for_end(line, outcome))
		line_is_over(line);
}

static void stop_listening(struct job_stream *stream)
{
	if (stream->listens)
		units_unlisten(stream->units, &stream->listener);
	stream->listens = false;
}

static void free_stream(void *data)
{
	struct job_stream *stream = data;

	stop_listening(stream);
	while (stream->lines) {
		struct job_line *line = stream->lines;

		stream->lines = line->next;
		free(line->name);
		free(line);
	}
	free(stream);
}

static void on_gone(struct call *call)
{
	struct job_stream *stream = call->state;

	stop_listening(stream);
	for (struct job_line *line = stream->lines; line; line = line->next)
		units_forget(stream->units, line);
}

static struct job_line *add_line(struct job_stream *stream, const char *name)
{
	struct job_line *line = mem_new(struct job_line);

	line->stream = stream;
	line->name = str_dup(name);
	line->next = stream->lines;
	stream->lines = line;
	stream->pending++;
	return line;
}

/* ---- the names ---- */

static bool is_pattern(const char *name)
{
	return strpbrk(name, "*?[");
}

static void add_matching(struct job_stream *stream, const char *pattern)
{
	const struct unit_set *set = units_all(stream->units);

	for (size_t i = 0; i < set->count; i++)
		if (set->items[i]->config && set->items[i]->config->load != LOAD_NOT_FOUND &&
		    !unit_name_is_template(set->items[i]->name) &&
		    pattern_matches(pattern, set->items[i]->name))
			add_line(stream, set->items[i]->name);
}

static bool add_names(struct job_stream *stream, const struct strings *names, struct error *err)
{
	for (size_t i = names->count; i-- > 0;) { /* the chain turns them round */
		char *name;

		if (!unit_name_from_argument(names->items[i], true, &name, err))
			return false;
		if (is_pattern(name))
			add_matching(stream, name);
		else
			add_line(stream, name);
		free(name);
	}
	return true;
}

static void request_all(struct job_stream *stream, struct job_request request)
{
	call_begin_stream(stream->call);
	if (!stream->pending) {
		call_end_stream(stream->call);
		return;
	}
	if (stream->wait) {
		stream->listener = (struct units_listener){on_change, stream, NULL};
		stream->listens = true;
		units_listen(stream->units, &stream->listener);
	}
	for (struct job_line *line = stream->lines; line; line = line->next) {
		struct job_watcher watcher = {on_queued, stream->no_block ? NULL : on_done, line};

		request.name = line->name;
		units_request(stream->units, &request, &watcher);
	}
}

void serve_job_start(struct call *call)
{
	struct jobs_body body = {0};
	struct job_stream *stream = mem_new(struct job_stream);
	struct job_request request = {0};
	struct error err;

	stream->call = call;
	stream->units = call_units(call);
	call->state = stream;
	call->fini = free_stream;
	call->on_gone = on_gone;
	bool good = call_read_body(call, &jobs_body_type, &body, &err) &&
		    read_verb(&body, &request, &err) && add_names(stream, &body.units, &err);
	stream->no_block = body.no_block;
	stream->wait = body.wait && !body.no_block;
	record_fini(&jobs_body_type, &body);
	if (good)
		request_all(stream, request);
	else
		call_fail(call, &err);
}

/* ---- the queue ---- */

static void write_job(struct buffer *json, const struct job *job)
{
	json_next(json);
	buffer_add_char(json, '{');
	json_write_number(json, "Id", job->id);
	json_write_member(json, "Unit", job->unit->name);
	json_write_member(json, "Type", job_type_name(job->type));
	json_write_member(json, "State", job->running ? "running" : "waiting");
	buffer_add_char(json, '}');
}

void serve_jobs(struct call *call)
{
	const struct unit_set *set = units_all(call_units(call));
	scoped_buffer struct buffer json = {0};

	buffer_add_char(&json, '[');
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i]->job)
			write_job(&json, set->items[i]->job);
	buffer_add_char(&json, ']');
	call_answer_json(call, 200, &json);
}

void serve_job_cancel(struct call *call)
{
	struct error err;
	int64_t id = 0;

	if (!parse_i64(call->arguments[0], &id) || id <= 0 || id > UINT32_MAX) {
		error_set(&err, ERROR_NOT_FOUND, "Job %s does not exist.", call->arguments[0]);
		call_fail_code(call, &err, 1);
	} else if (units_cancel(call_units(call), (uint32_t)id, &err)) {
		call_answer_status(call, 204);
	} else {
		call_fail_code(call, &err, 1);
	}
}
