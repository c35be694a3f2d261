/* Any answer of `nft -j list ruleset`. */
#include "format/json.h"
#include "network/foreign_rules.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const bridges[] = {"wherry0", NULL};
	static const struct own_rules own = {"wherry", bridges, true, true};
	scoped_strings struct strings warnings = {0};
	struct error err;
	scoped_json json_t *listing = json_parse((const char *)data, size, &err);

	if (listing)
		foreign_rules_judge(listing, &own, &warnings);
	return 0;
}
