#include "image/archive_index.h"

#include "format/digest.h"
#include "format/json.h"
#include "format/reference.h"
#include "image/manifest.h"

#define LINKS_MAX  16  /* from one to the next */
#define CHAIN_MAX  500 /* layers of old, by their parents */
#define NESTED_MAX 4   /* indexes within indexes */

/* ---- the archive's files ---- */

void archive_index_fini(struct archive_index *index)
{
	for (struct map_slot *slot = map_first(&index->files); slot;
	     slot = map_next(&index->files, slot)) {
		buffer_fini(slot->value);
		free(slot->value);
	}
	for (struct map_slot *slot = map_first(&index->links); slot;
	     slot = map_next(&index->links, slot))
		free(slot->value);
	for (size_t i = 0; i < index->layers.count; i++) {
		free(index->layers.items[i].name);
		free(index->layers.items[i].diff_id);
		free(index->layers.items[i].digest);
	}
	vector_fini(&index->layers);
	map_fini(&index->files);
	map_fini(&index->links);
}

void archive_index_add_file(struct archive_index *index, const char *name, struct buffer *bytes)
{
	struct buffer *file = mem_copy(bytes, sizeof(*bytes));
	struct buffer *before = map_put(&index->files, name, file);

	*bytes = (struct buffer){0};
	if (before)
		buffer_fini(before);
	free(before);
}

/* Take "." and ".." out of a path; what climbs too high ends at the top.  Owned. */
static char *clean_path(const char *path)
{
	scoped_strings struct strings parts = strings_split(path, '/'), kept = {0};

	for (size_t i = 0; i < parts.count; i++) {
		const char *part = parts.items[i];

		if (str_equal(part, "..") && kept.count > 0)
			strings_remove(&kept, kept.count - 1);
		else if (*part && !str_equal(part, ".") && !str_equal(part, ".."))
			strings_add(&kept, part);
	}
	return strings_join(&kept, "/");
}

void archive_index_add_link(struct archive_index *index, const char *name, const char *target,
			    bool symbolic)
{
	const char *slash = strrchr(name, '/');
	size_t folder = symbolic && slash && *target != '/' ? (size_t)(slash - name) + 1 : 0;
	scoped_free char *path = str_format("%.*s%s", (int)folder, name, target);

	free(map_put(&index->links, name, clean_path(path)));
}

/* Where a name leads in the end; borrowed, or the name itself. */
static const char *resolve(const struct archive_index *index, const char *name)
{
	for (int i = 0; i < LINKS_MAX; i++) {
		const char *target = map_get(&index->links, name);

		if (!target)
			break;
		name = target;
	}
	return name;
}

static const struct buffer *find_file(const struct archive_index *index, const char *name)
{
	scoped_free char *clean = clean_path(name);

	return map_get(&index->files, resolve(index, clean));
}

static const struct archive_layer *find_layer(const struct archive_index *index, const char *name)
{
	scoped_free char *clean = clean_path(name);
	const char *end = resolve(index, clean);

	for (size_t i = 0; i < index->layers.count; i++)
		if (str_equal(index->layers.items[i].name, end))
			return &index->layers.items[i];
	return NULL;
}

static bool no_file(const char *name, struct error *err)
{
	return error_set(err, ERROR_INVALID, "bad archive: there is no '%.200s' in it", name);
}

static json_t *read_json(const struct archive_index *index, const char *name, struct error *err)
{
	const struct buffer *bytes = find_file(index, name);
	json_t *json;

	if (!bytes) {
		no_file(name, err);
		return NULL;
	}
	json = json_parse(bytes->data ? bytes->data : "", bytes->size, err);
	if (!json)
		error_prefix(err, "bad archive: '%.200s'", name);
	return json;
}

/* ---- images ---- */

static void archive_image_fini(struct archive_image *image)
{
	image_config_fini(&image->config);
	buffer_fini(&image->bytes);
	strings_fini(&image->names);
	strings_fini(&image->documents);
}

void archive_images_fini(struct archive_images *images)
{
	for (size_t i = 0; i < images->count; i++)
		archive_image_fini(&images->items[i]);
	vector_fini(images);
}

/* Refuse a name that is none; keep it with its tag. */
static bool add_name(struct archive_image *image, const char *name, struct error *err)
{
	scoped_reference struct reference ref = {0};

	if (!reference_parse(name, &ref, err))
		return error_prefix(err, "bad archive: name '%.200s'", name);
	reference_add_default_tag(&ref);
	strings_take(&image->names, reference_familiar(&ref));
	return true;
}

static bool read_config(const struct archive_index *index, const char *name,
			struct archive_image *image, struct error *err)
{
	const struct buffer *bytes = find_file(index, name);

	if (!bytes || bytes->size == 0)
		return no_file(name, err);
	buffer_add(&image->bytes, bytes->data, bytes->size);
	return image_config_parse(bytes->data, bytes->size, &image->config, err);
}

/* The layers in the archive have to be those that the configuration names. */
static bool check_layer(const struct archive_image *image, size_t at,
			const struct archive_layer *layer, struct error *err)
{
	const char *wanted = image->config.diff_ids.items[at];

	if (!str_equal(layer->diff_id, wanted))
		return error_set(err, ERROR_INVALID,
				 "bad archive: layer '%.200s' is '%s', and not '%s'", layer->name,
				 layer->diff_id, wanted);
	return true;
}

static bool check_layers(const struct archive_index *index, const struct archive_image *image,
			 const struct strings *names, struct error *err)
{
	if (names->count != image->config.diff_ids.count)
		return error_set(err, ERROR_INVALID,
				 "bad archive: %zu layers, where the image's configuration has %zu",
				 names->count, image->config.diff_ids.count);
	for (size_t i = 0; i < names->count; i++) {
		const struct archive_layer *layer = find_layer(index, names->items[i]);

		if (!layer)
			return no_file(names->items[i], err);
		if (!check_layer(image, i, layer, err))
			return false;
	}
	return true;
}

/* ---- Docker's form ---- */

struct docker_entry {
	char *config;
	struct strings repo_tags, layers;
};
static const struct record_field docker_entry_fields[] = {
	RECORD_FIELD(struct docker_entry, 1, "Config", RECORD_STRING, config),
	RECORD_FIELD(struct docker_entry, 2, "RepoTags", RECORD_STRINGS, repo_tags),
	RECORD_FIELD(struct docker_entry, 3, "Layers", RECORD_STRINGS, layers),
};
static const struct record_type docker_entry_type =
	RECORD_TYPE(struct docker_entry, docker_entry_fields);

static bool fill_docker(const struct archive_index *index, const struct docker_entry *entry,
			struct archive_image *image, struct error *err)
{
	if (!read_config(index, entry->config ? entry->config : "", image, err) ||
	    !check_layers(index, image, &entry->layers, err))
		return false;
	for (size_t i = 0; i < entry->repo_tags.count; i++)
		if (!add_name(image, entry->repo_tags.items[i], err))
			return false;
	return true;
}

static bool read_docker_entry(const struct archive_index *index, const json_t *json,
			      struct archive_images *out, struct error *err)
{
	struct docker_entry entry = {0};
	struct archive_image image = {0};
	bool ok = record_from_json(&docker_entry_type, json, RECORD_FOR_API, &entry, err) &&
		  fill_docker(index, &entry, &image, err);

	record_fini(&docker_entry_type, &entry);
	if (ok)
		vector_add(out, image);
	else
		archive_image_fini(&image);
	return ok;
}

static bool read_docker(const struct archive_index *index, const struct platform *platform,
			struct archive_images *out, struct error *err)
{
	scoped_json json_t *json = read_json(index, "manifest.json", err);
	json_t *item;
	size_t i;

	if (!json)
		return false;
	if (!json_is_array(json))
		return error_set(err, ERROR_INVALID, "bad archive: 'manifest.json' is no list");
	json_array_foreach (json, i, item)
		if (!read_docker_entry(index, item, out, err))
			return false;
	return true;
}

/* ---- OCI's form ---- */

static char *blob_name(const char *digest)
{
	return str_format("blobs/sha256/%s", digest_hex(digest));
}

static bool read_manifest(const struct archive_index *index, const char *name,
			  const char *media_type, struct manifest *out, struct error *err)
{
	const struct buffer *bytes = find_file(index, name);

	if (!bytes)
		return no_file(name, err);
	return manifest_parse(bytes->data ? bytes->data : "", bytes->size, media_type, out, err);
}

static bool fill_oci(const struct archive_index *index, const struct manifest *manifest,
		     struct archive_image *image, struct error *err)
{
	scoped_free char *config = blob_name(manifest->config.digest);
	scoped_strings struct strings layers = {0};

	for (size_t i = 0; i < manifest->layers.count; i++)
		strings_take(&layers,
			     blob_name(RECORD_AT(manifest->layers, struct descriptor, i)->digest));
	return read_config(index, config, image, err) && check_layers(index, image, &layers, err);
}

/* A tag alone ("latest") does not say of what. */
static bool name_oci(const struct pairs *annotations, struct archive_image *image,
		     struct error *err)
{
	const char *full = pairs_get(annotations, "io.containerd.image.name");
	const char *ref = pairs_get(annotations, "org.opencontainers.image.ref.name");

	if (!str_is_empty(full))
		return add_name(image, full, err);
	if (!str_is_empty(ref) && (strchr(ref, ':') || strchr(ref, '/')))
		return add_name(image, ref, err);
	return true;
}

static bool read_oci_image(const struct archive_index *index, const struct manifest *manifest,
			   const struct strings *documents, const struct pairs *annotations,
			   struct archive_images *out, struct error *err)
{
	struct archive_image image = {.documents = strings_copy(documents)};

	if (!fill_oci(index, manifest, &image, err) || !name_oci(annotations, &image, err)) {
		archive_image_fini(&image);
		return false;
	}
	vector_add(out, image);
	return true;
}

struct oci_walk {
	const struct archive_index *index;
	const struct platform *platform;
	struct archive_images *out;
};

/* From an entry of index.json down to the image: through indexes of platforms, if there are any. */
static bool read_oci_entry(const struct oci_walk *walk, const struct descriptor *entry,
			   struct error *err)
{
	scoped_strings struct strings documents = {0};
	const struct descriptor *at = entry;
	struct manifest manifests[NESTED_MAX] = {0};
	bool ok = true;
	int depth = 0;

	do {
		scoped_free char *name = blob_name(at->digest);

		strings_add(&documents, name);
		ok = read_manifest(walk->index, name, at->media_type, &manifests[depth], err);
		if (ok && manifests[depth].is_list) {
			at = manifest_choose(&manifests[depth], walk->platform, err);
			ok = at != NULL;
		}
	} while (ok && manifests[depth].is_list && ++depth < NESTED_MAX);
	if (ok && depth == NESTED_MAX)
		ok = error_set(err, ERROR_INVALID, "bad archive: indexes within indexes");
	ok = ok && read_oci_image(walk->index, &manifests[depth], &documents, &entry->annotations,
				  walk->out, err);
	for (int i = 0; i < NESTED_MAX; i++)
		manifest_fini(&manifests[i]);
	return ok;
}

/* Signatures and the like stand beside the images as "unknown". */
static bool is_image(const struct descriptor *entry)
{
	return !entry->platform || !str_equal(entry->platform->os, "unknown");
}

static bool read_oci(const struct archive_index *index, const struct platform *platform,
		     struct archive_images *out, struct error *err)
{
	scoped_manifest struct manifest list = {0};
	struct oci_walk walk = {index, platform, out};

	if (!read_manifest(index, "index.json", "application/vnd.oci.image.index.v1+json", &list,
			   err))
		return error_prefix(err, "bad archive: index.json");
	if (!list.is_list)
		return error_set(err, ERROR_INVALID, "bad archive: 'index.json' is no index");
	for (size_t i = 0; i < list.entries.count; i++) {
		const struct descriptor *entry = RECORD_AT(list.entries, struct descriptor, i);

		if (is_image(entry) && !read_oci_entry(&walk, entry, err))
			return false;
	}
	return true;
}

/* ---- Docker's form of old ---- */

struct old_layer {
	char *id, *parent, *created, *author, *comment, *architecture, *os, *docker_version;
	struct image_defaults config, container_config;
	bool throwaway;
};
static const struct record_field old_layer_fields[] = {
	RECORD_FIELD(struct old_layer, 1, "id", RECORD_STRING, id),
	RECORD_FIELD(struct old_layer, 2, "parent", RECORD_STRING, parent),
	RECORD_FIELD(struct old_layer, 3, "created", RECORD_STRING, created),
	RECORD_FIELD(struct old_layer, 4, "author", RECORD_STRING, author),
	RECORD_FIELD(struct old_layer, 5, "comment", RECORD_STRING, comment),
	RECORD_FIELD(struct old_layer, 6, "architecture", RECORD_STRING, architecture),
	RECORD_FIELD(struct old_layer, 7, "os", RECORD_STRING, os),
	RECORD_FIELD(struct old_layer, 8, "docker_version", RECORD_STRING, docker_version),
	RECORD_NESTED(struct old_layer, 9, "config", RECORD_STRUCT, config, 0,
		      &image_defaults_type),
	RECORD_NESTED(struct old_layer, 10, "container_config", RECORD_STRUCT, container_config, 0,
		      &image_defaults_type),
	RECORD_FIELD(struct old_layer, 11, "throwaway", RECORD_BOOL, throwaway),
};
static const struct record_type old_layer_type = RECORD_TYPE(struct old_layer, old_layer_fields);

static bool read_old_layer(const struct archive_index *index, const char *id, struct old_layer *out,
			   struct error *err)
{
	scoped_free char *name = str_format("%s/json", id);
	scoped_json json_t *json = read_json(index, name, err);

	return json && record_from_json(&old_layer_type, json, RECORD_FOR_API, out, err);
}

/* The layer's own line in the history, in front of those above it. */
static void push_history(struct image_config *config, const struct old_layer *layer)
{
	struct record_list *list = &config->history;
	struct image_history *first;

	record_list_add(&image_history_type, list);
	first = RECORD_AT(*list, struct image_history, 0);
	memmove(first + 1, first, (list->count - 1) * sizeof(*first));
	*first = (struct image_history){
		.created = str_dup_or_null(layer->created),
		.created_by = strings_join(&layer->container_config.cmd, " "),
		.author = str_dup_or_null(layer->author),
		.comment = str_dup_or_null(layer->comment),
		.empty_layer = layer->throwaway,
	};
}

static bool push_layer(const struct archive_index *index, const char *id,
		       const struct old_layer *layer, struct image_config *config,
		       struct error *err)
{
	scoped_free char *name = str_format("%s/layer.tar", id);
	const struct archive_layer *found = find_layer(index, name);
	struct strings *ids = &config->diff_ids;

	push_history(config, layer);
	if (layer->throwaway)
		return true;
	if (!found)
		return no_file(name, err);
	if (ids->count >= IMAGE_LAYERS_MAX)
		return error_set(err, ERROR_INVALID, "the image has more than %d layers",
				 IMAGE_LAYERS_MAX);
	strings_add(ids, found->diff_id);
	for (size_t i = ids->count - 1; i > 0; i--) { /* to the front */
		char *item = ids->items[i];

		ids->items[i] = ids->items[i - 1];
		ids->items[i - 1] = item;
	}
	return true;
}

/* What the topmost layer says is said of the image. */
static void take_top(struct old_layer *layer, struct image_config *config)
{
	config->architecture = take(layer->architecture);
	config->os = take(layer->os);
	config->created = str_dup_or_null(layer->created);
	config->author = str_dup_or_null(layer->author);
	config->docker_version = take(layer->docker_version);
	config->defaults = layer->config;
	layer->config = (struct image_defaults){0};
}

static bool read_chain(const struct archive_index *index, const char *top,
		       struct image_config *config, struct error *err)
{
	scoped_free char *id = str_dup(top);

	for (int i = 0; !str_is_empty(id); i++) {
		struct old_layer layer = {0};
		bool ok = read_old_layer(index, id, &layer, err) &&
			  push_layer(index, id, &layer, config, err);

		if (ok && i >= CHAIN_MAX)
			ok = error_set(err, ERROR_INVALID, "bad archive: layers without an end");
		if (ok && i == 0)
			take_top(&layer, config);
		free(id);
		id = take(layer.parent);
		record_fini(&old_layer_type, &layer);
		if (!ok)
			return false;
	}
	return true;
}

static bool read_old_image(const struct archive_index *index, const char *repository,
			   const char *tag, const char *top, struct archive_images *out,
			   struct error *err)
{
	scoped_free char *name = str_format("%s:%s", repository, tag);
	struct archive_image image = {0};

	if (!read_chain(index, top, &image.config, err) || !add_name(&image, name, err)) {
		archive_image_fini(&image);
		return false;
	}
	image_config_write(&image.config, &image.bytes);
	vector_add(out, image);
	return true;
}

static bool read_old(const struct archive_index *index, const struct platform *platform,
		     struct archive_images *out, struct error *err)
{
	scoped_json json_t *json = read_json(index, "repositories", err);
	const char *repository, *tag;
	json_t *tags, *top;

	json_object_foreach (json, repository, tags) {
		json_object_foreach (tags, tag, top) {
			if (!json_is_string(top))
				return error_set(err, ERROR_INVALID, "bad archive: 'repositories'");
			if (!read_old_image(index, repository, tag, json_string_value(top), out,
					    err))
				return false;
		}
	}
	return json != NULL;
}

/* ---- which form ---- */

static const struct {
	const char *file;
	bool (*read)(const struct archive_index *index, const struct platform *platform,
		     struct archive_images *out, struct error *err);
} forms[] = {
	{"manifest.json", read_docker}, /* it knows the names that index.json may lack */
	{"index.json", read_oci},
	{"repositories", read_old},
};

static bool no_image(struct error *err)
{
	return error_set(err, ERROR_INVALID,
			 "the archive holds no image: it has no manifest.json, no "
			 "index.json and no repositories that name one");
}

bool archive_index_read(const struct archive_index *index, const struct platform *platform,
			struct archive_images *out, struct error *err)
{
	bool ok = false;
	size_t i = 0;

	*out = (struct archive_images){0};
	while (i < array_length(forms) && !find_file(index, forms[i].file))
		i++;
	if (i < array_length(forms))
		ok = forms[i].read(index, platform, out, err);
	if (out->count == 0 && (ok || i == array_length(forms)))
		return no_image(err);
	if (!ok)
		archive_images_fini(out);
	return ok;
}
