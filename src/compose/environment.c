/* What variables are: of the shell, of .env files, and those that containers get. */
#include "compose/load.h"

#include "format/dotenv.h"

/* ---- reading one file ---- */

struct env_reader {
	struct load *load;
	const struct scope *scope;
	struct place place;
};

static const char *env_get(void *data, const char *name)
{
	const struct env_reader *reader = data;

	return scope_get(reader->scope, name);
}

static void env_unset(void *data, const char *name)
{
	const struct env_reader *reader = data;

	load_tell_unset(reader->load, name, reader->place, NULL);
}

void load_tell_unset(struct load *load, const char *name, struct place place, const char *path)
{
	const char *mark = load->request->style == COMPOSE_V1 ? "" : "\"";

	if (map_put(&load->unset, name, load))
		return;
	diagnostics_warn(load->diagnostics, place, path,
			 "The %s%s%s variable is not set. Defaulting to a blank string.", mark,
			 name, mark);
}

struct env_file {
	const char *path; /* absolute */
	bool raw;
	const struct scope *scope; /* for ${} in it */
};

static bool tell(struct load *load, struct place place, const char *path, const struct error *err)
{
	char text[ERROR_TEXT_SIZE];

	return diagnostics_error(load->diagnostics, place, path, "%s",
				 error_text(err, text, sizeof(text)));
}

/* `from`: who names the file.  What is wrong in the file is told there. */
static bool read_env_file(struct load *load, const struct env_file *file, struct pairs *out,
			  struct place from, const char *from_path)
{
	struct env_reader reader = {load, file->scope, {.file = load_shown(load, file->path)}};
	struct dotenv_rules rules = {env_get, env_unset, &reader, file->raw};
	scoped_buffer struct buffer text = {0};
	struct error err;

	if (!load->files->read(load->files->data, file->path, DOTENV_SIZE_LIMIT, &text, &err))
		return tell(load, from.file ? from : reader.place, from_path, &err);
	if (!dotenv_parse(text.data ? text.data : "", text.size, &rules, out, &err))
		return tell(load, reader.place, NULL, &err);
	return true;
}

bool load_env_file(struct load *load, const struct scope *scope, const char *path,
		   struct pairs *out)
{
	struct env_file file = {path, false, scope};

	return read_env_file(load, &file, out, (struct place){0}, NULL);
}

/* ---- the project's ---- */

static bool exists(struct load *load, const char *path)
{
	return load->files->exists(load->files->data, path);
}

/* COMPOSE_ENV_FILES is --env-file for those who cannot give flags. */
static struct strings named_env_files(const struct compose_request *request)
{
	const char *text = pairs_get(&request->environment, "COMPOSE_ENV_FILES");

	if (request->env_files.count || str_is_empty(text))
		return strings_copy(&request->env_files);
	return strings_split(text, ',');
}

static void find_env_file(struct load *load, struct strings *out)
{
	const char *path = load_path(load, load->project->directory, ".env");

	if (!exists(load, path) && load->request->style == COMPOSE_V1)
		path = load_path(load, load->request->working_directory, ".env");
	if (exists(load, path))
		strings_add(out, path);
}

static bool read_env_files(struct load *load, const struct scope *shell, struct pairs *out)
{
	const struct compose_request *request = load->request;
	scoped_strings struct strings named = named_env_files(request);
	scoped_strings struct strings paths = {0};
	bool good = true;

	for (size_t i = 0; i < named.count; i++) {
		const char *path = load_path(load, request->working_directory, named.items[i]);

		strings_add(&paths, path);
		strings_add(&load->project->env_files, path);
	}
	if (!named.count && !request->no_env_file)
		find_env_file(load, &paths);
	for (size_t i = 0; i < paths.count; i++)
		good &= load_env_file(load, shell, paths.items[i], out);
	return good;
}

/* What `weak` says and `out` does not. */
static void add_below(struct pairs *out, const struct pairs *weak)
{
	scoped_map struct map known = {0};

	for (size_t i = 0; i < out->count; i++)
		map_put(&known, out->items[i].name, out);
	for (size_t i = 0; i < weak->count; i++)
		if (!map_put(&known, weak->items[i].name, out))
			pairs_append(out, weak->items[i].name, weak->items[i].value);
}

/* ---- scopes ---- */

static void index_values(struct scope *scope)
{
	for (size_t i = 0; i < scope->environment.count; i++) {
		struct pair *pair = &scope->environment.items[i];

		if (pair->value)
			map_put(&scope->values, pair->name, pair->value);
	}
}

struct scope *scope_new(struct load *load, const char *directory, const struct pairs *environment)
{
	struct scope *scope = mem_new(struct scope);

	scope->directory = directory;
	scope->environment = pairs_copy(environment);
	index_values(scope);
	vector_add(&load->scopes, scope);
	return scope;
}

void scope_free(struct scope *scope)
{
	pairs_fini(&scope->environment);
	map_fini(&scope->values);
	free(scope);
}

const char *scope_get(const struct scope *scope, const char *name)
{
	return map_get(&scope->values, name);
}

void scope_set(struct scope *scope, const char *name, const char *value)
{
	pairs_set(&scope->environment, name, value);
	index_values(scope);
}

bool scope_add_env_file(struct load *load, struct scope *scope, const char *path)
{
	scoped_pairs struct pairs variables = {0};

	if (!load_env_file(load, scope, path, &variables))
		return false;
	add_below(&scope->environment, &variables);
	index_values(scope);
	return true;
}

bool load_environment(struct load *load)
{
	struct project *project = load->project;
	scoped_pairs struct pairs files = {0};
	struct scope *shell = scope_new(load, project->directory, &load->request->environment);
	bool good = read_env_files(load, shell, &files);

	project->environment = pairs_copy(&load->request->environment);
	add_below(&project->environment, &files);
	load->scope = scope_new(load, project->directory, &project->environment);
	return good;
}

/* ---- of services ---- */

struct service_files {
	struct load *load;
	struct service *service;
	const struct scope *scope;
	char *where; /* "services.web.env_file" */
};

/* A file of `env_file` or `label_file`: text, or {path, required, format}. */
static void add_service_file(struct service_files *files, const struct node *item,
			     struct pairs *out)
{
	struct load *load = files->load;
	const char *written = item->kind == NODE_MAP ? node_get_text(item, "path", "") : item->text;
	const char *path = load_path(load, load->project->directory, written);
	const char *format = node_get_text(item, "format", "");
	struct env_file file = {path, strcmp(format, "raw") == 0, files->scope};

	if (!node_get_bool(item, "required", true) && !exists(load, path))
		return;
	read_env_file(load, &file, out, item->place, files->where);
}

static void add_map_below(struct arena *arena, struct node *map, const struct pairs *weak,
			  struct place place)
{
	for (size_t i = 0; i < weak->count; i++) {
		const char *name = weak->items[i].name;

		if (!node_find(map, name))
			node_set(arena, map, name, place,
				 node_new_text(arena,
					       weak->items[i].value ? weak->items[i].value : "",
					       place));
	}
}

static struct node *member_map(struct arena *arena, struct node *node, const char *key)
{
	struct node *map = node_get(node, key);

	if (map && map->kind == NODE_MAP)
		return map;
	map = node_new_map(arena, node->place);
	node_set(arena, node, key, node->place, map);
	return map;
}

/* The files of `from` below what is written at `to`. */
static void resolve_files(struct service_files *files, const char *from, const char *to)
{
	struct node *node = files->service->node, *list = node_get(node, from);
	struct arena *arena = files->load->arena;
	scoped_pairs struct pairs values = {0};

	if (!list || !load_has_room(files->load, list->place))
		return;
	scoped_free char *where = str_format("services.%s.%s", files->service->name, from);
	files->where = where;
	node_each (member, list)
		add_service_file(files, member->value, &values);
	if (values.count)
		add_map_below(arena, member_map(arena, node, to), &values, list->place);
	node_remove(node, from);
}

/* A key without a value has that of the shell or .env; where that has none the key goes. */
static void resolve_keys(struct service_files *files)
{
	struct node *node = files->service->node, *map = node_get(node, "environment");
	struct arena *arena = files->load->arena;
	bool changed = false;

	if (!map || map->kind != NODE_MAP)
		return;
	struct node *resolved = node_new_map(arena, map->place);
	node_each (member, map) {
		struct node *value = member->value;

		if (value->kind == NODE_NULL) {
			const char *text = scope_get(files->scope, member->key);

			changed = true;
			value = text ? node_new_text(arena, text, value->place) : NULL;
		}
		if (value)
			node_append(arena, resolved, member->key, member->place, value);
	}
	if (changed)
		*map = *resolved;
}

void load_resolve_environments(struct load *load)
{
	struct project *project = load->project;

	for (size_t i = 0; i < project->service_count; i++) {
		struct service *service = &project->services[i];
		const struct scope *scope = map_get(&load->included, service->name);
		struct service_files files = {load, service, scope ? scope : load->scope, NULL};

		if (!service->enabled)
			continue;
		resolve_files(&files, "env_file", "environment");
		resolve_files(&files, "label_file", "labels");
		resolve_keys(&files);
	}
}
