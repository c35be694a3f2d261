/* Where a worker's bytes come from: a file, a pipe, a client's body, the output of a decompressor.
 * Sources stand on one another; each hands out blocks of its own memory, so that bytes are copied
 * only where they change. */
#pragma once

#include "base/error.h"

#include <sys/types.h>

struct byte_source {
	/* The next block, valid until the next call.  Its size; 0 at the end, which is final; -1
	 * and err on failure. */
	ssize_t (*next)(void *data, const void **block, struct error *err);
	void *data;
};

static inline ssize_t byte_source_next(const struct byte_source *source, const void **block,
				       struct error *err)
{
	return source->next(source->data, block, err);
}
