#include "image/save_documents.h"

#include "format/digest.h"
#include "format/json_write.h"
#include "format/reference.h"
#include "image/manifest_write.h"

char *save_blob_name(const char *digest)
{
	return str_format("blobs/sha256/%s", digest_hex(digest));
}

/* ---- manifest.json: Docker's ---- */

static void write_blob_name(const char *digest, struct buffer *out)
{
	scoped_free char *name = save_blob_name(digest);

	json_write_string(out, name);
}

static void write_image(const struct saved_image *image, struct buffer *out)
{
	buffer_add_char(out, '{');
	json_write_name(out, "Config");
	write_blob_name(image->id, out);
	json_write_name(out, "RepoTags");
	if (image->tags.count > 0)
		json_write_strings(out, &image->tags);
	else
		buffer_add_text(out, "null");
	json_write_name(out, "Layers");
	buffer_add_char(out, '[');
	for (size_t i = 0; i < image->diff_ids.count; i++) {
		if (i > 0)
			buffer_add_char(out, ',');
		write_blob_name(image->diff_ids.items[i], out);
	}
	buffer_add_text(out, "]}");
}

void save_manifest_json(const struct saved_images *images, struct buffer *out)
{
	buffer_add_char(out, '[');
	for (size_t i = 0; i < images->count; i++) {
		if (i > 0)
			buffer_add_char(out, ',');
		write_image(&images->items[i], out);
	}
	buffer_add_char(out, ']');
}

/* ---- index.json: OCI's, an entry for each name ---- */

static void write_entry(const struct saved_image *image, const char *name, struct buffer *out)
{
	scoped_reference struct reference ref = {0};
	struct descriptor entry = image->manifest;
	scoped_free char *full = NULL;
	struct error ignored;

	entry.annotations = (struct pairs){0};
	if (name && reference_parse(name, &ref, &ignored)) {
		full = reference_text(&ref);
		pairs_set(&entry.annotations, "io.containerd.image.name", full);
		pairs_set(&entry.annotations, "org.opencontainers.image.ref.name",
			  ref.tag ? ref.tag : REFERENCE_DEFAULT_TAG);
	}
	if (out->data[out->size - 1] != '[')
		buffer_add_char(out, ',');
	descriptor_write(&entry, out);
	pairs_fini(&entry.annotations);
}

void save_index_json(const struct saved_images *images, struct buffer *out)
{
	buffer_add_text(out, "{\"schemaVersion\":2,\"mediaType\":\"" MANIFEST_OCI_INDEX
			     "\",\"manifests\":[");
	for (size_t i = 0; i < images->count; i++) {
		const struct saved_image *image = &images->items[i];

		for (size_t j = 0; j < image->tags.count; j++)
			write_entry(image, image->tags.items[j], out);
		if (image->tags.count == 0)
			write_entry(image, NULL, out);
	}
	buffer_add_text(out, "]}");
}

/* ---- repositories: of old, {"bb":{"latest":"<topmost layer>"}} ---- */

struct tagged {
	char *repository, *tag; /* owned */
	const char *layer;
};

static int by_name(const void *a, const void *b)
{
	const struct tagged *left = a, *right = b;
	int order = strcmp(left->repository, right->repository);

	return order ? order : strcmp(left->tag, right->tag);
}

struct tagged_list {
	struct tagged *items;
	size_t count, capacity;
};

static void add_tagged(struct tagged_list *list, const struct saved_image *image, const char *name)
{
	scoped_reference struct reference ref = {0};
	struct tagged tagged = {0};
	struct error ignored;

	if (image->diff_ids.count == 0 || !reference_parse(name, &ref, &ignored))
		return;
	tagged.repository = reference_familiar_name(&ref);
	tagged.tag = str_dup(ref.tag ? ref.tag : REFERENCE_DEFAULT_TAG);
	tagged.layer = digest_hex(image->diff_ids.items[image->diff_ids.count - 1]);
	vector_add(list, tagged);
}

static void write_tagged(const struct tagged_list *list, struct buffer *out)
{
	const char *open = NULL;

	for (size_t i = 0; i < list->count; i++) {
		const struct tagged *t = &list->items[i];

		if (!open || strcmp(open, t->repository) != 0) {
			buffer_add_text(out, open ? "}" : "{");
			json_write_name(out, t->repository);
			buffer_add_char(out, '{');
			open = t->repository;
		}
		json_write_name(out, t->tag);
		json_write_string(out, t->layer);
	}
	buffer_add_text(out, open ? "}}" : "");
}

void save_repositories(const struct saved_images *images, struct buffer *out)
{
	struct tagged_list list = {0};

	for (size_t i = 0; i < images->count; i++)
		for (size_t j = 0; j < images->items[i].tags.count; j++)
			add_tagged(&list, &images->items[i], images->items[i].tags.items[j]);
	if (list.count > 1)
		qsort(list.items, list.count, sizeof(*list.items), by_name);
	write_tagged(&list, out);
	for (size_t i = 0; i < list.count; i++) {
		free(list.items[i].repository);
		free(list.items[i].tag);
	}
	vector_fini(&list);
}
