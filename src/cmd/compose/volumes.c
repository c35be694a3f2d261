/* volumes: those of a project, or those that some of its services have. */
#include "cmd/cli/volume_row.h"
#include "cmd/compose/show.h"
#include "cmd/compose/verbs.h"
#include "format/json.h"

struct volumes {
	bool quiet;
	char *format;
};

static const struct option options[] = {
	{0, "format", &option_string, offsetof(struct volumes, format), .help = FORMAT_HELP},
	{'q', "quiet", &option_switch, offsetof(struct volumes, quiet),
	 .help = "Show only the names"},
};

static json_t *get_volumes(struct compose *compose, struct error *err)
{
	scoped_target struct target target = target_format("/volumes");
	scoped_strings struct strings filters = {0};

	strings_format(&filters, "label=com.docker.compose.project=%s", compose->project_name);
	target_add_filters(&target, &filters);
	return api_get(compose->cli, &target, err);
}

/* Names of what the services' containers have mounted. */
static bool list_mounted(struct compose *compose, const struct strings *services,
			 struct strings *names, struct error *err)
{
	scoped_with(compose_containers_fini) struct compose_containers containers = {0};
	size_t k;
	json_t *mount;

	if (!services->count)
		return true;
	if (!compose_containers(compose, services, true, false, &containers, err))
		return false;
	for (size_t i = 0; i < containers.count; i++)
		json_array_foreach (json_object_get(containers.items[i].document, "Mounts"), k,
				    mount)
			strings_add(names, doc_text(mount, "Name"));
	return true;
}

static bool write_all(struct compose *compose, void *fields, const struct strings *services,
		      struct buffer *out, struct error *err)
{
	const struct volumes *volumes = fields;
	scoped_view struct view view = {0};
	scoped_strings struct strings mounted = {0};
	scoped_json json_t *rows = json_array();
	size_t i;
	json_t *volume;

	if (!view_open(&view, &volume_listing, volumes->format, "{{.Driver}}\t{{.Name}}",
		       volumes->quiet, err) ||
	    !list_mounted(compose, services, &mounted, err))
		return false;
	scoped_json json_t *document = get_volumes(compose, err);
	if (!document)
		return false;
	json_array_foreach (json_object_get(document, "Volumes"), i, volume)
		if (!services->count || strings_contain(&mounted, doc_text(volume, "Name")))
			json_array_append_new(rows, volume_row(volume));
	scoped_json json_t *sorted = rows_sort(rows, "Name");
	return view_write(&view, sorted, out, err);
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	return compose_show_with(cli, fields, arguments, write_all);
}

const struct command compose_volumes = {
	.summary = "List the volumes of a project",
	.usage = "[OPTIONS] [SERVICE...]",
	.most = -1,
	.size = sizeof(struct volumes),
	.options = {OPTION_SET(options)},
	.run = run,
};
