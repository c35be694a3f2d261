/* Any bytes as a log file: every line is consumed.  Any bytes as output: they are read back as they
 * were, but for those that are not UTF-8. */
#include "format/jsonlog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode_all(const char *data, size_t size, struct buffer *out, bool must_be_valid)
{
	struct jsonlog_entry entry;
	char shown[TIME_TEXT_SIZE];
	size_t used;

	while ((used = jsonlog_decode(data, size, out, &entry)) > 0) {
		if (used > size || (must_be_valid && !entry.valid))
			abort();
		jsonlog_entry_time_text(&entry, shown);
		data += used;
		size -= used;
	}
	if (size && memchr(data, '\n', size))
		abort();
}

static bool is_ascii(const uint8_t *data, size_t size)
{
	uint8_t all = 0;

	for (size_t i = 0; i < size; i++)
		all |= data[i];
	return all < 0x80;
}

static void encode_and_decode(const char *data, size_t size)
{
	struct jsonlog_encoder encoder;
	scoped_buffer struct buffer log = {0};
	scoped_buffer struct buffer back = {0};

	jsonlog_encoder_init(&encoder, size & 1 ? "\"attrs\":{\"a\":\"b\"}" : NULL);
	size_t used = jsonlog_encode(&encoder, STREAM_STDOUT, data, size, &log);
	jsonlog_encode_rest(&encoder, STREAM_STDERR, data + used, size - used, &log);
	jsonlog_encoder_fini(&encoder);
	decode_all(log.data, log.size, &back, true);
	if (is_ascii((const uint8_t *)data, size) &&
	    (back.size != size || (size && memcmp(back.data, data, size) != 0)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_buffer struct buffer out = {0};

	decode_all((const char *)data, size, &out, false);
	encode_and_decode((const char *)data, size);
	return 0;
}
