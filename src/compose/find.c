/* Which files are a project, and where its folder is. */
#include "compose/load.h"

#include "format/dotenv.h"
#include "format/path.h"

static const char *const names_v2[] = {"compose.yaml", "compose.yml", "docker-compose.yml",
				       "docker-compose.yaml", NULL};
static const char *const names_v1[] = {"docker-compose.yml", "docker-compose.yaml", "compose.yml",
				       "compose.yaml", NULL};
static const char *const override_names[] = {"compose.override.yml", "compose.override.yaml",
					     "docker-compose.override.yml",
					     "docker-compose.override.yaml", NULL};

/* ---- paths ---- */

const char *load_path(struct load *load, const char *directory, const char *path)
{
	if (strcmp(path, "-") == 0)
		return "-";
	scoped_free char *joined =
		*path == '/' ? str_dup(path) : str_format("%s/%s", directory, path);
	scoped_free char *clean = path_clean(joined);
	return arena_text(load->arena, clean);
}

const char *load_shown(struct load *load, const char *path)
{
	const char *base = load->request->working_directory;
	size_t length = strlen(base);

	if (length > 1 && strncmp(path, base, length) == 0 && path[length] == '/')
		return path + length + 1;
	if (length == 1 && *path == '/')
		return path + 1;
	return path;
}

const char *load_directory_of(struct load *load, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return load->request->working_directory;
	return slash == path ? "/" : arena_text_n(load->arena, path, (size_t)(slash - path));
}

/* ---- looking for them ---- */

/* The first of `names` that is in the folder; several of them are told. */
static const char *first_of(struct load *load, const char *directory, const char *const *names,
			    const char *what)
{
	const char *found = NULL;
	scoped_strings struct strings all = {0};

	for (; *names; names++) {
		const char *path = load_path(load, directory, *names);

		if (!load->files->exists(load->files->data, path))
			continue;
		strings_add(&all, path);
		if (!found)
			found = path;
	}
	if (all.count > 1) {
		scoped_free char *list = strings_join(&all, ", ");
		diagnostics_warn(load->diagnostics, (struct place){0}, NULL,
				 "found several %s files: %s; using %s", what, list, found);
	}
	return found;
}

static bool no_files(struct load *load)
{
	if (load->request->style == COMPOSE_V1)
		return diagnostics_error(
			load->diagnostics, (struct place){0}, NULL,
			"Can't find a suitable configuration file in this directory or "
			"any parent. Are you in the right directory?\n\nSupported "
			"filenames: docker-compose.yml, docker-compose.yaml, "
			"compose.yml, compose.yaml");
	return diagnostics_error(
		load->diagnostics, (struct place){0}, NULL,
		"no configuration file provided: there is no compose.yaml, "
		"compose.yml, docker-compose.yml or docker-compose.yaml in '%s' or "
		"above it",
		load->request->working_directory);
}

/* From a folder up to the root. */
static bool search_from(struct load *load, const char *directory)
{
	const char *const *names = load->request->style == COMPOSE_V1 ? names_v1 : names_v2;

	for (;;) {
		const char *found = first_of(load, directory, names, "configuration");

		if (found) {
			strings_add(&load->project->files, found);
			found = first_of(load, directory, override_names, "override");
			if (found)
				strings_add(&load->project->files, found);
			return true;
		}
		if (strcmp(directory, "/") == 0)
			return false;
		directory = load_directory_of(load, directory);
	}
}

/* Compose 2 looks in the project's folder, where one is named; it need not be there. */
static bool search(struct load *load, bool optional)
{
	const struct compose_request *request = load->request;
	const char *start = request->working_directory;

	if (request->style == COMPOSE_V2 && request->project_directory &&
	    search_from(load, load_path(load, start, request->project_directory)))
		return true;
	return search_from(load, start) || optional || no_files(load);
}

/* ---- COMPOSE_FILE ---- */

static void split(const char *text, const char *separator, struct strings *out)
{
	size_t length = strlen(separator);

	while (*text) {
		const char *end = strstr(text, separator);
		size_t size = end ? (size_t)(end - text) : strlen(text);

		if (size)
			strings_take(out, str_dup_n(text, size));
		text += size + (end ? length : 0);
	}
}

/* Of the shell; else of the .env file beside the project, which is read for good later. */
static void files_of_environment(struct load *load, struct strings *out)
{
	scoped_pairs struct pairs variables = {0};
	const struct pairs *shell = &load->request->environment;
	const char *directory = load->request->project_directory;

	directory = load_path(load, load->request->working_directory, directory ? directory : ".");
	if (!load->request->no_env_file && !load->request->env_files.count) {
		struct diagnostics unwanted = {0}, *wanted = load->diagnostics;
		const char *path = load_path(load, directory, ".env");

		load->diagnostics = &unwanted;
		if (load->files->exists(load->files->data, path))
			load_env_file(load, scope_new(load, directory, shell), path, &variables);
		load->diagnostics = wanted;
		diagnostics_fini(&unwanted);
	}
	const char *text =
		pairs_get(pairs_have(shell, "COMPOSE_FILE") ? shell : &variables, "COMPOSE_FILE");
	const char *separator =
		pairs_get(pairs_have(shell, "COMPOSE_PATH_SEPARATOR") ? shell : &variables,
			  "COMPOSE_PATH_SEPARATOR");
	if (text)
		split(text, str_is_empty(separator) ? ":" : separator, out);
}

static bool take_named(struct load *load, const struct strings *named)
{
	size_t standard_inputs = 0;

	for (size_t i = 0; i < named->count; i++) {
		const char *path =
			load_path(load, load->request->working_directory, named->items[i]);

		standard_inputs += strcmp(path, "-") == 0;
		strings_add(&load->project->files, path);
	}
	if (standard_inputs > 1)
		return diagnostics_error(load->diagnostics, (struct place){.file = "-"}, NULL,
					 "standard input can be read only once");
	return true;
}

static void find_directory(struct load *load)
{
	const struct compose_request *request = load->request;
	const struct strings *files = &load->project->files;

	if (request->project_directory)
		load->project->directory =
			load_path(load, request->working_directory, request->project_directory);
	else if (files->count)
		load->project->directory = load_directory_of(load, files->items[0]);
	else
		load->project->directory = arena_text(load->arena, request->working_directory);
}

bool load_find_files(struct load *load, bool optional)
{
	scoped_strings struct strings from_environment = {0};
	const struct strings *named = &load->request->files;

	if (!named->count) {
		files_of_environment(load, &from_environment);
		named = &from_environment;
	}
	if (!(named->count ? take_named(load, named) : search(load, optional)))
		return false;
	find_directory(load);
	return true;
}
