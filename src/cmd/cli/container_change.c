/* diff, export and commit: what a container has changed, as a list, as an archive, as an image. */
#include "cmd/cli/container_change.h"

#include "cmd/cli/api.h"
#include "cmd/cli/output_file.h"
#include "format/json.h"
#include "format/reference.h"

#include <stdio.h>

/* ---- diff ---- */

static int run_diff(struct cli *cli, void *fields, const struct strings *arguments)
{
	static const char letters[] = "CAD"; /* modified, added, deleted */
	scoped_target struct target target =
		target_format("/containers/%s/changes", arguments->items[0]);
	struct error err;
	size_t i;
	json_t *change;

	if (!*arguments->items[0]) {
		fprintf(stderr, "Container name cannot be empty\n");
		return 1;
	}
	scoped_json json_t *changes = api_get(cli, &target, &err);
	if (!changes)
		return cli_fail(cli, &err);
	json_array_foreach (changes, i, change) {
		int64_t kind = doc_number(change, "Kind");

		printf("%c %s\n", kind >= 0 && kind < 3 ? letters[kind] : '?',
		       doc_text(change, "Path"));
	}
	return 0;
}

/* ---- export ---- */

const struct option export_options[EXPORT_OPTION_COUNT] = {
	{'o', "output", &option_string, offsetof(struct export, output),
	 .help = "Write this file instead of stdout"},
};

bool export_container(struct cli *cli, const struct export *export, const char *container,
		      struct error *err)
{
	scoped_target struct target target = target_format("/containers/%s/export", container);

	return output_save(cli, &target, export->output, "failed to export container", err);
}

static int run_export(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct error err;

	return export_container(cli, fields, arguments->items[0], &err) ? 0 : cli_fail(cli, &err);
}

/* ---- commit ---- */

const struct option commit_options[COMMIT_OPTION_COUNT] = {
	{'a', "author", &option_string, offsetof(struct commit, author),
	 .help = "Author of the image: \"Ann Smith <ann@example.org>\""},
	{'c', "change", &option_list, offsetof(struct commit, changes),
	 .help = "Apply an instruction of a Dockerfile"},
	{'m', "message", &option_string, offsetof(struct commit, message),
	 .help = "Comment of the image"},
	{'p', "pause", &option_switch, offsetof(struct commit, pause), .initial = "true",
	 .help = "Pause the container meanwhile"},
};

/* repo= and tag= from the name that the image shall have, if there is one. */
static bool add_name(struct target *target, const char *wanted, struct error *err)
{
	scoped_reference struct reference reference = {0};

	if (str_is_empty(wanted))
		return true;
	if (!reference_parse(wanted, &reference, err))
		return false;
	if (reference.digest)
		return error_set(err, ERROR_INVALID,
				 "refusing to create a tag with a digest reference");
	reference_add_default_tag(&reference);
	scoped_free char *name = reference_name(&reference);
	target_add(target, "repo", name);
	target_add(target, "tag", reference.tag);
	return true;
}

static void add_commit(struct target *target, const struct commit *commit, const char *container)
{
	target_add(target, "container", container);
	target_add(target, "author", commit->author ? commit->author : "");
	target_add(target, "comment", commit->message ? commit->message : "");
	for (size_t i = 0; i < commit->changes.count; i++)
		target_add(target, "changes", commit->changes.items[i]);
	if (!commit->pause)
		target_add(target, "pause", "0");
}

bool commit_container(struct cli *cli, const struct commit *commit, const char *container,
		      const char *name, struct error *err)
{
	scoped_target struct target target = target_format("/commit");
	struct api_request request = {.method = "POST", .target = &target};
	scoped_json json_t *answer = NULL;

	add_commit(&target, commit, container);
	if (!add_name(&target, name, err) || !api_call(cli, &request, &answer, err))
		return false;
	printf("%s\n", doc_text(answer, "Id"));
	return true;
}

static int run_commit(struct cli *cli, void *fields, const struct strings *arguments)
{
	const char *name = arguments->count > 1 ? arguments->items[1] : NULL;
	struct error err;

	return commit_container(cli, fields, arguments->items[0], name, &err) ? 0
									      : cli_fail(cli, &err);
}

/* ---- the commands ---- */

const struct command container_diff = {
	.summary = "Show what a container changed in its file system",
	.usage = "CONTAINER",
	.least = 1,
	.most = 1,
	.arguments = ARGUMENTS_CONTAINERS,
	.run = run_diff,
};

const struct command container_export = {
	.summary = "Write a container's file system as an archive",
	.usage = "[OPTIONS] CONTAINER",
	.least = 1,
	.most = 1,
	.arguments = ARGUMENTS_CONTAINERS,
	.size = sizeof(struct export),
	.options = {OPTION_SET(export_options)},
	.run = run_export,
};

const struct command container_commit = {
	.summary = "Make an image of a container and what it changed",
	.usage = "[OPTIONS] CONTAINER [REPOSITORY[:TAG]]",
	.least = 1,
	.most = 2,
	.arguments = ARGUMENTS_CONTAINERS,
	.size = sizeof(struct commit),
	.options = {OPTION_SET(commit_options)},
	.run = run_commit,
};
