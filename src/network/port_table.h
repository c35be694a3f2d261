/* Which host ports are given to containers: memory only.  It is what the firewall's maps are built
 * from, and the reason why two containers never get one port. */
#pragma once

#include "base/map.h"
#include "network/address.h"

struct port_key {
	int protocol;
	struct address host; /* 0.0.0.0 and :: are all of their family */
	uint16_t port;
};

struct port_target {
	struct address address; /* the container's */
	uint16_t port;
	bool relayed; /* no element in the firewall */
	bool standby; /* others of its group serve instead */
	bool parked;  /* leads nowhere now */
	uint64_t group; /* port_group_of; 0: it has the port for itself */
};

struct port_use {
	struct port_key key;
	struct port_target target;
};

struct port_table {
	struct map users; /* "tcp 8080" to struct port_users */
	uint16_t ephemeral_first, ephemeral_last;
	uint16_t next[2]; /* tcp, udp: where to look for the next ephemeral one */
	size_t count;
};

void port_table_init(struct port_table *table, uint16_t ephemeral_first, uint16_t ephemeral_last);
void port_table_fini(struct port_table *table);

/* A number for the name of a group; NULL: 0. */
uint64_t port_group_of(const char *name);

/* Is there somebody else on the same port of the same address, or of all addresses?  Those of the same
 * group (not 0) share one. */
bool port_table_is_taken(const struct port_table *table, const struct port_key *key,
			 uint64_t group);
void port_table_add(struct port_table *table, const struct port_use *use);

/* False when it was not there, or is somebody else's by now (the key counts, and the target's address). */
bool port_table_remove(struct port_table *table, const struct port_use *use);

/* Who of a group has this key and is led to by the firewall: not relayed, not standing by; in the order of
 * their addresses.  vector_fini frees it. */
struct port_sharers {
	const struct port_use **items; /* borrowed until the table changes */
	size_t count, capacity;
};
void port_table_sharers(const struct port_table *table, const struct port_key *key,
			struct port_sharers *out);

bool port_table_has(const struct port_table *table, const struct port_use *use);

/* Note whether this user stands by. */
void port_table_stand_by(struct port_table *table, const struct port_use *use, bool standby);

/* Does a port that is not relayed lead to this container? */
bool port_table_leads_to(const struct port_table *table, const struct address *container);

/* All uses, in no order. */
void port_table_each(const struct port_table *table,
		     void (*visit)(void *data, const struct port_use *use), void *data);

/* Those of one key. */
void port_table_each_of(const struct port_table *table, const struct port_key *key,
			void (*visit)(void *data, const struct port_use *use), void *data);

/* The ephemeral ports in the order to try: begins behind the one that was given last, wraps. */
uint16_t port_table_next_ephemeral(struct port_table *table, int protocol);
