/* What the host has already: read once when the daemon starts, from /proc and by ioctl (never by
 * rtnetlink). */
#pragma once

#include "network/address.h"

bool device_exists(const char *name);

/* Names go into rules and paths of /proc/sys, so only what cannot mean anything there. */
bool device_name_is_sound(const char *name);

/* Its IPv4 address as "172.17.0.1/16"; NULL: no such device, or none.  Owned by the caller. */
char *device_address(const char *name);

/* The local ports that the kernel gives to outgoing connections. */
void ephemeral_range(uint16_t *first, uint16_t *last);

/* The host's routes as the kernel tells them, both owned by the caller; NULL: there are none. */
struct host_routes {
	char *four; /* /proc/net/route */
	char *six;  /* /proc/net/ipv6_route */
};
struct host_routes host_routes(void);
void host_routes_fini(struct host_routes *routes);
#define scoped_host_routes scoped_with(host_routes_fini)

/* Does a route of the host, other than default ones, lead to a part of the subnet? */
bool routes_overlap(const struct host_routes *routes, const struct subnet *subnet);

/* The same of networks that the host is in itself, but for those of device `except` (may be NULL). */
bool routes_are_near(const struct host_routes *routes, const struct subnet *subnet,
		     const char *except);

/* ---- pools: which subnets networks may take ---- */

struct pool_template {
	struct subnet base;
	int size; /* of each network's subnet */
};

/* "base=10.10.0.0/16,size=24". */
bool pool_template_parse(const char *text, struct pool_template *out, struct error *err);

/* The first subnet of a family's templates that no route leads to and that is none of `taken`.  Without
 * templates of the family: Docker's own, and 64-bit subnets of `ula`.  ERROR_INVALID when there is none,
 * in Docker's words. */
struct pool_choice {
	int family;
	const struct pool_template *templates;
	size_t template_count;
	const struct subnet *ula;
	const struct host_routes *routes;
	const struct subnet *taken;
	size_t taken_count;
};
bool pool_choose(const struct pool_choice *choice, struct subnet *out, struct error *err);
