/* search, manifest inspect, plugin ls: what registries and daemons tell of things that are elsewhere. */
#include "cmd/cli/api.h"
#include "cmd/cli/auth.h"
#include "cmd/cli/listing.h"
#include "cmd/cli/show.h"
#include "format/json.h"
#include "format/reference.h"

#include <stdio.h>

#define DESCRIPTION_WIDTH 45

/* ---- search ---- */

struct search {
	bool no_trunc;
	struct strings filters;
	char *format;
	struct option_number limit;
};

static const struct option search_options[] = {
	{'f', "filter", &option_filter, offsetof(struct search, filters),
	 .help = "Show only what fits: is-official=true, stars=3"},
	{0, "format", &option_string, offsetof(struct search, format), .help = FORMAT_HELP},
	{0, "limit", &option_number, offsetof(struct search, limit),
	 .help = "Show at most so many"},
	{0, "no-trunc", &option_switch, offsetof(struct search, no_trunc),
	 .help = "Cut nothing short"},
};

static const struct listing_column search_columns[] = {
	{"Name", "NAME"},
	{"Description", "DESCRIPTION"},
	{"StarCount", "STARS"},
	{"IsOfficial", "OFFICIAL"},
};

static const struct listing search_listing = {
	.row_type = "*registry.searchContext",
	LISTING_COLUMNS(search_columns),
};

/* In the table an official image is marked; elsewhere the member is a truth value. */
static json_t *search_row(const json_t *result, const struct search *search, bool table)
{
	json_t *row = json_object();
	bool official = doc_flag(result, "is_official");
	scoped_free char *description = str_dup(doc_text(result, "description"));

	for (char *at = description; *at; at++)
		if (*at == '\n' || *at == '\r')
			*at = ' ';
	scoped_free char *shown =
		search->no_trunc ? str_dup(description) : show_cut(description, DESCRIPTION_WIDTH);
	doc_set_text(row, "Name", doc_text(result, "name"));
	doc_set_text(row, "Description", shown);
	doc_set_format(row, "StarCount", "%lld", (long long)doc_number(result, "star_count"));
	doc_set_text(row, "IsOfficial", official ? table ? "[OK]" : "true" : table ? "" : "false");
	return row;
}

static json_t *find_images(struct cli *cli, const struct search *search, const char *term,
			   struct error *err)
{
	scoped_target struct target target = target_format("/images/search");
	scoped_reference struct reference reference = {0};
	struct error ignored;
	bool named = reference_parse(term, &reference, &ignored);
	scoped_free char *auth =
		auth_header(cli, named ? reference.domain : REFERENCE_DEFAULT_DOMAIN);
	scoped_pairs struct pairs headers = {0};
	struct api_request request = {.method = "GET", .target = &target, .headers = &headers};
	json_t *answer = NULL;

	target_add(&target, "term", term);
	if (search->limit.value > 0)
		target_add_number(&target, "limit", search->limit.value);
	target_add_filters(&target, &search->filters);
	pairs_set(&headers, "X-Registry-Auth", auth);
	return api_call(cli, &request, &answer, err) ? answer : NULL;
}

static bool show_found(struct cli *cli, void *fields, const struct strings *arguments,
		       struct buffer *out, struct error *err)
{
	const struct search *search = fields;
	scoped_view struct view view = {0};

	if (!view_open(&view, &search_listing, search->format,
		       "{{.Name}}\t{{.Description}}\t{{.StarCount}}\t{{.IsOfficial}}", false, err))
		return false;
	scoped_json json_t *results = find_images(cli, search, arguments->items[0], err);
	if (!results)
		return false;
	scoped_json json_t *rows = json_array();
	size_t i;
	json_t *result;
	json_array_foreach (results, i, result)
		json_array_append_new(rows, search_row(result, search, view.is_table));
	return view_write(&view, rows, out, err);
}

/* ---- manifest inspect ---- */

struct manifest {
	bool insecure, verbose;
};

static const struct option manifest_options[] = {
	{0, "insecure", &option_switch, offsetof(struct manifest, insecure),
	 .help = "Has no effect: which registries need no TLS is the daemon's setting"},
	{'v', "verbose", &option_switch, offsetof(struct manifest, verbose),
	 .help = "Show the image's name, too"},
};

/* The daemon asks the registry: what it tells is the descriptor and the platforms. */
static int run_manifest(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct manifest *manifest = fields;
	const char *image = arguments->items[arguments->count - 1];
	scoped_reference struct reference reference = {0};
	scoped_pairs struct pairs headers = {0};
	scoped_json json_t *answer = NULL;
	struct error err;

	if (!reference_parse(image, &reference, &err))
		return cli_fail(cli, &err);
	reference_add_default_tag(&reference);
	scoped_free char *name = reference_text(&reference);
	scoped_free char *auth = auth_header(cli, reference.domain);
	scoped_target struct target target = target_format("/distribution/%s/json", name);
	struct api_request request = {.method = "GET", .target = &target, .headers = &headers};
	pairs_set(&headers, "X-Registry-Auth", auth);
	if (!api_call(cli, &request, &answer, &err))
		return cli_fail(cli, &err);
	if (manifest->verbose)
		doc_set_text(answer, "Ref", name);
	scoped_free char *text = json_dumps(answer, JSON_INDENT(3));
	printf("%s\n", text ? text : "");
	return 0;
}

/* ---- plugin ls ---- */

struct plugins {
	bool no_trunc, quiet;
	struct strings filters;
	char *format;
};

static const struct option plugins_options[] = {
	{'f', "filter", &option_filter, offsetof(struct plugins, filters),
	 .help = "Show only what fits: name=value"},
	{0, "format", &option_string, offsetof(struct plugins, format), .help = FORMAT_HELP},
	{0, "no-trunc", &option_switch, offsetof(struct plugins, no_trunc),
	 .help = "Cut nothing short"},
	{'q', "quiet", &option_switch, offsetof(struct plugins, quiet),
	 .help = "Show only the ids"},
};

static const struct listing_column plugin_columns[] = {
	{"ID", "ID"},
	{"Name", "NAME"},
	{"Description", "DESCRIPTION"},
	{"Enabled", "ENABLED"},
};

static const struct listing plugin_listing = {
	.row_type = "*plugin.pluginContext",
	LISTING_COLUMNS(plugin_columns),
	.identity = "ID",
};

static json_t *plugin_row(const json_t *plugin, bool truncate)
{
	json_t *row = json_object();
	const char *id = doc_text(plugin, "Id");
	scoped_free char *shown = truncate ? show_short_id(id) : str_dup(id);

	doc_set_text(row, "ID", shown);
	doc_set_text(row, "Name", doc_text(plugin, "Name"));
	doc_set_text(row, "Description",
		     doc_text(json_object_get(plugin, "Config"), "Description"));
	doc_set_text(row, "Enabled", doc_flag(plugin, "Enabled") ? "true" : "false");
	return row;
}

static bool show_plugins(struct cli *cli, void *fields, const struct strings *arguments,
			 struct buffer *out, struct error *err)
{
	const struct plugins *list = fields;
	scoped_target struct target target = target_format("/plugins");
	scoped_view struct view view = {0};

	if (!view_open(&view, &plugin_listing, list->format,
		       "{{.ID}}\t{{.Name}}\t{{.Description}}\t{{.Enabled}}", list->quiet, err))
		return false;
	target_add_filters(&target, &list->filters);
	scoped_json json_t *plugins = api_get(cli, &target, err);
	if (!plugins)
		return false;
	scoped_json json_t *rows = json_array();
	size_t i;
	json_t *plugin;
	json_array_foreach (plugins, i, plugin)
		json_array_append_new(rows, plugin_row(plugin, !list->no_trunc));
	return view_write(&view, rows, out, err);
}

/* ---- the commands ---- */

const struct command image_search = {
	.summary = "Search a registry for images",
	.usage = "[OPTIONS] TERM",
	.least = 1,
	.most = 1,
	.size = sizeof(struct search),
	.options = {OPTION_SET(search_options)},
	.show = show_found,
};

const struct command manifest_inspect = {
	.summary = "Show what a registry has under a name",
	.details =
		"Show what a registry has under a name: the digest, the type and the size of the "
		"manifest, and the platforms that it is for. The daemon asks the registry.",
	.usage = "[OPTIONS] [MANIFEST_LIST] MANIFEST",
	.least = 1,
	.most = 2,
	.arguments = ARGUMENTS_IMAGES,
	.size = sizeof(struct manifest),
	.options = {OPTION_SET(manifest_options)},
	.run = run_manifest,
};

const struct command plugin_list = {
	.summary = "List the daemon's plugins",
	.usage = "[OPTIONS]",
	.size = sizeof(struct plugins),
	.options = {OPTION_SET(plugins_options)},
	.show = show_plugins,
};
