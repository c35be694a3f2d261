/* The driver "bridge": a bridge on this host, a pool of addresses for each family, and the rules that
 * let its containers out and keep others out. */
#include "network/networks.h"

static bool bridge_allocate(struct network *network, const struct endpoint_request *request,
			    struct endpoint_spec *out, struct error *err)
{
	const struct network_spec *spec = &network->spec;

	if (!network_pools_take(network, request, out, err))
		return false;
	out->bridge = str_dup(spec->bridge);
	out->mtu = spec->mtu;
	out->hairpin = true;
	out->isolated = !spec->icc;
	return true;
}

/* ---- the host's side ---- */

static void bridge_plan(const struct network *network, struct network_plan *plan)
{
	struct plan_bridge *bridge = record_list_add(&plan_bridge_type, &plan->bridges);

	bridge->name = str_dup(network->spec.bridge);
	bridge->mtu = network->spec.mtu;
	bridge->mac = network_mac_of(network_pool_spec(network, 0)->gateway);
	for (size_t i = 0; i < network->spec.pools.count; i++)
		strings_format(&bridge->addresses, "%s/%d", network_pool_spec(network, i)->gateway,
			       network->pools[i].subnet.prefix);
	for (size_t i = 0; i < network->shared.count; i++) {
		char text[ADDRESS_TEXT_SIZE];

		strings_format(&bridge->addresses, "%s/32",
			       address_text(&network->shared.items[i].address, text));
	}
	bridge->dropped = strings_copy(&network->dropped);
	bridge->apart = str_equal(network->spec.name, "bridge") && !network->spec.icc;
	plan->forward6 |= network->spec.pools.count > 1;
}

static struct ruleset_bridge bridge_rules(const struct network *network)
{
	const struct network_spec *spec = &network->spec;

	return (struct ruleset_bridge){
		.name = spec->bridge,
		.mac = network->mac,
		.shared = network->shared.items,
		.shared_count = network->shared.count,
		.subnets = {network->pools[0].subnet, network->pools[1].subnet},
		.icc = spec->icc,
		.masquerade = spec->masquerade && !spec->internal,
		.internal = spec->internal,
		.sources = {spec->source, spec->source6},
	};
}

const struct network_driver network_bridge_driver = {
	.name = "bridge",
	.open = network_pools_open,
	.close = network_pools_close,
	.allocate = bridge_allocate,
	.adopt = network_pools_adopt,
	.release = network_pools_give_back,
	.plan = bridge_plan,
	.rules = bridge_rules,
};

/* Containers in the host's namespace, and in one of their own with nothing in it. */
const struct network_driver network_host_driver = {.name = "host"};
const struct network_driver network_null_driver = {.name = "null"};
