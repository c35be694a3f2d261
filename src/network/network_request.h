/* What a request for a network means, and whether it makes sense: pure functions.  Errors are
 * ERROR_INVALID in Docker's words unless said otherwise. */
#pragma once

#include "network/host_facts.h"
#include "network/network.h"

/* Name, driver, scope and IPAM.  ERROR_FORBIDDEN for what every host has once, ERROR_NOT_FOUND for a
 * driver that nobody knows, ERROR_UNSUPPORTED for what is known and not done. */
bool network_request_check(const struct network_request *request, struct error *err);

/* A zeroed specification from a request that was checked: all but id, pools, and the name of a device
 * that was not named. */
bool network_request_read(const struct network_request *request, struct network_spec *spec,
			  struct error *err);

/* What the pools of a new network have to get along with. */
struct pool_world {
	const struct subnet *taken; /* of other networks */
	size_t taken_count;
	const struct pool_template *templates;
	size_t template_count;
	const struct subnet *ula;
	const struct host_routes *routes;
};

/* Its pools, IPv4 and then, if wanted, IPv6: as they were asked for, or chosen; with their gateways.
 * ERROR_FORBIDDEN when one overlaps with another network, or with one that the host is in itself. */
bool network_request_pools(const struct network_request *request, const struct pool_world *world,
			   struct network_spec *spec, struct error *err);
