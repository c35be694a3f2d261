#include "image/image_store.h"

#include "base/log.h"
#include "format/json.h"
#include "image/pack_job.h"
#include "os/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define GIB		     (INT64_C(1) << 30)
#define DEFAULT_CERTIFICATES "/etc/wherry/certs.d:/etc/docker/certs.d"
#define DEFAULT_USER_AGENT   "wherry"

/* ---- settings ---- */

static int32_t default_unpackers(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	return processors < 2 ? 2 : processors > 8 ? 8 : (int32_t)processors;
}

#define DEFAULT(field, value) (field) = (field) > 0 ? (field) : (value)

static void set_limits(struct image_limits *l)
{
	DEFAULT(l->layer_size, 64 * GIB);
	DEFAULT(l->layer_files, 4000000);
	DEFAULT(l->load_size, 256 * GIB);
	DEFAULT(l->stall_ms, 30000);
	DEFAULT(l->retry_ms, 5000);
	DEFAULT(l->attempts, 5);
	DEFAULT(l->downloads, 3);
	DEFAULT(l->unpackers, default_unpackers());
}

static void take_registries(struct image_store *images, const struct image_settings *s)
{
	images->mirrors = strings_copy(&s->mirrors);
	images->insecure = strings_copy(&s->insecure);
	images->limits.attempts = s->limits.attempts;
	images->limits.downloads = s->limits.downloads;
	set_limits(&images->limits);
}

void image_store_reload(struct image_store *images, const struct image_settings *settings)
{
	strings_fini(&images->mirrors);
	strings_fini(&images->insecure);
	take_registries(images, settings);
}

static void take_settings(struct image_store *images, const struct image_settings *s)
{
	images->limits = s->limits;
	take_registries(images, s);
	images->worker = str_dup(s->worker);
	images->certificates = str_dup(s->certificates ? s->certificates : DEFAULT_CERTIFICATES);
	images->user_agent = str_dup(s->user_agent ? s->user_agent : DEFAULT_USER_AGENT);
}

/* ---- reading the records ---- */

/* A record that cannot be read is left alone and named: it may be a newer version's. */
static bool read_record(const char *key, const void *value, size_t size,
			const struct record_type *type, void *record)
{
	scoped_json json_t *json = NULL;
	struct error err;

	json = json_parse(value, size, &err);
	if (json && record_from_json(type, json, RECORD_FOR_STORE, record, &err))
		return true;
	log_error("image record not read", &err, "key=%s", key);
	record_fini(type, record);
	return false;
}

static bool take_layer(void *data, const char *key, const void *value, size_t size)
{
	struct image_store *images = data;
	struct layer_record record = {0};
	struct stat st;

	if (!read_record(key, value, size, &layer_record_type, &record))
		return true;
	struct layer *layer = mem_new(struct layer);
	layer->diff_id = str_dup(key + strlen(LAYER_KEY));
	layer->folder = record.folder ? take(record.folder) : str_dup("");
	layer->size = record.size;
	layer->blobs = record.blobs;
	layer->missing = fstatat(images->layers, layer->folder, &st, AT_SYMLINK_NOFOLLOW) < 0;
	map_put(&images->by_diff_id, layer->diff_id, layer);
	return true;
}

static bool take_image(void *data, const char *key, const void *value, size_t size)
{
	struct image_store *images = data;
	struct image_record record = {0};

	if (!read_record(key, value, size, &image_record_type, &record))
		return true;
	struct image *image =
		image_make(images, key + strlen(IMAGE_KEY), &record.config, &record.documents);
	image->tagged_ns = record.tagged_ns;
	image->hidden = record.hidden;
	image->parent = take(record.parent);
	image->step_key = take(record.step_key);
	return true;
}

/* A name of an image that is not there is passed over, and overwritten when the name comes again. */
static bool take_name(void *data, const char *key, const void *value, size_t size)
{
	struct image_store *images = data;
	struct name_record record = {0};
	struct image *image;

	if (!read_record(key, value, size, &name_record_type, &record))
		return true;
	image = record.id ? map_get(&images->images, record.id) : NULL;
	if (image)
		image_name(images, image, strchr(key, '/') + 1, NULL);
	record_fini(&name_record_type, &record);
	return true;
}

static bool count_children(struct image_store *images)
{
	for (struct map_slot *slot = map_first(&images->images); slot;
	     slot = map_next(&images->images, slot))
		image_tell_parent(images, slot->value, 1);
	return true;
}

static bool read_records(struct image_store *images, struct error *err)
{
	return store_each(images->store, LAYER_KEY, take_layer, images, err) &&
	       store_each(images->store, IMAGE_KEY, take_image, images, err) &&
	       count_children(images) &&
	       store_each(images->store, TAG_KEY, take_name, images, err) &&
	       store_each(images->store, DIGEST_KEY, take_name, images, err);
}

/* ---- open and close ---- */

static bool open_folder(int above, const char *path, int *out, struct error *err)
{
	if (!folder_make(above, path, 0700, err))
		return false;
	*out = folder_open(above, path, err);
	return *out >= 0;
}

static bool open_folders(struct image_store *images, struct error *err)
{
	return open_folder(images->data_root, "layers", &images->layers, err) &&
	       open_folder(images->data_root, "recipes", &images->recipes, err) &&
	       open_folder(images->data_root, "blobs/sha256", &images->blobs, err) &&
	       open_folder(images->data_root, "blobs/partial", &images->partial, err);
}

struct image_store *image_store_open(uv_loop_t *loop, struct store *store, int data_root,
				     const struct image_settings *settings, struct error *err)
{
	struct image_store *images = mem_new(struct image_store);

	images->loop = loop;
	images->store = store;
	images->data_root = data_root;
	images->layers = images->recipes = images->blobs = images->partial = -1;
	take_settings(images, settings);
	images->kick = mem_new(uv_timer_t);
	images->kick->data = images;
	uv_timer_init(loop, images->kick);
	if (!open_folders(images, err) || !read_records(images, err)) {
		image_store_close(images);
		error_prefix(err, "images");
		return NULL;
	}
	return images;
}

static void free_maps(struct image_store *images)
{
	for (struct map_slot *slot = map_first(&images->images); slot;
	     slot = map_next(&images->images, slot))
		image_free(slot->value);
	for (struct map_slot *slot = map_first(&images->by_diff_id); slot;
	     slot = map_next(&images->by_diff_id, slot))
		layer_free(slot->value);
	map_fini(&images->images);
	map_fini(&images->by_diff_id);
	map_fini(&images->tags);
	map_fini(&images->digests);
	map_fini(&images->fetching);
}

static void free_settings(struct image_store *images)
{
	strings_fini(&images->mirrors);
	strings_fini(&images->insecure);
	free(images->worker);
	free(images->certificates);
	free(images->user_agent);
}

static void free_handle(uv_handle_t *handle)
{
	free(handle);
}

void image_store_close(struct image_store *images)
{
	if (!images)
		return;
	images->closing = true;
	while (images->jobs.count > 0)
		image_job_cancel(images->jobs.items[images->jobs.count - 1]);
	vector_fini(&images->jobs);
	vector_fini(&images->unpacking);
	vector_fini(&images->waiting);
	packers_close(images);
	worker_process_kill(images->remover);
	commits_free(images);
	uv_close((uv_handle_t *)images->kick, free_handle);
	free_maps(images);
	free_settings(images);
	free(images->sorted);
	strings_fini(&images->doomed);
	strings_fini(&images->going);
	close_fd(&images->layers);
	close_fd(&images->recipes);
	close_fd(&images->blobs);
	close_fd(&images->partial);
	free(images);
}

void image_store_settle(struct image_store *images)
{
	struct image_batch batch = {0};

	images_settle(images, &batch);
	layers_settle(images, &batch);
	documents_settle(images);
	if (batch.count > 0)
		images_commit(images, &batch, NULL, NULL);
	image_batch_fini(&batch);
}

void image_store_set_users(struct image_store *images, image_users *users, void *data)
{
	images->users = users;
	images->users_data = data;
}
