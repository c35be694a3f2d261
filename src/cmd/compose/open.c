/* From the options of a call to its project, and what is wrong with the files shown to people. */
#include "cmd/compose/compose.h"

#include "base/map.h"
#include "cmd/compose/files.h"
#include "cmd/compose/recorded.h"
#include "cmd/compose/verbs.h"
#include "format/yaml.h"

#include <stdio.h>
#include <unistd.h>

/* ---- what was asked for ---- */

void compose_take_shell(struct pairs *out)
{
	scoped_map struct map known = {0};

	for (char **variable = environ; *variable; variable++) {
		const char *equals = strchr(*variable, '=');

		if (!equals || equals == *variable)
			continue;
		scoped_free char *name = str_dup_n(*variable, (size_t)(equals - *variable));
		if (!map_put(&known, name, out))
			pairs_append(out, name, equals + 1);
	}
}

struct call {
	struct compose_request request;
	char *working_directory; /* owned */
};

static void call_init(const struct compose *compose, const struct strings *services,
		      struct call *call)
{
	const struct compose_options *options = &compose->options;

	call->working_directory = get_current_dir_name(); /* as the shell names it */
	call->request = (struct compose_request){
		.style = compose->style,
		.files = strings_copy(&options->files),
		.working_directory = call->working_directory ? call->working_directory : "/",
		.project_directory = options->project_directory,
		.project_name = options->project_name,
		.env_files = strings_copy(&options->env_files),
		.profiles = strings_copy(&options->profiles),
		.compatibility = options->compatibility,
		.no_env_file = compose_flag("COMPOSE_DISABLE_ENV_FILE"),
	};
	if (services)
		call->request.services = strings_copy(services);
	compose_take_shell(&call->request.environment);
}

static void call_fini(struct call *call)
{
	strings_fini(&call->request.files);
	strings_fini(&call->request.env_files);
	strings_fini(&call->request.profiles);
	strings_fini(&call->request.services);
	pairs_fini(&call->request.environment);
	free(call->working_directory);
}

#define scoped_call scoped_with(call_fini)

/* ---- what is wrong, with the line ---- */

struct shown_file {
	char *name; /* owned */
	struct buffer text;
};

/* One file at a time is at hand: what is wrong comes file by file. */
static void open_shown(struct shown_file *shown, const char *name)
{
	struct error err;

	if (str_equal(shown->name, name))
		return;
	str_replace(&shown->name, name);
	buffer_clear(&shown->text);
	if (name && !host_files.read(NULL, name, YAML_SIZE_LIMIT, &shown->text, &err))
		buffer_clear(&shown->text);
}

/* Version 1 says it once for each file, and scripts look for it. */
static void begin_file(const struct compose *compose, const char *name)
{
	if (compose->style != COMPOSE_V1 || !name)
		return;
	if (strcmp(name, "-") == 0)
		fputs("The Compose file is invalid because:\n", stderr);
	else
		fprintf(stderr, "The Compose file '%s%s' is invalid because:\n",
			*name == '/' ? "" : "./", name);
}

static void show_one(struct compose *compose, const struct diagnostic *item,
		     struct shown_file *shown)
{
	scoped_buffer struct buffer text = {0};

	if (item->level == DIAGNOSTIC_WARNING) {
		diagnostic_write(item, NULL, 0, &text);
		text.data[text.size - 1] = '\0'; /* the end of the line is the logger's */
		compose_warn(compose, "%s", text.data);
		return;
	}
	const char *name = item->place.line ? item->place.file : NULL;
	fflush(stdout);
	if (!str_equal(shown->name, name))
		begin_file(compose, name);
	open_shown(shown, name);
	diagnostic_write(item, shown->text.data, shown->text.size, &text);
	fputs(text.data, stderr);
}

void compose_show(struct compose *compose, const struct diagnostics *diagnostics)
{
	struct shown_file shown = {0};

	for (size_t i = 0; i < diagnostics->count; i++)
		show_one(compose, &diagnostics->items[i], &shown);
	if (diagnostics->dropped)
		fprintf(stderr, "and %zu more\n", diagnostics->dropped);
	free(shown.name);
	buffer_fini(&shown.text);
}

/* ---- opening ---- */

static bool take_project(struct compose *compose, struct project *project)
{
	if (!project)
		return false;
	compose->project = project;
	compose->free_project = project_free;
	str_replace(&compose->project_name, project->name);
	return true;
}

bool compose_open_with(struct compose *compose, const struct strings *services,
		       const struct compose_request *wishes)
{
	scoped_diagnostics struct diagnostics diagnostics = {0};
	scoped_call struct call call;

	call_init(compose, services, &call);
	if (wishes) {
		call.request.no_interpolate = wishes->no_interpolate;
		call.request.no_path_resolution = wishes->no_path_resolution;
		call.request.no_env_resolution = wishes->no_env_resolution;
		call.request.no_consistency = wishes->no_consistency;
		call.request.no_normalize = wishes->no_normalize;
	}
	if (!compose_has_files(&call.request, &host_files) && recorded_stands_in(compose))
		return compose_check_services(compose, services);
	bool good = take_project(compose, compose_load(&call.request, &host_files, &diagnostics));
	compose_show(compose, &diagnostics);
	return good && compose_check_services(compose, services);
}

bool compose_open(struct compose *compose, const struct strings *services)
{
	return compose_open_with(compose, services, NULL);
}

/* A name that was given is enough: what the files say is then welcome, but not needed. */
bool compose_name(struct compose *compose)
{
	scoped_diagnostics struct diagnostics diagnostics = {0}, unwanted = {0};
	scoped_call struct call call;

	call_init(compose, NULL, &call);
	if (str_is_empty(compose->options.project_name) &&
	    str_is_empty(getenv("COMPOSE_PROJECT_NAME")))
		return compose_open(compose, NULL);
	char *name = compose_project_name(&call.request, &host_files, &diagnostics);
	compose_show(compose, &diagnostics);
	if (!name)
		return false;
	free(compose->project_name);
	compose->project_name = name;
	if (compose_has_files(&call.request, &host_files))
		take_project(compose, compose_load(&call.request, &host_files, &unwanted));
	else
		recorded_stands_in(compose);
	return true;
}

/* ---- services that were named ---- */

static bool is_known(struct compose *compose, const char *name, struct error *err)
{
	scoped_strings struct strings names = {0};
	struct compose_containers found;

	if (compose->project)
		return project_service(compose->project, name) != NULL;
	strings_add(&names, name);
	if (!compose_containers(compose, &names, true, true, &found, err))
		return false;
	bool any = found.count > 0;
	compose_containers_fini(&found);
	return any;
}

bool compose_check_services(struct compose *compose, const struct strings *services)
{
	const char *words = compose->style == COMPOSE_V1 ? "No such service" : "no such service";

	for (size_t i = 0; services && i < services->count; i++) {
		struct error err = {0};

		if (is_known(compose, services->items[i], &err))
			continue;
		if (err.kind == ERROR_NONE)
			error_set(&err, ERROR_NOT_FOUND, "%s: %s", words, services->items[i]);
		compose_fail(compose, &err);
		return false;
	}
	return true;
}
