#include "compose/load.h"

#include "compose/merge.h"
#include "format/yaml.h"

static void load_begin(struct load *load, const struct compose_request *request,
		       const struct compose_files *files, struct diagnostics *diagnostics)
{
	*load = (struct load){.request = request, .files = files, .diagnostics = diagnostics};
	load->project = mem_new(struct project);
	load->arena = &load->project->arena;
	load->project->style = request->style;
	load->project->compatibility = request->compatibility;
	load->project->plain = request->no_normalize;
}

/* The project goes too unless it was taken. */
static void load_end(struct load *load)
{
	for (size_t i = 0; i < load->scopes.count; i++)
		scope_free(load->scopes.items[i]);
	for (size_t i = 0; i < load->sources.count; i++)
		yaml_documents_fini(load->sources.items[i]->documents);
	vector_fini(&load->scopes);
	vector_fini(&load->sources);
	vector_fini(&load->extended);
	map_fini(&load->by_file);
	map_fini(&load->variables);
	map_fini(&load->unset);
	map_fini(&load->included);
	project_free(load->project);
}

#define scoped_load scoped_with(load_end)

bool load_has_room(struct load *load, struct place place)
{
	if (load->arena->used <= LOAD_MEMORY_LIMIT)
		return true;
	if (!load->full)
		diagnostics_error(load->diagnostics, place, NULL,
				  "the project takes more than %d MB of memory",
				  LOAD_MEMORY_LIMIT >> 20);
	load->full = true;
	return false;
}

/* ---- files, then the name, which their values may ask for ---- */

static bool read_files(struct load *load)
{
	const struct strings *files = &load->project->files;
	bool good = true;

	for (size_t i = 0; i < files->count; i++)
		good &= source_read(load, arena_text(load->arena, files->items[i]),
				    (struct place){0}, NULL) != NULL;
	return good;
}

static bool find_name(struct load *load)
{
	struct project *project = load->project;

	project->name = load_project_name(load);
	if (!project->name)
		return false;
	pairs_set(&project->environment, "COMPOSE_PROJECT_NAME", project->name);
	scope_set(load->scope, "COMPOSE_PROJECT_NAME", project->name);
	return true;
}

/* What was read before, each now in long form; `all` of them, so that all errors are told. */
static bool finish_sources(struct load *load, size_t count)
{
	bool good = true;

	for (size_t i = 0; i < count; i++)
		good &= source_finish(load, load->sources.items[i], load->scope);
	return good;
}

static void find_version(struct load *load, size_t count)
{
	struct project *project = load->project;

	project->version1 = count > 0;
	for (size_t i = 0; i < count; i++) {
		project->version1 &= load->sources.items[i]->version1;
		if (!project->version)
			project->version =
				node_get_text(load->sources.items[i]->root, "version", NULL);
	}
}

/* With errors in the files, is it worth it to look for those that only the whole project shows? */
static bool may_go_on(const struct load *load)
{
	return !load->diagnostics->dropped && load->arena->used < LOAD_MEMORY_LIMIT;
}

/* What is wrong in a file is left out of its tree; the rest is looked at all the same, so that one run tells all. */
static bool make_tree(struct load *load)
{
	struct project *project = load->project;
	size_t count = load->sources.count;
	struct source **sources = arena_alloc(load->arena, (count + 1) * sizeof(struct source *));

	if (!finish_sources(load, count) && !may_go_on(load))
		return false;
	find_version(load, count);
	memcpy(sources, load->sources.items, count * sizeof(struct source *));
	project->root = load_tree(load, sources, count, load->scope, NULL);
	if (!project->root || !may_go_on(load))
		return false;
	if (!project->root->count && !load->diagnostics->errors)
		return diagnostics_error(load->diagnostics, project->root->place, NULL,
					 "empty compose file");
	merge_settle(load->arena, project->root);
	return true;
}

/* ---- from the tree to the project ---- */

static void finish_tree(struct load *load)
{
	struct project *project = load->project;
	struct defaults_rules rules = {.version1 = project->version1,
				       .directory = project->directory};
	struct node *root = project->root;

	const struct node *said = node_get(root, "name");
	bool is_said = str_equal(said ? said->text : NULL, project->name);
	struct place place = is_said ? said->place : (struct place){0};

	node_remove(root, "version");
	node_set(load->arena, root, "name", place,
		 node_new_text(load->arena, project->name, place));
	if (!load->request->no_normalize)
		defaults_apply(load->arena, root, &rules);
}

static void make_project(struct load *load)
{
	const struct compose_request *request = load->request;
	struct project *project = load->project;

	finish_tree(load);
	project_make(project);
	load_select(load);
	if (!request->no_env_resolution)
		load_resolve_environments(load);
	project_connect(project, request->no_consistency ? NULL : load->diagnostics);
	if (!request->no_consistency)
		check_project(project, load->diagnostics);
}

struct project *compose_load(const struct compose_request *request,
			     const struct compose_files *files, struct diagnostics *diagnostics)
{
	scoped_load struct load load;
	size_t errors = diagnostics->errors;

	load_begin(&load, request, files, diagnostics);
	if (!load_find_files(&load, false))
		return NULL;
	bool good = load_environment(&load);
	good &= read_files(&load);
	good = good && find_name(&load) && make_tree(&load);
	if (good)
		make_project(&load);
	return good && diagnostics->errors == errors ? take(load.project) : NULL;
}

bool compose_has_files(const struct compose_request *request, const struct compose_files *files)
{
	struct diagnostics unwanted = {0};
	scoped_load struct load load;

	load_begin(&load, request, files, &unwanted);
	bool found = load_find_files(&load, true) && load.project->files.count;
	diagnostics_fini(&unwanted);
	return found;
}

/* Files that cannot be read are no reason not to know the name by other means. */
char *compose_project_name(const struct compose_request *request, const struct compose_files *files,
			   struct diagnostics *diagnostics)
{
	struct diagnostics unwanted = {0};
	scoped_load struct load load;

	load_begin(&load, request, files, &unwanted);
	load_find_files(&load, true);
	if (!load.project->directory)
		load.project->directory = load_path(&load, request->working_directory, ".");
	load_environment(&load);
	read_files(&load);
	diagnostics_fini(&unwanted);
	load.diagnostics = diagnostics;
	const char *name = load_project_name(&load);
	return name ? str_dup(name) : NULL;
}
