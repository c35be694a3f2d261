/* What an image worker may say to the daemon: its first byte chooses the record. */
#include "base/memory.h"
#include "image/worker_protocol.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct record_type *const types[] = {
	&worker_failure_type, &worker_document_type, &fetch_image_type,	 &fetch_progress_type,
	&unpack_more_type,    &unpacked_type,	     &upload_start_type, &upload_image_type,
	&look_found_type,     &search_found_type,    &push_told_type,	 &push_tagged_type,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	const struct record_type *type = types[data[0] % array_length(types)];
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
	return 0;
}
