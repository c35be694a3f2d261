/* What comes out of a container: plain bytes of a terminal, or frames of stdout and stderr. */
#pragma once

#include "base/error.h"
#include "format/stream_frame.h"

#include <stddef.h>

struct streams {
	bool framed;
	uint8_t header[STREAM_FRAME_HEADER];
	size_t header_size; /* bytes of the header that are there */
	enum stream_kind kind;
	uint32_t left; /* of the frame's payload */
	struct {
		char text[300];
		size_t size;
	} trouble; /* the engine's own words, frames of kind 3 */
};

/* Write the bytes to where they belong.  False: stdout or stderr takes no more, or the bytes are no
 * frames. */
bool streams_write(struct streams *streams, const char *data, size_t size, struct error *err);

/* At the end: false when the engine told an error in band. */
bool streams_end(const struct streams *streams, struct error *err);
