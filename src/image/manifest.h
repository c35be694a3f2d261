/* Manifests of registries and archives: Docker schema 2 and OCI, of one image or of a list. */
#pragma once

#include "format/platform.h"
#include "format/record.h"

#define MANIFEST_SIZE_MAX (4 << 20)
#define CONFIG_SIZE_MAX	  (8 << 20)

#define MANIFEST_MEDIA_TYPES                                                                       \
	"application/vnd.docker.distribution.manifest.v2+json, "                                   \
	"application/vnd.docker.distribution.manifest.list.v2+json, "                              \
	"application/vnd.oci.image.manifest.v1+json, "                                             \
	"application/vnd.oci.image.index.v1+json"

/* What a manifest points to: a blob, or a manifest of its list. */
struct descriptor {
	char *media_type;
	char *digest;
	int64_t size;
	struct descriptor_platform {
		char *os, *architecture, *variant;
	} * platform;		  /* owned; of a list's entry, NULL: not said */
	struct pairs annotations; /* NULL items: none */
};

struct manifest {
	bool is_list;
	struct descriptor config;   /* of an image */
	struct record_list layers;  /* struct descriptor: of an image, lowest first */
	struct record_list entries; /* struct descriptor: of a list */
};

extern const struct record_type descriptor_type, descriptor_platform_type;

/* A layer as a registry has it: what a push of it need not send again. */
struct layer_blob {
	char *repository; /* in full: "docker.io/library/busybox" */
	char *digest, *media_type;
	int64_t size;
};
extern const struct record_type layer_blob_type;

/* `media_type` is what the sender calls it; NULL or "": nothing.  What the manifest itself says wins.
 * Refused by name: schema 1, a document that could be both kinds, media types that are no image's
 * (charts, signatures, encrypted layers), digests other than sha256, sizes that cannot be, more layers
 * than one mount takes. */
bool manifest_parse(const char *text, size_t size, const char *media_type, struct manifest *out,
		    struct error *err);
void manifest_fini(struct manifest *manifest);

#define scoped_manifest scoped_with(manifest_fini)

/* The entry of a list for `wanted`, the best where several would run; borrowed.  NOT_FOUND "no matching
 * manifest for linux/arm64 in the manifest list entries". */
const struct descriptor *manifest_choose(const struct manifest *list, const struct platform *wanted,
					 struct error *err);
