/* Any file of settings. */
#include "cmd/daemon_settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_strings struct strings flags = {0};
	struct daemon_settings settings = {0};
	struct record_list ulimits = {0};
	struct error err;

	if (daemon_settings_from_json(&settings, (const char *)data, size, &flags, &err))
		daemon_settings_ulimits(&settings, &ulimits, &err);
	record_list_fini(&ulimit_type, &ulimits);
	daemon_settings_fini(&settings);
	return 0;
}
