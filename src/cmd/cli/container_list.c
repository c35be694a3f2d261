/* ps */
#include "cmd/cli/api.h"
#include "cmd/cli/config.h"
#include "cmd/cli/container_row.h"
#include "format/json.h"

#define TABLE                                                                                      \
	"{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}"

struct list {
	bool all, latest, no_trunc, quiet, size;
	struct strings filters;
	char *format;
	struct option_number last;
};

static const struct option options[] = {
	{'a', "all", &option_switch, offsetof(struct list, all),
	 .help = "Show all containers, not only those that run"},
	{'f', "filter", &option_filter, offsetof(struct list, filters),
	 .help = "Show only what fits: name=value"},
	{0, "format", &option_string, offsetof(struct list, format), .help = FORMAT_HELP},
	{'n', "last", &option_number, offsetof(struct list, last), .initial = "-1",
	 .help = "Show the n containers created last, in any state"},
	{'l', "latest", &option_switch, offsetof(struct list, latest),
	 .help = "Show the container created last, in any state"},
	{0, "no-trunc", &option_switch, offsetof(struct list, no_trunc),
	 .help = "Cut nothing short"},
	{'q', "quiet", &option_switch, offsetof(struct list, quiet), .help = "Show only the ids"},
	{'s', "size", &option_switch, offsetof(struct list, size),
	 .help = "Show how much the containers have written"},
};

static json_t *get_containers(struct cli *cli, const struct list *list, bool size,
			      struct error *err)
{
	scoped_target struct target target = target_format("/containers/json");
	int64_t limit = list->latest && list->last.value < 0 ? 1 : list->last.value;

	target_add_flag(&target, "all", list->all);
	target_add_filters(&target, &list->filters);
	if (limit >= 0)
		target_add_number(&target, "limit", limit);
	target_add_flag(&target, "size", size);
	return api_get(cli, &target, err);
}

static bool show_list(struct cli *cli, void *fields, const struct strings *arguments,
		      struct buffer *out, struct error *err)
{
	const struct list *list = fields;
	scoped_view struct view view = {0};
	scoped_free char *format = config_format(cli, list->format, "psFormat");

	if (!view_open(&view, &container_listing, format, list->size ? TABLE "\t{{.Size}}" : TABLE,
		       list->quiet, err))
		return false;
	/* docker's {{json .}} has the sizes, too, and its "json" has not */
	bool whole = view_is_whole(&view) && format && strcmp(format, "json") != 0;
	bool size = list->size || whole || view_uses(&view, "Size");
	scoped_json json_t *containers = get_containers(cli, list, size, err);
	if (!containers)
		return false;
	scoped_json json_t *rows = json_array();
	size_t i;
	json_t *container;
	json_array_foreach (containers, i, container)
		json_array_append_new(rows, container_row(container, !list->no_trunc));
	return view_write(&view, rows, out, err);
}

const struct command container_list = {
	.summary = "List containers",
	.usage = "[OPTIONS]",
	.size = sizeof(struct list),
	.options = {OPTION_SET(options)},
	.show = show_list,
};
