/* For tests: bytes at hand as a source, in blocks of `step` bytes (their size: in one). */
#pragma once

#include "base/text.h"
#include "image/byte_source.h"

struct byte_pieces {
	const char *data;
	size_t size, step;
};

static inline ssize_t byte_pieces_next(void *data, const void **block, struct error *err)
{
	struct byte_pieces *pieces = data;
	size_t size = pieces->size < pieces->step ? pieces->size : pieces->step;

	(void)err;
	*block = pieces->data;
	if (size > 0)
		pieces->data += size;
	pieces->size -= size;
	return (ssize_t)size;
}
