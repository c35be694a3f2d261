/* Any text as a rule for devices, and as the options of a tmpfs. */
#include "sandbox/device.h"
#include "sandbox/mount_options.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = size ? str_dup_n((const char *)data, size) : str_dup("");
	struct mount_spec spec = {.type = (char *)(uintptr_t) "tmpfs", .options = text};
	struct mount_options options = {0};
	struct device_rule rule;
	struct error err;

	device_rule_parse(text, &rule);
	mount_options_parse(&spec, &options, &err);
	mount_options_fini(&options);
	return 0;
}
