/* What nft or iptables-save printed, against two bridges. */
#include "format/json.h"
#include "network/forward_pass.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const bridges[] = {"docker0", "br-1", NULL};
	struct forward_pass pass = {"nft", "wherry", bridges};
	scoped_free char *text = str_dup_n((const char *)data, size);
	scoped_buffer struct buffer out = {0};
	struct error err;
	scoped_json json_t *listing = json_parse((const char *)data, size, &err);

	if (listing)
		forward_pass_nft(listing, &pass, &out);
	forward_pass_save(text, &pass, &out);
	return 0;
}
