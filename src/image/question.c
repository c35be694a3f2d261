#include "image/question.h"

#include "format/json.h"
#include "format/percent.h"
#include "image/content_hash.h"
#include "image/image_config.h"
#include "image/manifest.h"

#define RESULTS_SIZE_MAX (4 << 20)

static const char *text_of(const struct registry_document *document)
{
	return document->bytes.data ? document->bytes.data : "";
}

/* ---- look ---- */

static void add_platform(struct look_found *out, const char *os, const char *architecture,
			 const char *variant)
{
	struct descriptor_platform *platform =
		record_list_add(&descriptor_platform_type, &out->platforms);

	platform->os = str_dup_or_null(os);
	platform->architecture = str_dup_or_null(architecture);
	platform->variant = str_is_empty(variant) ? NULL : str_dup(variant);
}

static void add_platforms(const struct manifest *list, struct look_found *out)
{
	for (size_t i = 0; i < list->entries.count; i++) {
		const struct descriptor *entry = RECORD_AT(list->entries, struct descriptor, i);

		if (entry->platform)
			add_platform(out, entry->platform->os, entry->platform->architecture,
				     entry->platform->variant);
	}
}

/* A single image's is in its configuration. */
static bool read_platform(struct registry *registry, const struct manifest *manifest,
			  struct look_found *out, struct error *err)
{
	scoped_with(registry_document_fini) struct registry_document document = {0};
	scoped_image_config struct image_config config = {0};
	scoped_free char *what = str_format("blobs/%s", manifest->config.digest);

	if (!registry_get(registry, what, CONFIG_SIZE_MAX, &document, err) ||
	    !image_config_parse(text_of(&document), document.bytes.size, &config, err))
		return false;
	add_platform(out, config.os, config.architecture, config.variant);
	return true;
}

static const char *media_type_of(const struct registry_document *document,
				 const struct manifest *manifest)
{
	if (!str_is_empty(document->media_type))
		return document->media_type;
	return manifest->is_list ? "application/vnd.docker.distribution.manifest.list.v2+json"
				 : "application/vnd.docker.distribution.manifest.v2+json";
}

bool question_look(struct registry *registry, const char *tag_or_digest, struct look_found *out,
		   struct error *err)
{
	scoped_with(registry_document_fini) struct registry_document document = {0};
	scoped_manifest struct manifest manifest = {0};
	scoped_free char *what = str_format("manifests/%s", tag_or_digest);
	char digest[CONTENT_DIGEST_SIZE];

	if (!registry_get(registry, what, MANIFEST_SIZE_MAX, &document, err) ||
	    !manifest_parse(text_of(&document), document.bytes.size, document.media_type, &manifest,
			    err))
		return false;
	content_digest(text_of(&document), document.bytes.size, digest);
	out->media_type = str_dup(media_type_of(&document, &manifest));
	out->digest = str_dup(digest);
	out->size = (int64_t)document.bytes.size;
	if (!manifest.is_list)
		return read_platform(registry, &manifest, out, err);
	add_platforms(&manifest, out);
	return true;
}

/* ---- search ---- */

static bool no_search(const char *host, struct error *err)
{
	return error_set(err, ERROR_NOT_FOUND,
			 "registry '%s' cannot be searched: it does not have the API for that",
			 host);
}

/* A page of HTML is what many servers answer to anything. */
static bool read_results(const struct registry_document *document, const char *host,
			 struct search_found *out, struct error *err)
{
	scoped_json json_t *json = json_parse(text_of(document), document->bytes.size, err);

	return (json && record_from_json(&search_found_type, json, RECORD_FOR_API, out, err)) ||
	       no_search(host, err);
}

bool question_search(struct registry *registry, const char *host, const struct fetch_start *start,
		     struct search_found *out, struct error *err)
{
	scoped_with(registry_document_fini) struct registry_document document = {0};
	scoped_buffer struct buffer what = {0};

	buffer_add_text(&what, "/v1/search?q=");
	percent_encode(&what, start->query);
	buffer_format(&what, "&n=%d", start->limit);
	if (registry_get(registry, what.data, RESULTS_SIZE_MAX, &document, err))
		return read_results(&document, host, out, err);
	return err->kind == ERROR_NOT_FOUND ? no_search(host, err) : false;
}
