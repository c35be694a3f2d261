/* tag, rmi and history. */
#include "cmd/cli/api.h"
#include "cmd/cli/listing.h"
#include "cmd/cli/platform_option.h"
#include "cmd/cli/show.h"
#include "format/json.h"
#include "format/reference.h"
#include "format/units.h"

#include <stdio.h>

/* ---- tag ---- */

static int run_tag(struct cli *cli, void *fields, const struct strings *arguments)
{
	scoped_target struct target target = target_format("/images/%s/tag", arguments->items[0]);
	scoped_reference struct reference reference = {0};
	struct error err;

	if (!reference_parse(arguments->items[1], &reference, &err)) {
		fprintf(stderr,
			"Error parsing reference: \"%s\" is not a valid repository/tag: %s\n",
			arguments->items[1], err.text);
		return 1;
	}
	if (reference.digest) {
		fprintf(stderr, "refusing to create a tag with a digest reference\n");
		return 1;
	}
	reference_add_default_tag(&reference);
	scoped_free char *name = reference_name(&reference);
	target_add(&target, "repo", name);
	target_add(&target, "tag", reference.tag);
	return api_do(cli, NULL, "POST", &target, &err) ? 0 : cli_fail(cli, &err);
}

/* ---- rmi ---- */

struct removal {
	bool force, no_prune;
	char *platform;
};

static const struct option removal_options[] = {
	{'f', "force", &option_switch, offsetof(struct removal, force),
	 .help = "Remove it also when containers were made from it"},
	{0, "no-prune", &option_switch, offsetof(struct removal, no_prune),
	 .help = "Keep parents that have no name"},
	{0, "platform", &option_string, offsetof(struct removal, platform),
	 .help = "Remove only this platform: OS[/ARCHITECTURE[/VARIANT]]"},
};

static bool remove_image(struct cli *cli, const char *name, const struct removal *removal,
			 struct error *err)
{
	scoped_target struct target target = target_format("/images/%s", name);
	struct api_request request = {.method = "DELETE", .target = &target};
	scoped_json json_t *answer = NULL;
	size_t i;
	json_t *step;

	target_add_flag(&target, "force", removal->force);
	target_add_flag(&target, "noprune", removal->no_prune);
	if (!platform_option_add(cli, &target, removal->platform, "1.50", err))
		return false;
	if (!api_call(cli, &request, &answer, err))
		return false;
	json_array_foreach (answer, i, step) {
		const char *deleted = doc_text(step, "Deleted");

		printf("%s: %s\n", *deleted ? "Deleted" : "Untagged",
		       *deleted ? deleted : doc_text(step, "Untagged"));
	}
	return true;
}

static int run_remove(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct removal *removal = fields;
	int status = 0;

	for (size_t i = 0; i < arguments->count; i++) {
		struct error err;

		if (remove_image(cli, arguments->items[i], removal, &err))
			continue;
		cli_complain(&err);
		if (!removal->force || err.kind != ERROR_NOT_FOUND)
			status = 1;
	}
	return status;
}

/* ---- history ---- */

#define CREATED_BY_WIDTH 45

struct history {
	bool human, no_trunc, quiet;
	char *format, *platform;
};

static const struct option history_options[] = {
	{0, "format", &option_string, offsetof(struct history, format), .help = FORMAT_HELP},
	{'H', "human", &option_switch, offsetof(struct history, human), .initial = "true",
	 .help = "Show sizes and ages for people"},
	{0, "no-trunc", &option_switch, offsetof(struct history, no_trunc),
	 .help = "Cut nothing short"},
	{0, "platform", &option_string, offsetof(struct history, platform),
	 .help = "Of this platform: OS[/ARCHITECTURE[/VARIANT]]"},
	{'q', "quiet", &option_switch, offsetof(struct history, quiet),
	 .help = "Show only the ids"},
};

static const struct listing_column history_columns[] = {
	{"ID", "IMAGE"},
	{"CreatedSince", "CREATED"},
	{"CreatedAt", "CREATED AT"},
	{"CreatedBy", "CREATED BY"},
	{"Size", "SIZE"},
	{"Comment", "COMMENT"},
};

static const struct listing history_listing = {
	.row_type = "*formatter.historyContext",
	LISTING_COLUMNS(history_columns),
	.identity = "ID",
};

static json_t *history_row(const json_t *step, const struct history *history)
{
	json_t *row = json_object();
	const char *id = doc_text(step, "Id");
	int64_t created = doc_number(step, "Created"), size = doc_number(step, "Size");
	scoped_free char *shown = history->no_trunc ? str_dup(id) : show_short_id(id);
	scoped_free char *created_at = show_time_rfc3339(created), *age = show_age(created);
	scoped_free char *command = str_dup(doc_text(step, "CreatedBy"));
	scoped_free char *size_text = size_to_text((double)size);

	for (char *at = command; *at; at++)
		if (*at == '\t')
			*at = ' ';
	scoped_free char *cut =
		history->no_trunc ? str_dup(command) : show_cut(command, CREATED_BY_WIDTH);
	doc_set_text(row, "ID", shown);
	doc_set_text(row, "CreatedAt", created_at);
	doc_set_text(row, "CreatedSince", history->human ? age : created_at);
	doc_set_text(row, "CreatedBy", cut);
	if (history->human)
		doc_set_text(row, "Size", size_text);
	else
		doc_set_format(row, "Size", "%lld", (long long)size);
	doc_set_text(row, "Comment", doc_text(step, "Comment"));
	return row;
}

static bool show_history(struct cli *cli, const struct history *history, const char *image,
			 struct buffer *out, struct error *err)
{
	scoped_target struct target target = target_format("/images/%s/history", image);
	scoped_view struct view view = {0};
	const char *table =
		history->human
			? "{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}"
			: "{{.ID}}\t{{.CreatedAt}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}";

	if (!platform_option_add(cli, &target, history->platform, "1.48", err))
		return false;
	if (!view_open(&view, &history_listing, history->format, table, history->quiet, err))
		return false;
	scoped_json json_t *steps = api_get(cli, &target, err);
	if (!steps)
		return false;
	scoped_json json_t *rows = json_array();
	size_t i;
	json_t *step;
	json_array_foreach (steps, i, step)
		json_array_append_new(rows, history_row(step, history));
	return view_write(&view, rows, out, err);
}

static int run_history(struct cli *cli, void *fields, const struct strings *arguments)
{
	scoped_buffer struct buffer out = {0};
	struct error err;

	if (!show_history(cli, fields, arguments->items[0], &out, &err))
		return cli_fail(cli, &err);
	return cli_print(&out);
}

/* ---- the commands ---- */

const struct command image_tag = {
	.summary = "Give an image another name",
	.usage = "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
	.least = 2,
	.most = 2,
	.arguments = ARGUMENTS_IMAGES,
	.run = run_tag,
};

const struct command image_remove = {
	.summary = "Remove images",
	.usage = "[OPTIONS] IMAGE [IMAGE...]",
	.least = 1,
	.most = -1,
	.arguments = ARGUMENTS_IMAGES,
	.size = sizeof(struct removal),
	.options = {OPTION_SET(removal_options)},
	.run = run_remove,
};

const struct command image_history = {
	.summary = "Show how an image was made",
	.usage = "[OPTIONS] IMAGE",
	.least = 1,
	.most = 1,
	.arguments = ARGUMENTS_IMAGES,
	.size = sizeof(struct history),
	.options = {OPTION_SET(history_options)},
	.run = run_history,
};
