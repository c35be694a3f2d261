/* Any text as instructions, one a line: what they make of an image's configuration can be written and
 * read again. */
#include "image/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = str_dup_n((const char *)data, size);
	scoped_strings struct strings changes = strings_split(text, '\n');
	scoped_image_config struct image_config config = {0}, again = {0};
	scoped_buffer struct buffer written = {0};
	struct error err;

	if (!image_apply_changes(&changes, &config, &err))
		return 0;
	image_config_write(&config, &written);
	if (!image_config_parse(written.data, written.size, &again, &err))
		abort();
	return 0;
}
