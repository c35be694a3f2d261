/* Copying text into JSON strings at the speed of memory: sixteen bytes at a time are stored as they
 * are, and the first of them that JSON cannot hold is then handled alone.  Vectors of the compiler,
 * not of one processor: gcc and clang make SSE2 or NEON of them.  For this folder only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "json_first_lane counts from the low byte");

typedef uint8_t json_vector __attribute__((vector_size(16)));

#define JSON_LANES sizeof(json_vector)

static inline json_vector json_load(const char *text)
{
	json_vector bytes;

	memcpy(&bytes, text, sizeof(bytes));
	return bytes;
}

/* Of lanes that are all ones or all zeros, the number of the first set one; JSON_LANES: none. */
static inline size_t json_first_lane(json_vector lanes)
{
	uint64_t halves[2];

	memcpy(halves, &lanes, sizeof(halves));
	if (halves[0])
		return (size_t)__builtin_ctzll(halves[0]) / 8;
	return halves[1] ? 8 + (size_t)__builtin_ctzll(halves[1]) / 8 : JSON_LANES;
}

/* What `size` bytes need at most when escaped, and some more that may be overwritten. */
#define JSON_ESCAPED_ROOM(size) (6 * (size) + JSON_LANES)

/* Escape `size` bytes to `to`; returns the end of what was written.  A sequence of UTF-8 may be
 * looked at up to `limit` bytes, and is then consumed whole: *used says how much that was.
 * The bytes behind the end, up to JSON_ESCAPED_ROOM, are clobbered. */
char *json_escape(char *to, const char *text, size_t size, size_t limit, bool html, size_t *used);

/* The same, up to the newline that ends the first line, with it: finding it costs no second look. */
char *json_escape_line(char *to, const char *text, size_t size, size_t *used);
