/* What rules of the host name, as nft writes it; added to `out`, with commas between. */
#pragma once

#include "network/host_rules.h"

/* Those of one family, or all (0); how many. */
size_t host_text_ranges(const struct host_addresses *list, int family, struct buffer *out);
void host_text_devices(const struct strings *list, bool quoted, struct buffer *out);
void host_text_ports(const struct host_rule *rule, struct buffer *out);
