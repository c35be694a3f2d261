/* Any bytes as the files of a project, parted by lines of %%: the first file, one over it, one that others can
 * extend or include (c.yml), .env.  What loads has services with hashes, which its record gives back; what does not
 * says why. */
#include "compose/compose.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const paths[] = {"/p/a.yml", "/p/b.yml", "/p/c.yml", "/p/.env"};

struct fuzz_files {
	const char *text[array_length(paths)];
	size_t size[array_length(paths)];
};

static bool find_file(const struct fuzz_files *files, const char *path, size_t *at)
{
	for (size_t i = 0; i < array_length(paths); i++) {
		if (strcmp(paths[i], path) != 0 || !files->text[i])
			continue;
		*at = i;
		return true;
	}
	return false;
}

static bool fuzz_read(void *data, const char *path, size_t limit, struct buffer *out,
		      struct error *err)
{
	struct fuzz_files *files = data;
	size_t at;

	if (!find_file(files, path, &at))
		return error_set(err, ERROR_NOT_FOUND, "there is no file");
	if (files->size[at] > limit)
		return error_set(err, ERROR_INVALID, "too large");
	buffer_add(out, files->text[at], files->size[at]);
	return true;
}

static bool fuzz_exists(void *data, const char *path)
{
	size_t at;

	return find_file(data, path, &at);
}

static void split(const char *text, size_t size, struct fuzz_files *out)
{
	static const char mark[] = "\n%%\n";
	const char *end = text + size;

	for (size_t i = 0; i < array_length(paths) && text; i++) {
		const char *next = memmem(text, (size_t)(end - text), mark, sizeof(mark) - 1);

		out->text[i] = text;
		out->size[i] = (size_t)((next ? next : end) - text);
		text = next ? next + sizeof(mark) - 1 : NULL;
	}
}

/* The record of a model is the same model. */
static void check_record(const struct project *project)
{
	scoped_diagnostics struct diagnostics diagnostics = {0};
	scoped_buffer struct buffer json = {0};

	project_write_model(project, &json);
	scoped(project) struct project *again =
		compose_restore(project->name, project->style, project->directory, json.data,
				json.size, &diagnostics);
	if (!again) /* text that is not UTF-8 has no record */
		return;
	for (size_t i = 0; i < again->service_count; i++) {
		struct service *service = project_service(project, again->services[i].name);
		scoped_free char *hash = service_hash(project, service, NULL);
		scoped_free char *same = service_hash(again, &again->services[i], NULL);
		scoped_free char *name = project_container_name(project, service, 1);

		if (strcmp(hash, same) != 0 || !*name)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_diagnostics struct diagnostics diagnostics = {0};
	struct compose_request request = {.working_directory = "/p"};
	struct fuzz_files held = {0};
	struct compose_files files = {fuzz_read, fuzz_exists, &held};

	if (size == 0)
		return 0;
	request.style = data[0] & 1 ? COMPOSE_V1 : COMPOSE_V2;
	request.no_interpolate = data[0] & 2;
	request.no_normalize = data[0] & 4;
	request.no_consistency = data[0] & 8;
	split((const char *)data + 1, size - 1, &held);
	strings_add(&request.files, "a.yml");
	if (held.text[1])
		strings_add(&request.files, "b.yml");
	strings_add(&request.profiles, "*");
	scoped(project) struct project *project = compose_load(&request, &files, &diagnostics);
	if (!project && !diagnostics.errors)
		abort();
	if (project)
		check_record(project);
	strings_fini(&request.files);
	strings_fini(&request.profiles);
	return 0;
}
