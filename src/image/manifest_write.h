/* Manifests that are made here: of a pushed image, of a saved one.  Pure. */
#pragma once

#include "image/manifest.h"

#define MANIFEST_DOCKER	   "application/vnd.docker.distribution.manifest.v2+json"
#define MANIFEST_OCI	   "application/vnd.oci.image.manifest.v1+json"
#define MANIFEST_OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define CONFIG_DOCKER	   "application/vnd.docker.container.image.v1+json"
#define CONFIG_OCI	   "application/vnd.oci.image.config.v1+json"
#define LAYER_DOCKER_GZIP  "application/vnd.docker.image.rootfs.diff.tar.gzip"
#define LAYER_OCI_TAR	   "application/vnd.oci.image.layer.v1.tar"
#define LAYER_OCI_GZIP	   LAYER_OCI_TAR "+gzip"
#define LAYER_OCI_ZSTD	   LAYER_OCI_TAR "+zstd"

/* Of one image: its configuration and layers, under this media type. */
void manifest_write(const char *media_type, const struct descriptor *config,
		    const struct record_list *layers, struct buffer *out);

/* {"mediaType":..,"digest":..,"size":..}, with its annotations where it has some. */
void descriptor_write(const struct descriptor *descriptor, struct buffer *out);
