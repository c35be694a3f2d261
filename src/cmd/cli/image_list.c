/* images */
#include "cmd/cli/api.h"
#include "cmd/cli/config.h"
#include "cmd/cli/image_row.h"
#include "format/json.h"

#define TABLE "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"
#define DIGESTS_TABLE                                                                              \
	"{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"

struct list {
	bool all, digests, no_trunc, quiet;
	struct strings filters;
	char *format;
};

static const struct option options[] = {
	{'a', "all", &option_switch, offsetof(struct list, all),
	 .help = "Show the images between, too"},
	{0, "digests", &option_switch, offsetof(struct list, digests), .help = "Show digests"},
	{'f', "filter", &option_filter, offsetof(struct list, filters),
	 .help = "Show only what fits: name=value"},
	{0, "format", &option_string, offsetof(struct list, format), .help = FORMAT_HELP},
	{0, "no-trunc", &option_switch, offsetof(struct list, no_trunc),
	 .help = "Cut nothing short"},
	{'q', "quiet", &option_switch, offsetof(struct list, quiet), .help = "Show only the ids"},
	{0, "tree", &option_switch, offsetof(struct list, quiet), .hidden = true, .help = "",
	 .refused = "an image here is of one platform, and has no branches"},
};

static json_t *get_images(struct cli *cli, struct list *list, const struct strings *arguments,
			  struct error *err)
{
	scoped_target struct target target = target_format("/images/json");

	if (arguments->count)
		strings_format(&list->filters, "reference=%s", arguments->items[0]);
	target_add_flag(&target, "all", list->all);
	target_add_filters(&target, &list->filters);
	return api_get(cli, &target, err);
}

static bool show_list(struct cli *cli, void *fields, const struct strings *arguments,
		      struct buffer *out, struct error *err)
{
	struct list *list = fields;
	scoped_view struct view view = {0};
	scoped_free char *format = config_format(cli, list->format, "imagesFormat");

	if (!view_open(&view, &image_listing, format, list->digests ? DIGESTS_TABLE : TABLE,
		       list->quiet, err))
		return false;
	scoped_json json_t *images = get_images(cli, list, arguments, err);
	if (!images)
		return false;
	struct image_view rows_view = {
		.truncate = !list->no_trunc,
		.digests = list->digests && !list->quiet,
		.with_digests = view_uses(&view, "Digest"),
	};
	scoped_json json_t *rows = json_array();
	size_t i;
	json_t *image;
	json_array_foreach (images, i, image)
		image_rows(image, &rows_view, rows);
	return view_write(&view, rows, out, err);
}

const struct command image_list = {
	.summary = "List images",
	.usage = "[OPTIONS] [REPOSITORY[:TAG]]",
	.most = 1,
	.arguments = ARGUMENTS_IMAGES,
	.size = sizeof(struct list),
	.options = {OPTION_SET(options)},
	.show = show_list,
};
