/* volume create, ls, rm and update. */
#include "cmd/cli/api.h"
#include "cmd/cli/config.h"
#include "cmd/cli/listing.h"
#include "cmd/cli/show.h"
#include "cmd/cli/volume_row.h"
#include "format/json.h"
#include "spec/spec.h"

#include <stdio.h>

/* ---- create ---- */

struct create {
	char *driver, *name, *cluster;
	struct pairs options;
	struct strings labels;
};

#define AT(field) offsetof(struct create, field)
#define CLUSTER_ONLY                                                                               \
	&option_string, AT(cluster),                                                               \
		.hidden = true,                                                                    \
		.refused = "only volumes of a cluster have it, and this is one host", .help = ""

static const struct option create_options[] = {
	{0, "availability", CLUSTER_ONLY},
	{'d', "driver", &option_string, AT(driver), .initial = "local",
	 .help = "Driver of the volume"},
	{0, "group", CLUSTER_ONLY},
	{0, "label", &option_label, AT(labels), .help = "Label the volume: NAME[=VALUE]"},
	{0, "limit-bytes", CLUSTER_ONLY},
	{0, "name", &option_string, AT(name), .hidden = true, .help = "Name of the volume"},
	{'o', "opt", &option_map, AT(options), .help = "Option of the driver: NAME=VALUE"},
	{0, "required-bytes", CLUSTER_ONLY},
	{0, "scope", CLUSTER_ONLY},
	{0, "secret", CLUSTER_ONLY},
	{0, "sharing", CLUSTER_ONLY},
	{0, "topology-preferred", CLUSTER_ONLY},
	{0, "topology-required", CLUSTER_ONLY},
	{0, "type", CLUSTER_ONLY},
};

static json_t *create_body(const struct create *create, const char *name)
{
	json_t *body = json_object();

	doc_set_text(body, "Driver", create->driver);
	doc_set_map(body, "DriverOpts", &create->options, false);
	if (create->labels.count)
		doc_set_labels(body, &create->labels);
	if (name)
		doc_set_text(body, "Name", name);
	return body;
}

static int run_create(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct create *create = fields;
	scoped_target struct target target = target_format("/volumes/create");
	const char *name = arguments->count ? arguments->items[0] : create->name;
	scoped_json json_t *body = create_body(create, name);
	struct api_request request = {.method = "POST", .target = &target, .body = body};
	scoped_json json_t *answer = NULL;
	struct error err;

	if (arguments->count && create->name) {
		fprintf(stderr, "conflicting options: cannot specify a volume-name through both "
				"--name and as a positional arg\n");
		return 1;
	}
	if (!api_call(cli, &request, &answer, &err))
		return cli_fail(cli, &err);
	printf("%s\n", doc_text(answer, "Name"));
	return 0;
}

/* ---- ls ---- */

struct list {
	bool cluster, quiet;
	struct strings filters;
	char *format;
};

static const struct option list_options[] = {
	{0, "cluster", &option_switch, offsetof(struct list, cluster), .hidden = true,
	 .help = "Show only volumes of a cluster"},
	{'f', "filter", &option_filter, offsetof(struct list, filters),
	 .help = "Show only what fits: name=value"},
	{0, "format", &option_string, offsetof(struct list, format), .help = FORMAT_HELP},
	{'q', "quiet", &option_switch, offsetof(struct list, quiet), .help = "Show only the names"},
};

static bool show_list(struct cli *cli, void *fields, const struct strings *arguments,
		      struct buffer *out, struct error *err)
{
	const struct list *list = fields;
	scoped_target struct target target = target_format("/volumes");
	scoped_view struct view view = {0};
	scoped_free char *format = config_format(cli, list->format, "volumesFormat");
	const char *table = "{{.Driver}}\t{{.Name}}";

	if (list->cluster)
		table = "{{.Name}}\t{{.Group}}\t{{.Driver}}\t{{.Availability}}\t{{.Status}}";
	if (!view_open(&view, &volume_listing, format, table, list->quiet, err))
		return false;
	target_add_filters(&target, &list->filters);
	scoped_json json_t *answer = api_get(cli, &target, err);
	if (!answer)
		return false;
	scoped_json json_t *sorted = rows_sort(json_object_get(answer, "Volumes"), "Name");
	scoped_json json_t *rows = json_array();
	size_t i;
	json_t *volume;
	json_array_foreach (sorted, i, volume)
		if (!list->cluster || json_object_get(volume, "ClusterVolume"))
			json_array_append_new(rows, volume_row(volume));
	return view_write(&view, rows, out, err);
}

/* ---- rm ---- */

struct removal {
	bool force;
};

static const struct option removal_options[] = {
	{'f', "force", &option_switch, offsetof(struct removal, force),
	 .help = "What is not there is no error"},
};

static int run_remove(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct removal *removal = fields;
	int status = 0;

	for (size_t i = 0; i < arguments->count; i++) {
		scoped_target struct target target =
			target_format("/volumes/%s", arguments->items[i]);
		struct error err;

		target_add_flag(&target, "force", removal->force);
		if (api_do(cli, NULL, "DELETE", &target, &err) ||
		    (removal->force && err.kind == ERROR_NOT_FOUND))
			printf("%s\n", arguments->items[i]);
		else
			status = cli_complain(&err);
	}
	return status;
}

/* ---- update ---- */

static const struct option update_options[] = {
	{0, "availability", &option_string, AT(cluster),
	 .help = "Availability of the volume: active, pause, drain"},
};

/* Only what a cluster keeps of a volume can change. */
static int run_update(struct cli *cli, void *fields, const struct strings *arguments)
{
	scoped_target struct target target =
		target_format("/volumes/%s", arguments->count ? arguments->items[0] : "");
	struct error err;
	scoped_json json_t *volume = api_get(cli, &target, &err);

	if (!volume)
		return cli_fail(cli, &err);
	fprintf(stderr, "Can only update cluster volumes\n");
	return 1;
}

/* ---- the commands ---- */

const struct command volume_create = {
	.summary = "Create a volume",
	.usage = "[OPTIONS] [VOLUME]",
	.most = 1,
	.size = sizeof(struct create),
	.options = {OPTION_SET(create_options)},
	.run = run_create,
};

const struct command volume_list = {
	.summary = "List volumes",
	.usage = "[OPTIONS]",
	.size = sizeof(struct list),
	.options = {OPTION_SET(list_options)},
	.show = show_list,
};

const struct command volume_remove = {
	.summary = "Remove volumes that no container uses",
	.usage = "[OPTIONS] VOLUME [VOLUME...]",
	.least = 1,
	.most = -1,
	.arguments = ARGUMENTS_VOLUMES,
	.size = sizeof(struct removal),
	.options = {OPTION_SET(removal_options)},
	.run = run_remove,
};

const struct command volume_update = {
	.summary = "Change a volume of a cluster",
	.usage = "[OPTIONS] [VOLUME]",
	.most = 1,
	.arguments = ARGUMENTS_VOLUMES,
	.size = sizeof(struct create),
	.options = {OPTION_SET(update_options)},
	.run = run_update,
};
