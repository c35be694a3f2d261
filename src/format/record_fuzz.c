/* Any bytes as a message: what is decoded can be encoded, and decodes again to the same bytes. */
#include "format/record.h"
#include "format/record_sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sample first = {0}, second = {0};
	scoped_buffer struct buffer once = {0}, twice = {0};
	struct error err;

	if (record_decode(&sample_type, data, size, &first, &err)) {
		record_encode(&sample_type, &first, &once);
		if (!record_decode(&sample_type, once.data, once.size, &second, &err))
			abort();
		record_encode(&sample_type, &second, &twice);
		if (once.size != twice.size ||
		    (once.size && memcmp(once.data, twice.data, once.size) != 0))
			abort();
	}
	record_fini(&sample_type, &first);
	record_fini(&sample_type, &second);
	return 0;
}
