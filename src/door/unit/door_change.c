/* What is done to a unit besides jobs: its limits set, its folders removed. */
#include "door/unit/door_state.h"
#include "door/unit/handlers.h"
#include "execution/start.h"
#include "os/file.h"
#include "unit/property.h"

#include <fcntl.h>

/* ---- POST /units/{}/properties ---- */

struct properties_body {
	struct strings properties;
	bool runtime;
};

static const struct record_field properties_fields[] = {
	RECORD_FIELD(struct properties_body, 1, "Properties", RECORD_STRINGS, properties),
	RECORD_FIELD(struct properties_body, 2, "Runtime", RECORD_BOOL, runtime),
};
static const struct record_type properties_type =
	RECORD_TYPE(struct properties_body, properties_fields);

struct setting {
	struct call_work work;
	const struct load_context *context;
	struct properties_body body;
	char *name;
	struct error err;
	bool good;
};

static void free_setting(struct call_work *work)
{
	struct setting *s = container_of(work, struct setting, work);

	record_fini(&properties_type, &s->body);
	free(s->name);
	free(s);
}

static bool write_drop_ins(const char *path, const struct pairs *drop_ins, struct error *err)
{
	scoped_fd int folder = -1;

	if (!folder_make(AT_FDCWD, path, 0755, err))
		return false;
	folder = folder_open(AT_FDCWD, path, err);
	for (size_t i = 0; folder >= 0 && i < drop_ins->count; i++) {
		const char *text = drop_ins->items[i].value;
		const struct file_content content = {text, strlen(text), 0644, true};

		if (!file_replace(folder, drop_ins->items[i].name, &content, err))
			return false;
	}
	return folder >= 0;
}

static void write_properties(struct call_work *work)
{
	struct setting *s = container_of(work, struct setting, work);
	scoped_with(pairs_fini) struct pairs drop_ins = {0};
	scoped_free char *folder =
		str_format("%s/%s.d", door_folder_for(s->context, s->body.runtime), s->name);

	s->good = unit_properties_as_drop_ins(s->context, s->name, &s->body.properties, &drop_ins,
					      &s->err) &&
		  write_drop_ins(folder, &drop_ins, &s->err);
}

/* What waits for the files to be read again, and then for the limits. */
struct limited {
	struct call *call;
	char *name;
};

static void answer_limited(void *data, const struct error *err)
{
	struct limited *l = data;

	if (call_is_open(l->call))
		call_answer(l->call, 204, err);
	call_drop(l->call);
	free(l->name);
	free(l);
}

static void on_read_again(void *data, const struct error *err)
{
	struct limited *l = data;
	struct units *units = call_units(l->call);
	const struct unit *unit = unit_set_find(units_all(units), l->name);

	if (err || !unit)
		answer_limited(l, err);
	else
		units_limit(units, unit, answer_limited, l);
}

static void wrote_properties(struct call_work *work)
{
	struct setting *s = container_of(work, struct setting, work);
	struct limited *l;

	if (!s->good) {
		call_fail_code(work->call, &s->err, 1);
		return;
	}
	l = mem_new(struct limited);
	l->call = call_hold(work->call);
	l->name = take(s->name);
	units_reload(call_units(work->call), on_read_again, l);
}

static bool has_properties(const struct unit *unit, struct error *err)
{
	if (!unit->config || unit->config->load == LOAD_NOT_FOUND)
		return error_set(err, ERROR_NOT_FOUND, "Unit %s not found.", unit->name);
	if (unit->config->builtin)
		return error_set(err, ERROR_CONFLICT, "Unit %s is built in.", unit->name);
	if (unit->config->transient)
		return error_set(err, ERROR_CONFLICT,
				 "Unit %s is a container's: docker update sets its limits.",
				 unit->name);
	return true;
}

static void check_and_write(void *data, struct unit *unit)
{
	struct setting *s = data;
	struct call *call = s->work.call;
	bool good = call_goes_on(call, unit);
	struct error err;

	if (good && has_properties(unit, &err)) {
		call_work_begin(&s->work, call);
	} else {
		if (good)
			call_fail_code(call, &err, 1);
		free_setting(&s->work);
	}
	call_drop(call);
}

void serve_unit_properties(struct call *call)
{
	struct setting *s = mem_new(struct setting);
	struct error err;

	s->work.run = write_properties;
	s->work.done = wrote_properties;
	s->work.free = free_setting;
	s->context = units_load_context(call_units(call));
	if (!call_read_body(call, &properties_type, &s->body, &err)) {
		free_setting(&s->work);
		call_fail(call, &err);
		return;
	}
	s->name = call_unit_name(call, call->arguments[0]);
	if (!s->name) {
		free_setting(&s->work);
		return;
	}
	s->work.call = call_hold(call);
	units_load(call_units(call), s->name, check_and_write, s);
}

/* ---- POST /units/{}/clean ---- */

static const struct {
	const char *name;
	uint32_t kinds;
} cleanable[] = {
	{"runtime", 1 << FOLDER_RUNTIME},
	{"state", 1 << FOLDER_STATE},
	{"cache", 1 << FOLDER_CACHE},
	{"logs", 1 << FOLDER_LOGS},
	{"configuration", 1 << FOLDER_CONFIGURATION},
	{"all", (1 << FOLDER_KINDS) - 1},
};

struct clean_body {
	struct strings what;
};

static const struct record_field clean_fields[] = {
	RECORD_FIELD(struct clean_body, 1, "What", RECORD_STRINGS, what),
};
static const struct record_type clean_type = RECORD_TYPE(struct clean_body, clean_fields);

struct cleaning {
	struct call_work work;
	struct execution_plan plan; /* owned, once it is there */
	bool has_plan;
	uint32_t kinds;
	struct error err;
	bool good;
};

static void free_cleaning(struct call_work *work)
{
	struct cleaning *c = container_of(work, struct cleaning, work);

	if (c->has_plan)
		record_fini(&execution_plan_type, &c->plan);
	free(c);
}

static void remove_folders(struct call_work *work)
{
	struct cleaning *c = container_of(work, struct cleaning, work);

	c->good = start_remove_folders(&c->plan, c->kinds, &c->err);
}

static void cleaned(struct call_work *work)
{
	struct cleaning *c = container_of(work, struct cleaning, work);

	if (c->good)
		call_answer_status(work->call, 204);
	else
		call_fail_code(work->call, &c->err, 1);
}

static bool check_clean(struct cleaning *c, const struct unit *unit, struct error *err)
{
	enum active_state state = unit_active_state(unit);
	uint32_t has = 0;

	if (!unit->config || unit->config->load == LOAD_NOT_FOUND)
		return error_set(err, ERROR_NOT_FOUND, "Unit %s not loaded.", unit->name);
	if (unit->job || (state != UNIT_INACTIVE && state != UNIT_FAILED))
		return error_set(err, ERROR_CONFLICT, "Unit is not inactive or has pending job.");
	c->has_plan = unit_config_plan(unit->config, &c->plan);
	for (int kind = 0; c->has_plan && kind < FOLDER_KINDS; kind++)
		has |= c->plan.context.folders[kind].names.count ? 1u << kind : 0;
	return (has & c->kinds) || error_set(err, ERROR_INVALID, "No matching resources found.");
}

static void clean(void *data, struct unit *unit)
{
	struct cleaning *c = data;
	struct call *call = c->work.call;
	bool good = call_goes_on(call, unit);
	struct error err;

	if (good && check_clean(c, unit, &err)) {
		call_work_begin(&c->work, call);
	} else {
		if (good)
			call_fail_code(call, &err, 1);
		free_cleaning(&c->work);
	}
	call_drop(call);
}

static bool read_kinds(const struct strings *what, uint32_t *kinds, struct error *err)
{
	*kinds = what->count ? 0 : 1 << FOLDER_RUNTIME | 1 << FOLDER_CACHE;
	for (size_t i = 0; i < what->count; i++) {
		uint32_t found = 0;

		for (size_t k = 0; k < array_length(cleanable); k++)
			if (str_equal(cleanable[k].name, what->items[i]))
				found = cleanable[k].kinds;
		if (!found)
			return error_set(err, ERROR_INVALID, "Unknown resource: %s",
					 what->items[i]);
		*kinds |= found;
	}
	return true;
}

void serve_unit_clean(struct call *call)
{
	struct clean_body body = {0};
	uint32_t kinds;
	struct error err;
	bool good = call_read_body(call, &clean_type, &body, &err) &&
		    read_kinds(&body.what, &kinds, &err);

	record_fini(&clean_type, &body);
	if (!good) {
		call_fail_code(call, &err, 1);
		return;
	}
	scoped_free char *name = call_unit_name(call, call->arguments[0]);
	if (!name)
		return;
	struct cleaning *c = mem_new(struct cleaning);
	c->work.run = remove_folders;
	c->work.done = cleaned;
	c->work.free = free_cleaning;
	c->work.call = call_hold(call);
	c->kinds = kinds;
	units_load(call_units(call), name, clean, c);
}
