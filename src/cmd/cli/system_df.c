/* system df */
#include "cmd/cli/api.h"
#include "cmd/cli/container_row.h"
#include "cmd/cli/image_row.h"
#include "cmd/cli/listing.h"
#include "cmd/cli/show.h"
#include "cmd/cli/volume_row.h"
#include "format/json.h"
#include "format/units.h"

#include <stdio.h>

struct df {
	char *format;
	bool verbose;
};

static const struct option options[] = {
	{0, "format", &option_string, offsetof(struct df, format), .help = FORMAT_HELP},
	{'v', "verbose", &option_switch, offsetof(struct df, verbose),
	 .help = "Show every image, container and volume"},
};

/* ---- the summary ---- */

/* What one kind of object takes. */
struct usage {
	int64_t count, active, size, reclaimable;
	bool of_total; /* the reclaimable part is shown as a share, too */
};

static struct usage images_usage(const json_t *df)
{
	struct usage usage = {.size = doc_number(df, "LayersSize"), .of_total = true};
	int64_t used = 0;
	size_t i;
	json_t *image;

	json_array_foreach (json_object_get(df, "Images"), i, image) {
		int64_t size = doc_number(image, "Size"), shared = doc_number(image, "SharedSize");

		usage.count++;
		if (!doc_number(image, "Containers"))
			continue;
		usage.active++;
		if (size != -1 && shared != -1)
			used += size - shared;
	}
	usage.reclaimable = usage.size - used;
	return usage;
}

static bool is_active(const json_t *container)
{
	const char *state = doc_text(container, "State");

	return strcmp(state, "running") == 0 || strcmp(state, "paused") == 0 ||
	       strcmp(state, "restarting") == 0;
}

static struct usage containers_usage(const json_t *df)
{
	struct usage usage = {.of_total = true};
	size_t i;
	json_t *container;

	json_array_foreach (json_object_get(df, "Containers"), i, container) {
		int64_t size = doc_number(container, "SizeRw");
		bool active = is_active(container);

		usage.count++;
		usage.active += active;
		usage.size += size;
		usage.reclaimable += active ? 0 : size;
	}
	return usage;
}

static struct usage volumes_usage(const json_t *df)
{
	struct usage usage = {.of_total = true};
	size_t i;
	json_t *volume;

	json_array_foreach (json_object_get(df, "Volumes"), i, volume) {
		const json_t *data = json_object_get(volume, "UsageData");
		int64_t size = doc_number(data, "Size");
		bool used = doc_number(data, "RefCount") > 0;

		usage.count++;
		usage.active += used;
		usage.size += size > 0 ? size : 0;
		usage.reclaimable += used || size < 0 ? 0 : size;
	}
	return usage;
}

static struct usage cache_usage(const json_t *df)
{
	struct usage usage = {0};
	size_t i;
	json_t *record;

	json_array_foreach (json_object_get(df, "BuildCache"), i, record) {
		bool used = doc_flag(record, "InUse");
		int64_t size = doc_flag(record, "Shared") ? 0 : doc_number(record, "Size");

		usage.count++;
		usage.active += used;
		usage.size += size;
		usage.reclaimable += used ? 0 : size;
	}
	return usage;
}

static const struct {
	const char *type;
	struct usage (*measure)(const json_t *df);
} kinds[] = {
	{"Images", images_usage},
	{"Containers", containers_usage},
	{"Local Volumes", volumes_usage},
	{"Build Cache", cache_usage},
};

static const struct listing_column columns[] = {
	{"Type", "TYPE"}, {"TotalCount", "TOTAL"},	  {"Active", "ACTIVE"},
	{"Size", "SIZE"}, {"Reclaimable", "RECLAIMABLE"},
};

static const struct listing listing = {
	.row_type = "*formatter.diskUsageContext",
	LISTING_COLUMNS(columns),
};

static json_t *usage_row(const char *type, const struct usage *usage)
{
	json_t *row = json_object();
	scoped_free char *size = size_to_text_fine((double)usage->size);
	scoped_free char *free_text = size_to_text_fine((double)usage->reclaimable);

	doc_set_text(row, "Type", type);
	doc_set_format(row, "TotalCount", "%lld", (long long)usage->count);
	doc_set_format(row, "Active", "%lld", (long long)usage->active);
	doc_set_text(row, "Size", size);
	if (usage->of_total && usage->size > 0)
		doc_set_format(row, "Reclaimable", "%s (%lld%%)", free_text,
			       (long long)(usage->reclaimable * 100 / usage->size));
	else
		doc_set_text(row, "Reclaimable", free_text);
	return row;
}

static bool show_summary(const struct df *df, const json_t *document, struct buffer *out,
			 struct error *err)
{
	scoped_view struct view view = {0};
	scoped_json json_t *rows = json_array();

	if (!view_open(&view, &listing, df->format,
		       "{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}",
		       false, err))
		return false;
	for (size_t i = 0; i < array_length(kinds); i++) {
		struct usage usage = kinds[i].measure(document);

		json_array_append_new(rows, usage_row(kinds[i].type, &usage));
	}
	return view_write(&view, rows, out, err);
}

/* ---- every object ---- */

static json_t *image_list_rows(const json_t *df, bool truncate)
{
	struct image_view view = {.truncate = truncate};
	json_t *rows = json_array();
	size_t i;
	json_t *image;

	json_array_foreach (json_object_get(df, "Images"), i, image) {
		json_t *names = json_object_get(image, "RepoTags");

		while (json_array_size(names) > 1) /* an image is one row, under its first name */
			json_array_remove(names, json_array_size(names) - 1);
		image_rows(image, &view, rows);
	}
	return rows;
}

/* What a container has written is all that is its own. */
static json_t *container_list_rows(const json_t *df, bool truncate)
{
	json_t *rows = json_array();
	size_t i;
	json_t *container;

	json_array_foreach (json_object_get(df, "Containers"), i, container) {
		json_t *row = container_row(container, truncate);
		scoped_free char *size = size_to_text((double)doc_number(container, "SizeRw"));

		doc_set_text(row, "Size", size);
		json_array_append_new(rows, row);
	}
	return rows;
}

static json_t *volume_list_rows(const json_t *df, bool truncate)
{
	json_t *rows = json_array();
	size_t i;
	json_t *volume;

	json_array_foreach (json_object_get(df, "Volumes"), i, volume)
		json_array_append_new(rows, volume_row(volume));
	return rows;
}

static json_t *no_rows(const json_t *df, bool truncate)
{
	return json_array();
}

static const struct listing_column cache_columns[] = {
	{"ID", "CACHE ID"},	     {"CacheType", "CACHE TYPE"},    {"Size", "SIZE"},
	{"CreatedSince", "CREATED"}, {"LastUsedSince", "LAST USED"}, {"UsageCount", "USAGE"},
	{"Shared", "SHARED"},
};

static const struct listing cache_listing = {
	.row_type = "*formatter.buildCacheContext",
	LISTING_COLUMNS(cache_columns),
};

static const struct part {
	const char *name, *title;
	const struct listing *listing;
	const char *table;
	json_t *(*rows)(const json_t *df, bool truncate);
} parts[] = {
	{"Images", "Images space usage:\n\n", &image_listing,
	 "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}\t{{.SharedSize}}\t"
	 "{{.UniqueSize}}\t{{.Containers}}",
	 image_list_rows},
	{"Containers", "\nContainers space usage:\n\n", &container_listing,
	 "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t{{.RunningFor}}\t"
	 "{{.Status}}\t{{.Names}}",
	 container_list_rows},
	{"Volumes", "\nLocal Volumes space usage:\n\n", &volume_listing,
	 "{{.Name}}\t{{.Links}}\t{{.Size}}", volume_list_rows},
	{"BuildCache", "\nBuild cache usage: 0B\n\n", &cache_listing,
	 "{{.ID}}\t{{.CacheType}}\t{{.Size}}\t{{.CreatedSince}}\t{{.LastUsedSince}}\t"
	 "{{.UsageCount}}\t{{.Shared}}",
	 no_rows},
};

static bool show_part(const struct part *part, const json_t *document, struct buffer *out,
		      struct error *err)
{
	scoped_view struct view view = {0};
	scoped_json json_t *rows = part->rows(document, true);

	buffer_add_text(out, part->title);
	return view_open(&view, part->listing, NULL, part->table, false, err) &&
	       view_write(&view, rows, out, err);
}

static json_t *verbose_document(const json_t *document)
{
	json_t *all = json_object();

	for (size_t i = 0; i < array_length(parts); i++) {
		scoped_json json_t *rows = parts[i].rows(document, false);
		json_t *sorted = json_array(), *row;
		size_t j;

		json_array_foreach (rows, j, row)
			json_array_append_new(sorted, row_sorted(row));
		json_object_set_new(all, parts[i].name, sorted);
	}
	return all;
}

static bool show_verbose(const struct df *df, const json_t *document, struct buffer *out,
			 struct error *err)
{
	bool table = str_is_empty(df->format) || strcmp(df->format, "table") == 0;

	if (!table) {
		scoped_json json_t *all = verbose_document(document);

		return document_write(df->format, all, out, err);
	}
	for (size_t i = 0; i < array_length(parts); i++)
		if (!show_part(&parts[i], document, out, err))
			return false;
	return true;
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct df *df = fields;
	scoped_target struct target target = target_format("/system/df");
	scoped_buffer struct buffer out = {0};
	struct error err;
	scoped_json json_t *document = api_get(cli, &target, &err);

	if (!document || !(df->verbose ? show_verbose(df, document, &out, &err)
				       : show_summary(df, document, &out, &err)))
		return cli_fail(cli, &err);
	return cli_print(&out);
}

const struct command system_df = {
	.summary = "Show how much space images, containers and volumes take",
	.usage = "[OPTIONS]",
	.size = sizeof(struct df),
	.options = {OPTION_SET(options)},
	.run = run,
};
