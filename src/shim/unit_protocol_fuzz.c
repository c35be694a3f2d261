/* What the shim of a unit may say to the daemon, and the daemon to one of another version. */
#include "format/record_fuzzing.h"
#include "shim/unit_protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct record_type *const types[] = {
	&unit_start_type,     &execution_status_type,	 &unit_stop_type,    &unit_signal_type,
	&unit_container_type, &unit_container_gone_type, &unit_sockets_type, &unit_triggered_type,
	&unit_plan_type,      &execution_plan_type,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	record_fuzz(types, array_length(types), data, size);
	return 0;
}
