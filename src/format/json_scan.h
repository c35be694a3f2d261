/* Finding the bytes of a text that JSON cannot hold as they are, sixteen at a time.  Vectors of the
 * compiler, not of one processor: gcc and clang make SSE2 or NEON of them.  For this folder only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t json_vector __attribute__((vector_size(16)));

/* All bits of a lane set: controls, quote, backslash, beyond ASCII; with html also <, > and &. */
static inline json_vector json_special_lanes(json_vector bytes, bool html)
{
	json_vector special =
		(json_vector)((bytes < 0x20) | (bytes == '"') | (bytes == '\\') | (bytes >= 0x80));

	if (html)
		special |= (json_vector)((bytes == '<') | (bytes == '>') | (bytes == '&'));
	return special;
}

static inline bool json_is_special(uint8_t c, bool html)
{
	return c < 0x20 || c == '"' || c == '\\' || c >= 0x80 ||
	       (html && (c == '<' || c == '>' || c == '&'));
}

/* How many bytes at the front stand for themselves. */
static inline size_t json_plain_length(const char *text, size_t size, bool html)
{
	size_t done = 0;

	for (; size - done >= sizeof(json_vector); done += sizeof(json_vector)) {
		json_vector bytes;
		uint64_t halves[2];

		memcpy(&bytes, text + done, sizeof(bytes));
		json_vector special = json_special_lanes(bytes, html);
		memcpy(halves, &special, sizeof(halves));
		if (halves[0] | halves[1])
			break;
	}
	while (done < size && !json_is_special((uint8_t)text[done], html))
		done++;
	return done;
}
