/* Datagrams of services. */
#include "shim/notify_message.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct notify_message message;

	notify_message_parse((const char *)data, size, &message);
	if (strlen(message.status) >= NOTIFY_STATUS_LIMIT || strchr(message.name, ':') ||
	    message.main_pid < 0 || message.extend_us < 0 || message.watchdog_us < 0 ||
	    message.extend_us > NOTIFY_SPAN_LIMIT_US || message.watchdog_us > NOTIFY_SPAN_LIMIT_US)
		__builtin_trap();
	return 0;
}
