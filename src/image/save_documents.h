/* The documents of an archive of images: an OCI layout that is Docker's archive as well.  Pure. */
#pragma once

#include "format/record.h"
#include "image/manifest.h"

struct saved_image {
	const char *id;		    /* digest of its configuration */
	struct descriptor manifest; /* of the OCI manifest; borrowed */
	struct strings tags;	    /* familiar names, "bb:latest"; borrowed */
	struct strings diff_ids;    /* borrowed */
};

struct saved_images {
	struct saved_image *items;
	size_t count, capacity;
};

#define OCI_LAYOUT "{\"imageLayoutVersion\":\"1.0.0\"}"

void save_manifest_json(const struct saved_images *images, struct buffer *out);
void save_index_json(const struct saved_images *images, struct buffer *out);
void save_repositories(const struct saved_images *images, struct buffer *out); /* empty: no tags */

/* "blobs/sha256/<hex>", owned. */
char *save_blob_name(const char *digest);
