/* Any text behind --mount: what is accepted is an object with type and target. */
#include "format/mount_option.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = size ? str_dup_n((const char *)data, size) : str_dup("");
	struct error err;
	json_t *mount = mount_option_parse(text, &err);

	if (mount && (!json_is_string(json_object_get(mount, "Type")) ||
		      !json_is_string(json_object_get(mount, "Target"))))
		abort();
	json_decref(mount);
	return 0;
}
