/* Any text as a syslog address: what is accepted has what its transport needs. */
#include "format/syslog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = size ? str_dup_n((const char *)data, size) : str_dup("");
	struct syslog_address address;
	struct error err;

	if (syslog_address_parse(text, &address, &err) && address.transport != SYSLOG_LOCAL &&
	    (str_is_empty(address.host) || address.port < 0 || address.port > UINT16_MAX))
		abort();
	syslog_address_fini(&address);
	return 0;
}
