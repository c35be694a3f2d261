/* build: the context goes to the daemon, what it says comes back.  With --quiet only the image's id is
 * shown; all that was said stands on stderr when the build fails. */
#include "base/time.h"
#include "cmd/cli/build_named.h"
#include "cmd/cli/build_output.h"
#include "cmd/cli/build_run.h"
#include "cmd/cli/stream_progress.h"
#include "format/json.h"
#include "format/units.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define TELL_EVERY (100 * NS_PER_MS)

struct building {
	struct cli *cli;
	const struct build *build;
	struct build_context *context;
	struct stream_progress *progress;
	struct build_output output;
	int shown;		  /* where that goes: stdout, unless the image's files do */
	struct buffer sent, said; /* with --quiet: what would have been shown */
	char *image;		  /* owned: the id that the daemon told of */
	int code;		  /* exit status of a failure; 0: not said */
	bool context_told;
	int64_t told_ns;
};

static void building_fini(struct building *building)
{
	stream_progress_free(building->progress);
	build_output_fini(&building->output);
	buffer_fini(&building->sent);
	buffer_fini(&building->said);
	free(building->image);
}

/* ---- sending ---- */

static void add_sent(const struct building *building, const char *before, const char *after,
		     struct buffer *out)
{
	scoped_free char *size = size_to_text_fine((double)building->context->sent);

	buffer_format(out, "%sSending build context to %s daemon %8s%s", before,
		      building->cli->product, size, after);
}

/* On a terminal the number moves; elsewhere it is told once. */
static void tell_sent(void *data, bool whole)
{
	struct building *building = data;
	bool terminal = isatty(building->shown) && !building->build->quiet;
	int64_t now = time_monotonic_ns();
	scoped_buffer struct buffer text = {0};

	if (building->context_told ||
	    (!whole && (!terminal || now - building->told_ns < TELL_EVERY)))
		return;
	building->told_ns = now;
	building->context_told = whole;
	add_sent(building, terminal ? "\033[2K\r" : "", whole ? "\r\r\n" : "\r", &text);
	if (building->build->quiet)
		buffer_add(&building->sent, text.data, text.size);
	else if (building->shown == STDOUT_FILENO)
		cli_print(&text);
	else
		fwrite(text.data, 1, text.size, stderr);
}

/* ---- listening ---- */

static void note(struct building *building, const json_t *message)
{
	const char *image = doc_text(json_object_get(message, "aux"), "ID");
	int64_t code = doc_number(json_object_get(message, "errorDetail"), "code");

	if (*image)
		str_replace(&building->image, image);
	if (code)
		building->code = (int)(code & 0xff);
}

static bool hear(void *data, const json_t *message, struct error *err)
{
	struct building *building = data;

	note(building, message);
	if (building->build->quiet)
		buffer_add_text(&building->said, doc_text(message, "stream"));
	return stream_progress_show(building->progress, message, err);
}

/* ---- the build ---- */

static bool write_id_file(const struct building *building, const char *id, struct error *err)
{
	const char *path = building->build->iidfile;

	if (str_is_empty(path))
		return true;
	if (!*id)
		return error_set(err, ERROR_SYSTEM,
				 "Server did not provide an image ID. Cannot write %s", path);
	scoped_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd >= 0 && write(fd, id, strlen(id)) == (ssize_t)strlen(id))
		return true;
	return error_set(err, ERROR_SYSTEM, "open %s: %s", path,
			 errno == ENOENT ? "no such file or directory" : strerror(errno));
}

static bool finish(struct building *building, struct error *err)
{
	const char *image = building->image;

	if (building->build->quiet) {
		if (building->shown == STDOUT_FILENO)
			cli_print(&building->said);
		image = building->said.data;
	}
	scoped_free char *id = str_dup_n(image ? image : "", image ? strcspn(image, "\n") : 0);
	return write_id_file(building, image ? image : "", err) &&
	       build_output_write(building->cli, &building->output, id, err);
}

static int fail(const struct building *building, const struct error *err)
{
	fprintf(stderr, "%s%s", building->sent.data ? building->sent.data : "",
		building->said.data ? building->said.data : "");
	cli_complain(err);
	return building->code ? building->code : 1;
}

/* What the daemon's own builder alone can do. */
static bool check_daemon(struct building *building, struct error *err)
{
	const struct build *build = building->build;

	if (build->contexts.count &&
	    !build_named_check(building->cli,
			       "--build-context: the builder of this daemon has one context alone",
			       err))
		return false;
	return building->output.kind == BUILD_OUTPUT_IMAGE ||
	       build_named_check(building->cli,
				 "--output: the builder of this daemon makes images alone", err);
}

static bool read_output(struct building *building, struct error *err)
{
	const struct strings *outputs = &building->build->outputs;

	building->shown = STDOUT_FILENO;
	if (outputs->count > 1)
		return error_set(err, ERROR_UNSUPPORTED, "--output: one is what there can be");
	if (outputs->count && !build_output_parse(outputs->items[0], &building->output, err))
		return false;
	if (building->output.kind == BUILD_OUTPUT_TAR && !building->output.place)
		building->shown = STDERR_FILENO;
	building->progress = stream_progress_new(building->build->quiet ? -1 : building->shown);
	return true;
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct build *build = fields;
	scoped_build_context struct build_context context = {0};
	scoped_with(building_fini) struct building building = {
		.cli = cli,
		.build = build,
		.context = &context,
	};
	scoped_json json_t *contexts = json_object();
	struct build_run how = {
		.build = build,
		.context = &context,
		.contexts = contexts,
		.hear = hear,
		.sent = tell_sent,
		.data = &building,
	};
	struct error err;

	if (!read_output(&building, &err) ||
	    !build_context_open(&context, arguments->items[0],
				str_is_empty(build->file) ? NULL : build->file, &err) ||
	    !build_named_add_all(&context, &build->contexts, contexts, &err) ||
	    !check_daemon(&building, &err))
		return cli_fail(cli, &err);
	if (!str_is_empty(build->iidfile))
		unlink(build->iidfile);
	if (!build_run(cli, &how, &err))
		return fail(&building, &err);
	return finish(&building, &err) ? 0 : cli_fail(cli, &err);
}

const struct command image_build = {
	.summary = "Build an image from a Dockerfile",
	.details =
		"Build an image from a Dockerfile and the folder that it is in. Instead of a "
		"folder "
		"- reads an archive or a Dockerfile from stdin, and a URL or the address of a git "
		"repository is fetched by the daemon.",
	.usage = "[OPTIONS] PATH | URL | -",
	.least = 1,
	.most = 1,
	.arguments = ARGUMENTS_FILES,
	.size = sizeof(struct build),
	.options = {{build_options, BUILD_OPTION_COUNT}},
	.run = run,
};
