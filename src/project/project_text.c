#include "project/project_text.h"

#include "base/memory.h"
#include "format/json.h"
#include "format/sha256.h"

#define T struct project_file
static const struct record_field file_fields[] = {
	RECORD_FIELD_FLAGS(T, 1, "Path", RECORD_STRING, path, RECORD_EMPTY_STRING),
	RECORD_FIELD_FLAGS(T, 2, "Text", RECORD_STRING, text, RECORD_EMPTY_STRING),
};
const struct record_type project_file_type = RECORD_TYPE(T, file_fields);
#undef T

#define T struct project_text
static const struct record_field text_fields[] = {
	RECORD_NESTED(T, 1, "Files", RECORD_LIST, files, RECORD_EMPTY_LIST, &project_file_type),
	RECORD_FIELD(T, 2, "Model", RECORD_JSON, model),
	RECORD_FIELD_FLAGS(T, 3, "Style", RECORD_STRING, style, RECORD_EMPTY_STRING),
	RECORD_FIELD_FLAGS(T, 4, "Directory", RECORD_STRING, directory, RECORD_EMPTY_STRING),
};
const struct record_type project_text_type = RECORD_TYPE(T, text_fields);
#undef T

/* ---- checking ---- */

static const char name_begin[] = "abcdefghijklmnopqrstuvwxyz0123456789";
static const char name_characters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";

bool project_name_check(const char *name, struct error *err)
{
	if (*name && strchr(name_begin, *name) && !name[strspn(name, name_characters)] &&
	    strlen(name) <= PROJECT_NAME_MOST)
		return true;
	return error_set(err, ERROR_INVALID,
			 "invalid project name '%.100s': it begins with a lower-case letter or a "
			 "digit and has these, '_' and '-', %d at most",
			 name, PROJECT_NAME_MOST);
}

static size_t length_of(const char *text)
{
	return text ? strlen(text) : 0;
}

static bool check_files(const struct record_list *files, size_t *size, struct error *err)
{
	if (files->count > PROJECT_FILES_MOST)
		return error_set(err, ERROR_INVALID, "Files: at most %d", PROJECT_FILES_MOST);
	for (size_t i = 0; i < files->count; i++) {
		const struct project_file *file = RECORD_AT(*files, struct project_file, i);

		if (str_is_empty(file->path))
			return error_set(err, ERROR_INVALID, "Files[%zu] needs a Path", i);
		*size += length_of(file->path) + length_of(file->text);
	}
	return true;
}

bool project_text_check(const struct project_text *text, struct error *err)
{
	size_t size = length_of(text->model);

	if (!text->model || *text->model != '{')
		return error_set(err, ERROR_INVALID, "Model must be an object");
	if (!str_equal(text->style, "v1") && !str_equal(text->style, "v2"))
		return error_set(err, ERROR_INVALID, "Style must be 'v1' or 'v2'");
	if (!text->directory || *text->directory != '/')
		return error_set(err, ERROR_INVALID, "Directory must be an absolute path");
	if (!check_files(&text->files, &size, err))
		return false;
	return size <= PROJECT_SIZE_MOST ||
	       error_set(err, ERROR_INVALID,
			 "the project is too large: its files and its model may have %zu MiB",
			 PROJECT_SIZE_MOST >> 20);
}

/* ---- comparing ---- */

void project_model_digest(const char *model, char out[static DIGEST_TEXT_SIZE])
{
	struct error unused;
	scoped_json json_t *json = json_parse(model, strlen(model), &unused);
	scoped_free char *sorted = json ? json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	const char *text = sorted ? sorted : model;

	sha256_digest(text, strlen(text), out);
}

/* ---- what is written ---- */

void project_document_make(const struct project_text *text, struct project_document *out)
{
	*out = (struct project_document){.directory = str_dup(text->directory)};
	record_write_json(&project_text_type, text, RECORD_FOR_STORE, &out->json);
	project_model_digest(text->model, out->model);
	sha256_digest(out->json.data, out->json.size, out->text);
}

void project_document_fini(struct project_document *document)
{
	free(document->directory);
	buffer_fini(&document->json);
	*document = (struct project_document){0};
}
