#include "image/layer_job.h"

#include "format/digest.h"

struct layer_job {
	struct image_store *images;
	struct layer_job_handlers handlers;
	void *data;
	char folder[LAYER_FOLDER_SIZE];
	int root, input, recipe; /* owned until the unpacker has them */
	bool growing;
	char *diff_id;		  /* owned; NULL: any */
	struct unpack_more known; /* of the file */
	int64_t needed; /* the unpacker sleeps until there is more than this; -1: it works.  A pipe
			   wakes it by itself */
	struct worker_process *unpacker;
	struct unpacked done; /* what the unpacker has found; diff_id NULL: nothing yet */
};

/* A place may have become free, or somebody ready for one.  Looked at from the loop: to start an
 * unpacker can fail, and the owner of that job may be in the middle of something. */
static void kick(struct image_store *images)
{
	if (!images->closing)
		uv_timer_start(images->kick, layer_jobs_start, 0, 0);
}

/* ---- going ---- */

static void forget(struct layer_job *job)
{
	struct image_store *images = job->images;

	for (size_t i = 0; i < images->unpacking.count; i++)
		if (images->unpacking.items[i] == job) {
			vector_remove(&images->unpacking, i);
			break;
		}
	kick(images);
}

static void free_job(struct layer_job *job)
{
	worker_process_kill(job->unpacker);
	close_fd(&job->root);
	close_fd(&job->input);
	close_fd(&job->recipe);
	record_fini(&unpacked_type, &job->done);
	free(job->diff_id);
	free(job);
}

static void remove_folder(struct layer_job *job)
{
	struct strings names = {0};

	strings_add(&names, job->folder);
	layer_folders_remove(job->images, &names);
}

void layer_job_cancel(struct layer_job *job)
{
	if (!job)
		return;
	forget(job);
	remove_folder(job);
	free_job(job);
}

static void fail(struct layer_job *job, const struct error *err)
{
	struct layer_job_handlers handlers = job->handlers;
	void *data = job->data;

	layer_job_cancel(job);
	handlers.on_failed(data, err);
}

/* ---- the unpacker's end ---- */

static void succeed(struct layer_job *job)
{
	struct image_store *images = job->images;
	struct layer_record record = {job->folder, job->done.size};
	struct layer_job_handlers handlers = job->handlers;
	struct image_batch batch = {0};
	void *data = job->data;
	struct layer *layer;

	if (!job->done.recipe)
		layer_recipe_deny(images, job->folder);
	layer = layer_add(images, &record, job->done.diff_id, &batch);

	layer_use(layer);
	images_commit(images, &batch, NULL, NULL);
	forget(job);
	free_job(job);
	handlers.on_unpacked(data, layer);
}

static bool check_done(const struct layer_job *job, struct error *err)
{
	if (!job->done.diff_id || !digest_is_valid(job->done.diff_id))
		return error_set(err, ERROR_SYSTEM, "the unpacker ended without a word");
	if (job->diff_id && !str_equal(job->diff_id, job->done.diff_id))
		return error_set(err, ERROR_INVALID,
				 "the layer is '%s' when unpacked, and not '%s' as the image says",
				 job->done.diff_id, job->diff_id);
	return true;
}

static void on_end(void *data, const struct error *err)
{
	struct layer_job *job = data;
	struct error why;

	job->unpacker = NULL;
	if (err) {
		why = *err;
		error_prefix(&why, "failed to register layer");
		fail(job, &why);
	} else if (!check_done(job, &why)) {
		fail(job, &why);
	} else {
		succeed(job);
	}
}

/* ---- feeding it ---- */

static void feed(struct layer_job *job)
{
	if (job->needed < 0 || !job->unpacker ||
	    (job->known.available <= job->needed && !job->known.complete))
		return;
	job->needed = -1;
	worker_process_send(job->unpacker, UNPACK_MORE, &unpack_more_type, &job->known, NULL, 0);
}

static void take_need(struct layer_job *job, const struct unpack_more *need)
{
	job->needed = need->available < 0 ? 0 : need->available;
	feed(job);
	if (job->needed >= 0)
		kick(job->images); /* it sleeps: its place is free */
}

/* Who has read works: one that slept before its pipe says so by this. */
static void take_position(struct layer_job *job, const struct unpack_more *at)
{
	job->needed = -1;
	if (job->handlers.on_position)
		job->handlers.on_position(job->data, at->available);
}

static void on_message(void *data, struct message *message)
{
	struct layer_job *job = data;
	struct unpack_more more = {0};
	struct error ignored;

	if (message->type == UNPACK_DONE)
		record_decode(&unpacked_type, message->data, message->size, &job->done, &ignored);
	if ((message->type != UNPACK_NEED && message->type != UNPACK_AT) ||
	    !record_decode(&unpack_more_type, message->data, message->size, &more, &ignored))
		return;
	if (message->type == UNPACK_NEED)
		take_need(job, &more);
	else
		take_position(job, &more);
}

void layer_job_more(struct layer_job *job, int64_t available, bool complete)
{
	job->known = (struct unpack_more){available, complete};
	feed(job);
	if (!job->unpacker)
		kick(job->images);
}

/* ---- beginning ---- */

static bool start_unpacker(struct layer_job *job, struct error *err)
{
	static const struct worker_handlers handlers = {on_message, NULL, on_end};
	const struct image_store *images = job->images;
	struct unpack_start start = {
		.size_limit = images->limits.layer_size,
		.files_limit = images->limits.layer_files,
		.growing = job->growing,
	};
	int fds[] = {job->root, job->input, job->recipe};

	job->unpacker =
		worker_process_start(images->loop, images->worker, "unpack", &handlers, job, err);
	if (!job->unpacker)
		return false;
	worker_process_send(job->unpacker, WORKER_START, &unpack_start_type, &start, fds, 3);
	close_fd(&job->root);
	close_fd(&job->input);
	close_fd(&job->recipe);
	return true;
}

static int32_t count_working(const struct image_store *images)
{
	int32_t count = 0;

	for (size_t i = 0; i < images->unpacking.count; i++) {
		const struct layer_job *job = images->unpacking.items[i];

		count += job->unpacker && job->needed < 0;
	}
	return count;
}

/* A file that is still empty would only put an unpacker to sleep. */
static struct layer_job *next_waiting(const struct image_store *images)
{
	for (size_t i = 0; i < images->unpacking.count; i++) {
		struct layer_job *job = images->unpacking.items[i];

		if (!job->unpacker &&
		    (!job->growing || job->known.available > 0 || job->known.complete))
			return job;
	}
	return NULL;
}

static bool has_place(const struct image_store *images)
{
	return count_working(images) < images->limits.unpackers;
}

void layer_jobs_start(uv_timer_t *timer)
{
	struct image_store *images = timer->data;
	struct layer_job *job;
	struct error err;

	while (has_place(images) && (job = next_waiting(images)))
		if (!start_unpacker(job, &err))
			fail(job, &err);
}

struct layer_job *layer_job_start(struct image_store *images, const struct layer_source *source,
				  const struct layer_job_handlers *handlers, void *data,
				  struct error *err)
{
	struct layer_job *job = mem_new(struct layer_job);

	job->images = images;
	job->handlers = *handlers;
	job->data = data;
	job->root = job->recipe = -1;
	job->input = source->input;
	job->growing = source->growing;
	job->diff_id = str_dup_or_null(source->diff_id);
	job->needed = -1;
	if (!layer_folder_make(images, job->folder, &job->root, err)) {
		free_job(job);
		return NULL;
	}
	if (!layer_recipe_make(images, job->folder, &job->recipe, err)) {
		remove_folder(job);
		free_job(job);
		return NULL;
	}
	vector_add(&images->unpacking, job);
	kick(images);
	return job;
}
