#include "image/worker_protocol.h"

#include "image/manifest.h"

static const struct record_field worker_number_fields[] = {
	RECORD_FIELD(struct worker_number, 1, "number", RECORD_I32, number),
};
const struct record_type worker_number_type =
	RECORD_TYPE(struct worker_number, worker_number_fields);

static const struct record_field worker_text_fields[] = {
	RECORD_FIELD(struct worker_text, 1, "text", RECORD_STRING, text),
};
const struct record_type worker_text_type = RECORD_TYPE(struct worker_text, worker_text_fields);

static const struct record_field worker_failure_fields[] = {
	RECORD_FIELD(struct worker_failure, 1, "kind", RECORD_I32, kind),
	RECORD_FIELD(struct worker_failure, 2, "os", RECORD_I32, os),
	RECORD_FIELD(struct worker_failure, 3, "text", RECORD_STRING, text),
};
const struct record_type worker_failure_type =
	RECORD_TYPE(struct worker_failure, worker_failure_fields);

static const struct record_field worker_document_fields[] = {
	RECORD_FIELD(struct worker_document, 1, "digest", RECORD_STRING, digest),
	RECORD_FIELD(struct worker_document, 2, "is_config", RECORD_BOOL, is_config),
	RECORD_FIELD(struct worker_document, 3, "known", RECORD_BOOL, known),
};
const struct record_type worker_document_type =
	RECORD_TYPE(struct worker_document, worker_document_fields);

static const struct record_field fetch_start_fields[] = {
	RECORD_FIELD(struct fetch_start, 1, "domain", RECORD_STRING, domain),
	RECORD_FIELD(struct fetch_start, 2, "path", RECORD_STRING, path),
	RECORD_FIELD(struct fetch_start, 3, "tag", RECORD_STRING, tag),
	RECORD_FIELD(struct fetch_start, 4, "digest", RECORD_STRING, digest),
	RECORD_FIELD(struct fetch_start, 5, "os", RECORD_STRING, os),
	RECORD_FIELD(struct fetch_start, 6, "architecture", RECORD_STRING, architecture),
	RECORD_FIELD(struct fetch_start, 7, "variant", RECORD_STRING, variant),
	RECORD_FIELD(struct fetch_start, 8, "auth", RECORD_STRING, auth),
	RECORD_FIELD(struct fetch_start, 9, "mirrors", RECORD_STRINGS, mirrors),
	RECORD_FIELD(struct fetch_start, 10, "insecure", RECORD_STRINGS, insecure),
	RECORD_FIELD(struct fetch_start, 11, "certificates", RECORD_STRING, certificates),
	RECORD_FIELD(struct fetch_start, 12, "user_agent", RECORD_STRING, user_agent),
	RECORD_FIELD(struct fetch_start, 13, "stall_ms", RECORD_I64, stall_ms),
	RECORD_FIELD(struct fetch_start, 14, "retry_ms", RECORD_I64, retry_ms),
	RECORD_FIELD(struct fetch_start, 15, "attempts", RECORD_I32, attempts),
	RECORD_FIELD(struct fetch_start, 16, "downloads", RECORD_I32, downloads),
	RECORD_FIELD(struct fetch_start, 17, "purpose", RECORD_I32, purpose),
	RECORD_FIELD(struct fetch_start, 18, "query", RECORD_STRING, query),
	RECORD_FIELD(struct fetch_start, 19, "limit", RECORD_I32, limit),
};
const struct record_type fetch_start_type = RECORD_TYPE(struct fetch_start, fetch_start_fields);

static const struct record_field fetch_image_fields[] = {
	RECORD_FIELD(struct fetch_image, 1, "tag", RECORD_STRING, tag),
	RECORD_FIELD(struct fetch_image, 2, "digest", RECORD_STRING, digest),
	RECORD_FIELD(struct fetch_image, 3, "id", RECORD_STRING, id),
	RECORD_NESTED(struct fetch_image, 4, "config", RECORD_POINTER, config, 0,
		      &image_config_type),
	RECORD_NESTED(struct fetch_image, 5, "layers", RECORD_LIST, layers, 0, &descriptor_type),
	RECORD_FIELD(struct fetch_image, 6, "documents", RECORD_STRINGS, documents),
};
const struct record_type fetch_image_type = RECORD_TYPE(struct fetch_image, fetch_image_fields);

static const struct record_field fetch_progress_fields[] = {
	RECORD_FIELD(struct fetch_progress, 1, "layer", RECORD_I32, layer),
	RECORD_FIELD(struct fetch_progress, 2, "state", RECORD_I32, state),
	RECORD_FIELD(struct fetch_progress, 3, "current", RECORD_I64, current),
	RECORD_FIELD(struct fetch_progress, 4, "seconds", RECORD_I32, seconds),
};
const struct record_type fetch_progress_type =
	RECORD_TYPE(struct fetch_progress, fetch_progress_fields);

static const struct record_field unpack_start_fields[] = {
	RECORD_FIELD(struct unpack_start, 1, "size_limit", RECORD_I64, size_limit),
	RECORD_FIELD(struct unpack_start, 2, "files_limit", RECORD_I64, files_limit),
	RECORD_FIELD(struct unpack_start, 3, "growing", RECORD_BOOL, growing),
	RECORD_FIELD(struct unpack_start, 4, "available", RECORD_I64, available),
};
const struct record_type unpack_start_type = RECORD_TYPE(struct unpack_start, unpack_start_fields);

static const struct record_field unpack_more_fields[] = {
	RECORD_FIELD(struct unpack_more, 1, "available", RECORD_I64, available),
	RECORD_FIELD(struct unpack_more, 2, "complete", RECORD_BOOL, complete),
};
const struct record_type unpack_more_type = RECORD_TYPE(struct unpack_more, unpack_more_fields);

static const struct record_field unpacked_fields[] = {
	RECORD_FIELD(struct unpacked, 1, "number", RECORD_I32, number),
	RECORD_FIELD(struct unpacked, 2, "diff_id", RECORD_STRING, diff_id),
	RECORD_FIELD(struct unpacked, 3, "size", RECORD_I64, size),
	RECORD_FIELD(struct unpacked, 4, "recipe", RECORD_BOOL, recipe),
};
const struct record_type unpacked_type = RECORD_TYPE(struct unpacked, unpacked_fields);

static const struct record_field upload_start_fields[] = {
	RECORD_FIELD(struct upload_start, 1, "framing", RECORD_I32, framing),
	RECORD_FIELD(struct upload_start, 2, "length", RECORD_I64, length),
	RECORD_FIELD(struct upload_start, 3, "expects_continue", RECORD_BOOL, expects_continue),
	RECORD_FIELD(struct upload_start, 4, "early", RECORD_BYTES, early),
	RECORD_FIELD(struct upload_start, 5, "head", RECORD_BYTES, head),
	RECORD_FIELD(struct upload_start, 6, "chunked", RECORD_BOOL, chunked),
	RECORD_FIELD(struct upload_start, 7, "size_limit", RECORD_I64, size_limit),
	RECORD_FIELD(struct upload_start, 8, "quiet", RECORD_BOOL, quiet),
	RECORD_FIELD(struct upload_start, 9, "os", RECORD_STRING, os),
	RECORD_FIELD(struct upload_start, 10, "architecture", RECORD_STRING, architecture),
	RECORD_FIELD(struct upload_start, 11, "variant", RECORD_STRING, variant),
	RECORD_NESTED(struct upload_start, 12, "import", RECORD_POINTER, import, 0,
		      &image_config_type),
	RECORD_FIELD(struct upload_start, 13, "url", RECORD_STRING, url),
};
const struct record_type upload_start_type = RECORD_TYPE(struct upload_start, upload_start_fields);

static const struct record_field upload_image_fields[] = {
	RECORD_FIELD(struct upload_image, 1, "id", RECORD_STRING, id),
	RECORD_NESTED(struct upload_image, 2, "config", RECORD_POINTER, config, 0,
		      &image_config_type),
	RECORD_FIELD(struct upload_image, 3, "names", RECORD_STRINGS, names),
	RECORD_FIELD(struct upload_image, 4, "documents", RECORD_STRINGS, documents),
};
const struct record_type upload_image_type = RECORD_TYPE(struct upload_image, upload_image_fields);

static const struct record_field pack_start_fields[] = {
	RECORD_FIELD(struct pack_start, 1, "mode", RECORD_I32, mode),
	RECORD_FIELD(struct pack_start, 2, "diff_id", RECORD_STRING, diff_id),
};
const struct record_type pack_start_type = RECORD_TYPE(struct pack_start, pack_start_fields);

static const struct record_field look_found_fields[] = {
	RECORD_FIELD(struct look_found, 1, "mediaType", RECORD_STRING, media_type),
	RECORD_FIELD(struct look_found, 2, "digest", RECORD_STRING, digest),
	RECORD_FIELD(struct look_found, 3, "size", RECORD_I64, size),
	RECORD_NESTED(struct look_found, 4, "platforms", RECORD_LIST, platforms, 0,
		      &descriptor_platform_type),
};
const struct record_type look_found_type = RECORD_TYPE(struct look_found, look_found_fields);

/* As registries write them, and as the API shows them. */
static const struct record_field search_result_fields[] = {
	RECORD_FIELD(struct search_result, 1, "star_count", RECORD_I64, stars),
	RECORD_FIELD(struct search_result, 2, "is_official", RECORD_BOOL, official),
	RECORD_FIELD_FLAGS(struct search_result, 3, "name", RECORD_STRING, name,
			   RECORD_EMPTY_STRING),
	RECORD_FIELD(struct search_result, 4, "is_automated", RECORD_BOOL, automated),
	RECORD_FIELD_FLAGS(struct search_result, 5, "description", RECORD_STRING, description,
			   RECORD_EMPTY_STRING),
};
const struct record_type search_result_type =
	RECORD_TYPE(struct search_result, search_result_fields);

static const struct record_field search_found_fields[] = {
	RECORD_NESTED(struct search_found, 1, "results", RECORD_LIST, results, RECORD_EMPTY_LIST,
		      &search_result_type),
};
const struct record_type search_found_type = RECORD_TYPE(struct search_found, search_found_fields);

static const struct record_field push_layer_fields[] = {
	RECORD_FIELD(struct push_layer, 1, "diff_id", RECORD_STRING, diff_id),
	RECORD_NESTED(struct push_layer, 2, "blobs", RECORD_LIST, blobs, 0, &layer_blob_type),
};
const struct record_type push_layer_type = RECORD_TYPE(struct push_layer, push_layer_fields);

static const struct record_field push_image_fields[] = {
	RECORD_FIELD(struct push_image, 1, "tag", RECORD_STRING, tag),
	RECORD_FIELD(struct push_image, 2, "id", RECORD_STRING, id),
	RECORD_FIELD(struct push_image, 3, "config", RECORD_BYTES, config),
	RECORD_FIELD(struct push_image, 4, "diff_ids", RECORD_STRINGS, diff_ids),
};
const struct record_type push_image_type = RECORD_TYPE(struct push_image, push_image_fields);

static const struct record_field push_start_fields[] = {
	RECORD_NESTED(struct push_start, 1, "registry", RECORD_STRUCT, registry, 0,
		      &fetch_start_type),
	RECORD_NESTED(struct push_start, 2, "images", RECORD_LIST, images, 0, &push_image_type),
	RECORD_NESTED(struct push_start, 3, "layers", RECORD_LIST, layers, 0, &push_layer_type),
};
const struct record_type push_start_type = RECORD_TYPE(struct push_start, push_start_fields);

static const struct record_field push_packed_fields[] = {
	RECORD_FIELD(struct push_packed, 1, "number", RECORD_I32, number),
	RECORD_FIELD(struct push_packed, 2, "failure", RECORD_STRING, failure),
};
const struct record_type push_packed_type = RECORD_TYPE(struct push_packed, push_packed_fields);

static const struct record_field push_told_fields[] = {
	RECORD_FIELD(struct push_told, 1, "diff_id", RECORD_STRING, diff_id),
	RECORD_FIELD(struct push_told, 2, "state", RECORD_I32, state),
	RECORD_FIELD(struct push_told, 3, "seconds", RECORD_I32, seconds),
	RECORD_FIELD(struct push_told, 4, "from", RECORD_STRING, from),
	RECORD_NESTED(struct push_told, 5, "blob", RECORD_STRUCT, blob, 0, &descriptor_type),
};
const struct record_type push_told_type = RECORD_TYPE(struct push_told, push_told_fields);

static const struct record_field push_tagged_fields[] = {
	RECORD_FIELD(struct push_tagged, 1, "tag", RECORD_STRING, tag),
	RECORD_FIELD(struct push_tagged, 2, "id", RECORD_STRING, id),
	RECORD_FIELD(struct push_tagged, 3, "digest", RECORD_STRING, digest),
	RECORD_FIELD(struct push_tagged, 4, "size", RECORD_I64, size),
};
const struct record_type push_tagged_type = RECORD_TYPE(struct push_tagged, push_tagged_fields);

static const struct record_field save_image_fields[] = {
	RECORD_FIELD(struct save_image, 1, "id", RECORD_STRING, id),
	RECORD_FIELD(struct save_image, 2, "config", RECORD_BYTES, config),
	RECORD_FIELD(struct save_image, 3, "tags", RECORD_STRINGS, tags),
	RECORD_FIELD(struct save_image, 4, "diff_ids", RECORD_STRINGS, diff_ids),
};
const struct record_type save_image_type = RECORD_TYPE(struct save_image, save_image_fields);

static const struct record_field save_start_fields[] = {
	RECORD_FIELD(struct save_start, 1, "head", RECORD_BYTES, head),
	RECORD_FIELD(struct save_start, 2, "chunked", RECORD_BOOL, chunked),
	RECORD_NESTED(struct save_start, 3, "images", RECORD_LIST, images, 0, &save_image_type),
};
const struct record_type save_start_type = RECORD_TYPE(struct save_start, save_start_fields);

static const struct record_field remove_start_fields[] = {
	RECORD_FIELD(struct remove_start, 1, "names", RECORD_STRINGS, names),
};
const struct record_type remove_start_type = RECORD_TYPE(struct remove_start, remove_start_fields);
