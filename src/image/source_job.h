/* Layers and configurations as workers read them (image/worker_protocol.h, WORKER_ASK): of images that
 * the job has leased. */
#pragma once

#include "image/image_store.h"

struct leased_images {
	struct image_store *images;
	struct image **items;
	size_t count, capacity;
};

/* NOT_FOUND by name when one of its layers cannot be written again.  Once for an image that is there
 * already. */
bool leased_images_add(struct leased_images *leased, struct image *image, struct error *err);
/* The same without a look at its layers. */
bool leased_images_hold(struct leased_images *leased, struct image *image, struct error *err);
void leased_images_fini(struct leased_images *leased);

/* Answer WORKER_ASK.  False for what no good worker asks, or what cannot be opened. */
bool leased_images_give(const struct leased_images *leased, struct worker_process *worker,
			const struct message *message, struct error *err);

/* The bytes of a configuration that is kept nowhere else: of an image that was made here.  Empty for
 * others, whose document has them. */
void image_made_config(const struct image *image, struct buffer *out);
