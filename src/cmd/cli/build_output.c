/* The files of an image are those of a container that was made of it and never started. */
#include "cmd/cli/build_output.h"

#include "cmd/cli/output_file.h"
#include "cmd/cli/tar_extract.h"
#include "format/json.h"
#include "format/mount_option.h"
#include "os/file.h"

#include <fcntl.h>
#include <unistd.h>

void build_output_fini(struct build_output *output)
{
	free(output->place);
}

/* ---- what was written ---- */

static const struct output_type {
	const char *name;
	enum build_output_kind kind;
	const char *refused; /* NULL: it can be */
} types[] = {
	{"local", BUILD_OUTPUT_FOLDER, NULL},
	{"tar", BUILD_OUTPUT_TAR, NULL},
	{"docker", BUILD_OUTPUT_IMAGE, NULL},
	{"image", BUILD_OUTPUT_IMAGE, NULL},
	{"registry", BUILD_OUTPUT_IMAGE, "push the image when it is built"},
	{"oci", BUILD_OUTPUT_IMAGE,
	 "save the image when it is built: what that writes is an OCI layout"},
	{"cacheonly", BUILD_OUTPUT_IMAGE, "the cache is the daemon's images"},
};

static const struct output_type *find_type(const char *name)
{
	for (size_t i = 0; i < array_length(types); i++)
		if (strcmp(types[i].name, name) == 0)
			return &types[i];
	return NULL;
}

static bool set_type(struct build_output *output, const char *name, struct error *err)
{
	const struct output_type *type = find_type(name);

	if (!type)
		return error_set(err, ERROR_INVALID, "unknown exporter type '%s'", name);
	if (type->refused)
		return error_set(err, ERROR_UNSUPPORTED, "type=%s: %s", name, type->refused);
	output->kind = type->kind;
	return true;
}

static bool set_field(struct build_output *output, const char *field, struct error *err)
{
	static const char type[] = "type=", dest[] = "dest=";

	if (str_starts_with(field, type))
		return set_type(output, field + strlen(type), err);
	if (!str_starts_with(field, dest))
		return error_set(err, ERROR_UNSUPPORTED,
				 "'%s': type and dest are all that can be said here", field);
	str_replace(&output->place, field + strlen(dest));
	return true;
}

static bool check(const struct build_output *output, struct error *err)
{
	bool has_place = output->place && *output->place;

	if (output->kind == BUILD_OUTPUT_FOLDER && !has_place)
		return error_set(err, ERROR_INVALID, "dest is required for local exporter");
	if (output->kind == BUILD_OUTPUT_FOLDER && strcmp(output->place, "-") == 0)
		return error_set(err, ERROR_INVALID, "dest cannot be stdout for local exporter");
	return output->kind != BUILD_OUTPUT_IMAGE || !has_place ||
	       error_set(err, ERROR_UNSUPPORTED,
			 "an image goes to the daemon: save it when it is built");
}

static bool read_fields(const char *text, struct build_output *output, struct error *err)
{
	scoped_strings struct strings fields = {0};

	if (!csv_split(text, &fields, err))
		return false;
	if (fields.count == 1 && !strchr(fields.items[0], '=')) {
		output->kind = strcmp(text, "-") == 0 ? BUILD_OUTPUT_TAR : BUILD_OUTPUT_FOLDER;
		str_replace(&output->place, fields.items[0]);
		return true;
	}
	for (size_t i = 0; i < fields.count; i++)
		if (!set_field(output, fields.items[i], err))
			return false;
	return true;
}

bool build_output_parse(const char *text, struct build_output *output, struct error *err)
{
	if (!read_fields(text, output, err) || !check(output, err))
		return error_prefix(err, "--output");
	if (output->kind == BUILD_OUTPUT_TAR && output->place && strcmp(output->place, "-") == 0)
		str_replace(&output->place, NULL);
	return true;
}

/* ---- a container that is never started ---- */

static char *make_container(struct cli *cli, const char *image, struct error *err)
{
	scoped_target struct target target = target_format("/containers/create");
	scoped_json json_t *body = json_pack("{s:s, s:[s], s:{s:s}}", "Image", image, "Cmd", "none",
					     "HostConfig", "NetworkMode", "none");
	struct api_request request = {.method = "POST", .target = &target, .body = body};
	json_t *answer = NULL;

	if (!api_call(cli, &request, &answer, err))
		return NULL;
	char *id = str_dup(doc_text(answer, "Id"));
	json_decref(answer);
	return id;
}

static void remove_container(struct cli *cli, const char *id)
{
	scoped_target struct target target = target_format("/containers/%s", id);
	struct error ignored;

	target_add(&target, "force", "1");
	target_add(&target, "v", "1");
	api_do(cli, NULL, "DELETE", &target, &ignored);
}

/* ---- its files ---- */

static ssize_t read_answer(void *data, void *out, size_t size, struct error *err)
{
	return http_client_read(data, out, size, err);
}

static bool extract(struct cli *cli, const struct target *from, const char *place,
		    struct error *err)
{
	scoped_with(http_answer_fini) struct http_answer answer = {0};
	struct api_request request = {.method = "GET", .target = from};
	struct tar_target target = {.path = place};
	scoped_fd int folder = -1;

	if (!folder_make(AT_FDCWD, place, 0777, err))
		return false;
	folder = folder_open(AT_FDCWD, place, err);
	struct http_client *client = folder < 0 ? NULL : api_send(cli, &request, &answer, err);
	if (!client)
		return false;
	scoped(tar_reader) struct tar_reader *reader = tar_reader_new(read_answer, client);
	target.folder = folder;
	return tar_extract(reader, &target, err);
}

bool build_output_write(struct cli *cli, const struct build_output *output, const char *image,
			struct error *err)
{
	if (output->kind == BUILD_OUTPUT_IMAGE)
		return true;
	scoped_free char *id = make_container(cli, image, err);
	if (!id)
		return false;
	scoped_target struct target target = target_format("/containers/%s/export", id);

	target_add(&target, "bare", "1");
	bool ok = output->kind == BUILD_OUTPUT_FOLDER
			  ? extract(cli, &target, output->place, err)
			  : output_save(cli, &target, output->place, "failed to write the archive",
					err);
	remove_container(cli, id);
	return ok;
}
