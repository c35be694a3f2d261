/* What a build's worker, which has read foreign Dockerfiles, may say to the daemon. */
#include "build/build_protocol.h"
#include "format/record_fuzzing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct record_type *const types[] = {
	&build_reference_type,	 &build_find_type,	    &build_tree_type,
	&build_run_request_type, &build_layer_request_type, &build_commit_type,
	&build_fetch_type,	 &build_tag_type,	    &build_end_type,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	record_fuzz(types, array_length(types), data, size);
	return 0;
}
