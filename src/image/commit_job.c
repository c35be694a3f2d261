/* Commit: an image that is made here.  Its layer, if it has one, is the folder itself (measured by a
 * packer) or a copy of it (a packer's tar, unpacked); then the configuration is complete, and its digest
 * is the image's id.  The configuration's bytes are not kept: they are written from the record, and a test
 * holds the writer to its word. */
#include "image/image_store.h"

#include "format/reference.h"
#include "format/sha256.h"
#include "image/layer_job.h"
#include "image/pack_job.h"
#include "os/file.h"

#include <unistd.h>

/* Of a tar with nothing in it: no layer at all. */
#define EMPTY_DIFF_ID "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"

struct commit_job {
	struct image_job job; /* first */
	struct image_config config;
	struct image_history line;
	char *name;			/* familiar; NULL: none */
	char *parent;			/* id; NULL: none */
	char *step_key;
	char folder[LAYER_FOLDER_SIZE]; /* taken, and no layer yet; "": none */
	struct pack_job *packing;
	struct layer_job *unpacking;
	struct layer *layer; /* used once by us, until the end */
	struct image *made;  /* leased until the end: nobody prunes what is being recorded */
	bool unread;	     /* the copy lacks something: `why` */
	struct error why;
	struct image_result result;
	char *id;
};

/* ---- the end ---- */

static void drop_folder(struct commit_job *c)
{
	struct strings names = {0};

	if (!*c->folder)
		return;
	strings_add(&names, c->folder);
	layer_folders_remove(c->job.images, &names);
	*c->folder = '\0';
}

static void release_layer(struct commit_job *c)
{
	struct image_batch batch = {0};

	if (c->layer)
		layer_release(c->job.images, take(c->layer), &batch);
	if (batch.count > 0)
		images_commit(c->job.images, &batch, NULL, NULL);
	image_batch_fini(&batch);
}

static void free_commit(struct image_job *job)
{
	struct commit_job *c = (struct commit_job *)job;

	pack_job_cancel(c->packing);
	layer_job_cancel(c->unpacking);
	drop_folder(c);
	release_layer(c);
	if (c->made)
		image_release(c->job.images, c->made);
	image_config_fini(&c->config);
	record_fini(&image_history_type, &c->line);
	strings_fini(&c->result.names);
	free(c->name);
	free(c->parent);
	free(c->step_key);
	free(c->id);
	free(c);
}

static void fail(struct commit_job *c, const struct error *err)
{
	struct image_result nothing = {0};
	struct error why = *err;

	image_job_end(&c->job, &nothing, &why);
}

static void on_recorded(void *data, const struct error *err)
{
	struct commit_job *c = data;

	if (err)
		fail(c, err);
	else
		image_job_end(&c->job, &c->result, NULL);
}

/* ---- the image ---- */

static void add_line(struct commit_job *c)
{
	struct image_history *line = record_list_add(&image_history_type, &c->config.history);

	c->line.empty_layer = c->layer == NULL;
	*line = c->line;
	c->line = (struct image_history){0};
}

static void set_id(struct commit_job *c)
{
	scoped_buffer struct buffer bytes = {0};

	c->id = mem_zeroed(DIGEST_TEXT_SIZE, 1);
	image_config_write(&c->config, &bytes);
	sha256_digest(bytes.data, bytes.size, c->id);
}

static struct image *add_image(struct commit_job *c, struct image_batch *batch)
{
	struct image_store *images = c->job.images;
	struct image *image = map_get(&images->images, c->id);
	struct strings none = {0};

	if (!image) {
		image = image_make(images, c->id, &c->config, &none);
		image->parent = take(c->parent);
		image->step_key = take(c->step_key);
		image_tell_parent(images, image, 1);
	}
	return image_add(images, c->id, &c->config, &none, batch);
}

static void record(struct commit_job *c)
{
	struct image_batch batch = {0};
	struct image *image;
	struct error missing;

	if (c->layer)
		strings_add(&c->config.diff_ids, c->layer->diff_id);
	add_line(c);
	set_id(c);
	image = add_image(c, &batch);
	if (image_lease(c->job.images, image, &missing))
		c->made = image;
	if (c->name)
		image_name(c->job.images, image, c->name, &batch);
	strings_add(&c->result.names, c->name ? c->name : c->id);
	c->result.id = c->id;
	images_commit(c->job.images, &batch, on_recorded, c);
}

/* ---- the layer ---- */

static void on_measured(void *data, const struct unpacked *done)
{
	struct commit_job *c = data;
	struct image_batch batch = {0};

	c->packing = NULL;
	if (str_equal(done->diff_id, EMPTY_DIFF_ID)) {
		drop_folder(c);
	} else {
		struct layer_record layer = {c->folder, done->size};

		c->layer = layer_add(c->job.images, &layer, done->diff_id, &batch);
		layer_use(c->layer);
		*c->folder = '\0';
		images_commit(c->job.images, &batch, NULL, NULL);
	}
	record(c);
}

static void on_not_packed(void *data, const struct error *err)
{
	struct commit_job *c = data;

	c->packing = NULL;
	fail(c, err);
}

static bool take_folder(struct commit_job *c, const char *changes, struct error *err)
{
	static const struct pack_handlers handlers = {on_measured, on_not_packed};
	struct pack_source source = {
		.mode = PACK_MEASURE, .folder = -1, .output = -1, .recipe = -1};
	char name[LAYER_FOLDER_SIZE];

	if (!layer_folder_move(c->job.images, changes, name, &source.folder, err))
		return false;
	memcpy(c->folder, name, sizeof(name));
	if (!layer_recipe_make(c->job.images, name, &source.output, err)) {
		close_fd(&source.folder);
		return false;
	}
	c->packing = pack_job_start(c->job.images, &source, &handlers, c);
	return true;
}

/* ---- a copy ---- */

static void on_not_copied(void *data, const struct error *err)
{
	struct commit_job *c = data;

	c->unpacking = NULL;
	fail(c, err);
}

static void on_copied(void *data, struct layer *layer)
{
	struct commit_job *c = data;

	c->unpacking = NULL;
	c->layer = layer;
	if (str_equal(layer->diff_id, EMPTY_DIFF_ID))
		release_layer(c);
	if (c->unread)
		fail(c, &c->why);
	else if (!c->packing)
		record(c);
}

/* When the unpacker has failed, the packer is the first to notice: what the unpacker says counts. */
static void on_not_streamed(void *data, const struct error *err)
{
	struct commit_job *c = data;

	c->packing = NULL;
	c->unread = true;
	c->why = *err;
	if (!c->unpacking)
		fail(c, err);
}

static void on_streamed(void *data, const struct unpacked *done)
{
	struct commit_job *c = data;

	c->packing = NULL;
	if (!c->unpacking)
		record(c);
}

static bool copy_folder(struct commit_job *c, const char *changes, struct error *err)
{
	static const struct pack_handlers pack_handlers = {on_streamed, on_not_streamed};
	static const struct layer_job_handlers layer_handlers = {on_copied, on_not_copied};
	struct pack_source source = {.mode = PACK_TAR, .output = -1, .recipe = -1};
	struct layer_source copy = {.input = -1};
	int ends[2];

	source.folder = folder_open(c->job.images->data_root, changes, err);
	if (source.folder < 0)
		return false;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		close_fd(&source.folder);
		return error_errno(err, "cannot make a pipe");
	}
	copy.input = ends[0];
	source.output = ends[1];
	c->packing = pack_job_start(c->job.images, &source, &pack_handlers, c);
	c->unpacking = layer_job_start(c->job.images, &copy, &layer_handlers, c, err);
	return c->unpacking != NULL;
}

/* ---- the beginning ---- */

static bool read_name(struct commit_job *c, const char *name, struct error *err)
{
	scoped_reference struct reference ref = {0};

	if (str_is_empty(name))
		return true;
	if (!reference_parse(name, &ref, err))
		return false;
	if (ref.digest)
		return error_set(err, ERROR_INVALID, "cannot commit to digest reference");
	reference_add_default_tag(&ref);
	c->name = reference_familiar(&ref);
	return true;
}

static bool check_layers(const struct commit_job *c, bool one_more, struct error *err)
{
	const struct strings *ids = &c->config.diff_ids;

	for (size_t i = 0; i < ids->count; i++)
		if (!layer_find(c->job.images, ids->items[i]))
			return error_set(err, ERROR_SYSTEM, "layer '%.71s' is missing",
					 ids->items[i]);
	return ids->count + one_more <= IMAGE_LAYERS_MAX ||
	       error_set(err, ERROR_INVALID, "the image would have more than %d layers",
			 IMAGE_LAYERS_MAX);
}

/* One that is there already. */
static bool use_layer(struct commit_job *c, const char *diff_id, struct error *err)
{
	c->layer = layer_find(c->job.images, diff_id);
	if (!c->layer)
		return error_set(err, ERROR_SYSTEM, "layer '%.71s' is missing", diff_id);
	layer_use(c->layer);
	return true;
}

static bool begin(struct commit_job *c, const struct image_commit_request *request,
		  struct error *err)
{
	if (!read_name(c, request->name, err) || !check_layers(c, request->changes || request->layer, err))
		return false;
	if (request->layer && !use_layer(c, request->layer, err))
		return false;
	if (!request->changes)
		record(c);
	else if (request->take)
		return take_folder(c, request->changes, err);
	else
		return copy_folder(c, request->changes, err);
	return true;
}

struct image_job *image_commit(struct image_store *images,
			       const struct image_commit_request *request,
			       const struct image_job_handlers *handlers, void *data,
			       struct error *err)
{
	struct commit_job *c = mem_new(struct commit_job);

	image_job_init(&c->job, images, handlers, data);
	c->job.free = free_commit;
	record_copy(&image_config_type, request->config, &c->config);
	record_copy(&image_history_type, request->line, &c->line);
	c->parent = request->base ? str_dup(request->base->id) : NULL;
	c->step_key = str_dup_or_null(request->step_key);
	if (begin(c, request, err))
		return &c->job;
	image_job_cancel(&c->job);
	return NULL;
}
