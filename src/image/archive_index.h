/* Which images an archive holds: what its small files say, matched with the layers that were found in
 * it.  Pure.  Three forms: Docker's (manifest.json), OCI's (index.json), and Docker's of old
 * (repositories, with a json and a layer.tar for each layer). */
#pragma once

#include "base/map.h"
#include "format/platform.h"
#include "image/image_config.h"

struct archive_layer {
	char *name;    /* in the archive */
	char *diff_id; /* as it was unpacked */
	char *digest;  /* of its bytes in the archive, compressed or not */
};

struct archive_index {
	struct map files; /* small files by name: struct buffer, owned */
	struct map links; /* symbolic and hard links by name: the name they lead to, owned */
	struct {
		struct archive_layer *items;
		size_t count, capacity;
	} layers;
};

void archive_index_fini(struct archive_index *index);

/* Takes the bytes. */
void archive_index_add_file(struct archive_index *index, const char *name, struct buffer *bytes);
/* `target` is as in the archive: a symbolic link's is relative to the link. */
void archive_index_add_link(struct archive_index *index, const char *name, const char *target,
			    bool symbolic);

struct archive_image {
	struct image_config config;
	struct buffer bytes;	  /* of the configuration */
	struct strings names;	  /* references in full, checked */
	struct strings documents; /* names of files that are manifests, for their digests */
};

struct archive_images {
	struct archive_image *items;
	size_t count, capacity;
};

/* Every image of the archive; of one for several platforms the one that suits `platform`.  INVALID for
 * an archive that holds none, or says of a layer what is not so. */
bool archive_index_read(const struct archive_index *index, const struct platform *platform,
			struct archive_images *out, struct error *err);
void archive_images_fini(struct archive_images *images);
