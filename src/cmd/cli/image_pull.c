/* pull */
#include "cmd/cli/image_pull.h"

#include "cmd/cli/api.h"
#include "cmd/cli/auth.h"
#include "cmd/cli/stream_progress.h"

#include <stdio.h>
#include <unistd.h>

struct showing {
	const struct image_stream *stream;
	struct stream_progress *progress;
};

static bool show(void *data, const json_t *message, struct error *err)
{
	struct showing *showing = data;

	if (showing->stream->each)
		showing->stream->each(showing->stream->data, message);
	return stream_progress_show(showing->progress, message, err);
}

bool image_stream_run(struct cli *cli, struct api_request *request,
		      const struct image_stream *stream, struct error *err)
{
	scoped_with(stream_progress_free_at) struct stream_progress *progress =
		stream_progress_new(stream->fd);
	struct showing showing = {stream, progress};

	request->client = stream->client;
	return api_stream(cli, request, show, &showing, err);
}

bool image_pull_reference(struct cli *cli, const struct reference *reference,
			  const struct pull *pull, struct error *err)
{
	scoped_target struct target target = target_format("/images/create");
	scoped_free char *name = reference_name(reference);
	scoped_free char *auth = auth_header(cli, reference->domain);
	scoped_pairs struct pairs headers = {0};
	const char *tag = reference->digest ? reference->digest : reference->tag;

	target_add(&target, "fromImage", name);
	if (tag && !pull->all_tags)
		target_add(&target, "tag", tag);
	if (!str_is_empty(pull->platform))
		target_add(&target, "platform", pull->platform);
	pairs_set(&headers, "X-Registry-Auth", auth);
	struct api_request request = {.method = "POST", .target = &target, .headers = &headers};
	return image_stream_run(cli, &request, &pull->stream, err);
}

struct options {
	bool all_tags, quiet, content_trust;
	char *platform;
};

static const struct option options[] = {
	{'a', "all-tags", &option_switch, offsetof(struct options, all_tags),
	 .help = "Pull every tag of the repository"},
	{0, "disable-content-trust", &option_switch, offsetof(struct options, content_trust),
	 .initial = "true", .hidden = true, .help = "Has no effect: images are verified by digest"},
	{0, "platform", &option_string, offsetof(struct options, platform),
	 .help = "Platform of the image: OS[/ARCHITECTURE[/VARIANT]]"},
	{'q', "quiet", &option_switch, offsetof(struct options, quiet),
	 .help = "Show only the image's name"},
};

/* What has no tag gets the usual one, and that is told. */
static bool complete_reference(struct reference *reference, const struct options *given,
			       struct error *err)
{
	if (given->all_tags && (reference->tag || reference->digest))
		return error_set(err, ERROR_INVALID, "tag can't be used with --all-tags/-a");
	if (given->all_tags || reference->tag || reference->digest)
		return true;
	reference_add_default_tag(reference);
	if (!given->quiet) {
		printf("Using default tag: %s\n", reference->tag);
		fflush(stdout);
	}
	return true;
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct options *given = fields;
	scoped_reference struct reference reference = {0};
	struct pull pull = {
		.platform = given->platform,
		.all_tags = given->all_tags,
		.stream = {.fd = given->quiet ? -1 : STDOUT_FILENO},
	};
	struct error err;

	if (!reference_parse(arguments->items[0], &reference, &err) ||
	    !complete_reference(&reference, given, &err) ||
	    !image_pull_reference(cli, &reference, &pull, &err))
		return cli_fail(cli, &err);
	scoped_free char *text = reference_text(&reference);
	printf("%s\n", text);
	return 0;
}

const struct command image_pull = {
	.summary = "Pull an image from a registry",
	.usage = "[OPTIONS] NAME[:TAG|@DIGEST]",
	.least = 1,
	.most = 1,
	.arguments = ARGUMENTS_IMAGES,
	.size = sizeof(struct options),
	.options = {OPTION_SET(options)},
	.run = run,
};
