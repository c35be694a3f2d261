/* The driver "bridge": a bridge on this host, a pool of addresses for each family, and the rules that
 * let its containers out and keep others out. */
#include "network/networks.h"

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
	address_pool_claim(out, &gateway);
	return true;
}

static bool bridge_open(struct network *network, struct error *err)
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

static void bridge_close(struct network *network)
{
	for (size_t i = 0; i < array_length(network->pools); i++)
		address_pool_fini(&network->pools[i]);
}

static const struct network_pool *pool_spec(const struct network *network, size_t index)
{
	return index < network->spec.pools.count
		       ? RECORD_AT(network->spec.pools, struct network_pool, index)
		       : NULL;
}

static bool has_pool(const struct network *network, size_t index)
{
	return index < network->spec.pools.count && network->pools[index].subnet.prefix >= 0;
}

/* ---- addresses ---- */

static bool claim(struct address_pool *pool, const char *text, struct address *out,
		  struct error *err)
{
	if (!address_parse(text, out))
		return error_set(err, ERROR_INVALID, "invalid IP address: %s", text);
	if (address_pool_claim(pool, out))
		return true;
	return error_set(err, ERROR_FORBIDDEN, "Address already in use");
}

static bool take_address(struct network *network, size_t index, const char *asked, char **text,
			 struct error *err)
{
	struct address_pool *pool = &network->pools[index];
	char buffer[ADDRESS_TEXT_SIZE];
	struct address address;

	if (!has_pool(network, index))
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

	if (has_pool(network, index) && address_parse(text, &address))
		address_pool_give_back(&network->pools[index], &address);
}

/* 02:42 and the IPv4 address, so that an address and its MAC always come together and no neighbour's
 * table is ever wrong. */
static char *mac_of(const char *text)
{
	struct address a;

	address_parse(text, &a);
	return str_format("02:42:%02x:%02x:%02x:%02x", a.bytes[0], a.bytes[1], a.bytes[2],
			  a.bytes[3]);
}

static void fill_in(const struct network *network, const struct endpoint_request *request,
		    struct endpoint_spec *out)
{
	const struct network_spec *spec = &network->spec;
	const struct network_pool *pool = pool_spec(network, 0), *pool6 = pool_spec(network, 1);

	out->bridge = str_dup(spec->bridge);
	out->prefix = network->pools[0].subnet.prefix;
	out->mac = request->mac ? str_dup(request->mac) : mac_of(out->address);
	out->mtu = spec->mtu;
	out->hairpin = true;
	out->isolated = !spec->icc;
	if (!spec->internal)
		out->gateway = str_dup(pool->gateway);
	if (!has_pool(network, 1))
		return;
	out->prefix6 = network->pools[1].subnet.prefix;
	if (!spec->internal)
		out->gateway6 = str_dup(pool6->gateway);
}

static bool bridge_allocate(struct network *network, const struct endpoint_request *request,
			    struct endpoint_spec *out, struct error *err)
{
	if (!take_address(network, 0, request->address, &out->address, err))
		return false;
	if (!take_address(network, 1, request->address6, &out->address6, err)) {
		give_back(network, 0, out->address);
		return false;
	}
	fill_in(network, request, out);
	return true;
}

static void bridge_adopt(struct network *network, const struct endpoint_spec *endpoint)
{
	const char *texts[] = {endpoint->address, endpoint->address6};
	struct address address;

	for (size_t i = 0; i < array_length(texts); i++)
		if (has_pool(network, i) && address_parse(texts[i], &address))
			address_pool_claim(&network->pools[i], &address);
}

static void bridge_release(struct network *network, const struct endpoint_spec *endpoint)
{
	give_back(network, 0, endpoint->address);
	give_back(network, 1, endpoint->address6);
}

/* ---- the host's side ---- */

static void bridge_plan(const struct network *network, struct network_plan *plan)
{
	struct plan_bridge *bridge = record_list_add(&plan_bridge_type, &plan->bridges);

	bridge->name = str_dup(network->spec.bridge);
	bridge->mtu = network->spec.mtu;
	bridge->mac = mac_of(pool_spec(network, 0)->gateway);
	for (size_t i = 0; i < network->spec.pools.count; i++)
		strings_format(&bridge->addresses, "%s/%d", pool_spec(network, i)->gateway,
			       network->pools[i].subnet.prefix);
	plan->forward6 |= network->spec.pools.count > 1;
}

static struct ruleset_bridge bridge_rules(const struct network *network)
{
	const struct network_spec *spec = &network->spec;

	return (struct ruleset_bridge){
		.name = spec->bridge,
		.subnets = {network->pools[0].subnet, network->pools[1].subnet},
		.icc = spec->icc,
		.masquerade = spec->masquerade && !spec->internal,
	};
}

const struct network_driver network_bridge_driver = {
	.name = "bridge",
	.open = bridge_open,
	.close = bridge_close,
	.allocate = bridge_allocate,
	.adopt = bridge_adopt,
	.release = bridge_release,
	.plan = bridge_plan,
	.rules = bridge_rules,
};

/* Containers in the host's namespace, and in one of their own with nothing in it. */
const struct network_driver network_host_driver = {.name = "host"};
const struct network_driver network_null_driver = {.name = "null"};
