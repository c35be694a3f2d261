/* What stands in the maps and sets of our tables, as netlink has it: pure functions.  Published ports are
 * elements of the maps, so that publishing is one small message.  A rule per port would be read for each new
 * connection. */
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

/* That it is one. */
struct element element_of_shared_address(const struct address *address);

/* The element that lets one container reach a port of another. */
struct element element_of_opening(const struct opening *opening);

enum element_change { ELEMENT_ADD, ELEMENT_DELETE };

/* One message for elements that stand in one map. */
void element_message(struct netlink_batch *batch, const char *table, enum element_change change,
		     const struct element *const *elements, size_t count);

/* One message a map, or more where they are many. */
void elements_message(struct netlink_batch *batch, const char *table, enum element_change change,
		      const struct element *elements, size_t count);
void element_transaction_begin(struct netlink_batch *batch);
void element_transaction_end(struct netlink_batch *batch);

/* By map, key and data; what stands there twice stands there once. */
void elements_sort(struct element_list *list);

/* Of two sorted lists: what is to go and to come to make `have` what `wanted` is.  An element that has other
 * data is in both. */
void elements_compare(const struct element_list *have, const struct element_list *wanted,
		      struct element_list *gone, struct element_list *come);
