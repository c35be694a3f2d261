/* GET /units/{}/export: what format/unit_export.h wants to know of a unit. */
#include "door/unit/door_state.h"
#include "door/unit/handlers.h"
#include "format/unit_export.h"

#include <unistd.h>

struct export_work {
	struct call_work work;
	struct unit_config config; /* owned: the paths alone */
	struct unit_export_source source;
	struct error err;
	bool good;
};

static void take_files(struct pairs *files, struct unit_export_source *source)
{
	const struct record_type *type = unit_export_source_type.fields[1].nested;

	for (size_t i = 0; i < files->count; i++) {
		struct unit_export_file *file = record_list_add(type, &source->files);

		file->path = take(files->items[i].name);
		file->text = take(files->items[i].value);
	}
}

static void read_source(struct call_work *work)
{
	struct export_work *w = container_of(work, struct export_work, work);
	scoped_pairs struct pairs files = {0};

	w->source.docker_is_missing = access("/usr/bin/docker", F_OK) < 0;
	w->good = unit_read_files(&w->config, &files, &w->err);
	if (w->good)
		take_files(&files, &w->source);
}

static void answer_source(struct call_work *work)
{
	struct export_work *w = container_of(work, struct export_work, work);

	if (w->good)
		call_answer_record(work->call, 200, &unit_export_source_type, &w->source);
	else
		call_fail_code(work->call, &w->err, 1);
}

static void free_export(struct call_work *work)
{
	struct export_work *w = container_of(work, struct export_work, work);

	free(w->config.path);
	free(w->config.name);
	strings_fini(&w->config.drop_ins);
	record_fini(&unit_export_source_type, &w->source);
	free(w);
}

/* ---- what is known in the loop ---- */

static void add_start(const struct unit_config *config, struct unit_export_source *source)
{
	struct execution_plan plan;

	if (!unit_config_plan(config, &plan))
		return;
	const struct record_list *starts = &plan.commands[EXECUTION_START];
	if (starts->count)
		source->start =
			strings_copy(&RECORD_AT(*starts, struct execution_command, 0)->args);
	record_fini(&execution_plan_type, &plan);
}

static void add_dependency(const struct load_context *context,
			   const struct unit_dependency *dependency,
			   struct unit_export_source *source)
{
	bool is_need = !load_is_builtin(context, dependency->name);

	if (dependency->implicit && dependency->kind != DEPENDENCY_TRIGGERS)
		return;
	switch (dependency->kind) {
	case DEPENDENCY_REQUIRES:
		strings_add(&source->requires, dependency->name);
		break;
	case DEPENDENCY_WANTS:
		strings_add(&source->wants, dependency->name);
		return;
	case DEPENDENCY_REQUISITE:
	case DEPENDENCY_BINDS_TO:
	case DEPENDENCY_TRIGGERS:
		break;
	default:
		return;
	}
	if (is_need && !strings_contain(&source->needs, dependency->name))
		strings_add(&source->needs, dependency->name);
}

static bool check(const struct unit *unit, struct error *err)
{
	static const struct {
		enum load_state load;
		enum error_kind kind;
		const char *why;
	} refused[] = {
		{LOAD_NOT_FOUND, ERROR_NOT_FOUND, "there is no such unit"},
		{LOAD_MASKED, ERROR_CONFLICT, "it is masked"},
		{LOAD_ERROR, ERROR_CONFLICT, "its file cannot be read"},
		{LOAD_BAD_SETTING, ERROR_CONFLICT, "its file cannot be used"},
	};
	const struct unit_config *config = unit->config;

	if (config->builtin)
		return error_set(err, ERROR_CONFLICT, "%s: it is built in and has no file",
				 unit->name);
	for (size_t i = 0; i < array_length(refused); i++)
		if (refused[i].load == config->load)
			return error_set(err, refused[i].kind, "%s: %s%s%s", unit->name,
					 refused[i].why, config->load_error ? ": " : "",
					 config->load_error ? config->load_error : "");
	return true;
}

static bool is_active(const struct unit *unit)
{
	enum active_state state = unit_active_state(unit);

	return state != UNIT_INACTIVE && state != UNIT_FAILED;
}

static struct export_work *new_export(struct call *call, const struct unit *unit)
{
	struct units *units = call_units(call);
	const struct load_context *context = units_load_context(units);
	const struct unit_config *config = unit->config;
	struct export_work *w = mem_new(struct export_work);

	w->work.run = read_source;
	w->work.done = answer_source;
	w->work.free = free_export;
	w->config.name = str_dup(config->name);
	w->config.path = str_dup_or_null(config->path);
	w->config.drop_ins = strings_copy(&config->drop_ins);
	w->source.name = str_dup(config->name);
	w->source.is_active = is_active(unit);
	w->source.command = str_dup_or_null(units_docker(units));
	w->source.environment = pairs_copy(&context->default_environment);
	add_start(config, &w->source);
	for (size_t i = 0; i < config->dependency_count; i++)
		add_dependency(context, &config->dependencies[i], &w->source);
	return w;
}

static void on_loaded(void *data, struct unit *unit)
{
	struct call *call = data;
	struct error err;

	if (call_is_open(call) && !check(unit, &err))
		call_fail_code(call, &err, 1);
	else if (call_is_open(call))
		call_work_begin(&new_export(call, unit)->work, call);
	call_drop(call);
}

void serve_unit_export(struct call *call)
{
	scoped_free char *name = call_unit_name(call, call->arguments[0]);

	if (name)
		units_load(call_units(call), name, on_loaded, call_hold(call));
}
