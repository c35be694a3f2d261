/* What a shim may say to the daemon, and the daemon to a shim of another version. */
#include "format/record_fuzzing.h"
#include "shim/journal_serve.h"
#include "shim/shim_protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct record_type *const types[] = {
	&shim_start_type,   &shim_state_type,  &shim_exit_type,	  &shim_failure_type,
	&shim_wait_type,    &shim_attach_type, &shim_logs_type,	  &shim_stats_type,
	&shim_kept_type,    &shim_names_type,  &shim_relays_type, &shim_release_type,
	&shim_journal_type,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	record_fuzz(types, array_length(types), data, size);
	return 0;
}
