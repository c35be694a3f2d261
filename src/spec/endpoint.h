/* What is said of a container's end on one network, by `run --network` and by `network connect`. */
#pragma once

#include "format/option.h"

#include <jansson.h>

struct endpoint {
	char *network;
	struct strings aliases, links, link_local;
	struct pairs driver_options;
	char *ip, *ip6, *mac_address;
	struct option_number priority;
};

void endpoint_fini(struct endpoint *endpoint);
#define scoped_endpoint scoped_with(endpoint_fini)

/* Only what was said is sent: an endpoint about which nothing was said is {}. */
json_t *endpoint_to_json(const struct endpoint *endpoint);
