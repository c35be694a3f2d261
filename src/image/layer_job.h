/* One layer on its way from bytes to a folder to a record, in the daemon: the folder is made, an
 * unpacker is started when there is a place for it, fed, and believed only about what it was asked. */
#pragma once

#include "image/image_store.h"

struct layer_job;

struct layer_job_handlers {
	/* The layer is in memory and used once, for the owner; its record is being written. The last
	 * call: the job is freed. */
	void (*on_unpacked)(void *data, struct layer *layer);

	/* Likewise; nothing is left of it. */
	void (*on_failed)(void *data, const struct error *err);

	/* So many of the layer's bytes are done; now and then.  NULL: not wanted. */
	void (*on_position)(void *data, int64_t position);
};

struct layer_source {
	int input;	     /* taken: a pipe, or a file that grows */
	bool growing;	     /* layer_job_more says how far the file has come */
	const char *diff_id; /* what it must be; NULL: whatever it is */
};

/* NULL and err when not even the folder can be made. */
struct layer_job *layer_job_start(struct image_store *images, const struct layer_source *source,
				  const struct layer_job_handlers *handlers, void *data,
				  struct error *err);

/* `available` bytes are in the file; complete: there will be no more, and they are right. */
void layer_job_more(struct layer_job *job, int64_t available, bool complete);

/* Stop, remove what there is of it, and free it.  NULL is fine. */
void layer_job_cancel(struct layer_job *job);

/* The timer of struct image_store that starts unpackers where there is a place (see kick). */
void layer_jobs_start(uv_timer_t *timer);
