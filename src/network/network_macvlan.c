/* The driver "macvlan": each container is a device of its own on a network of the host's, beside the
 * host.  Its packets pass neither our rules nor the host itself, so there are no published ports and no
 * masquerading; addresses are given out here, and whoever else gives them out on that network must be
 * told to leave them alone.
 *
 * The parent is a device of the host, "eth0", or one of its VLANs, "eth0.10", which is made when it is
 * missing and goes with the network.  Without one the containers are among themselves: on one end of a
 * pair of ours that leads nowhere. */
#include "network/networks.h"

#define PARENT_NAME "dm-%.12s"

static bool macvlan_open(struct network *network, struct error *err)
{
	struct network_spec *spec = &network->spec;

	if (!spec->bridge) {
		spec->bridge = str_format(PARENT_NAME, spec->id);
		spec->made = true;
		spec->internal = true;
	}
	return network_pools_open(network, err);
}

static bool macvlan_allocate(struct network *network, const struct endpoint_request *request,
			     struct endpoint_spec *out, struct error *err)
{
	const struct network_spec *spec = &network->spec;

	if (!network_pools_take(network, request, out, err))
		return false;
	out->bridge = str_dup(spec->bridge);
	out->mode = str_dup_or_null(spec->mode);
	out->mtu = spec->mtu;
	return true;
}

static void plan_parent(const struct network *network, struct network_plan *plan, const char *kind)
{
	struct plan_bridge *device = record_list_add(&plan_bridge_type, &plan->bridges);

	device->name = str_dup_or_null(network->spec.bridge);
	device->kind = str_dup(kind);
}

static void macvlan_plan(const struct network *network, struct network_plan *plan)
{
	plan_parent(network, plan, "macvlan");
}

const struct network_driver network_macvlan_driver = {
	.name = "macvlan",
	.open = macvlan_open,
	.close = network_pools_close,
	.allocate = macvlan_allocate,
	.adopt = network_pools_adopt,
	.release = network_pools_give_back,
	.plan = macvlan_plan,
};

/* Known by name; the worker says whether this kernel could. */
static bool ipvlan_open(struct network *network, struct error *err)
{
	(void)err;
	str_replace(&network->spec.bridge, "ipvlan");
	return true;
}

static void ipvlan_plan(const struct network *network, struct network_plan *plan)
{
	plan_parent(network, plan, "ipvlan");
}

const struct network_driver network_ipvlan_driver = {
	.name = "ipvlan", .open = ipvlan_open, .plan = ipvlan_plan};
