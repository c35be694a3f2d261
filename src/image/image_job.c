#include "image/image_store.h"

void image_job_init(struct image_job *job, struct image_store *images,
		    const struct image_job_handlers *handlers, void *data)
{
	job->images = images;
	job->handlers = *handlers;
	job->data = data;
	job->serial = ++images->serial;
	vector_add(&images->jobs, job);
}

void image_job_progress(struct image_job *job, const struct buffer *lines)
{
	if (job->handlers.on_progress && lines->size > 0)
		job->handlers.on_progress(job->data, lines->data, lines->size);
}

void image_job_cancel(struct image_job *job)
{
	struct image_store *images = job->images;

	for (size_t i = 0; i < images->jobs.count; i++)
		if (images->jobs.items[i] == job) {
			vector_remove(&images->jobs, i);
			break;
		}
	commits_forget(images, job);
	documents_drop(job);
	job->free(job);
}

void image_job_end(struct image_job *job, const struct image_result *result,
		   const struct error *err)
{
	job->handlers.on_done(job->data, result, err);
	image_job_cancel(job);
}
