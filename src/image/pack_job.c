#include "image/pack_job.h"

#define LINGER_MS 2000 /* a step of a build is rarely longer apart */

struct pack_job {
	struct image_store *images;
	struct pack_handlers handlers;
	void *data;
	struct pack_source source;
	char *diff_id;	       /* owned; NULL: none */
	struct packer *packer; /* NULL: waits for one */
};

struct packer {
	struct image_store *images;
	struct worker_process *worker;
	struct pack_job *job; /* NULL: idle */
	uv_timer_t *linger;   /* owned by the loop once closed */
};

/* ---- packers ---- */

static void free_handle(uv_handle_t *handle)
{
	free(handle);
}

static void packer_free(struct packer *packer)
{
	struct image_store *images = packer->images;

	for (size_t i = 0; i < images->packers.count; i++)
		if (images->packers.items[i] == packer) {
			vector_remove(&images->packers, i);
			break;
		}
	worker_process_kill(packer->worker);
	uv_close((uv_handle_t *)packer->linger, free_handle);
	free(packer);
}

static void on_lingered(uv_timer_t *timer)
{
	packer_free(timer->data);
}

static void serve_next(struct image_store *images);

static void go_idle(struct packer *packer)
{
	packer->job = NULL;
	uv_timer_start(packer->linger, on_lingered, LINGER_MS, 0);
}

/* ---- jobs ---- */

static void job_free(struct pack_job *job)
{
	struct image_store *images = job->images;

	for (size_t i = 0; i < images->packing.count; i++)
		if (images->packing.items[i] == job) {
			vector_remove(&images->packing, i);
			break;
		}
	close_fd(&job->source.folder);
	close_fd(&job->source.output);
	close_fd(&job->source.recipe);
	free(job->diff_id);
	free(job);
}

static void job_failed(struct pack_job *job, const struct error *err)
{
	struct pack_handlers handlers = job->handlers;
	void *data = job->data;

	job_free(job);
	handlers.on_failed(data, err);
}

/* Its worker is in the middle of it: it goes, too. */
void pack_job_cancel(struct pack_job *job)
{
	if (!job)
		return;
	if (job->packer)
		packer_free(job->packer);
	job_free(job);
}

/* ---- what a worker says ---- */

static void take_done(struct packer *packer, struct message *message)
{
	struct image_store *images = packer->images;
	struct pack_job *job = packer->job;
	struct pack_handlers handlers = job->handlers;
	void *data = job->data;
	struct unpacked done = {0};
	struct error err;
	bool ok = record_decode(&unpacked_type, message->data, message->size, &done, &err);

	go_idle(packer);
	job_free(job);
	serve_next(images);
	if (ok)
		handlers.on_packed(data, &done);
	else
		handlers.on_failed(data, &err);
	record_fini(&unpacked_type, &done);
}

static void take_position(const struct pack_job *job, const struct message *message)
{
	struct unpack_more at = {0};
	struct error ignored;

	if (job->handlers.on_position &&
	    record_decode(&unpack_more_type, message->data, message->size, &at, &ignored))
		job->handlers.on_position(job->data, at.available);
}

static void on_message(void *data, struct message *message)
{
	struct packer *packer = data;

	if (!packer->job)
		return;
	if (message->type == PACK_DONE)
		take_done(packer, message);
	else if (message->type == PACK_AT)
		take_position(packer->job, message);
}

static void on_failed(void *data, const struct error *err)
{
	struct packer *packer = data;
	struct pack_job *job = packer->job;
	struct error why = *err;

	if (!job)
		return;
	go_idle(packer);
	serve_next(packer->images);
	job_failed(job, &why);
}

static void on_end(void *data, const struct error *err)
{
	struct packer *packer = data;
	struct image_store *images = packer->images;
	struct pack_job *job = packer->job;
	struct error why = {0};

	packer->worker = NULL;
	packer_free(packer);
	if (err)
		why = *err;
	else
		error_set(&why, ERROR_SYSTEM, "the worker ended too early");
	if (job)
		job_failed(job, &why);
	serve_next(images);
}

/* ---- who does what ---- */

static struct packer *packer_new(struct image_store *images, struct error *err)
{
	static const struct worker_handlers handlers = {on_message, on_failed, on_end};
	struct packer *packer = mem_new(struct packer);

	packer->images = images;
	packer->worker =
		worker_process_start(images->loop, images->worker, "pack", &handlers, packer, err);
	if (!packer->worker) {
		free(packer);
		return NULL;
	}
	packer->linger = mem_new(uv_timer_t);
	packer->linger->data = packer;
	uv_timer_init(images->loop, packer->linger);
	uv_unref((uv_handle_t *)packer->linger);
	vector_add(&images->packers, packer);
	return packer;
}

static struct packer *idle_packer(struct image_store *images, struct error *err)
{
	for (size_t i = 0; i < images->packers.count; i++)
		if (!images->packers.items[i]->job)
			return images->packers.items[i];
	return packer_new(images, err);
}

static void give(struct packer *packer, struct pack_job *job)
{
	struct pack_start start = {.mode = job->source.mode, .diff_id = job->diff_id};
	int fds[] = {job->source.folder, job->source.output, job->source.recipe};

	uv_timer_stop(packer->linger);
	packer->job = job;
	job->packer = packer;
	worker_process_send(packer->worker, WORKER_START, &pack_start_type, &start, fds,
			    job->source.recipe >= 0 ? 3 : 2);
	close_fd(&job->source.folder);
	close_fd(&job->source.output);
	close_fd(&job->source.recipe);
}

/* As fast as a registry takes it, which may be slow: such have places of their own, so that commits and the
 * steps of builds do not wait for pushes. */
static bool is_paced(const struct pack_job *job)
{
	return job->source.mode == PACK_BLOB;
}

static bool has_place(const struct image_store *images, const struct pack_job *job)
{
	int32_t count = 0;

	for (size_t i = 0; i < images->packers.count; i++) {
		const struct pack_job *other = images->packers.items[i]->job;

		count += other && is_paced(other) == is_paced(job);
	}
	return count < images->limits.unpackers;
}

static struct pack_job *next_waiting(const struct image_store *images)
{
	for (size_t i = 0; i < images->packing.count; i++) {
		struct pack_job *job = images->packing.items[i];

		if (!job->packer && has_place(images, job))
			return job;
	}
	return NULL;
}

static void on_start(uv_timer_t *timer)
{
	serve_next(timer->data);
}

/* A worker that cannot be started fails the job, which its owner must not hear from within. */
static void serve_next(struct image_store *images)
{
	struct pack_job *job;

	while (!images->closing && (job = next_waiting(images))) {
		struct error err;
		struct packer *packer = idle_packer(images, &err);

		if (packer)
			give(packer, job);
		else
			job_failed(job, &err);
	}
}

struct pack_job *pack_job_start(struct image_store *images, const struct pack_source *source,
				const struct pack_handlers *handlers, void *data)
{
	struct pack_job *job = mem_new(struct pack_job);

	*job = (struct pack_job){images, *handlers, data, *source,
				 str_dup_or_null(source->diff_id)};
	vector_add(&images->packing, job);
	if (!images->pack_kick) {
		images->pack_kick = mem_new(uv_timer_t);
		images->pack_kick->data = images;
		uv_timer_init(images->loop, images->pack_kick);
	}
	uv_timer_start(images->pack_kick, on_start, 0, 0);
	return job;
}

void packers_close(struct image_store *images)
{
	while (images->packers.count > 0)
		packer_free(images->packers.items[0]);
	while (images->packing.count > 0)
		job_free(images->packing.items[0]);
	vector_fini(&images->packers);
	vector_fini(&images->packing);
	if (images->pack_kick)
		uv_close((uv_handle_t *)images->pack_kick, free_handle);
}
