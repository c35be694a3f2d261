#include "image/image_store.h"

#include "base/time.h"
#include "format/reference.h"

/* ---- an image in memory ---- */

/* A layer that no record names: the image stays listed, and fails by name when it is to be used. */
static struct layer *layer_or_gap(struct image_store *images, const char *diff_id)
{
	struct layer *layer = map_get(&images->by_diff_id, diff_id);

	if (layer)
		return layer;
	layer = mem_new(struct layer);
	layer->diff_id = str_dup(diff_id);
	layer->folder = str_dup("");
	layer->missing = true;
	map_put(&images->by_diff_id, diff_id, layer);
	return layer;
}

static void find_layers(struct image_store *images, struct image *image)
{
	const struct strings *ids = &image->config.diff_ids;

	image->layers = mem_zeroed(ids->count, sizeof(*image->layers));
	for (size_t i = 0; i < ids->count; i++) {
		image->layers[i] = layer_or_gap(images, ids->items[i]);
		layer_use(image->layers[i]);
		image->size += image->layers[i]->size;
	}
}

struct image *image_make(struct image_store *images, const char *id, struct image_config *config,
			 struct strings *documents)
{
	struct image *image = mem_new(struct image);

	image->id = str_dup(id);
	image->config = *config;
	image->documents = *documents;
	*config = (struct image_config){0};
	*documents = (struct strings){0};
	if (!image->config.created || !time_from_text(image->config.created, &image->created_ns))
		image->created_ns = 0;
	find_layers(images, image);
	map_put(&images->images, id, image);
	free(take(images->sorted));
	return image;
}

void image_free(struct image *image)
{
	free(image->id);
	free(image->parent);
	free(image->step_key);
	image_config_fini(&image->config);
	free(image->layers);
	strings_fini(&image->tags);
	strings_fini(&image->digests);
	strings_fini(&image->documents);
	free(image);
}

void image_tell_parent(struct image_store *images, const struct image *image, int by)
{
	struct image *parent =
		image->parent && !image->hidden ? map_get(&images->images, image->parent) : NULL;

	if (parent)
		parent->children += (unsigned)by;
}

struct image *image_add(struct image_store *images, const char *id, struct image_config *config,
			struct strings *documents, struct image_batch *batch)
{
	struct image *image = map_get(&images->images, id);

	if (!image)
		image = image_make(images, id, config, documents);
	if (image->hidden) {
		image->hidden = false;
		image_tell_parent(images, image, 1);
	}
	image->tagged_ns = time_now_ns();
	free(take(images->sorted));
	image_batch_put_image(batch, image);
	return image;
}

/* ---- names ---- */

static void add_sorted(struct strings *list, const char *name)
{
	size_t at = list->count;

	strings_add(list, name);
	for (; at > 0 && strcmp(list->items[at - 1], list->items[at]) > 0; at--) {
		char *item = list->items[at];

		list->items[at] = list->items[at - 1];
		list->items[at - 1] = item;
	}
}

static void remove_from(struct strings *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (str_equal(list->items[i], name)) {
			strings_remove(list, i);
			return;
		}
}

/* Where names of its kind are: tags, or repo digests. */
struct shelf {
	struct map *map;
	size_t list; /* offset of the image's own list */
	const char *key;
};

static struct shelf shelf_of(struct image_store *images, const char *name)
{
	if (strchr(name, '@'))
		return (struct shelf){&images->digests, offsetof(struct image, digests),
				      DIGEST_KEY};
	return (struct shelf){&images->tags, offsetof(struct image, tags), TAG_KEY};
}

static struct strings *names_on(const struct shelf *shelf, struct image *image)
{
	return (struct strings *)(void *)((char *)image + shelf->list);
}

struct image *image_name(struct image_store *images, struct image *image, const char *name,
			 struct image_batch *batch)
{
	struct shelf shelf = shelf_of(images, name);
	struct image *before = map_put(shelf.map, name, image);

	if (before == image)
		return NULL;
	if (before)
		remove_from(names_on(&shelf, before), name);
	add_sorted(names_on(&shelf, image), name);
	if (batch)
		image_batch_put_name(batch, shelf.key, name, image->id);
	return before;
}

void image_unname(struct image_store *images, struct image *image, const char *name,
		  struct image_batch *batch)
{
	struct shelf shelf = shelf_of(images, name);
	scoped_free char *key = str_dup(name); /* `name` may be the list's own */

	map_remove(shelf.map, key);
	remove_from(names_on(&shelf, image), key);
	image_batch_delete(batch, shelf.key, key);
}

bool image_tag(struct image_store *images, struct image *image, const char *name, image_done *done,
	       void *data, struct error *err)
{
	scoped_reference struct reference ref = {0};
	scoped_free char *familiar = NULL;
	struct image_batch batch = {0};

	if (!reference_parse(name, &ref, err))
		return false;
	if (ref.digest)
		return error_set(err, ERROR_INVALID,
				 "refusing to create a tag with a digest reference");
	reference_add_default_tag(&ref);
	familiar = reference_familiar(&ref);
	image_name(images, image, familiar, &batch);
	image->tagged_ns = time_now_ns();
	image_batch_put_image(&batch, image);
	images_commit(images, &batch, done, data);
	return true;
}

/* ---- leases ---- */

bool image_lease(struct image_store *images, struct image *image, struct error *err)
{
	const char *hex = image->id + strlen("sha256:");

	for (size_t i = 0; i < image->config.diff_ids.count; i++)
		if (image->layers[i]->missing)
			return error_set(err, ERROR_SYSTEM,
					 "layer '%s' of image '%.12s' is missing; pull or load the "
					 "image again",
					 image->layers[i]->diff_id, hex);
	image->leases++;
	return true;
}

void image_release(struct image_store *images, struct image *image)
{
	struct image_batch batch = {0};

	if (--image->leases > 0 || !image->hidden)
		return;
	image_drop(images, image, NULL, &batch);
	images_commit(images, &batch, NULL, NULL);
}

/* ---- going ---- */

/* Like a layer in its place, "sha256:...", for what `docker rmi` prints. */
static void tell_layer(const struct image *image, size_t index, struct image_changes *changes)
{
	char chain[IMAGE_ID_LENGTH + 1];
	struct image_change change = {.deleted = true};

	image_chain_id(image, index, chain);
	change.name = str_dup(chain);
	vector_add(changes, change);
}

/* Highest first, as they stand on one another. */
static void release_layers(struct image_store *images, struct image *image,
			   struct image_changes *changes, struct image_batch *batch)
{
	for (size_t i = image->config.diff_ids.count; i-- > 0;) {
		struct layer *layer = image->layers[i];

		if (layer->users == 1 && changes) {
			tell_layer(image, i, changes);
			changes->reclaimed += layer->size;
		}
		layer_release(images, layer, batch);
	}
}

void image_drop(struct image_store *images, struct image *image, struct image_changes *changes,
		struct image_batch *batch)
{
	free(take(images->sorted));
	image_tell_parent(images, image, -1);
	if (image->leases > 0) {
		image->hidden = true;
		image_batch_put_image(batch, image);
		return;
	}
	image_batch_delete(batch, IMAGE_KEY, image->id);
	map_remove(&images->images, image->id);
	release_layers(images, image, changes, batch);
	documents_release(images, image);
	image_free(image);
}

void images_settle(struct image_store *images, struct image_batch *batch)
{
	scoped_strings struct strings gone = {0};

	for (struct map_slot *slot = map_first(&images->images); slot;
	     slot = map_next(&images->images, slot)) {
		const struct image *image = slot->value;

		if (image->hidden && image->leases == 0)
			strings_add(&gone, image->id);
	}
	for (size_t i = 0; i < gone.count; i++)
		image_drop(images, map_get(&images->images, gone.items[i]), NULL, batch);
}

void image_changes_fini(struct image_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++)
		free(changes->items[i].name);
	vector_fini(changes);
	changes->reclaimed = 0;
}
