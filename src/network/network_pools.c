/* The addresses of a network: a pool for each family, whatever its driver. */
#include "network/network_driver.h"

#include <stdio.h>
#include <string.h>

#define PREFIX_NONE (-1)

static const int families[2] = {AF_INET, AF_INET6};

/* ---- opening ---- */

static bool parse_range(const struct network_pool *pool, const struct subnet *subnet,
			struct subnet *range, struct error *err)
{
	if (str_is_empty(pool->range)) {
		*range = *subnet;
		return true;
	}
	if (subnet_parse(pool->range, range, NULL) && subnet_contains(subnet, &range->base) &&
	    range->prefix >= subnet->prefix)
		return true;
	return error_set(err, ERROR_INVALID, "the range '%s' is not within the subnet '%s'",
			 pool->range, pool->subnet);
}

static bool open_pool(struct address_pool *out, const struct network_pool *pool, int family,
		      struct error *err)
{
	struct subnet subnet, range;
	struct address gateway;

	if (!subnet_parse(pool->subnet, &subnet, NULL) || subnet.base.family != family)
		return error_set(err, ERROR_INVALID, "invalid subnet '%s'", pool->subnet);
	if (!address_parse(pool->gateway, &gateway) || !subnet_contains(&subnet, &gateway))
		return error_set(err, ERROR_INVALID,
				 "the gateway '%s' is not within the subnet '%s'", pool->gateway,
				 pool->subnet);
	if (!parse_range(pool, &subnet, &range, err))
		return false;
	address_pool_init(out, &subnet, &range);
	address_pool_claim_any(out, &gateway);
	for (size_t i = 0; i < pool->aux.count; i++)
		if (address_parse(pool->aux.items[i].value, &gateway))
			address_pool_claim_any(out, &gateway);
	return true;
}

bool network_pools_open(struct network *network, struct error *err)
{
	for (size_t i = 0; i < array_length(network->pools); i++)
		network->pools[i].subnet.prefix = PREFIX_NONE;
	for (size_t i = 0; i < network->spec.pools.count && i < array_length(families); i++) {
		const struct network_pool *pool =
			RECORD_AT(network->spec.pools, struct network_pool, i);

		if (!open_pool(&network->pools[i], pool, families[i], err))
			return false;
	}
	return true;
}

void network_pools_close(struct network *network)
{
	for (size_t i = 0; i < array_length(network->pools); i++)
		address_pool_fini(&network->pools[i]);
}

const struct network_pool *network_pool_spec(const struct network *network, size_t index)
{
	return index < network->spec.pools.count
		       ? RECORD_AT(network->spec.pools, struct network_pool, index)
		       : NULL;
}

bool network_has_pool(const struct network *network, size_t index)
{
	return index < network->spec.pools.count && network->pools[index].subnet.prefix >= 0;
}

/* ---- addresses ---- */

static bool claim(struct address_pool *pool, const char *text, struct address *out,
		  struct error *err)
{
	if (!address_parse(text, out))
		return error_set(err, ERROR_INVALID, "invalid IP address: %s", text);
	if (address_pool_claim_any(pool, out))
		return true;
	return error_set(err, ERROR_FORBIDDEN, "Address already in use");
}

static bool take_address(struct network *network, size_t index, const char *asked, char **text,
			 struct error *err)
{
	struct address_pool *pool = &network->pools[index];
	char buffer[ADDRESS_TEXT_SIZE];
	struct address address;

	if (!network_has_pool(network, index))
		return true;
	if (asked ? !claim(pool, asked, &address, err) : !address_pool_take(pool, &address))
		return asked ? false
			     : error_set(err, ERROR_SYSTEM,
					 "no available IPv%d addresses on this network's address "
					 "pools: %s (%s)",
					 index ? 6 : 4, network->spec.name, network->spec.id);
	*text = str_dup(address_text(&address, buffer));
	return true;
}

static void give_back(struct network *network, size_t index, const char *text)
{
	struct address address;

	if (network_has_pool(network, index) && address_parse(text, &address))
		address_pool_give_back(&network->pools[index], &address);
}

/* 02:42 and the IPv4 address, so that an address and its MAC always come together and no neighbour's
 * table is ever wrong. */
char *network_mac_of(const char *text)
{
	struct address a;

	address_parse(text, &a);
	return str_format("02:42:%02x:%02x:%02x:%02x", a.bytes[0], a.bytes[1], a.bytes[2],
			  a.bytes[3]);
}

bool network_pools_take(struct network *network, const struct endpoint_request *request,
			struct endpoint_spec *out, struct error *err)
{
	if (!take_address(network, 0, request->address, &out->address, err))
		return false;
	if (!take_address(network, 1, request->address6, &out->address6, err)) {
		give_back(network, 0, out->address);
		return false;
	}
	out->mac = request->mac ? str_dup(request->mac) : network_mac_of(out->address);
	out->prefix = network->pools[0].subnet.prefix;
	if (network_has_pool(network, 1))
		out->prefix6 = network->pools[1].subnet.prefix;
	if (network->spec.internal)
		return true;
	out->gateway = str_dup_or_null(network_pool_spec(network, 0)->gateway);
	if (network_has_pool(network, 1))
		out->gateway6 = str_dup_or_null(network_pool_spec(network, 1)->gateway);
	return true;
}

void network_pools_adopt(struct network *network, const struct endpoint_spec *endpoint)
{
	const char *texts[] = {endpoint->address, endpoint->address6};
	struct address address;

	for (size_t i = 0; i < array_length(texts); i++)
		if (network_has_pool(network, i) && address_parse(texts[i], &address))
			address_pool_claim_any(&network->pools[i], &address);
}

void network_pools_give_back(struct network *network, const struct endpoint_spec *endpoint)
{
	give_back(network, 0, endpoint->address);
	give_back(network, 1, endpoint->address6);
}

static const struct network_pool *pool_of_family(const struct network_spec *spec, int family)
{
	for (size_t i = 0; i < spec->pools.count; i++) {
		const struct network_pool *pool = RECORD_AT(spec->pools, struct network_pool, i);
		struct subnet subnet;

		if (subnet_parse(pool->subnet, &subnet, NULL) && subnet.base.family == family)
			return pool;
	}
	return NULL;
}

bool network_spec_may_give(const struct network_spec *spec, int family, const char *text,
			   struct error *err)
{
	const struct network_pool *pool = pool_of_family(spec, family);
	struct address address;
	struct subnet subnet;

	if (str_is_empty(text))
		return true;
	if (!address_parse(text, &address) || address.family != family)
		return error_set(err, ERROR_INVALID, "invalid IPv%d address: %s",
				 family == AF_INET ? 4 : 6, text);
	if (pool && pool->automatic)
		return error_set(err, ERROR_INVALID,
				 "user specified IP address is supported only when connecting to "
				 "networks with user configured subnets");
	if (!pool || !subnet_parse(pool->subnet, &subnet, NULL) ||
	    !subnet_contains(&subnet, &address))
		return error_set(err, ERROR_INVALID,
				 "no configured subnet or ip-range contain the IP address %s",
				 text);
	return true;
}
