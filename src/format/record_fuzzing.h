/* For fuzz targets of messages: any bytes as one of some records, its first byte choosing which.  What can
 * be read can be written, and read again. */
#pragma once

#include "base/memory.h"
#include "format/record.h"

#include <stdlib.h>

static inline void record_fuzz(const struct record_type *const *types, size_t count,
			       const uint8_t *data, size_t size)
{
	if (!size)
		return;
	const struct record_type *type = types[data[0] % count];
	void *record = mem_zeroed(1, type->size), *again = mem_zeroed(1, type->size);
	scoped_buffer struct buffer written = {0};
	struct error err;

	if (record_decode(type, data + 1, size - 1, record, &err)) {
		record_encode(type, record, &written);
		if (!record_decode(type, written.data, written.size, again, &err))
			abort();
	}
	record_fini(type, record);
	record_fini(type, again);
	free(record);
	free(again);
}
