#include "door/docker/image_view.h"

#include "base/time.h"
#include "door/docker/graph_driver.h"
#include "format/json.h"
#include "format/reference.h"

#include <fnmatch.h>

#define F      RECORD_FIELD
#define FLAGS  RECORD_FIELD_FLAGS
#define NESTED RECORD_NESTED
#define TEXT   RECORD_EMPTY_STRING
#define EMPTY  RECORD_OMIT_EMPTY
#define ABSENT RECORD_OMIT_ABSENT
#define LIST   RECORD_EMPTY_LIST

/* ---- list ---- */

/* Texts and labels are borrowed from the image; names and digests are owned. */
struct list_item {
	int64_t containers, created;
	char *id;
	struct pairs labels;
	char *parent;
	struct strings digests, tags;
	int64_t shared_size, size;
	struct optional_i64 virtual_size;
};
#define T struct list_item
static const struct record_field list_item_fields[] = {
	F(T, 1, "Containers", RECORD_I64, containers),
	F(T, 2, "Created", RECORD_I64, created),
	F(T, 3, "Id", RECORD_STRING, id),
	F(T, 4, "Labels", RECORD_PAIRS, labels),
	FLAGS(T, 5, "ParentId", RECORD_STRING, parent, TEXT),
	FLAGS(T, 6, "RepoDigests", RECORD_STRINGS, digests, LIST),
	FLAGS(T, 7, "RepoTags", RECORD_STRINGS, tags, LIST),
	F(T, 8, "SharedSize", RECORD_I64, shared_size),
	F(T, 9, "Size", RECORD_I64, size),
	FLAGS(T, 10, "VirtualSize", RECORD_OPTIONAL_I64, virtual_size, ABSENT),
};
static const struct record_type list_item_type = RECORD_TYPE(T, list_item_fields);
#undef T

bool image_name_matches(const char *pattern, const char *name)
{
	scoped_reference struct reference ref = {0};
	struct error ignored;

	if (!reference_parse(name, &ref, &ignored))
		return false;
	scoped_free char *bare = reference_familiar_name(&ref);
	return fnmatch(pattern, name, FNM_PATHNAME) == 0 ||
	       fnmatch(pattern, bare, FNM_PATHNAME) == 0;
}

static bool passes_reference(const struct filters *filters, const char *name)
{
	const struct strings *patterns = filters ? filters_values(filters, "reference") : NULL;

	for (size_t i = 0; patterns && i < patterns->count; i++)
		if (image_name_matches(patterns->items[i], name))
			return true;
	return !patterns || !patterns->count;
}

/* Below 1.43 an image without names has a placeholder. */
static struct strings shown_names(const struct strings *names, const char *placeholder,
				  const struct image_view_options *options)
{
	struct strings shown = {0};

	for (size_t i = 0; i < names->count; i++)
		if (passes_reference(options->filters, names->items[i]))
			strings_add(&shown, names->items[i]);
	if (!shown.count && options->minor < 43)
		strings_add(&shown, placeholder);
	return shown;
}

/* Only while it is there. */
static char *parent_of(struct image_store *images, const struct image *image)
{
	return image->parent && image_by_id(images, image->parent) ? image->parent : NULL;
}

void image_view_list_item(struct image_store *images, const struct image *image,
			  const struct image_view_options *options, struct buffer *json)
{
	struct list_item item = {
		.containers = options->containers,
		.created = image->created_ns / NS_PER_SECOND,
		.id = image->id,
		.labels = image->config.defaults.labels,
		.parent = parent_of(images, image),
		.digests = shown_names(&image->digests, "<none>@<none>", options),
		.tags = shown_names(&image->tags, "<none>:<none>", options),
		.shared_size = options->shared_size ? image_shared_size(image) : -1,
		.size = image->size,
		.virtual_size = {options->minor < 44, image->size},
	};

	record_write_json(&list_item_type, &item, RECORD_FOR_API, json);
	strings_fini(&item.digests);
	strings_fini(&item.tags);
}

/* ---- inspect ---- */

struct rootfs_view {
	char *type;
	struct strings layers;
};
struct metadata_view {
	char *last_tag_time; /* owned */
};

/* Borrowed from the image, but for what is marked. */
struct inspect_view {
	char *id;
	struct strings tags, digests;
	char *parent, *comment, *created;
	char *container; /* NULL from 1.45 on */
	/* Docker says it before 1.45 alone, but docker-compose 1.29 asks for it in any version, and
	 * looks there for the volumes that it hands from an old container to a new one. */
	struct container_config *container_config;
	char *docker_version, *author;
	struct container_config *config;
	char *architecture, *variant, *os, *os_version;
	int64_t size;
	struct optional_i64 virtual_size;
	struct driver_view driver; /* its data is owned */
	struct rootfs_view rootfs;
	struct metadata_view metadata;
};

#define T struct rootfs_view
static const struct record_field rootfs_view_fields[] = {
	F(T, 1, "Type", RECORD_STRING, type),
	FLAGS(T, 2, "Layers", RECORD_STRINGS, layers, EMPTY),
};
static const struct record_type rootfs_view_type = RECORD_TYPE(T, rootfs_view_fields);
#undef T

#define T struct metadata_view
static const struct record_field metadata_view_fields[] = {
	F(T, 1, "LastTagTime", RECORD_STRING, last_tag_time),
};
static const struct record_type metadata_view_type = RECORD_TYPE(T, metadata_view_fields);
#undef T

#define T struct inspect_view
static const struct record_field inspect_view_fields[] = {
	F(T, 1, "Id", RECORD_STRING, id),
	FLAGS(T, 2, "RepoTags", RECORD_STRINGS, tags, LIST),
	FLAGS(T, 3, "RepoDigests", RECORD_STRINGS, digests, LIST),
	FLAGS(T, 4, "Parent", RECORD_STRING, parent, TEXT),
	FLAGS(T, 5, "Comment", RECORD_STRING, comment, TEXT),
	FLAGS(T, 6, "Created", RECORD_STRING, created, TEXT),
	FLAGS(T, 7, "Container", RECORD_STRING, container, ABSENT),
	NESTED(T, 8, "ContainerConfig", RECORD_POINTER, container_config, ABSENT,
	       &container_config_type),
	FLAGS(T, 9, "DockerVersion", RECORD_STRING, docker_version, TEXT),
	FLAGS(T, 10, "Author", RECORD_STRING, author, TEXT),
	NESTED(T, 11, "Config", RECORD_POINTER, config, 0, &container_config_type),
	FLAGS(T, 12, "Architecture", RECORD_STRING, architecture, TEXT),
	FLAGS(T, 13, "Variant", RECORD_STRING, variant, EMPTY),
	FLAGS(T, 14, "Os", RECORD_STRING, os, TEXT),
	FLAGS(T, 15, "OsVersion", RECORD_STRING, os_version, EMPTY),
	F(T, 16, "Size", RECORD_I64, size),
	FLAGS(T, 17, "VirtualSize", RECORD_OPTIONAL_I64, virtual_size, ABSENT),
	NESTED(T, 18, "GraphDriver", RECORD_STRUCT, driver, 0, &driver_view_type),
	NESTED(T, 19, "RootFS", RECORD_STRUCT, rootfs, 0, &rootfs_view_type),
	NESTED(T, 20, "Metadata", RECORD_STRUCT, metadata, 0, &metadata_view_type),
};
static const struct record_type inspect_view_type = RECORD_TYPE(T, inspect_view_fields);
#undef T

/* A container's configuration with what the image says; all of it borrowed. */
static struct container_config config_of(const struct image_defaults *defaults)
{
	return (struct container_config){
		.user = defaults->user,
		.exposed_ports = defaults->exposed_ports,
		.env = defaults->env,
		.cmd = defaults->cmd,
		.healthcheck = defaults->healthcheck,
		.args_escaped = defaults->args_escaped,
		.volumes = defaults->volumes,
		.working_dir = defaults->working_dir,
		.entrypoint = defaults->entrypoint,
		.on_build = defaults->on_build,
		.labels = defaults->labels,
		.stop_signal = defaults->stop_signal,
		.shell = defaults->shell,
	};
}

/* Topmost first: that one is Docker's "upper", the others are below it. */
static struct driver_data driver_data_of(const char *data_root, const struct image *image)
{
	scoped_strings struct strings layers = image_rootfs(image);
	scoped_strings struct strings lower = {0};
	struct driver_data data = {0};

	for (size_t i = 0; i < layers.count; i++) {
		char *folder = str_format("%s/layers/%s", data_root, layers.items[i]);

		if (i == 0)
			data.upper = folder;
		else
			strings_take(&lower, folder);
	}
	if (lower.count)
		data.lower = strings_join(&lower, ":");
	return data;
}

void image_view_inspect(struct image_store *images, const char *data_root,
			const struct image *image, int minor, struct buffer *json)
{
	const struct image_config *config = &image->config;
	struct container_config defaults = config_of(&config->defaults);
	char tagged[TIME_TEXT_SIZE];
	struct inspect_view view = {
		.id = image->id,
		.tags = image->tags,
		.digests = image->digests,
		.parent = parent_of(images, image),
		.comment = config->comment,
		.created = config->created,
		.container = minor < 45 ? "" : NULL,
		.container_config = &defaults,
		.docker_version = config->docker_version,
		.author = config->author,
		.config = &defaults,
		.architecture = config->architecture,
		.variant = config->variant,
		.os = config->os,
		.os_version = config->os_version,
		.size = image->size,
		.virtual_size = {minor < 44, image->size},
		.driver = {driver_data_of(data_root, image), "overlay2"},
		.rootfs = {"layers", config->diff_ids},
		.metadata = {(char *)(uintptr_t)time_to_text(image->tagged_ns, tagged)},
	};

	record_write_json(&inspect_view_type, &view, RECORD_FOR_API, json);
	record_fini(&driver_data_type, &view.driver.data);
}

/* ---- history ---- */

struct history_view {
	char *id;
	int64_t created;
	char *created_by;
	struct strings tags;
	int64_t size;
	char *comment;
};
#define T struct history_view
static const struct record_field history_view_fields[] = {
	F(T, 1, "Comment", RECORD_STRING, comment),
	F(T, 2, "Created", RECORD_I64, created),
	F(T, 3, "CreatedBy", RECORD_STRING, created_by),
	F(T, 4, "Id", RECORD_STRING, id),
	F(T, 5, "Size", RECORD_I64, size),
	F(T, 6, "Tags", RECORD_STRINGS, tags),
};
static const struct record_type history_view_type = RECORD_TYPE(T, history_view_fields);
#undef T

void image_view_history(const struct image *image, struct buffer *json)
{
	size_t count;
	struct image_history_line *lines = image_history(image, &count);

	buffer_add_char(json, '[');
	for (size_t i = 0; i < count; i++) {
		struct history_view view = {
			.id = (char *)(uintptr_t)lines[i].id,
			.created = lines[i].created_ns / NS_PER_SECOND,
			.created_by = (char *)(uintptr_t)lines[i].created_by,
			.size = lines[i].size,
			.comment = (char *)(uintptr_t)lines[i].comment,
		};

		if (lines[i].tags && lines[i].tags->count)
			view.tags = *lines[i].tags;
		if (i)
			buffer_add_char(json, ',');
		record_write_json(&history_view_type, &view, RECORD_FOR_API, json);
	}
	buffer_add_char(json, ']');
	free(lines);
}

/* ---- which images ---- */

static bool read_moment(struct image_store *images, const struct filters *filters, const char *name,
			int64_t *ns, struct error *err)
{
	const struct strings *values = filters_values(filters, name);

	if (!values || !values->count)
		return true;
	const struct image *image = image_find(images, values->items[0], err);
	if (image)
		*ns = image->created_ns;
	return image;
}

static bool read_query(struct image_store *images, const char *text, int64_t now_ns,
		       struct image_query *query, struct error *err)
{
	const struct filters *filters = &query->filters;

	if (!filters_parse(text, &query->filters, err) ||
	    !filters_check(filters, "before dangling label reference since until", err) ||
	    !filters_bool(filters, "dangling", &query->dangling, err) ||
	    !read_moment(images, filters, "before", &query->before_ns, err) ||
	    !read_moment(images, filters, "since", &query->since_ns, err))
		return false;
	query->dangling_given = filters_values(filters, "dangling");
	const struct strings *until = filters_values(filters, "until");
	return !until || !until->count ||
	       moment_parse(until->items[0], now_ns, &query->until_ns, err);
}

bool image_query_parse(struct image_store *images, const char *filters, int64_t now_ns,
		       struct image_query *out, struct error *err)
{
	struct image_query query = {0};

	if (!read_query(images, filters, now_ns, &query, err)) {
		image_query_fini(&query);
		return false;
	}
	*out = query;
	return true;
}

void image_query_fini(struct image_query *query)
{
	filters_fini(&query->filters);
}

static bool has_name_for(const struct image_query *query, const struct image *image)
{
	if (!filters_values(&query->filters, "reference"))
		return true;
	for (size_t i = 0; i < image->tags.count; i++)
		if (passes_reference(&query->filters, image->tags.items[i]))
			return true;
	for (size_t i = 0; i < image->digests.count; i++)
		if (passes_reference(&query->filters, image->digests.items[i]))
			return true;
	return false;
}

static bool was_created_then(const struct image_query *query, const struct image *image)
{
	return (!query->before_ns || image->created_ns < query->before_ns) &&
	       (!query->since_ns || image->created_ns > query->since_ns) &&
	       (!query->until_ns || image->created_ns < query->until_ns);
}

bool image_query_match(const struct image_query *query, const struct image *image)
{
	if (query->dangling_given && query->dangling != image_is_dangling(image))
		return false;
	return was_created_then(query, image) && has_name_for(query, image) &&
	       filters_labels(&query->filters, "label", &image->config.defaults.labels);
}
