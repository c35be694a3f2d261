/* JSON text, appended to a buffer: for hot paths and for programs without jansson. */
#pragma once

#include "base/text.h"

/* Append `text` as a JSON string with its quotes.  Bytes that are not UTF-8 become U+FFFD.
 * html: <, > and & are written \u003c, \u003e, \u0026, as Go does in progress streams. */
void json_write_string(struct buffer *out, const char *text);
void json_write_bytes(struct buffer *out, const char *text, size_t size, bool html);

/* The same without the quotes, for a string that is put together from pieces. */
void json_write_escaped(struct buffer *out, const char *text, size_t size, bool html);

/* "name": with a comma in front unless out ends in { or [. */
void json_write_name(struct buffer *out, const char *name);

/* ["a","b"]; a list that was never given is [] too. */
void json_write_strings(struct buffer *out, const struct strings *strings);

void json_write_i64(struct buffer *out, int64_t value);
void json_write_f64(struct buffer *out, double value); /* NaN and infinities become 0 */
