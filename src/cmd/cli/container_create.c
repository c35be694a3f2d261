/* create */
#include "cmd/cli/container_create.h"

#include "cmd/cli/api.h"
#include "cmd/cli/image_pull.h"
#include "format/json.h"
#include "format/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define BAD_OPTIONS 125

/* ---- the file of --cidfile ---- */

static bool open_cidfile(const char *path, int *fd, struct error *err)
{
	*fd = -1;
	if (str_is_empty(path))
		return true;
	*fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (*fd >= 0)
		return true;
	if (errno == EEXIST)
		return error_set(err, ERROR_CONFLICT,
				 "container ID file found, make sure the other container isn't "
				 "running or delete %s",
				 path);
	return error_errno(err, "failed to create the container ID file: open %s", path);
}

/* A file in which no id came to stand is taken away again. */
static bool close_cidfile(const char *path, int *fd, const char *id, struct error *err)
{
	bool good = true;

	if (*fd < 0)
		return true;
	if (!id)
		unlink(path);
	else if (write(*fd, id, strlen(id)) != (ssize_t)strlen(id))
		good = error_errno(err, "failed to write the container ID to the file '%s'", path);
	close_fd(fd);
	return good;
}

/* ---- creating ---- */

static bool pull(struct cli *cli, const struct spec *spec, const struct reference *reference,
		 struct error *err)
{
	struct pull how = {
		.platform = spec->platform,
		.stream = {.fd = spec->quiet ? -1 : STDERR_FILENO},
	};

	return image_pull_reference(cli, reference, &how, err);
}

static bool post(struct cli *cli, const struct spec *spec, const json_t *body, json_t **answer,
		 struct error *err)
{
	scoped_target struct target target = target_format("/containers/create");
	struct api_request request = {.method = "POST", .target = &target, .body = body};

	if (!str_is_empty(spec->name))
		target_add(&target, "name", spec->name);
	if (!str_is_empty(spec->platform))
		target_add(&target, "platform", spec->platform);
	return api_call(cli, &request, answer, err);
}

/* A missing image is named in the daemon's answer; other things may be missing, too.  One for another
 * platform is as good as missing. */
static bool misses_image(const struct error *err)
{
	return err->kind == ERROR_NOT_FOUND &&
	       (strstr(err->text, "No such image") ||
		strstr(err->text, "does not match the specified platform"));
}

static bool post_or_pull(struct cli *cli, const struct spec *spec, const char *image,
			 const json_t *body, json_t **answer, struct error *err)
{
	scoped_reference struct reference reference = {0};
	struct error not_a_name;
	bool named = reference_parse(image, &reference, &not_a_name);
	bool always = strcmp(spec->pull, "always") == 0;

	if (named)
		reference_add_default_tag(&reference);
	if (always && named && !pull(cli, spec, &reference, err))
		return false;
	if (post(cli, spec, body, answer, err))
		return true;
	if (!misses_image(err) || !named || strcmp(spec->pull, "missing") != 0)
		return false;
	scoped_free char *familiar = reference_familiar(&reference);
	if (!spec->quiet)
		fprintf(stderr, "Unable to find image '%s' locally\n", familiar);
	return pull(cli, spec, &reference, err) && post(cli, spec, body, answer, err);
}

static bool pull_option_is_valid(const char *pull_option, struct error *err)
{
	static const char *const valid[] = {"always", "missing", "never"};

	for (size_t i = 0; i < array_length(valid); i++)
		if (strcmp(valid[i], pull_option) == 0)
			return true;
	return error_set(err, ERROR_INVALID,
			 "invalid pull option: '%s': must be one of \"always\", \"missing\" or "
			 "\"never\"",
			 pull_option);
}

json_t *container_body(const struct spec *spec, const struct strings *arguments, struct error *err)
{
	return pull_option_is_valid(spec->pull, err) ? spec_to_body(spec, arguments, err) : NULL;
}

/* An id and a name that cannot be: said before the daemon is asked. */
static bool check_image(const char *image, struct error *err)
{
	scoped_reference struct reference reference = {0};

	if (strlen(image) == 64 && strspn(image, "0123456789abcdef") == 64)
		return true;
	return reference_parse(image, &reference, err);
}

static bool check_platform(const char *text, struct error *err)
{
	struct platform platform;

	return str_is_empty(text) || platform_parse(text, &platform, err) ||
	       error_prefix(err, "error parsing specified platform");
}

bool container_create_from(struct cli *cli, const struct spec *spec, const char *image,
			   const json_t *body, char **id, struct error *err)
{
	scoped_json json_t *answer = NULL;
	scoped_fd int cidfile = -1;
	size_t i;
	json_t *warning;

	if (!check_image(image, err) || !check_platform(spec->platform, err) ||
	    !open_cidfile(spec->cidfile, &cidfile, err))
		return false;
	bool created = post_or_pull(cli, spec, image, body, &answer, err);
	const char *text = created ? doc_text(answer, "Id") : NULL;
	struct error cidfile_err;
	if (!close_cidfile(spec->cidfile, &cidfile, text, &cidfile_err)) {
		*err = cidfile_err;
		return false;
	}
	json_array_foreach (json_object_get(answer, "Warnings"), i, warning)
		fprintf(stderr, "WARNING: %s\n", json_string_value(warning));
	if (created)
		*id = str_dup(text);
	return created;
}

/* ---- the command ---- */

int container_bad_options(const struct cli *cli, const struct error *err)
{
	fprintf(stderr, "%s: %s\n\nRun '%s --help' for more information\n", cli->program, err->text,
		cli->path);
	return BAD_OPTIONS;
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct spec *spec = fields;
	struct error err;
	scoped_json json_t *body = container_body(spec, arguments, &err);
	scoped_free char *id = NULL;

	if (!body)
		return container_bad_options(cli, &err);
	if (!container_create_from(cli, spec, arguments->items[0], body, &id, &err))
		return cli_fail(cli, &err);
	printf("%s\n", id);
	return 0;
}

const struct command container_create = {
	.summary = "Create a container without starting it",
	.usage = "[OPTIONS] IMAGE [COMMAND] [ARG...]",
	.least = 1,
	.most = -1,
	.arguments = ARGUMENTS_IMAGES,
	.options_first = true,
	.size = sizeof(struct spec),
	.options = {CONTAINER_OPTION_SETS},
	.run = run,
};
