/* Images, layers and names in the store, and several changes of them as one. */
#pragma once

#include "image/image.h"

struct image_record { /* image/<id> */
	struct image_config config;
	struct strings documents;
	int64_t tagged_ns;
	bool hidden;
	char *parent, *step_key;
};

struct layer_record { /* layer/<diff id> */
	char *folder;
	int64_t size;
	struct record_list blobs; /* struct layer_blob */
};

struct name_record { /* tag/<name>, digest/<name@digest> */
	char *id;    /* of the image */
};

extern const struct record_type image_record_type, layer_record_type, name_record_type;

#define IMAGE_KEY  "image/"
#define LAYER_KEY  "layer/"
#define TAG_KEY	   "tag/"
#define DIGEST_KEY "digest/"

/* Changes that become visible together or not at all. */
struct image_batch {
	struct store_change *items; /* what they point to is owned */
	size_t count, capacity;
	struct strings folders; /* layers' folders that may go once this is written */
};

void image_batch_put_image(struct image_batch *batch, const struct image *image);
void image_batch_put_layer(struct image_batch *batch, const struct layer *layer);
void image_batch_put_name(struct image_batch *batch, const char *prefix, const char *name,
			  const char *id);
void image_batch_delete(struct image_batch *batch, const char *prefix, const char *name);
void image_batch_fini(struct image_batch *batch);
