/* Our nftables table as text, and its elements as netlink messages: pure functions.
 *
 *	raw          what claims to be of loopback but comes from elsewhere is dropped; this is what
 *		     makes route_localnet on our bridges safe
 *	prerouting,  packets for this host are looked up in four maps: by address, then by port alone,
 *	output	     in both families; what is found is sent to the container
 *		     where a group shares a port, in four more, by the number that is next
 *		     what is sent to an address that a group shares, from its own network, likewise
 *	postrouting  containers going out get the host's address; so does who would otherwise be answered
 *		     directly past our translation (see masquerade below)
 *	forward      into a bridge goes only what was sent there by our maps, answers, or comes from the
 *		     same bridge, where its containers are kept apart only what the set `linked` names;
 *		     out of an internal one goes nothing
 *	host	     the host's own rules about what comes in, asked for published ports: left empty here,
 *		     see host_rules.h
 *
 * Published ports are elements of the maps, so that publishing is one small message.  A rule per port
 * would be read for each new connection. */
#pragma once

#include "network/opening.h"
#include "network/port_table.h"
#include "os/netlink.h"

/* One address for several containers of a network. */
struct shared_address {
	struct address address;
	struct {
		struct address *items;
		size_t count, capacity;
	} members; /* who serves now */
};

struct ruleset_bridge {
	const char *name;
	struct subnet subnets[2]; /* prefix -1: not there */
	bool icc, masquerade;
	bool internal;		/* nothing goes in or out but from the host itself */
	const char *sources[2]; /* what masquerading makes of a sender; NULL: the host's address */
	const char *mac; /* borrowed; needed where there are shared addresses */
	const struct shared_address *shared;
	size_t shared_count;
};

struct ruleset {
	const char *table;
	const struct ruleset_bridge *bridges;
	size_t bridge_count;
	const struct port_table *ports;
	const struct openings *openings; /* NULL: none */
	bool bridge_netfilter;		 /* bridged packets pass the firewall too */
	bool lift; /* there may be a table of the bridges' own, which is replaced too */
	bool no_turns; /* the kernel cannot: nothing is shared */
	bool ask_host; /* what comes from outside to a published port passes the chain `host` first */
};

/* Replaces the table with all it holds, as one transaction for `nft -f -`.  The chain `router`, which
 * sees what is forwarded between devices that are no bridges, is left empty. */
void ruleset_render(const struct ruleset *ruleset, struct buffer *out);

/* The rule that closes the chain `router`: nothing is forwarded that was not before we came. */
void ruleset_render_guard(const char *table, struct buffer *out);

/* ---- elements ---- */

#define ELEMENT_KEY_MAX	 28 /* IPv6 address, protocol, port, slot */
#define ELEMENT_DATA_MAX 20 /* IPv6 address, port */

struct element {
	const char *map;
	uint8_t key[ELEMENT_KEY_MAX], data[ELEMENT_DATA_MAX];
	size_t key_size, data_size; /* data_size 0: of a set */
};

struct element_list {
	struct element *items;
	size_t count, capacity;
};

/* The element that publishes a port. */
struct element element_of_port(const struct port_use *use);

/* All elements of a key as the table has it: one, or, where a group shares it, one for each slot; its
 * connections go to the slots in turn, and the slots belong to the members in turn. */
#define PORT_SLOTS 240 /* most numbers of members up to 20 divide it */
void elements_of_key(const struct port_table *ports, const struct port_key *key,
		     struct element_list *out);

/* With bridge_netfilter: marks a container's address, so that its connections to itself are
 * masqueraded while those of its neighbours keep their address. */
struct element element_of_self(const struct address *address);

/* All slots of a shared address. */
void elements_of_shared(const struct shared_address *shared, struct element_list *out);

/* The element that lets one container reach a port of another. */
struct element element_of_opening(const struct opening *opening);

enum element_change { ELEMENT_ADD, ELEMENT_DELETE };

/* One message for elements that stand in one map. */
void element_message(struct netlink_batch *batch, const char *table, enum element_change change,
		     const struct element *const *elements, size_t count);
void element_transaction_begin(struct netlink_batch *batch);
void element_transaction_end(struct netlink_batch *batch);
