/* save and push: images to a file and to a registry. */
#include "cmd/cli/api.h"
#include "cmd/cli/auth.h"
#include "cmd/cli/image_pull.h"
#include "cmd/cli/output_file.h"
#include "cmd/cli/platform_option.h"
#include "format/json.h"
#include "format/reference.h"

#include <stdio.h>
#include <unistd.h>

/* ---- save ---- */

struct save {
	char *output, *platform;
};

static const struct option save_options[] = {
	{'o', "output", &option_string, offsetof(struct save, output),
	 .help = "Write this file instead of stdout"},
	{0, "platform", &option_string, offsetof(struct save, platform),
	 .help = "Save only this platform: OS[/ARCHITECTURE[/VARIANT]]"},
};

static int run_save(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct save *save = fields;
	scoped_target struct target target = target_format("/images/get");
	struct error err;

	for (size_t i = 0; i < arguments->count; i++)
		target_add(&target, "names", arguments->items[i]);
	if (!platform_option_add(cli, &target, save->platform, "1.48", &err) ||
	    !output_save(cli, &target, save->output, "failed to save image", &err))
		return cli_fail(cli, &err);
	return 0;
}

/* ---- push ---- */

struct push {
	bool all_tags, quiet, content_trust;
	char *platform;
};

static const struct option push_options[] = {
	{'a', "all-tags", &option_switch, offsetof(struct push, all_tags),
	 .help = "Push every tag of the repository"},
	{0, "disable-content-trust", &option_switch, offsetof(struct push, content_trust),
	 .initial = "true", .hidden = true, .help = "Has no effect: nothing is signed"},
	{0, "platform", &option_string, offsetof(struct push, platform),
	 .help = "Push only the manifest of this platform: OS[/ARCHITECTURE[/VARIANT]]"},
	{'q', "quiet", &option_switch, offsetof(struct push, quiet),
	 .help = "Show only the image's name"},
};

/* What has no tag gets the usual one, and that is told. */
static bool complete_reference(struct reference *reference, const struct push *push,
			       struct error *err)
{
	if (push->all_tags && (reference->tag || reference->digest))
		return error_set(err, ERROR_INVALID, "tag can't be used with --all-tags/-a");
	if (push->all_tags || reference->tag || reference->digest)
		return true;
	reference_add_default_tag(reference);
	if (!push->quiet) {
		printf("Using default tag: %s\n", reference->tag);
		fflush(stdout);
	}
	return true;
}

bool image_push_reference(struct cli *cli, const struct reference *reference, bool all_tags,
			  const char *platform, const struct image_stream *stream,
			  struct error *err)
{
	scoped_free char *name = reference_familiar_name(reference);
	scoped_free char *auth = auth_header(cli, reference->domain);
	scoped_target struct target target = target_format("/images/%s/push", name);
	scoped_pairs struct pairs headers = {0};
	struct api_request request = {.method = "POST", .target = &target, .headers = &headers};

	if (!all_tags)
		target_add(&target, "tag", reference->tag ? reference->tag : reference->digest);
	pairs_set(&headers, "X-Registry-Auth", auth);
	return platform_option_add(cli, &target, platform, "1.46", err) &&
	       image_stream_run(cli, &request, stream, err);
}

static int run_push(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct push *push = fields;
	scoped_reference struct reference reference = {0};
	struct image_stream stream = {.fd = push->quiet ? -1 : STDOUT_FILENO};
	struct error err;

	if (!reference_parse(arguments->items[0], &reference, &err) ||
	    !complete_reference(&reference, push, &err) ||
	    !image_push_reference(cli, &reference, push->all_tags, push->platform, &stream, &err))
		return cli_fail(cli, &err);
	scoped_free char *text =
		push->all_tags ? reference_name(&reference) : reference_text(&reference);
	if (push->quiet)
		printf("%s\n", text);
	return 0;
}

/* ---- the commands ---- */

const struct command image_save = {
	.summary = "Write images to an archive",
	.usage = "[OPTIONS] IMAGE [IMAGE...]",
	.least = 1,
	.most = -1,
	.arguments = ARGUMENTS_IMAGES,
	.size = sizeof(struct save),
	.options = {OPTION_SET(save_options)},
	.run = run_save,
};

const struct command image_push = {
	.summary = "Push an image to a registry",
	.usage = "[OPTIONS] NAME[:TAG]",
	.least = 1,
	.most = 1,
	.arguments = ARGUMENTS_IMAGES,
	.size = sizeof(struct push),
	.options = {OPTION_SET(push_options)},
	.run = run_push,
};
