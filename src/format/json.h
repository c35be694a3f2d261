/* JSON text: strict reading (jansson, with our limits); writing is json_write.h. */
#pragma once

#include "base/error.h"
#include "format/json_write.h"

#include <jansson.h>

#define JSON_LEVELS_LIMIT 512

/* One document and nothing behind it but blanks.  Duplicate names, invalid UTF-8 and more than
 * JSON_LEVELS_LIMIT levels are refused; the error is ERROR_INVALID with jansson's words and
 * line:column.  NULL on failure. */
json_t *json_parse(const char *text, size_t size, struct error *err);

/* The first document of a text, under the same rules; *used is where it ends. */
json_t *json_parse_first(const char *text, size_t size, size_t *used, struct error *err);

/* null, false, 0, or something with nothing in it. */
bool json_is_nothing(const json_t *value);

static inline void json_decref_at(json_t **json)
{
	json_decref(*json);
}

#define scoped_json scoped_with(json_decref_at)
