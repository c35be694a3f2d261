/* The frames in which Docker's raw streams carry several streams on one connection: one byte that
 * names the stream, three zeros, the length of what follows, big endian. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum stream_kind {
	STREAM_STDIN,
	STREAM_STDOUT,
	STREAM_STDERR,
	STREAM_SYSTEM, /* an error of the engine itself */
};

#define STREAM_FRAME_HEADER 8

static inline void stream_frame_write(uint8_t out[static STREAM_FRAME_HEADER],
				      enum stream_kind stream, uint32_t size)
{
	const uint8_t header[] = {(uint8_t)stream,
				  0,
				  0,
				  0,
				  (uint8_t)(size >> 24),
				  (uint8_t)(size >> 16),
				  (uint8_t)(size >> 8),
				  (uint8_t)size};

	memcpy(out, header, sizeof(header));
}

/* false: this is no frame. */
static inline bool stream_frame_read(const uint8_t in[static STREAM_FRAME_HEADER],
				     enum stream_kind *stream, uint32_t *size)
{
	if (in[0] > STREAM_SYSTEM || in[1] || in[2] || in[3])
		return false;
	*stream = (enum stream_kind)in[0];
	*size = (uint32_t)in[4] << 24 | (uint32_t)in[5] << 16 | (uint32_t)in[6] << 8 | in[7];
	return true;
}
