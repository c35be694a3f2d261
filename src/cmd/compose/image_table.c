/* images: what the containers of a project were made from. */
#include "base/time.h"
#include "cmd/cli/show.h"
#include "cmd/cli/table.h"
#include "cmd/compose/grid.h"
#include "cmd/compose/show.h"
#include "cmd/compose/verbs.h"
#include "format/json.h"
#include "format/platform.h"
#include "format/units.h"

#include <stdio.h>

struct images {
	bool quiet;
	char *format;
};

static const struct option options[] = {
	{0, "format", &option_string, offsetof(struct images, format),
	 .help = "How to show it: table or json"},
	{'q', "quiet", &option_switch, offsetof(struct images, quiet), .help = "Show only the ids"},
};

/* ---- one image ---- */

/* Of its names the one that the container was made by, else the first. */
static const char *name_of(const json_t *image, const char *wanted)
{
	const json_t *tags = json_object_get(image, "RepoTags");
	scoped_free char *latest = str_format("%s:latest", wanted);
	size_t i;
	json_t *tag;

	json_array_foreach (tags, i, tag)
		if (str_equal(json_string_value(tag), wanted) ||
		    str_equal(json_string_value(tag), latest))
			return json_string_value(tag);
	return json_string_value(json_array_get(tags, 0));
}

/* "4.26 MB" */
static char *size_of_version1(double bytes)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
	size_t unit = 0;

	for (; bytes >= 1000 && unit + 1 < array_length(units); unit++)
		bytes /= 1000;
	return str_format("%.4g %s", bytes, units[unit]);
}

/* "5 minutes ago" */
static char *age_of(const json_t *image)
{
	int64_t ns = 0;

	if (!time_from_text(doc_text(image, "Created"), &ns) || !ns)
		return str_dup("N/A");
	return show_age(ns / NS_PER_SECOND);
}

static json_t *row_of(const struct compose *compose, const struct compose_container *container,
		      const json_t *image)
{
	struct platform platform = platform_of(
		doc_text(image, "Os"), doc_text(image, "Architecture"), doc_text(image, "Variant"));
	scoped_free char *age = age_of(image);
	char platform_name[PLATFORM_TEXT_SIZE];
	const char *name = name_of(image, doc_text(container->document, "Image"));
	const char *colon = name ? strrchr(name, ':') : NULL;
	scoped_free char *repository =
		colon ? str_dup_n(name, (size_t)(colon - name)) : str_dup("<none>");
	scoped_free char *id = show_short_id(doc_text(image, "Id"));
	double bytes = (double)doc_number(image, "Size");
	scoped_free char *size =
		compose->style == COMPOSE_V1 ? size_of_version1(bytes) : size_to_text(bytes);
	json_t *row = json_object();

	doc_set_text(row, "ContainerName", container->name);
	doc_set_text(row, "Repository", repository);
	doc_set_text(row, "Tag", colon ? colon + 1 : "<none>");
	doc_set_text(row, "ID", id);
	doc_set_text(row, "Size", size);
	doc_set_text(row, "Platform", platform_text(&platform, platform_name));
	doc_set_text(row, "Created", age);
	return row;
}

/* For programs: whole ids, bytes, and moments as the daemon has them. */
static json_t *document_of(const struct compose *compose, const struct compose_container *container,
			   const json_t *image)
{
	json_t *row = row_of(compose, container, image);
	const char *const moments[][2] = {
		{"Created", doc_text(image, "Created")},
		{"LastTagTime", doc_text(json_object_get(image, "Metadata"), "LastTagTime")},
	};

	doc_set_text(row, "ID", doc_text(image, "Id"));
	json_object_set_new(row, "Size", json_integer(doc_number(image, "Size")));
	for (size_t i = 0; i < array_length(moments); i++) {
		json_object_del(row, moments[i][0]);
		if (*moments[i][1])
			doc_set_text(row, moments[i][0], moments[i][1]);
	}
	return row;
}

/* ---- all of them ---- */

static json_t *inspect_image(struct compose *compose, json_t *known, const char *id,
			     struct error *err)
{
	json_t *image = json_object_get(known, id);
	scoped_target struct target target = target_format("/images/%s/json", id);

	if (image)
		return json_incref(image);
	image = api_get(compose->cli, &target, err);
	if (!image && err->kind == ERROR_NOT_FOUND) /* removed since */
		image = json_pack("{s:s}", "Id", id);
	if (image)
		json_object_set(known, id, image);
	return image;
}

static bool add_rows(struct compose *compose, const struct compose_containers *containers,
		     bool for_programs, json_t *rows, struct error *err)
{
	scoped_json json_t *known = json_object();

	for (size_t i = 0; i < containers->count; i++) {
		const struct compose_container *container = &containers->items[i];
		scoped_json json_t *image = inspect_image(
			compose, known, doc_text(container->document, "ImageID"), err);

		if (!image)
			return false;
		json_array_append_new(rows, for_programs ? document_of(compose, container, image)
							 : row_of(compose, container, image));
	}
	return true;
}

static void write_grid(const json_t *rows, struct buffer *out)
{
	static const char *const members[] = {"ContainerName", "Repository", "Tag", "ID", "Size"};
	static const char *const titles[] = {"Container", "Repository", "Tag", "Image Id", "Size"};
	scoped_grid struct grid grid = grid_of(titles, array_length(titles));
	size_t i;
	json_t *row;

	json_array_foreach (rows, i, row)
		for (size_t k = 0; k < array_length(members); k++)
			grid_add(&grid, doc_text(row, members[k]));
	grid_write(&grid, out);
}

static void write_table(const json_t *rows, struct buffer *out)
{
	static const char *const members[] = {
		"ContainerName", "Repository", "Tag", "Platform", "ID", "Size", "Created"};
	scoped_buffer struct buffer cells = {0};
	size_t i;
	json_t *row;

	buffer_add_text(&cells, "CONTAINER\tREPOSITORY\tTAG\tPLATFORM\tIMAGE ID\tSIZE\tCREATED\n");
	json_array_foreach (rows, i, row) {
		for (size_t k = 0; k < array_length(members); k++)
			buffer_format(&cells, "%s%s", k ? "\t" : "", doc_text(row, members[k]));
		buffer_add_char(&cells, '\n');
	}
	table_align(cells.data, &table_processes, out);
}

static void write_ids(const struct compose_containers *containers, struct buffer *out)
{
	scoped_strings struct strings ids = {0};

	for (size_t i = 0; i < containers->count; i++) {
		const char *id = doc_text(containers->items[i].document, "ImageID");

		id += str_starts_with(id, "sha256:") ? strlen("sha256:") : 0;
		if (!strings_contain(&ids, id))
			strings_add(&ids, id);
	}
	for (size_t i = 0; i < ids.count; i++)
		buffer_format(out, "%s\n", ids.items[i]);
}

static bool write_all(struct compose *compose, void *fields, const struct strings *services,
		      struct buffer *out, struct error *err)
{
	const struct images *images = fields;
	scoped_with(compose_containers_fini) struct compose_containers containers = {0};
	scoped_json json_t *rows = json_array();
	const char *format = images->format ? images->format : "table";

	if (strcmp(format, "table") != 0 && strcmp(format, "json") != 0)
		return error_set(err, ERROR_INVALID,
				 "unsupported format '%s': there is table and json", format);
	if (!compose_containers(compose, services, true, false, &containers, err))
		return false;
	compose_sort_by_name(&containers);
	if (images->quiet) {
		write_ids(&containers, out);
		return true;
	}
	bool for_programs = strcmp(format, "json") == 0;
	if (!add_rows(compose, &containers, for_programs, rows, err))
		return false;
	if (for_programs) {
		scoped_free char *text = json_dumps(rows, JSON_COMPACT);
		buffer_format(out, "%s\n", text);
	} else if (compose->style == COMPOSE_V1) {
		write_grid(rows, out);
	} else {
		write_table(rows, out);
	}
	return true;
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	return compose_show_with(cli, fields, arguments, write_all);
}

const struct command compose_images = {
	.summary = "List the images that a project's containers were made from",
	.usage = "[OPTIONS] [SERVICE...]",
	.most = -1,
	.size = sizeof(struct images),
	.options = {OPTION_SET(options)},
	.run = run,
};
