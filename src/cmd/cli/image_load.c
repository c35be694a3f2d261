/* load and import: images from files. */
#include "cmd/cli/api.h"
#include "cmd/cli/stream_progress.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* ---- sending a file ---- */

static ssize_t read_file(void *data, void *out, size_t size, struct error *err)
{
	const int *fd = data;
	ssize_t got;

	while ((got = read(*fd, out, size)) < 0 && errno == EINTR)
		;
	if (got < 0)
		error_errno(err, "cannot read the archive");
	return got;
}

static bool show(void *data, const json_t *message, struct error *err)
{
	return stream_progress_show(data, message, err);
}

/* POST what can be read from `fd`, and show how it goes. */
static bool send_file(struct cli *cli, const struct target *target, int fd, int shown,
		      struct error *err)
{
	scoped_with(stream_progress_free_at) struct stream_progress *progress =
		stream_progress_new(shown);
	struct http_body_source source = {read_file, &fd, -1};
	struct api_request request = {
		.method = "POST",
		.target = target,
		.stream = &source,
		.type = "application/x-tar",
	};

	return api_stream(cli, &request, show, progress, err);
}

static bool open_input(const char *path, int *fd, struct error *err)
{
	char words[64];

	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd >= 0)
		return true;
	snprintf(words, sizeof(words), "%s", strerror(errno));
	words[0] = (char)tolower((unsigned char)words[0]);
	return error_set(err, ERROR_INVALID, "open %s: %s", path, words);
}

/* ---- load ---- */

struct load {
	char *input, *platform;
	bool quiet;
};

static const struct option load_options[] = {
	{'i', "input", &option_string, offsetof(struct load, input),
	 .help = "Read this file instead of stdin"},
	{0, "platform", &option_string, offsetof(struct load, platform),
	 .help = "Load only this platform: OS[/ARCHITECTURE[/VARIANT]]"},
	{'q', "quiet", &option_switch, offsetof(struct load, quiet),
	 .help = "Do not show how it goes"},
};

static int run_load(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct load *load = fields;
	scoped_target struct target target = target_format("/images/load");
	scoped_fd int file = -1;
	struct error err;

	if (!load->input && isatty(STDIN_FILENO)) {
		fprintf(stderr, "requested load from stdin, but stdin is empty\n");
		return 1;
	}
	if (load->input && !open_input(load->input, &file, &err))
		return cli_fail(cli, &err);
	target_add_flag(&target, "quiet", load->quiet || !isatty(STDOUT_FILENO));
	if (!str_is_empty(load->platform))
		target_add(&target, "platform", load->platform);
	return send_file(cli, &target, file >= 0 ? file : STDIN_FILENO, STDOUT_FILENO, &err)
		       ? 0
		       : cli_fail(cli, &err);
}

/* ---- import ---- */

struct import {
	struct strings changes;
	char *message, *platform;
};

static const struct option import_options[] = {
	{'c', "change", &option_list, offsetof(struct import, changes),
	 .help = "Apply an instruction of a Dockerfile"},
	{'m', "message", &option_string, offsetof(struct import, message),
	 .help = "Comment of the image"},
	{0, "platform", &option_string, offsetof(struct import, platform),
	 .help = "Platform of the image: OS[/ARCHITECTURE[/VARIANT]]"},
};

static bool is_url(const char *source)
{
	return str_starts_with(source, "http://") || str_starts_with(source, "https://");
}

static void add_import(struct target *target, const struct import *import, const char *source,
		       const char *name)
{
	for (size_t i = 0; i < import->changes.count; i++)
		target_add(target, "changes", import->changes.items[i]);
	target_add(target, "fromSrc", is_url(source) ? source : "-");
	if (!str_is_empty(import->message))
		target_add(target, "message", import->message);
	if (!str_is_empty(import->platform))
		target_add(target, "platform", import->platform);
	if (name)
		target_add(target, "repo", name);
}

static bool import_url(struct cli *cli, const struct target *target, struct error *err)
{
	scoped_with(stream_progress_free_at) struct stream_progress *progress =
		stream_progress_new(STDOUT_FILENO);
	struct api_request request = {.method = "POST", .target = target};

	return api_stream(cli, &request, show, progress, err);
}

static int run_import(struct cli *cli, void *fields, const struct strings *arguments)
{
	const char *source = arguments->items[0];
	bool from_stdin = strcmp(source, "-") == 0;
	scoped_target struct target target = target_format("/images/create");
	scoped_fd int file = -1;
	struct error err;

	add_import(&target, fields, source, arguments->count > 1 ? arguments->items[1] : NULL);
	if (is_url(source))
		return import_url(cli, &target, &err) ? 0 : cli_fail(cli, &err);
	if (!from_stdin && !open_input(source, &file, &err))
		return cli_fail(cli, &err);
	return send_file(cli, &target, from_stdin ? STDIN_FILENO : file, STDOUT_FILENO, &err)
		       ? 0
		       : cli_fail(cli, &err);
}

const struct command image_load = {
	.summary = "Load images from an archive",
	.usage = "[OPTIONS]",
	.size = sizeof(struct load),
	.options = {OPTION_SET(load_options)},
	.run = run_load,
};

const struct command image_import = {
	.summary = "Make an image from an archive of a root file system",
	.usage = "[OPTIONS] file|URL|- [REPOSITORY[:TAG]]",
	.least = 1,
	.most = 2,
	.arguments = ARGUMENTS_FILES,
	.size = sizeof(struct import),
	.options = {OPTION_SET(import_options)},
	.run = run_import,
};
