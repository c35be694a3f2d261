/* The values that daemon and shim exchange about a container's network. */
#include "network/endpoint.h"
#include "network/relay.h"

#define FIELD(type, tag, kind, member) RECORD_FIELD(struct type, tag, #member, kind, member)

static const struct record_field endpoint_fields[] = {
	FIELD(endpoint_spec, 1, RECORD_STRING, network_id),
	FIELD(endpoint_spec, 2, RECORD_STRING, network_name),
	FIELD(endpoint_spec, 3, RECORD_STRING, endpoint_id),
	FIELD(endpoint_spec, 4, RECORD_STRING, bridge),
	FIELD(endpoint_spec, 5, RECORD_STRING, name),
	FIELD(endpoint_spec, 6, RECORD_STRING, address),
	FIELD(endpoint_spec, 7, RECORD_I32, prefix),
	FIELD(endpoint_spec, 8, RECORD_STRING, gateway),
	FIELD(endpoint_spec, 9, RECORD_STRING, address6),
	FIELD(endpoint_spec, 10, RECORD_I32, prefix6),
	FIELD(endpoint_spec, 11, RECORD_STRING, gateway6),
	FIELD(endpoint_spec, 12, RECORD_STRING, mac),
	FIELD(endpoint_spec, 13, RECORD_I32, mtu),
	FIELD(endpoint_spec, 14, RECORD_BOOL, hairpin),
	FIELD(endpoint_spec, 15, RECORD_BOOL, isolated),
	FIELD(endpoint_spec, 16, RECORD_STRING, outer),
	FIELD(endpoint_spec, 17, RECORD_STRING, driver),
	FIELD(endpoint_spec, 18, RECORD_STRING, mode),
	FIELD(endpoint_spec, 19, RECORD_STRINGS, link_local),
	FIELD(endpoint_spec, 20, RECORD_BOOL, no_route),
	FIELD(endpoint_spec, 21, RECORD_BOOL, no_route6),
	FIELD(endpoint_spec, 22, RECORD_STRINGS, stale),
};
const struct record_type endpoint_spec_type = RECORD_TYPE(struct endpoint_spec, endpoint_fields);

static const struct record_field relay_fields[] = {
	FIELD(relay_spec, 1, RECORD_I32, socket),
	FIELD(relay_spec, 2, RECORD_I32, protocol),
	FIELD(relay_spec, 3, RECORD_STRING, address),
	FIELD(relay_spec, 4, RECORD_I32, port),
	FIELD(relay_spec, 5, RECORD_BOOL, paused),
};
const struct record_type relay_spec_type = RECORD_TYPE(struct relay_spec, relay_fields);
