#include "cmd/compose/recorded.h"

#include "cmd/compose/carry.h"
#include "cmd/compose/files.h"
#include "cmd/compose/lease.h"
#include "format/json.h"
#include "format/yaml.h"

static struct target project_target(const struct compose *compose)
{
	return target_format("/wherry/v1/projects/%s", compose->project_name);
}

static bool is_kept(struct compose *compose)
{
	struct error ignored;

	return compose_ask_features(compose, &ignored) && compose->features.projects;
}

/* ---- keeping ---- */

static json_t *files_document(const struct project *project)
{
	json_t *files = json_array();
	struct error ignored;

	for (size_t i = 0; i < project->files.count; i++) {
		scoped_buffer struct buffer text = {0};
		json_t *file = json_object();

		doc_set_text(file, "Path", project->files.items[i]);
		host_files.read(NULL, project->files.items[i], YAML_SIZE_LIMIT, &text, &ignored);
		doc_set_text(file, "Text", text.data ? text.data : "");
		json_array_append_new(files, file);
	}
	return files;
}

static json_t *project_document(const struct project *project, struct error *err)
{
	scoped_buffer struct buffer model = {0};

	project_write_model(project, &model);
	json_t *tree = json_parse(model.data, model.size, err);
	if (!tree)
		return NULL;
	return json_pack("{s:o, s:o, s:s, s:s}", "Files", files_document(project), "Model", tree,
			 "Style", project->style == COMPOSE_V1 ? "v1" : "v2", "Directory",
			 project->directory);
}

void recorded_keep(struct compose *compose)
{
	struct error err;

	if (!compose->project || !is_kept(compose))
		return;
	scoped_target struct target target = project_target(compose);
	scoped_json json_t *body = project_document(compose->project, &err);
	scoped_json json_t *answer = NULL;
	struct api_request request = {.method = "PUT", .target = &target, .body = body};
	if (!body || !api_call(compose->cli, &request, &answer, &err))
		compose_warn(compose, "the daemon did not record the project: %s", err.text);
}

void recorded_forget(struct compose *compose)
{
	struct error err;

	if (!is_kept(compose))
		return;
	scoped_target struct target target = project_target(compose);
	if (!api_do(compose->cli, NULL, "DELETE", &target, &err) && err.kind != ERROR_NOT_FOUND)
		compose_warn(compose, "the daemon did not forget the project: %s", err.text);
}

/* ---- opening ---- */

json_t *recorded_get(struct compose *compose, int64_t revision, struct error *err)
{
	scoped_target struct target target = project_target(compose);

	if (revision)
		target_add_number(&target, "revision", revision);
	return api_get(compose->cli, &target, err);
}

struct project *recorded_project(struct compose *compose, const json_t *document, struct error *err)
{
	scoped_diagnostics struct diagnostics diagnostics = {0};
	enum compose_style style =
		strcmp(doc_text(document, "Style"), "v1") == 0 ? COMPOSE_V1 : COMPOSE_V2;
	scoped_free char *model = json_dumps(json_object_get(document, "Model"), JSON_COMPACT);
	struct project *project = NULL;

	if (model)
		project = compose_restore(compose->project_name, style,
					  doc_text(document, "Directory"), model, strlen(model),
					  &diagnostics);
	compose_show(compose, &diagnostics);
	if (project)
		compose_take_shell(&project->environment);
	else
		error_set(err, ERROR_INVALID, "the record of project '%s' cannot be read",
			  compose->project_name);
	return project;
}

bool recorded_open(struct compose *compose, struct strings *due, struct error *err)
{
	size_t i;
	json_t *id;

	if (str_is_empty(compose->options.project_name))
		return error_set(err, ERROR_INVALID, "which project? It is named by -p");
	str_replace(&compose->project_name, compose->options.project_name);
	scoped_json json_t *document = recorded_get(compose, 0, err);
	compose->project = document ? recorded_project(compose, document, err) : NULL;
	compose->free_project = project_free;
	if (!compose->project)
		return false;
	compose->style = compose->project->style;
	json_array_foreach (json_object_get(document, "Due"), i, id)
		if (due)
			strings_add(due, json_string_value(id));
	return true;
}

bool recorded_stands_in(struct compose *compose)
{
	enum compose_style style = compose->style;
	struct error ignored;

	if (str_is_empty(compose->options.project_name) || !is_kept(compose) ||
	    !recorded_open(compose, NULL, &ignored))
		return false;
	compose->from_record = true;
	compose->style = style; /* of the words: names are the project's own */
	return true;
}

/* ---- at boot ---- */

/* Those that are not due stay as they are: for the plan they are not there. */
static void keep_due(struct seen *seen, const struct strings *due)
{
	size_t kept = 0;

	for (size_t i = 0; i < seen->containers.count; i++) {
		struct seen_container *container = &seen->containers.items[i];
		bool runs = container->state == SEEN_RUNNING || container->state == SEEN_PAUSED ||
			    container->state == SEEN_RESTARTING;

		if (!runs && !strings_contain(due, container->id))
			continue;
		struct seen_container moved = seen->containers.items[kept];
		seen->containers.items[kept++] = *container;
		*container = moved;
	}
	while (seen->containers.count > kept) {
		struct seen rest = {0};
		struct seen_container *last = &seen->containers.items[seen->containers.count - 1];

		vector_add(&rest.containers, *last);
		seen->containers.count--;
		seen_fini(&rest);
	}
}

static void services_of(const struct seen *seen, struct strings *services)
{
	for (size_t i = 0; i < seen->containers.count; i++) {
		const char *name = seen->containers.items[i].service;

		if (name && !seen->containers.items[i].one_off && !strings_contain(services, name))
			strings_add(services, name);
	}
}

static int start_due(struct compose *compose)
{
	scoped_situation struct situation situation = {0};
	scoped_strings struct strings due = {0}, services = {0};
	scoped_plan struct plan plan = {0};
	struct plan_options options = {
		.stop_timeout_s = -1, .wait_timeout_ms = -1, .no_dependencies = true};
	struct carry_wishes carry = {0};
	struct error err;

	if (!recorded_open(compose, &due, &err))
		return compose_fail(compose, &err);
	if (!situation_see(compose, SITUATION_LABELS, &situation))
		return 1;
	keep_due(&situation.seen, &due);
	services_of(&situation.seen, &services);
	options.services = services;
	if (!services.count)
		return 0;
	plan_start(&situation.wanted, &situation.seen, &options, &plan);
	return carry_out(compose, &plan, &situation, &carry);
}

int compose_start_at_boot(struct compose *compose)
{
	str_replace(&compose->project_name, compose->options.project_name);
	if (!str_is_empty(compose->project_name) && !lease_take(compose))
		return carry_interrupted(compose);
	int status = start_due(compose);
	lease_give_back(compose);
	return status;
}
