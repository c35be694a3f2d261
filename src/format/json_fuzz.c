/* Any text: what is read is written, read again and is the same; and no record can be upset by it.
 */
#include "format/json.h"
#include "format/record.h"
#include "format/record_sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_back_a_record(const struct sample *sample)
{
	scoped_buffer struct buffer text = {0}, again = {0};
	struct sample copy = {0};
	struct error err;

	record_write_json(&sample_type, sample, RECORD_FOR_STORE, &text);
	scoped_json json_t *json = json_parse(text.data, text.size, &err);
	if (!json || !record_from_json(&sample_type, json, RECORD_FOR_STORE, &copy, &err))
		abort();
	record_write_json(&sample_type, &copy, RECORD_FOR_STORE, &again);
	if (!str_equal(text.data, again.data))
		abort();
	record_fini(&sample_type, &copy);
}

static void write_any_bytes(const char *data, size_t size)
{
	scoped_buffer struct buffer text = {0};
	struct error err;

	if (size && memchr(data, 0, size))
		return; /* jansson refuses \u0000 */
	json_write_bytes(&text, data, size, size & 1);
	scoped_json json_t *json = json_parse(text.data, text.size, &err);
	if (!json_is_string(json))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sample sample = {0};
	struct error err;
	scoped_json json_t *json = json_parse((const char *)data, size, &err);

	if (json && record_from_json(&sample_type, json, RECORD_FOR_STORE, &sample, &err))
		read_back_a_record(&sample);
	record_fini(&sample_type, &sample);
	write_any_bytes((const char *)data, size);
	return 0;
}
