/* What a kind of network does for a container.  Callers see network.h; only the drivers, and what
 * opens them, include this. */
#pragma once

#include "network/network.h"
#include "network/network_plan.h"
#include "network/ruleset.h"

struct network_driver {
	const char *name; /* as in `network inspect`: "bridge", "host", "null" */

	/* Read the spec's pools into the network; also when they were changed.  After failure the
	 * network is of no use.  NULL: nothing to read. */
	bool (*open)(struct network *network, struct error *err);

	/* Undo open.  Cannot fail.  NULL: nothing to do. */
	void (*close)(struct network *network);

	/* Fill in addresses and how to attach; network and endpoint ids are there.  After failure
	 * nothing is taken.  NULL: containers get no endpoint. */
	bool (*allocate)(struct network *network, const struct endpoint_request *request,
			 struct endpoint_spec *out, struct error *err);

	/* Take or give back the addresses of an endpoint, whatever state they are in.  NULL where
	 * allocate is. */
	void (*adopt)(struct network *network, const struct endpoint_spec *endpoint);
	void (*release)(struct network *network, const struct endpoint_spec *endpoint);

	/* What the host must have for it: a device, rules.  NULL: nothing. */
	void (*plan)(const struct network *network, struct network_plan *plan);
	struct ruleset_bridge (*rules)(const struct network *network);
};

extern const struct network_driver network_bridge_driver, network_macvlan_driver,
	network_ipvlan_driver, network_host_driver, network_null_driver;

struct network {
	struct network_spec spec;
	const struct network_driver *driver;
	bool unsaved;		  /* the record is to be written by networks_start */
	bool unawaited;		  /* it goes, and nobody waits for that any more */
	void *creation, *removal; /* owned: who waits for its making and for its end */
	struct error failure;	  /* kind not NONE: it cannot be used, and why */
	size_t endpoints;
	struct {
		struct shared_address *items;
		size_t count, capacity;
	} shared;
	struct strings dropped; /* such addresses that its device may still have */
	char *mac;		/* of its device, where it matters; owned */
	struct map
		left; /* by address and MAC: the host's end of the link that had it; owned texts */
	struct address_pool pools[2]; /* IPv4, IPv6; subnet.prefix -1: not there */
};

/* ---- what drivers that give addresses share (network_pools.c) ---- */

bool network_pools_open(struct network *network, struct error *err);
void network_pools_close(struct network *network);
const struct network_pool *network_pool_spec(const struct network *network, size_t index);
bool network_has_pool(const struct network *network, size_t index);

/* Addresses, prefixes, gateways and MAC; all or nothing. */
bool network_pools_take(struct network *network, const struct endpoint_request *request,
			struct endpoint_spec *out, struct error *err);
void network_pools_adopt(struct network *network, const struct endpoint_spec *endpoint);
void network_pools_give_back(struct network *network, const struct endpoint_spec *endpoint);

/* The MAC that goes with an IPv4 address. */
char *network_mac_of(const char *address);
