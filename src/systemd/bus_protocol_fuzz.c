/* What the worker may say to the daemon, and the daemon to the worker. */
#include "format/record_fuzzing.h"
#include "systemd/bus_protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct record_type *const types[] = {&bus_request_type, &bus_answer_type,
						  &bus_state_type};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	record_fuzz(types, array_length(types), data, size);
	return 0;
}
