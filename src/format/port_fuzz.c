/* Any text behind -p: what is accepted stays within its ranges. */
#include "format/port.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = size ? str_dup_n((const char *)data, size) : str_dup("");
	scoped_publish_list struct publish_list list = {0};
	uint16_t first, last;
	int protocol;
	struct error err;

	if (port_spec_parse(text, &protocol, &first, &last, &err) && first > last)
		abort();
	if (!publish_parse(text, &list, &err))
		return 0;
	for (size_t i = 0; i < list.count; i++)
		if (!port_range_parse(list.items[i].host_port, &first, &last, &err) ||
		    !*port_protocol_name(list.items[i].protocol))
			abort();
	return 0;
}
