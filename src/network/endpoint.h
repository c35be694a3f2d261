/* One end of a link: what the daemon has allocated and the shim builds.  A value on the wire. */
#pragma once

#include "format/record.h"

#include <sys/types.h>

struct endpoint_spec {
	char *network_id, *network_name;
	char *endpoint_id; /* 64 hex */
	char *bridge;	   /* the host's bridge the link is a port of */
	char *name;	   /* inside: "eth0" */
	char *address;	   /* "172.17.0.2"; NULL: none */
	int32_t prefix;
	char *gateway; /* NULL: no default route */
	char *address6;
	int32_t prefix6;
	char *gateway6;
	char *mac; /* "02:42:ac:11:00:02" */
	int32_t mtu;
	bool hairpin;  /* the bridge port may send a packet back where it came from */
	bool isolated; /* the bridge port does not talk to other isolated ones (icc=false) */
	char *outer;   /* the host's end of the link; NULL: any random name */
	char *driver;  /* NULL and "bridge": a veth; "macvlan": `bridge` is its parent */
	char *mode;    /* of macvlan */
	struct strings link_local; /* more addresses, "169.254.1.2" */
	bool no_route, no_route6;  /* another network's gateway is the default route's */
	struct strings stale; /* the host's ends of those who had its addresses before, and may live still */
};
extern const struct record_type endpoint_spec_type;

/* In the shim: make the veth pair (random host name; the inner end is born in `netns`), give it its
 * addresses and routes, set it up and make it a port of the bridge; bring up lo.  One rtnetlink socket
 * per namespace, messages batched.  For a moment the calling thread is in `netns`.  Links die with the
 * namespace, so failing needs no undoing.  A bridge that is gone is ERROR_UNAVAILABLE with os ENODEV:
 * networks_repair brings it back. */
bool endpoint_attach(const struct endpoint_spec *endpoints, size_t count, int netns,
		     struct error *err);

/* In a worker: the macvlans in `netns` go down.  The kernel takes a link away when nobody uses its network
 * namespace any more, and gets to it when it gets to it: until then its parent would refuse the next one with
 * its MAC.  What is gone is fine.  (Of a veth the next one sees to that: `stale`.) */
bool endpoint_cut(const struct endpoint_spec *endpoints, size_t count, int netns, struct error *err);

/* A link with one end only, in the container; else it is a veth. */
bool endpoint_is_macvlan(const struct endpoint_spec *endpoint);

/* The default route of the gateway's family leads there from now on. */
bool endpoint_set_route(int netns, const char *device, const char *gateway, struct error *err);

/* Only lo: for --network none. */
bool endpoint_loopback(int netns, struct error *err);
