/* Folders on their way to layers or tars, in the daemon: `wherry-worker pack`, of which as many run as
 * unpackers may, and which stay a moment for the next step of a build. */
#pragma once

#include "image/image_store.h"

struct pack_job;

struct pack_source {
	enum pack_mode mode;
	int folder;	     /* taken: an overlay's upper folder, or a layer's */
	int output;	     /* taken: the recipe to be written, or a pipe */
	int recipe;	     /* taken: PACK_BLOB only, else -1 */
	const char *diff_id; /* PACK_BLOB only; borrowed for the call */
};

struct pack_handlers {
	/* The last call: the job is freed.  Not from within pack_job_start.  `done` has a diff id when
	 * that was asked for; the folder and the recipe are on the disk then. */
	void (*on_packed)(void *data, const struct unpacked *done);
	void (*on_failed)(void *data, const struct error *err);

	/* So many bytes of the tar are out; now and then.  NULL: not wanted. */
	void (*on_position)(void *data, int64_t position);
};

struct pack_job *pack_job_start(struct image_store *images, const struct pack_source *source,
				const struct pack_handlers *handlers, void *data);
void pack_job_cancel(struct pack_job *job); /* NULL is fine */

/* When the store is closed. */
void packers_close(struct image_store *images);
