/* JSON text: strict reading (jansson, with our limits) and an append-only writer for hot paths. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <jansson.h>

/* One document and nothing behind it.  Duplicate names, invalid UTF-8 and more than 512 levels are
 * refused; the error is ERROR_INVALID with jansson's words and line:column.  NULL on failure. */
json_t *json_parse(const char *text, size_t size, struct error *err);

/* Append `text` as a JSON string with its quotes.  Bytes that are not UTF-8 become U+FFFD.
 * html: <, > and & are written \u003c, \u003e, \u0026, as Go does in progress streams. */
void json_write_string(struct buffer *out, const char *text);
void json_write_bytes(struct buffer *out, const char *text, size_t size, bool html);

/* "name": with a comma in front unless out ends in { or [. */
void json_write_name(struct buffer *out, const char *name);
