#include "unit/export.h"

#include "base/memory.h"
#include "unit/units_private.h"

#include <unistd.h>

/* ---- what files say ---- */

static void take_files(struct pairs *files, struct unit_export_source *source)
{
	const struct record_type *type = unit_export_source_type.fields[1].nested;

	for (size_t i = 0; i < files->count; i++) {
		struct unit_export_file *file = record_list_add(type, &source->files);

		file->path = take(files->items[i].name);
		file->text = take(files->items[i].value);
	}
}

bool unit_exporting_read(struct unit_exporting *exporting, struct error *err)
{
	scoped_pairs struct pairs files = {0};

	exporting->source.docker_is_missing = access("/usr/bin/docker", F_OK) < 0;
	if (!unit_read_files(&exporting->config, &files, err))
		return false;
	take_files(&files, &exporting->source);
	return true;
}

void unit_exporting_fini(struct unit_exporting *exporting)
{
	strings_fini(&exporting->config.drop_ins);
	record_fini(&unit_export_source_type, &exporting->source);
}

/* ---- what is known in the loop ---- */

bool unit_export_check(const struct unit *unit, struct error *err)
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

static bool is_active(const struct unit *unit)
{
	enum active_state state = unit_active_state(unit);

	return state != UNIT_INACTIVE && state != UNIT_FAILED;
}

void unit_exporting_init(struct unit_exporting *exporting, struct units *units,
			 const struct unit *unit)
{
	const struct load_context *context = units_load_context(units);
	const struct unit_config *config = unit->config;
	struct unit_export_source *source = &exporting->source;

	*exporting = (struct unit_exporting){0};
	exporting->config.name = config->name; /* interned */
	exporting->config.folder = config->folder;
	exporting->config.file = config->file;
	exporting->config.drop_ins = strings_copy(&config->drop_ins);
	source->name = str_dup(config->name);
	source->is_active = is_active(unit) && !unit_is_handed(unit);
	source->command = str_dup_or_null(units_docker(units));
	source->environment = pairs_copy(&context->default_environment);
	add_start(config, source);
	for (size_t i = 0; i < config->dependency_count; i++)
		add_dependency(context, &config->dependencies[i], source);
}
