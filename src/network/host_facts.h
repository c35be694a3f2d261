/* What the host has already: read once when the daemon starts, from /proc and by ioctl (never by
 * rtnetlink). */
#pragma once

#include "network/address.h"

bool device_exists(const char *name);

/* Its IPv4 address as "172.17.0.1/16"; NULL: no such device, or none.  Owned by the caller. */
char *device_address(const char *name);

/* The local ports that the kernel gives to outgoing connections. */
void ephemeral_range(uint16_t *first, uint16_t *last);

/* Does a route of the host, other than default ones, lead to a part of the subnet?  `routes` is the
 * text of /proc/net/route. */
bool routes_overlap(const char *routes, const struct subnet *subnet);
char *host_routes(void); /* that text; owned by the caller */

/* ---- pools: which subnets networks may take ---- */

struct pool_template {
	struct subnet base;
	int size; /* of each network's subnet */
};

/* "base=10.10.0.0/16,size=24". */
bool pool_template_parse(const char *text, struct pool_template *out, struct error *err);

/* The first subnet of the templates (none given: Docker's own) that no route leads to and that is none
 * of `taken`.  ERROR_SYSTEM when there is none, in Docker's words. */
struct pool_choice {
	const struct pool_template *templates;
	size_t template_count;
	const char *routes;
	const struct subnet *taken;
	size_t taken_count;
};
bool pool_choose(const struct pool_choice *choice, struct subnet *out, struct error *err);
