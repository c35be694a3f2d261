#include "network/host_rules_text.h"

static char *range_text(const struct host_address_range *range)
{
	char first[ADDRESS_TEXT_SIZE], last[ADDRESS_TEXT_SIZE];
	int bits = range->first.family == AF_INET ? 32 : 128;

	address_text(&range->first, first);
	if (address_equal(&range->first, &range->last))
		return str_dup(first);
	for (int prefix = 0; prefix < bits; prefix++) {
		struct subnet subnet = {range->first, prefix};
		struct address end = subnet_last(&subnet);
		struct address head = range->first;

		subnet.base = head;
		if (address_equal(&end, &range->last) && subnet_contains(&subnet, &head)) {
			struct subnet parsed;
			scoped_free char *text = subnet_text(&subnet);

			if (subnet_parse(text, &parsed, NULL) && address_equal(&parsed.base, &head))
				return take(text);
		}
	}
	return str_format("%s-%s", first, address_text(&range->last, last));
}

size_t host_text_ranges(const struct host_addresses *list, int family, struct buffer *out)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++) {
		scoped_free char *text = NULL;

		if (family && list->items[i].first.family != family)
			continue;
		text = range_text(&list->items[i]);
		buffer_format(out, "%s%s", count++ ? ", " : "", text);
	}
	return count;
}

void host_text_devices(const struct strings *list, bool quoted, struct buffer *out)
{
	for (size_t i = 0; i < list->count; i++)
		buffer_format(out, quoted ? "%s\"%s\"" : "%s%s", i ? ", " : "", list->items[i]);
}

void host_text_ports(const struct host_rule *rule, struct buffer *out)
{
	for (size_t i = 0; i < rule->ports.count; i++) {
		const struct host_port_range *range = &rule->ports.items[i];

		buffer_format(out, "%s%u", i ? ", " : "", range->first);
		if (range->last != range->first)
			buffer_format(out, "-%u", range->last);
	}
}
