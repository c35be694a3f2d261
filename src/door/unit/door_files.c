/* Unit files: their texts, their states, [Install]. */
#include "door/unit/door_state.h"
#include "door/unit/handlers.h"
#include "format/unit_name.h"
#include "os/file.h"
#include "unit/verify.h"

#include <fcntl.h>

/* ---- GET /units/{}/files ---- */

struct text_work {
	struct call_work work;
	struct unit_config config; /* owned: the paths alone */
	struct pairs files;
	struct error err;
	bool good;
};

static void read_texts(struct call_work *work)
{
	struct text_work *w = container_of(work, struct text_work, work);

	w->good = unit_read_files(&w->config, &w->files, &w->err);
}

static void answer_texts(struct call_work *work)
{
	struct text_work *w = container_of(work, struct text_work, work);
	scoped_buffer struct buffer json = {0};

	if (!w->good) {
		call_fail_code(work->call, &w->err, 1);
		return;
	}
	buffer_add_char(&json, '[');
	for (size_t i = 0; i < w->files.count; i++) {
		json_next(&json);
		buffer_add_char(&json, '{');
		json_write_member(&json, "Path", w->files.items[i].name);
		json_write_member(&json, "Text", w->files.items[i].value);
		buffer_add_char(&json, '}');
	}
	buffer_add_char(&json, ']');
	call_answer_json(work->call, 200, &json);
}

static void free_texts(struct call_work *work)
{
	struct text_work *w = container_of(work, struct text_work, work);

	strings_fini(&w->config.drop_ins);
	pairs_fini(&w->files);
	free(w);
}

static void begin_texts(struct call *call, const struct unit *unit)
{
	struct error err;

	if (unit->config->transient) {
		error_set(
			&err, ERROR_NOT_FOUND,
			"No files found for %s: it is transient, and shows a container of a unit.",
			unit->name);
		call_fail_code(call, &err, 1);
	} else if (unit->config->load == LOAD_NOT_FOUND) {
		error_set(&err, ERROR_NOT_FOUND, "No files found for %s.", unit->name);
		call_fail_code(call, &err, 1);
	} else {
		struct text_work *w = mem_new(struct text_work);

		w->work.run = read_texts;
		w->work.done = answer_texts;
		w->work.free = free_texts;
		w->config.name = unit->name; /* interned */
		w->config.folder = unit->config->folder;
		w->config.file = unit->config->file;
		w->config.drop_ins = strings_copy(&unit->config->drop_ins);
		w->config.load = unit->config->load;
		call_work_begin(&w->work, call);
	}
}

static void on_loaded(void *data, struct unit *unit)
{
	struct call *call = data;

	if (call_goes_on(call, unit))
		begin_texts(call, unit);
	call_drop(call);
}

void serve_unit_text(struct call *call)
{
	scoped_free char *name = call_unit_name(call, call->arguments[0]);

	if (name)
		units_load(call_units(call), name, on_loaded, call_hold(call));
}

/* ---- GET /unit-files, /unit-files/{} ---- */

struct states_work {
	struct call_work work;
	const struct load_context *context;
	struct strings patterns; /* or one name: */
	char *name;
	bool is_transient;
	struct pairs states; /* name -> state */
	struct error err;
	bool good;
};

static bool is_wanted(const struct states_work *w, const char *name)
{
	for (size_t i = 0; i < w->patterns.count; i++)
		if (pattern_matches(w->patterns.items[i], name))
			return true;
	return !w->patterns.count;
}

static const char *state_of(const struct states_work *w, const char *name)
{
	return unit_file_state_name(unit_file_state(w->context, name));
}

static void read_states(struct call_work *work)
{
	struct states_work *w = container_of(work, struct states_work, work);
	scoped_strings struct strings names = {0};

	w->good = true;
	if (w->name) {
		pairs_set(&w->states, w->name,
			  w->is_transient ? unit_file_state_name(FILE_TRANSIENT)
					  : state_of(w, w->name));
		return;
	}
	w->good = unit_list_files(w->context->paths, &names, &w->err);
	for (size_t i = 0; w->good && i < names.count; i++)
		if (is_wanted(w, names.items[i]))
			pairs_set(&w->states, names.items[i], state_of(w, names.items[i]));
	pairs_sort(&w->states);
}

static const char *preset_of(const char *state)
{
	bool can_be = str_equal(state, "enabled") || str_equal(state, "disabled") ||
		      str_equal(state, "enabled-runtime");

	return can_be ? "enabled" : "-";
}

static void answer_list(const struct states_work *w, struct buffer *json)
{
	buffer_add_char(json, '[');
	for (size_t i = 0; i < w->states.count; i++) {
		if (str_equal(w->states.items[i].value, "not-found"))
			continue;
		json_next(json);
		buffer_add_char(json, '{');
		json_write_member(json, "Name", w->states.items[i].name);
		json_write_member(json, "State", w->states.items[i].value);
		json_write_member(json, "Preset", preset_of(w->states.items[i].value));
		buffer_add_char(json, '}');
	}
	buffer_add_char(json, ']');
}

static void answer_states(struct call_work *work)
{
	struct states_work *w = container_of(work, struct states_work, work);
	scoped_buffer struct buffer json = {0};

	if (!w->good) {
		call_fail_code(work->call, &w->err, 1);
		return;
	}
	if (w->name) {
		buffer_add_char(&json, '{');
		json_write_member(&json, "State", w->states.items[0].value);
		buffer_add_char(&json, '}');
	} else {
		answer_list(w, &json);
	}
	call_answer_json(work->call, 200, &json);
}

static void free_states(struct call_work *work)
{
	struct states_work *w = container_of(work, struct states_work, work);

	strings_fini(&w->patterns);
	free(w->name);
	pairs_fini(&w->states);
	free(w);
}

static struct states_work *new_states(struct call *call)
{
	struct states_work *w = mem_new(struct states_work);

	w->work.run = read_states;
	w->work.done = answer_states;
	w->work.free = free_states;
	w->context = units_load_context(call_units(call));
	return w;
}

void serve_unit_files(struct call *call)
{
	struct states_work *w = new_states(call);

	w->patterns = http_query_values(call->request, "pattern");
	call_work_begin(&w->work, call);
}

void serve_unit_file(struct call *call)
{
	char *name = call_unit_name(call, call->arguments[0]);
	const struct unit *unit = name ? unit_set_find(units_all(call_units(call)), name) : NULL;

	if (!name)
		return;
	struct states_work *w = new_states(call);
	w->name = name;
	w->is_transient = unit && unit->config && unit->config->transient;
	call_work_begin(&w->work, call);
}

/* ---- POST /unit-files/{verb} ---- */

struct install_body {
	struct strings names;
	bool runtime, force;
	char *target;
};

static const struct record_field install_body_fields[] = {
	RECORD_FIELD(struct install_body, 1, "Names", RECORD_STRINGS, names),
	RECORD_FIELD(struct install_body, 2, "Runtime", RECORD_BOOL, runtime),
	RECORD_FIELD(struct install_body, 3, "Force", RECORD_BOOL, force),
	RECORD_FIELD(struct install_body, 4, "Target", RECORD_STRING, target),
};
static const struct record_type install_body_type =
	RECORD_TYPE(struct install_body, install_body_fields);

static void write_changes(const struct install_result *result, struct buffer *json)
{
	buffer_add_char(json, '{');
	json_write_name(json, "Created");
	buffer_add_char(json, '[');
	for (size_t i = 0; i < result->created.count; i++) {
		json_next(json);
		buffer_add_char(json, '{');
		json_write_member(json, "Link", result->created.items[i].name);
		json_write_member(json, "Target", result->created.items[i].value);
		buffer_add_char(json, '}');
	}
	buffer_add_char(json, ']');
	json_write_name(json, "Removed");
	json_write_strings(json, &result->removed);
	json_write_name(json, "Hints");
	json_write_strings(json, &result->hints);
	buffer_add_char(json, '}');
}

static void on_installed(void *data, const struct install_result *result, const struct error *err)
{
	struct call *call = data;
	scoped_buffer struct buffer json = {0};

	if (call_is_open(call) && err) {
		call_fail_code(call, err, 1);
	} else if (call_is_open(call)) {
		write_changes(result, &json);
		call_answer_json(call, 200, &json);
	}
	call_drop(call);
}

static bool read_install_verb(const char *name, enum install_verb *verb, struct error *err)
{
	static const char *const names[INSTALL_VERBS] = {
		[INSTALL_ENABLE] = "enable",	   [INSTALL_DISABLE] = "disable",
		[INSTALL_REENABLE] = "reenable",   [INSTALL_MASK] = "mask",
		[INSTALL_UNMASK] = "unmask",	   [INSTALL_LINK] = "link",
		[INSTALL_ADD_WANTS] = "add-wants", [INSTALL_ADD_REQUIRES] = "add-requires",
		[INSTALL_REVERT] = "revert",
	};

	for (size_t i = 0; i < array_length(names); i++) {
		if (!str_equal(names[i], name))
			continue;
		*verb = (enum install_verb)i;
		return true;
	}
	return error_set(err, ERROR_NOT_FOUND, "Unknown verb '%s'", name);
}

/* Paths stay as they are: they are linked. */
static bool full_names(struct strings *names, struct error *err)
{
	for (size_t i = 0; i < names->count; i++) {
		char *name;

		if (*names->items[i] == '/')
			continue;
		if (!unit_name_from_argument(names->items[i], false, &name, err))
			return false;
		free(names->items[i]);
		names->items[i] = name;
	}
	return true;
}

void serve_install(struct call *call)
{
	struct install_body body = {0};
	enum install_verb verb;
	struct error err;

	if (read_install_verb(call->arguments[0], &verb, &err) &&
	    call_read_body(call, &install_body_type, &body, &err) &&
	    full_names(&body.names, &err)) {
		struct install_options options = {body.runtime, body.force, body.target};

		units_install(call_units(call), verb, &body.names, &options, on_installed,
			      call_hold(call));
	} else {
		call_fail(call, &err);
	}
	record_fini(&install_body_type, &body);
}

/* ---- PUT /unit-files/{name} ---- */

struct put_body {
	char *text, *drop_in;
	bool runtime;
};

static const struct record_field put_body_fields[] = {
	RECORD_FIELD(struct put_body, 1, "Text", RECORD_STRING, text),
	RECORD_FIELD(struct put_body, 2, "DropIn", RECORD_STRING, drop_in),
	RECORD_FIELD(struct put_body, 3, "Runtime", RECORD_BOOL, runtime),
};
static const struct record_type put_body_type = RECORD_TYPE(struct put_body, put_body_fields);

struct put_work {
	struct call_work work;
	char *folder, *file, *text;
	struct error err;
	bool good;
};

static void write_file(struct call_work *work)
{
	struct put_work *w = container_of(work, struct put_work, work);
	struct file_content content = {w->text, strlen(w->text), 0644, true};

	w->good = folder_make(AT_FDCWD, w->folder, 0755, &w->err);
	scoped_fd int folder = w->good ? folder_open(AT_FDCWD, w->folder, &w->err) : -1;
	w->good = folder >= 0 && file_replace(folder, w->file, &content, &w->err);
}

static void on_read_again(void *data, const struct error *err)
{
	struct call *call = data;

	if (call_is_open(call))
		call_answer(call, 204, err);
	call_drop(call);
}

static void wrote_file(struct call_work *work)
{
	struct put_work *w = container_of(work, struct put_work, work);

	if (w->good)
		units_reload(call_units(work->call), on_read_again, call_hold(work->call));
	else
		call_fail_code(work->call, &w->err, 1);
}

static void free_put(struct call_work *work)
{
	struct put_work *w = container_of(work, struct put_work, work);

	free(w->folder);
	free(w->file);
	free(w->text);
	free(w);
}

static bool check_put(const struct put_body *body, struct error *err)
{
	if (!body->text)
		return error_set(err, ERROR_INVALID, "Text is missing");
	if (body->drop_in && (strchr(body->drop_in, '/') || *body->drop_in == '.' ||
			      !str_ends_with(body->drop_in, ".conf")))
		return error_set(err, ERROR_INVALID, "'%s' cannot be the name of a drop-in",
				 body->drop_in);
	return true;
}

const char *door_folder_for(const struct load_context *context, bool runtime)
{
	return context->paths->folders.items[runtime && context->paths->own > 1 ? 1 : 0];
}

void serve_unit_file_put(struct call *call)
{
	const struct load_context *context = units_load_context(call_units(call));
	struct put_body body = {0};
	struct error err;

	if (!call_read_body(call, &put_body_type, &body, &err) || !check_put(&body, &err)) {
		record_fini(&put_body_type, &body);
		call_fail(call, &err);
		return;
	}
	scoped_free char *name = call_unit_name(call, call->arguments[0]);
	if (name) {
		struct put_work *w = mem_new(struct put_work);
		const char *folder = door_folder_for(context, body.runtime);

		w->work.run = write_file;
		w->work.done = wrote_file;
		w->work.free = free_put;
		w->folder = body.drop_in ? str_format("%s/%s.d", folder, name) : str_dup(folder);
		w->file = str_dup(body.drop_in ? body.drop_in : name);
		w->text = take(body.text);
		call_work_begin(&w->work, call);
	}
	record_fini(&put_body_type, &body);
}

/* ---- POST /verify ---- */

struct verify_body {
	char *name, *file, *text;
};

static const struct record_field verify_body_fields[] = {
	RECORD_FIELD(struct verify_body, 1, "Name", RECORD_STRING, name),
	RECORD_FIELD(struct verify_body, 2, "File", RECORD_STRING, file),
	RECORD_FIELD(struct verify_body, 3, "Text", RECORD_STRING, text),
};
static const struct record_type verify_body_type =
	RECORD_TYPE(struct verify_body, verify_body_fields);

struct verify_work {
	struct call_work work;
	const struct load_context *context;
	const char *docker; /* borrowed from units */
	struct verify_body body;
	struct strings problems;
};

static void verify(struct call_work *work)
{
	struct verify_work *w = container_of(work, struct verify_work, work);

	const struct verify_body *body = &w->body;
	const struct verify text = {.name = body->name,
				    .file = body->file ? body->file : body->name,
				    .text = body->text,
				    .size = strlen(body->text),
				    .probe = verify_probe_host,
				    .docker = w->docker};

	unit_verify(w->context, &text, &w->problems);
}

static void verified(struct call_work *work)
{
	struct verify_work *w = container_of(work, struct verify_work, work);
	scoped_buffer struct buffer json = {0};

	buffer_add_char(&json, '{');
	json_write_name(&json, "Problems");
	json_write_strings(&json, &w->problems);
	buffer_add_char(&json, '}');
	call_answer_json(work->call, 200, &json);
}

static void free_verify(struct call_work *work)
{
	struct verify_work *w = container_of(work, struct verify_work, work);

	record_fini(&verify_body_type, &w->body);
	strings_fini(&w->problems);
	free(w);
}

void serve_verify(struct call *call)
{
	struct verify_work *w = mem_new(struct verify_work);
	struct error err;

	w->work.run = verify;
	w->work.done = verified;
	w->work.free = free_verify;
	w->context = units_load_context(call_units(call));
	w->docker = units_docker(call_units(call));
	bool good = call_read_body(call, &verify_body_type, &w->body, &err);
	if (good && (!w->body.text || !w->body.name || !unit_name_is_valid(w->body.name)))
		good = error_set(&err, ERROR_INVALID, "Name and Text are wanted");
	if (good) {
		call_work_begin(&w->work, call);
	} else {
		free_verify(&w->work);
		call_fail(call, &err);
	}
}
