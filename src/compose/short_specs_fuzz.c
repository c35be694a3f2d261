/* Any text as a mount, a device and a host: what is accepted is whole. */
#include "compose/short_specs.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = size ? str_dup_n((const char *)data, size) : str_dup("");
	scoped_mount_spec struct mount_spec mount = {0};
	scoped_device_spec struct device_spec device = {0};
	scoped_host_spec struct host_spec host = {0};
	struct error err;

	if (mount_spec_parse(text, &mount, &err) &&
	    (*mount.target != '/' || (mount.is_bind && !mount.source)))
		abort();
	if (device_spec_parse(text, &device, &err) && (!*device.source || !*device.permissions))
		abort();
	if (host_spec_parse(text, &host, &err) && (!*host.name || !*host.address))
		abort();
	return 0;
}
