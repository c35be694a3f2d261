/* The host's networks as the daemon sees them: records, addresses, published ports, the firewall.
 *
 * Who does what:
 *	this module      decides (which network, address, port) in memory, and speaks nfnetlink: one
 *			 message of some microseconds per published port, on a socket kept open
 *	wherry-network   whatever may wait: makes bridges, sets sysctls, loads whole rulesets with
 *			 `nft -f -`, looks for rulesets of others, deletes conntrack entries
 *	wherry-shim      makes the link of a container (endpoint.h), holds the sockets that reserve its
 *			 ports, and carries what NAT cannot (relay.h)
 * The daemon never speaks rtnetlink.  Everything runs on the loop's thread; callbacks come there too.
 *
 * A start of a container, in the engine's words:
 *	network_mode_parse     what HostConfig.NetworkMode asks for
 *	network_allocate       an address; fills the endpoint_spec of the start message
 *	ports_reserve          host ports; its sockets and relays go into the start message
 *	ports_publish          makes them reachable, while the shim starts
 *	(the container runs; the engine's record holds the endpoint_spec and the published ports)
 *	ports_release, network_release   at the exit, or when the start failed
 * A daemon that comes back calls network_adopt and ports_adopt for every running container before
 * networks_start.  When a shim fails to attach because its bridge is gone, networks_repair brings
 * the bridge back and the start is tried once more. */
#pragma once

#include "format/port.h"
#include "format/record.h"
#include "network/endpoint.h"
#include "network/etc.h"
#include "network/opening.h"
#include "sandbox/spec.h"
#include "store/store.h"

#include <uv.h>

struct networks; /* all of this daemon */
struct network;	 /* one of them; owned by `networks` */

/* ---- opening ---- */

/* Borrowed for the call of networks_open. */
struct network_settings {
	const char *worker; /* path of wherry-network */
	const char *nft;    /* path or name of nft; NULL: "nft" */
	const char *bridge; /* device of the network `bridge`: an existing one is used as it is,
			       address and all; a missing one is made.  "none": no such network.
			       NULL: docker0, or the first free of wherry0, wherry1 ... where
			       dockerd is or was; kept in the store from then on */
	const char *table;  /* nftables table, family inet, ours alone.  NULL: "wherry" for docker0,
			       else named after the bridge, so that many daemons live on one host */
	const char *bip;    /* "172.17.0.1/16"; NULL: the bridge's own, else from the pools */
	const char *fixed_cidr;	 /* containers get addresses of this part only; NULL: the whole */
	const char *fixed_cidr6; /* gives containers IPv6 addresses; NULL: no IPv6 */
	struct strings pools;	 /* "base=10.10.0.0/16,size=24"; none given: Docker's own */
	const char *
		default_host_ip; /* of published ports without HostIp; NULL, "", 0.0.0.0: 0.0.0.0 and :: */
	const char *host_gateway; /* what `host-gateway` means in --add-host; NULL: the bridge's */
	int mtu;		  /* 0: 1500 */
	bool icc;		  /* containers on the default bridge may talk to each other */
	bool masquerade;
	bool forward;	      /* switch ip_forward on */
	bool forward_no_drop; /* even so, do not drop what is forwarded between other devices */
	bool past_firewall; /* containers are reached, and reach others, whatever the host's own rules say */
	bool firewall; /* false (--iptables=false): no table; ports are carried by the shims */
};

void network_settings_init(struct network_settings *settings); /* dockerd's defaults */

/* Reads the records (so before the store's first write; what has changed is written by networks_start)
 * and makes the predefined networks `bridge`, `host` and `none` where they are missing.  Touches
 * nothing outside the process.  Bad settings are ERROR_INVALID, by their flag's name. */
struct networks *networks_open(uv_loop_t *loop, struct store *store,
			       const struct network_settings *settings, struct error *err);
void networks_close(struct networks *networks); /* leaves bridges and rules: containers live on */

/* `err` is NULL on success.  Called exactly once. */
typedef void network_done(void *data, const struct error *err);

/* Make bridges, sysctls and the whole table, from what was adopted until now; what is there and right is
 * not touched, and connections go on.  Call once, before the first publish; calls of others that need the
 * table wait for it.  A failure leaves the daemon usable for containers without a network. */
void networks_start(struct networks *networks, network_done *done, void *data);

/* The same again: somebody removed the bridge or our rules.  (A table that is flushed or deleted is
 * noticed by itself, through nfnetlink's notices, and rebuilt at once.)  Calls that come while one
 * is under way share it. */
void networks_repair(struct networks *networks, network_done *done, void *data);

/* Call `done` once nothing of this is under way or about to be, and what happened to ports meanwhile is
 * done too; before this returns when nothing is.  An error is that of the last repair. */
void networks_when_settled(struct networks *networks, network_done *done, void *data);

/* For `info` and the log: rulesets of others that would drop our traffic, by family, table and
 * chain; what the kernel lacks.  As of the last start or repair; borrowed until the next one. */
const struct strings *networks_warnings(const struct networks *networks);

/* ---- the networks ---- */

struct network_pool {	  /* one subnet */
	char *subnet;	  /* "172.17.0.0/16" */
	char *range;	  /* of it, what containers get; NULL: all */
	char *gateway;	  /* "172.17.0.1" */
	struct pairs aux; /* name to an address that no container gets */
	bool automatic;	  /* the subnet was chosen by us: no static addresses */
};

/* What is wanted of a network, as stored; the door renders it. */
struct network_spec {
	char *id, *name;
	char *driver; /* "bridge", "macvlan", "host", "null" */
	int64_t created_ns;
	bool internal, ipv6, attachable;
	struct record_list pools; /* struct network_pool: IPv4, then IPv6 */
	char *bridge;		  /* the host's device: a bridge, a macvlan's parent; else NULL */
	bool made;		  /* that device is ours: it goes with the network */
	int32_t mtu;
	bool icc, masquerade;
	char *mode;		/* of macvlan: "bridge", "private", "vepa", "passthru" */
	char *interface;	/* what devices are called inside, before their number; NULL: eth */
	char *host_ip;		/* of published ports that name none; NULL: the daemon's */
	char *source, *source6; /* what containers are seen as outside; NULL: any of the host's */
	struct pairs options, labels; /* as they were given */
	struct pairs ipam_options;
	bool removing; /* nobody sees it any more; its device may still be there */
};
extern const struct record_type network_pool_type, network_spec_type;

/* By name, id or prefix of the id; names win.  ERROR_NOT_FOUND "network x not found". */
struct network *networks_find(struct networks *networks, const char *reference, struct error *err);

/* All, in the order they were made. */
size_t networks_count(const struct networks *networks);
struct network *networks_at(const struct networks *networks, size_t index);

const struct network_spec *network_get_spec(const struct network *network); /* borrowed */
size_t network_endpoint_count(const struct network *network);
bool network_is_predefined(const struct network_spec *spec); /* bridge, host, none */

/* May a container ask for this address (NULL and "" are none)?  Whether it is free is not looked at.
 * ERROR_INVALID in Docker's words. */
bool network_spec_may_give(const struct network_spec *spec, int family, const char *address,
			   struct error *err);

/* What a user wants of a new network; all of it is borrowed for the call. */
struct network_request {
	const char *name;
	const char *driver; /* NULL or "": "bridge" */
	const char *scope;
	bool internal, ipv6, attachable, ingress, config_only;
	const char *ipam_driver;
	const struct pairs *ipam_options, *options, *labels;
	const struct record_list *pools; /* struct network_pool; without subnet: one of ours */
};

/* `err` is NULL on success, and `network` is then recorded and its device and rules are there.  After
 * a failure nothing is left of it.  Called exactly once, also before network_create returns. */
typedef void network_created(void *data, struct network *network, const struct error *err);

/* Recorded first, then made by the worker: a daemon that dies between leaves a network that the next
 * one completes.  Nobody sees it before it is done. */
void network_create(struct networks *networks, const struct network_request *request,
		    network_created *done, void *data);

/* ERROR_FORBIDDEN for the predefined ones and those with endpoints.  From here on nobody finds it; it
 * is recorded that it goes, its device and rules are removed, then its record. */
void network_remove(struct networks *networks, struct network *network, network_done *done,
		    void *data);

/* ---- modes: what HostConfig.NetworkMode gives a container ---- */

enum network_mode_kind {
	NETWORK_MODE_NETWORK, /* an own namespace with an endpoint in a network */
	NETWORK_MODE_NONE,    /* an own namespace with only lo (shim_start.loopback) */
	NETWORK_MODE_HOST,    /* the host's namespace; no endpoint, published ports are discarded */
	NETWORK_MODE_CONTAINER, /* another container's; no endpoint */
};

struct network_mode {
	enum network_mode_kind kind;
	const char *name;	/* the network or the container; borrowed from the text */
	int32_t namespace_mode; /* enum namespace_mode, for sandbox_spec.network */
};

/* "default" and "" are the network `bridge` (`none` where --bridge=none).  "container:" without a
 * name is ERROR_INVALID; whether network or container exist is not looked at. */
bool network_mode_parse(const struct networks *networks, const char *text, struct network_mode *out,
			struct error *err);

/* ---- addresses ---- */

struct endpoint_request {
	const char *container_id;
	const char *address, *address6;	  /* asked for; NULL: the lowest free */
	const char *mac;		  /* NULL: 02:42 and the IPv4 address */
	const char *name;		  /* inside; NULL: "eth0" */
	const struct strings *link_local; /* more addresses; NULL: none */
};

/* Fill `out` (a zeroed record; freed by record_fini with endpoint_spec_type).  Memory only.  A full
 * pool is ERROR_SYSTEM in Docker's words, an address in use ERROR_FORBIDDEN. */
bool network_allocate(struct networks *networks, struct network *network,
		      const struct endpoint_request *request, struct endpoint_spec *out,
		      struct error *err);

/* Take the addresses of a container that ran before this daemon did.  One that is not of the pool
 * (settings have changed meanwhile) is left alone. */
void network_adopt(struct networks *networks, const struct endpoint_spec *endpoint);

/* Which endpoints are a container's way out (indices; -1: none is).  As in Docker 27 the first by the
 * name of its network that has a gateway; a later daemon's GwPriority is not known. */
struct gateway_choice {
	int four, six;
};
struct gateway_choice gateways_choose(const struct record_list *endpoints);

/* Choose, and mark the others (endpoint_spec.no_route). */
struct gateway_choice gateways_mark(struct record_list *endpoints);

/* The endpoint that published ports lead to: the way out, if it can have them; NULL: none can. */
const struct endpoint_spec *gateway_endpoint(const struct record_list *endpoints);

/* What is to change in a running container, by a worker: links taken away, then made, then the default
 * routes.  `change` (struct plan_links of network_plan.h) is borrowed for the call.  ERROR_UNAVAILABLE: nobody
 * knows how much of it was done (all workers were killed, or one took too long); it may be asked for once more. */
struct plan_links;
void networks_change_links(struct networks *networks, const struct plan_links *change,
			   network_done *done, void *data);

/* A container has ended: those of its links that have no end on the host (macvlan) go down in `netns`,
 * which is borrowed for the call.  Until `done` is called its addresses are its own. */
void networks_cut_links(struct networks *networks, const struct record_list *endpoints, int netns,
			network_done *done, void *data);

/* Give them back.  Idempotent. */
void network_release(struct networks *networks, const struct endpoint_spec *endpoint);

/* The address that `host-gateway` stands for; NULL: there is none. */
const char *networks_host_gateway(const struct networks *networks);

/* ---- addresses that several containers share ---- */

/* An address of the network that leads to those that network_share names, from within the network; `asked`: this
 * one, unless it is somebody's (one that is shared already is fine); NULL: the lowest free one.  Owned by the
 * caller; NULL: the network has none to give.  Connections are balanced, and keep their clients' address. */
char *network_take_shared(struct networks *networks, const char *network, const char *asked,
			  struct error *err);
void network_share(struct networks *networks, const char *network, const char *shared,
		   const struct strings *members);
void network_drop_shared(struct networks *networks, const char *network, const char *shared);

/* ---- published ports ---- */

struct port_request {
	int protocol; /* IPPROTO_TCP or IPPROTO_UDP */
	uint16_t container_port;
	const char *host_ip;  /* NULL or "": the default, 0.0.0.0 and :: with one number */
	uint16_t first, last; /* host ports to choose from; both 0: the next free ephemeral one */
};

/* One that is published: a value, kept in the container's record, shown by inspect and ps. */
struct published_port {
	int32_t protocol;
	int32_t container_port;
	char *host_ip; /* "0.0.0.0", "::", "127.0.0.1" ... */
	int32_t host_port;
	char *address; /* the container's */
	bool relayed;  /* the shim listens and carries the bytes; else NAT */
	bool parked;   /* reserved, but leads nowhere: the container has no way in now */
	char *group;   /* shared with others of this name; NULL: not shared */
	bool standby;  /* they serve instead */
	char *deputy; /* who of them gets what the shim receives meanwhile; NULL: nobody is needed */
	int32_t deputy_port;
};
extern const struct record_type published_port_type;

/* What one start has reserved.  Zero is empty.  The lists may be taken out: what is left is freed. */
struct ports {
	struct record_list published; /* struct published_port */
	int *sockets; /* one for each, same order: bound; the shim holds them while it runs */
	size_t socket_count;
	struct record_list relays; /* struct relay_spec, for shim_start; names sockets by index */
};
void ports_fini(struct ports *ports); /* closes the daemon's copies; the reservation stays */
#define scoped_ports scoped_with(ports_fini)

/* What one container wants published. */
struct port_reservation {
	const char *name; /* the container's, for errors */
	const struct endpoint_spec *endpoint;
	const char
		*group; /* whose members share the ports that they ask for by number; NULL: none */
	const struct port_request *requests;
	size_t count;
};

/* Choose and reserve host ports: against other containers by memory, against programs of the host by
 * binding.  All or none; on failure `out` is empty.  ERROR_SYSTEM in Docker's words:
 * driver failed programming external connectivity on endpoint web (<endpoint id>): Bind for
 * 127.0.0.1:18080 failed: port is already allocated */
bool ports_reserve(struct networks *networks, const struct port_reservation *wanted,
		   struct ports *out, struct error *err);

/* Make them reachable: one transaction of nfnetlink, which also takes over a port that the table
 * still gives to somebody else.  `done` is called before this returns, unless the table is being
 * built. */
void ports_publish(struct networks *networks, const struct record_list *published,
		   network_done *done, void *data);

/* Lead what is published to another endpoint of the container; NULL: nowhere, until the next time.
 * `published` is changed, and `relays` gets what its shim has to be told (struct relay_spec; without
 * address: nowhere); a number's place in `published` is that of its socket.  Numbers stay reserved. */
void ports_move(struct networks *networks, struct record_list *published,
		const struct endpoint_spec *to, struct record_list *relays);

/* Of ports that are shared with others: do they alone serve from now on?  `relays` gets what the shim is told. */
void ports_stand_by(struct networks *networks, struct record_list *published, bool standby,
		    struct record_list *relays);

/* UDP that a shim carries cannot be left to others: each member's socket gets its part of the clients.  Who
 * stands by leads his to a member that serves, told like the rest.  After all members were told to
 * stand by or not. */
void ports_name_deputies(struct networks *networks, struct record_list *published,
			 struct record_list *relays);

/* What `from` holds becomes another container's, whose way in is `to`.  `published`: a copy of `from` in
 * which container_port is the other's; it is filled in, and `relays` gets what the other's shim has to
 * carry (a number's place is that of its socket).  The firewall changes in one transaction; connections
 * that are there go on, but for UDP's, which are forgotten.  Also before networks_start. */
void ports_hand_over(struct networks *networks, const struct record_list *from,
		     struct record_list *published, const struct endpoint_spec *to,
		     struct record_list *relays);

/* Is the default network one whose containers do not reach each other (icc off)?  Then openings say who
 * reaches whom all the same: these are all from now on; they are taken over.  Before networks_start they are
 * only noted. */
bool networks_keep_apart(const struct networks *networks);
void networks_open_between(struct networks *networks, struct openings *openings);

/* Who reaches these ports (struct plan_port), by the host's own rules: asked of the host now, by a
 * worker; `report` is borrowed for the call. */
struct network_report;
typedef void ports_answer(void *data, const struct network_report *report, const struct error *err);
void networks_ask_ports(struct networks *networks, const struct record_list *ports,
			ports_answer *done, void *data);

/* Can this kernel give connections to several in turn?  Known once networks_start is done.  If not, what is
 * shared is relayed, and groups have no addresses. */
bool networks_take_turns(const struct networks *networks);
bool networks_respect_firewall(const struct networks *networks);

/* As after publish, for containers that run already; the table follows with networks_start. */
void ports_adopt(struct networks *networks, const struct record_list *published);

/* Unpublish and free the numbers.  Also forgets the conntrack entries of UDP ports (by a worker,
 * some milliseconds later).  Idempotent; also right for ports that were reserved and never
 * published. */
void ports_release(struct networks *networks, const struct record_list *published);
