#include "network/port_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Who uses one number of one protocol: as a rule two, 0.0.0.0 and ::. */
struct port_users {
	struct port_use *items;
	size_t count, capacity;
};

#define NAME_SIZE 16

static const char *slot_name(const struct port_key *key, char out[static NAME_SIZE])
{
	snprintf(out, NAME_SIZE, "%d %u", key->protocol, key->port);
	return out;
}

void port_table_init(struct port_table *table, uint16_t ephemeral_first, uint16_t ephemeral_last)
{
	*table = (struct port_table){.ephemeral_first = ephemeral_first,
				     .ephemeral_last = ephemeral_last,
				     .next = {ephemeral_first, ephemeral_first}};
}

void port_table_fini(struct port_table *table)
{
	for (struct map_slot *slot = map_first(&table->users); slot;
	     slot = map_next(&table->users, slot)) {
		vector_fini((struct port_users *)slot->value);
		free(slot->value);
	}
	map_fini(&table->users);
}

static bool share_an_address(const struct address *a, const struct address *b)
{
	return a->family == b->family &&
	       (address_equal(a, b) || address_is_any(a) || address_is_any(b));
}

uint64_t port_group_of(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */

	if (!name)
		return 0;
	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 0x100000001b3;
	return hash ? hash : 1;
}

static bool is_shared(const struct port_use *use, const struct port_key *key, uint64_t group)
{
	return group && use->target.group == group && address_equal(&use->key.host, &key->host);
}

bool port_table_is_taken(const struct port_table *table, const struct port_key *key, uint64_t group)
{
	char name[NAME_SIZE];
	const struct port_users *users = map_get(&table->users, slot_name(key, name));

	for (size_t i = 0; users && i < users->count; i++)
		if (share_an_address(&users->items[i].key.host, &key->host) &&
		    !is_shared(&users->items[i], key, group))
			return true;
	return false;
}

void port_table_add(struct port_table *table, const struct port_use *use)
{
	char name[NAME_SIZE];
	struct port_users *users = map_get(&table->users, slot_name(&use->key, name));

	if (!users) {
		users = mem_new(struct port_users);
		map_put(&table->users, name, users);
	}
	vector_add(users, *use);
	table->count++;
}

static void drop_if_empty(struct port_table *table, const char *name, struct port_users *users)
{
	if (users->count > 0)
		return;
	map_remove(&table->users, name);
	vector_fini(users);
	free(users);
}

static bool is_use(const struct port_use *a, const struct port_use *b)
{
	return address_equal(&a->key.host, &b->key.host) &&
	       address_equal(&a->target.address, &b->target.address);
}

bool port_table_remove(struct port_table *table, const struct port_use *use)
{
	char name[NAME_SIZE];
	struct port_users *users = map_get(&table->users, slot_name(&use->key, name));

	for (size_t i = 0; users && i < users->count; i++) {
		if (!is_use(&users->items[i], use))
			continue;
		vector_remove(users, i);
		table->count--;
		drop_if_empty(table, name, users);
		return true;
	}
	return false;
}

static int compare_sharers(const void *a, const void *b)
{
	const struct port_use *const *x = a, *const *y = b;

	return memcmp(&(*x)->target.address, &(*y)->target.address, sizeof((*x)->target.address));
}

void port_table_sharers(const struct port_table *table, const struct port_key *key,
			struct port_sharers *out)
{
	char name[NAME_SIZE];
	const struct port_users *users = map_get(&table->users, slot_name(key, name));

	for (size_t i = 0; users && i < users->count; i++) {
		const struct port_use *use = &users->items[i];

		if (use->target.group && !use->target.relayed && !use->target.standby &&
		    address_equal(&use->key.host, &key->host))
			vector_add(out, use);
	}
	if (out->count > 1)
		qsort(out->items, out->count, sizeof(*out->items), compare_sharers);
}

bool port_table_has(const struct port_table *table, const struct port_use *use)
{
	char name[NAME_SIZE];
	const struct port_users *users = map_get(&table->users, slot_name(&use->key, name));

	for (size_t i = 0; users && i < users->count; i++)
		if (is_use(&users->items[i], use))
			return true;
	return false;
}

void port_table_stand_by(struct port_table *table, const struct port_use *use, bool standby)
{
	char name[NAME_SIZE];
	struct port_users *users = map_get(&table->users, slot_name(&use->key, name));

	for (size_t i = 0; users && i < users->count; i++)
		if (is_use(&users->items[i], use))
			users->items[i].target.standby = standby;
}

void port_table_each(const struct port_table *table,
		     void (*visit)(void *data, const struct port_use *use), void *data)
{
	for (struct map_slot *slot = map_first(&table->users); slot;
	     slot = map_next(&table->users, slot)) {
		const struct port_users *users = slot->value;

		for (size_t i = 0; i < users->count; i++)
			visit(data, &users->items[i]);
	}
}

void port_table_each_of(const struct port_table *table, const struct port_key *key,
			void (*visit)(void *data, const struct port_use *use), void *data)
{
	char name[NAME_SIZE];
	const struct port_users *users = map_get(&table->users, slot_name(key, name));

	for (size_t i = 0; users && i < users->count; i++)
		if (address_equal(&users->items[i].key.host, &key->host))
			visit(data, &users->items[i]);
}

struct search {
	const struct address *container;
	bool found;
};

static void look_for(void *data, const struct port_use *use)
{
	struct search *search = data;

	search->found |=
		!use->target.relayed && address_equal(&use->target.address, search->container);
}

bool port_table_leads_to(const struct port_table *table, const struct address *container)
{
	struct search search = {.container = container};

	port_table_each(table, look_for, &search);
	return search.found;
}

uint16_t port_table_next_ephemeral(struct port_table *table, int protocol)
{
	uint16_t *next = &table->next[protocol == IPPROTO_UDP];
	uint16_t port = *next;

	*next = port >= table->ephemeral_last ? table->ephemeral_first : (uint16_t)(port + 1);
	return port;
}
