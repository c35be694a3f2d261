#include "image/image_store.h"

#include "base/id.h"
#include "base/log.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_TRIES     100
#define REMOVE_AT_ONCE 1000 /* names in one message */

struct layer *layer_find(const struct image_store *images, const char *diff_id)
{
	struct layer *layer = map_get(&images->by_diff_id, diff_id);

	return layer && !layer->missing ? layer : NULL;
}

void layer_free(struct layer *layer)
{
	free(layer->diff_id);
	free(layer->folder);
	record_list_fini(&layer_blob_type, &layer->blobs);
	free(layer);
}

/* ---- folders ---- */

/* 500 of them with their colons are 3,000 of the 4,096 bytes that mount(2) takes; 33 million names. */
static void random_name(char out[static LAYER_FOLDER_SIZE])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char bytes[LAYER_FOLDER_SIZE - 1];

	random_bytes(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		out[i] = letters[bytes[i] % 32];
	out[sizeof(bytes)] = '\0';
}

bool layer_folder_make(struct image_store *images, char name[static LAYER_FOLDER_SIZE], int *folder,
		       struct error *err)
{
	int made = -1;

	for (int i = 0; i < NAME_TRIES && made < 0; i++) {
		random_name(name);
		made = mkdirat(images->layers, name, 0755);
		if (made < 0 && errno != EEXIST)
			break;
	}
	if (made == 0)
		*folder = openat(images->layers, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (made < 0 || *folder < 0)
		return error_errno(err, "cannot make a folder for a layer");
	return true;
}

bool layer_folder_move(struct image_store *images, const char *from,
		       char name[static LAYER_FOLDER_SIZE], int *folder, struct error *err)
{
	int moved = -1;

	for (int i = 0; i < NAME_TRIES && moved < 0; i++) {
		random_name(name);
		moved = renameat2(images->data_root, from, images->layers, name, RENAME_NOREPLACE);
		if (moved < 0 && errno != EEXIST)
			break;
	}
	if (moved == 0)
		*folder = openat(images->layers, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (moved < 0 || *folder < 0)
		return error_errno(err, "cannot make '%s' a layer", from);
	return true;
}

/* ---- recipes ---- */

bool layer_recipe_make(struct image_store *images, const char *folder, int *recipe,
		       struct error *err)
{
	*recipe = openat(images->recipes, folder,
			 O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	return *recipe >= 0 || error_errno(err, "cannot make a recipe for a layer");
}

bool layer_recipe_open(const struct image_store *images, const struct layer *layer, int *recipe,
		       struct error *err)
{
	struct stat st;

	*recipe = openat(images->recipes, layer->folder, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (*recipe >= 0 && fstat(*recipe, &st) == 0 && st.st_size > 0)
		return true;
	if (*recipe < 0 && errno != ENOENT)
		return error_errno(err, "cannot open the recipe of layer '%s'", layer->diff_id);
	close_fd(recipe);
	return error_set(
		err, ERROR_NOT_FOUND,
		"layer '%s' cannot be written as it came: it has one name twice, or an older "
		"version unpacked it: then pull or load the image again",
		layer->diff_id);
}

void layer_recipe_deny(struct image_store *images, const char *folder)
{
	scoped_fd int recipe = openat(images->recipes, folder,
				      O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
}

bool layer_recipe_is_settled(const struct image_store *images, const struct layer *layer)
{
	return faccessat(images->recipes, layer->folder, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void layer_recipe_remove(struct image_store *images, const char *folder)
{
	unlinkat(images->recipes, folder, 0);
}

/* ---- the remover: one worker at a time, with all names so far ---- */

static void start_remover(struct image_store *images);

static void on_removed(void *data, const struct error *err)
{
	struct image_store *images = data;

	images->remover = NULL;
	if (err)
		log_error("layers not removed", err, "count=%zu", images->going.count);
	strings_fini(&images->going);
	if (!err)
		start_remover(images);
}

static void ignore_message(void *data, struct message *message)
{
}

static void send_names(struct image_store *images)
{
	struct remove_start start = {0};
	int fds[] = {images->layers, images->recipes};

	while (images->doomed.count > 0 && images->going.count < REMOVE_AT_ONCE) {
		strings_add(&images->going, images->doomed.items[images->doomed.count - 1]);
		strings_remove(&images->doomed, images->doomed.count - 1);
	}
	start.names = images->going;
	worker_process_send(images->remover, WORKER_START, &remove_start_type, &start, fds, 2);
}

static void start_remover(struct image_store *images)
{
	static const struct worker_handlers handlers = {ignore_message, NULL, on_removed};
	struct error err;

	if (images->remover || images->doomed.count == 0 || images->closing)
		return;
	images->remover = worker_process_start(images->loop, images->worker, "remove-layers",
					       &handlers, images, &err);
	if (images->remover)
		send_names(images);
	else
		log_error("layers not removed", &err, "count=%zu", images->doomed.count);
}

void layer_folders_remove(struct image_store *images, struct strings *names)
{
	for (size_t i = 0; i < names->count; i++)
		strings_add(&images->doomed, names->items[i]);
	strings_fini(names);
	start_remover(images);
}

/* ---- layers ---- */

/* Images that have waited for it have not counted it yet. */
static void grow_images(struct image_store *images, const struct layer *layer, int64_t by)
{
	for (struct map_slot *slot = map_first(&images->images); slot;
	     slot = map_next(&images->images, slot)) {
		struct image *image = slot->value;

		for (size_t i = 0; i < image->config.diff_ids.count; i++)
			image->size += image->layers[i] == layer ? by : 0;
	}
}

/* A layer that was missing comes back under a new folder. */
static struct layer *revive(struct image_store *images, struct layer *layer,
			    const struct layer_record *record, struct image_batch *batch)
{
	grow_images(images, layer, record->size - layer->size);
	layer_recipe_remove(images, layer->folder);
	str_replace(&layer->folder, record->folder);
	layer->size = record->size;
	layer->missing = false;
	image_batch_put_layer(batch, layer);
	return layer;
}

struct layer *layer_add(struct image_store *images, const struct layer_record *record,
			const char *diff_id, struct image_batch *batch)
{
	struct layer *layer = map_get(&images->by_diff_id, diff_id);

	if (layer && layer->missing)
		return revive(images, layer, record, batch);
	if (layer) {
		/* an older version may have left it without */
		renameat2(images->recipes, record->folder, images->recipes, layer->folder,
			  RENAME_NOREPLACE);
		strings_add(&batch->folders, record->folder);
		return layer;
	}
	layer = mem_new(struct layer);
	layer->diff_id = str_dup(diff_id);
	layer->folder = str_dup(record->folder);
	layer->size = record->size;
	map_put(&images->by_diff_id, diff_id, layer);
	image_batch_put_layer(batch, layer);
	return layer;
}

#define BLOBS_MAX 16

static bool same_blob(const struct layer_blob *a, const struct layer_blob *b)
{
	return str_equal(a->repository, b->repository) && str_equal(a->digest, b->digest);
}

void layer_note_blob(struct layer *layer, const struct layer_blob *blob, struct image_batch *batch)
{
	struct record_list *blobs = &layer->blobs;

	for (size_t i = 0; i < blobs->count; i++)
		if (same_blob(RECORD_AT(*blobs, struct layer_blob, i), blob))
			return;
	if (blobs->count >= BLOBS_MAX)
		record_list_remove(&layer_blob_type, blobs, 0);
	record_copy(&layer_blob_type, blob, record_list_add(&layer_blob_type, blobs));
	image_batch_put_layer(batch, layer);
}

void layer_use(struct layer *layer)
{
	layer->users++;
}

static void layer_drop(struct image_store *images, struct layer *layer, struct image_batch *batch)
{
	image_batch_delete(batch, LAYER_KEY, layer->diff_id);
	if (!layer->missing)
		strings_add(&batch->folders, layer->folder);
	map_remove(&images->by_diff_id, layer->diff_id);
	layer_free(layer);
}

void layer_release(struct image_store *images, struct layer *layer, struct image_batch *batch)
{
	if (--layer->users == 0)
		layer_drop(images, layer, batch);
}

/* ---- at the start ---- */

static void drop_unused(struct image_store *images, struct image_batch *batch)
{
	scoped_strings struct strings unused = {0};

	for (struct map_slot *slot = map_first(&images->by_diff_id); slot;
	     slot = map_next(&images->by_diff_id, slot))
		if (((struct layer *)slot->value)->users == 0)
			strings_add(&unused, slot->key);
	for (size_t i = 0; i < unused.count; i++)
		layer_drop(images, map_get(&images->by_diff_id, unused.items[i]), batch);
}

static void add_strays(int at, const struct map *known, struct strings *out)
{
	scoped_list DIR *list = folder_list(at);

	for (struct dirent *entry; (entry = folder_next(list));)
		if (entry->d_name[0] != '.' && !map_get(known, entry->d_name))
			strings_add(out, entry->d_name);
}

/* Folders that no record names are of work that was never finished. */
static void doom_strays(struct image_store *images)
{
	scoped_map struct map known = {0};
	struct strings strays = {0};

	for (struct map_slot *slot = map_first(&images->by_diff_id); slot;
	     slot = map_next(&images->by_diff_id, slot)) {
		struct layer *layer = slot->value;

		map_put(&known, layer->folder, layer);
	}
	add_strays(images->layers, &known, &strays);
	add_strays(images->recipes, &known, &strays);
	layer_folders_remove(images, &strays);
}

void layers_settle(struct image_store *images, struct image_batch *batch)
{
	doom_strays(images);
	drop_unused(images, batch);
}
