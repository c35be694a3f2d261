/* What an image worker may say to the daemon. */
#include "format/record_fuzzing.h"
#include "image/worker_protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct record_type *const types[] = {
	&worker_failure_type, &worker_document_type, &fetch_image_type,	 &fetch_progress_type,
	&unpack_more_type,    &unpacked_type,	     &upload_start_type, &upload_image_type,
	&look_found_type,     &search_found_type,    &push_told_type,	 &push_tagged_type,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	record_fuzz(types, array_length(types), data, size);
	return 0;
}
