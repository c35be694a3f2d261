#include "image/manifest.h"

#include "format/digest.h"
#include "format/json.h"
#include "image/image_config.h"

#include <strings.h>

#define DOCKER "application/vnd.docker."
#define OCI    "application/vnd.oci.image."

/* ---- the JSON ---- */

static const struct record_field platform_fields[] = {
	RECORD_FIELD(struct descriptor_platform, 1, "os", RECORD_STRING, os),
	RECORD_FIELD(struct descriptor_platform, 2, "architecture", RECORD_STRING, architecture),
	RECORD_FIELD(struct descriptor_platform, 3, "variant", RECORD_STRING, variant),
};
const struct record_type descriptor_platform_type =
	RECORD_TYPE(struct descriptor_platform, platform_fields);

static const struct record_field descriptor_fields[] = {
	RECORD_FIELD(struct descriptor, 1, "mediaType", RECORD_STRING, media_type),
	RECORD_FIELD(struct descriptor, 2, "digest", RECORD_STRING, digest),
	RECORD_FIELD(struct descriptor, 3, "size", RECORD_I64, size),
	RECORD_NESTED(struct descriptor, 4, "platform", RECORD_POINTER, platform, 0,
		      &descriptor_platform_type),
	RECORD_FIELD(struct descriptor, 5, "annotations", RECORD_PAIRS, annotations),
};
const struct record_type descriptor_type = RECORD_TYPE(struct descriptor, descriptor_fields);

static const struct record_field layer_blob_fields[] = {
	RECORD_FIELD(struct layer_blob, 1, "repository", RECORD_STRING, repository),
	RECORD_FIELD(struct layer_blob, 2, "digest", RECORD_STRING, digest),
	RECORD_FIELD(struct layer_blob, 3, "type", RECORD_STRING, media_type),
	RECORD_FIELD(struct layer_blob, 4, "size", RECORD_I64, size),
};
const struct record_type layer_blob_type = RECORD_TYPE(struct layer_blob, layer_blob_fields);

/* Everything that any kind may have, so that a document of two kinds shows. */
struct document {
	int64_t schema_version;
	char *media_type;
	struct descriptor *config;
	struct record_list layers, manifests;
	char *fs_layers; /* schema 1's */
};
static const struct record_field document_fields[] = {
	RECORD_FIELD(struct document, 1, "schemaVersion", RECORD_I64, schema_version),
	RECORD_FIELD(struct document, 2, "mediaType", RECORD_STRING, media_type),
	RECORD_NESTED(struct document, 3, "config", RECORD_POINTER, config, 0, &descriptor_type),
	RECORD_NESTED(struct document, 4, "layers", RECORD_LIST, layers, 0, &descriptor_type),
	RECORD_NESTED(struct document, 5, "manifests", RECORD_LIST, manifests, 0, &descriptor_type),
	RECORD_FIELD(struct document, 6, "fsLayers", RECORD_JSON, fs_layers),
};
static const struct record_type document_type = RECORD_TYPE(struct document, document_fields);

static void document_fini(struct document *document)
{
	record_fini(&document_type, document);
}

/* ---- media types ---- */

enum kind { UNKNOWN, IMAGE, LIST, SCHEMA1 };

static const struct {
	const char *media_type;
	enum kind kind;
} kinds[] = {
	{DOCKER "distribution.manifest.v2+json", IMAGE},
	{OCI "manifest.v1+json", IMAGE},
	{DOCKER "distribution.manifest.list.v2+json", LIST},
	{OCI "index.v1+json", LIST},
	{DOCKER "distribution.manifest.v1+json", SCHEMA1},
	{DOCKER "distribution.manifest.v1+prettyjws", SCHEMA1},
};

/* Parameters ("; charset=utf-8") do not count. */
static enum kind kind_of(const char *media_type)
{
	size_t length = media_type ? strcspn(media_type, "; ") : 0;

	for (size_t i = 0; i < array_length(kinds); i++)
		if (strlen(kinds[i].media_type) == length &&
		    strncasecmp(kinds[i].media_type, media_type, length) == 0)
			return kinds[i].kind;
	return UNKNOWN;
}

static const char *const config_types[] = {
	DOCKER "container.image.v1+json", OCI "config.v1+json",
	"application/octet-stream", /* from registries of 2016 */
};

/* How layers are compressed is told by their bytes, so the endings do not matter. */
static const char *const layer_types[] = {
	DOCKER "image.rootfs.diff.tar",
	DOCKER "image.rootfs.foreign.diff.tar",
	OCI "layer.v1.tar",
	OCI "layer.nondistributable.v1.tar",
};

static bool is_config(const char *media_type)
{
	for (size_t i = 0; i < array_length(config_types); i++)
		if (str_equal(media_type, config_types[i]))
			return true;
	return false;
}

static bool is_layer(const char *media_type)
{
	if (str_is_empty(media_type) || str_ends_with(media_type, "+encrypted"))
		return false;
	for (size_t i = 0; i < array_length(layer_types); i++)
		if (str_starts_with(media_type, layer_types[i]))
			return true;
	return false;
}

/* ---- checks ---- */

static bool check_blob(const struct descriptor *blob, int64_t limit, struct error *err)
{
	if (!digest_check(blob->digest ? blob->digest : "", err))
		return false;
	if (blob->size < 0 || blob->size > limit)
		return error_set(err, ERROR_INVALID, "blob '%s' has a size that cannot be: %lld",
				 blob->digest, (long long)blob->size);
	return true;
}

static bool bad_type(const char *what, const char *media_type, struct error *err)
{
	return error_set(err, ERROR_INVALID, "this is no image: its %s is of the type '%.100s'",
			 what, media_type ? media_type : "");
}

static bool check_layers(const struct record_list *layers, struct error *err)
{
	if (layers->count > IMAGE_LAYERS_MAX)
		return error_set(err, ERROR_INVALID,
				 "the image has %zu layers, and %d is the most that can be mounted",
				 layers->count, IMAGE_LAYERS_MAX);
	for (size_t i = 0; i < layers->count; i++) {
		const struct descriptor *layer = RECORD_AT(*layers, struct descriptor, i);

		if (!is_layer(layer->media_type))
			return bad_type("layer", layer->media_type, err);
		if (!check_blob(layer, INT64_MAX, err))
			return false;
	}
	return true;
}

static bool check_image(const struct document *document, struct error *err)
{
	if (!document->config || document->manifests.count > 0)
		return error_set(err, ERROR_INVALID,
				 "bad manifest: it is not clearly that of an image");
	if (!is_config(document->config->media_type))
		return bad_type("configuration", document->config->media_type, err);
	return check_blob(document->config, CONFIG_SIZE_MAX, err) &&
	       check_layers(&document->layers, err);
}

static bool check_list(const struct document *document, struct error *err)
{
	if (document->config || document->layers.count > 0)
		return error_set(err, ERROR_INVALID, "bad manifest: it is not clearly a list");
	for (size_t i = 0; i < document->manifests.count; i++)
		if (!check_blob(RECORD_AT(document->manifests, struct descriptor, i),
				MANIFEST_SIZE_MAX, err))
			return false;
	return true;
}

static enum kind find_kind(const struct document *document, const char *media_type)
{
	enum kind kind = kind_of(document->media_type);

	if (document->schema_version == 1 || document->fs_layers)
		return SCHEMA1;
	if (kind == UNKNOWN)
		kind = kind_of(media_type);
	if (kind == UNKNOWN && str_is_empty(document->media_type))
		kind = document->manifests.items ? LIST : document->config ? IMAGE : UNKNOWN;
	return kind;
}

static bool check(const struct document *document, enum kind kind, struct error *err)
{
	switch (kind) {
	case IMAGE:
		return check_image(document, err);
	case LIST:
		return check_list(document, err);
	case SCHEMA1:
		return error_set(err, ERROR_INVALID,
				 "the image has a manifest of schema 1, which is not supported; it "
				 "has to be "
				 "pushed again by a newer program");
	case UNKNOWN:
		break;
	}
	return error_set(err, ERROR_INVALID, "unknown manifest type '%.100s'",
			 document->media_type ? document->media_type : "");
}

/* ---- the whole ---- */

static void move_out(struct document *document, bool is_list, struct manifest *out)
{
	*out = (struct manifest){.is_list = is_list};
	if (is_list) {
		out->entries = document->manifests;
		document->manifests = (struct record_list){0};
		return;
	}
	out->layers = document->layers;
	document->layers = (struct record_list){0};
	out->config = *document->config;
	free(take(document->config));
}

bool manifest_parse(const char *text, size_t size, const char *media_type, struct manifest *out,
		    struct error *err)
{
	scoped_with(document_fini) struct document document = {0};
	scoped_json json_t *json = json_parse(text, size, err);
	enum kind kind;

	if (!json || !record_from_json(&document_type, json, RECORD_FOR_API, &document, err))
		return error_prefix(err, "bad manifest");
	kind = find_kind(&document, media_type);
	if (!check(&document, kind, err))
		return false;
	move_out(&document, kind == LIST, out);
	return true;
}

void manifest_fini(struct manifest *manifest)
{
	record_fini(&descriptor_type, &manifest->config);
	record_list_fini(&descriptor_type, &manifest->layers);
	record_list_fini(&descriptor_type, &manifest->entries);
}

/* ---- choosing ---- */

/* Signatures and attestations stand among the images as "unknown/unknown"; one that says nothing is
 * taken only where it is alone. */
static int fit(const struct descriptor *entry, const struct platform *wanted)
{
	const struct descriptor_platform *said = entry->platform;
	struct platform offered;

	if (entry->media_type && kind_of(entry->media_type) != IMAGE)
		return 0;
	if (!said)
		return 0;
	offered = platform_of(said->os, said->architecture, said->variant);
	return platform_match(wanted, &offered);
}

const struct descriptor *manifest_choose(const struct manifest *list, const struct platform *wanted,
					 struct error *err)
{
	const struct descriptor *best = NULL;
	char name[PLATFORM_TEXT_SIZE];
	int best_fit = 0;

	for (size_t i = 0; i < list->entries.count; i++) {
		const struct descriptor *entry = RECORD_AT(list->entries, struct descriptor, i);
		int how_well = fit(entry, wanted);

		if (how_well > best_fit) {
			best = entry;
			best_fit = how_well;
		}
	}
	if (!best && list->entries.count == 1 &&
	    !RECORD_AT(list->entries, struct descriptor, 0)->platform)
		best = RECORD_AT(list->entries, struct descriptor, 0);
	if (!best)
		error_set(err, ERROR_NOT_FOUND,
			  "no matching manifest for %s in the manifest list entries",
			  platform_text(wanted, name));
	return best;
}
