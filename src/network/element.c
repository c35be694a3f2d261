#include "network/element.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

/* An element is at most 76 bytes in a message, and an attribute holds 64 KB. */
#define ELEMENTS_PER_MESSAGE 512

/* Each part of a concatenation fills whole words of 4 bytes. */
#define WORD 4

static void add_part(uint8_t *bytes, size_t *size, const void *part, size_t part_size)
{
	memcpy(bytes + *size, part, part_size);
	*size += (part_size + WORD - 1) / WORD * WORD;
}

static void add_port(uint8_t *bytes, size_t *size, uint16_t port)
{
	uint16_t wire = htons(port);

	add_part(bytes, size, &wire, sizeof(wire));
}

static const char *map_name(const struct address *host)
{
	if (host->family == AF_INET)
		return address_is_any(host) ? "any4" : "host4";
	return address_is_any(host) ? "any6" : "host6";
}

static const char *shared_map_name(const struct address *host)
{
	if (host->family == AF_INET)
		return address_is_any(host) ? "shared_any4" : "shared_host4";
	return address_is_any(host) ? "shared_any6" : "shared_host6";
}

struct element element_of_port(const struct port_use *use)
{
	struct element e = {.map = map_name(&use->key.host)};
	uint8_t protocol = (uint8_t)use->key.protocol;

	if (!address_is_any(&use->key.host))
		add_part(e.key, &e.key_size, use->key.host.bytes, address_size(&use->key.host));
	add_part(e.key, &e.key_size, &protocol, sizeof(protocol));
	add_port(e.key, &e.key_size, use->key.port);
	add_part(e.data, &e.data_size, use->target.address.bytes,
		 address_size(&use->target.address));
	add_port(e.data, &e.data_size, use->target.port);
	return e;
}

/* The number that is next comes in the host's order. */
static struct element element_of_slot(const struct port_use *use, uint32_t slot)
{
	struct element e = element_of_port(use);

	e.map = shared_map_name(&use->key.host);
	add_part(e.key, &e.key_size, &slot, sizeof(slot));
	return e;
}

static void add_single(void *data, const struct port_use *use)
{
	struct element_list *out = data;

	if (!use->target.group && !use->target.relayed)
		vector_add(out, element_of_port(use));
}

void elements_of_key(const struct port_table *ports, const struct port_key *key,
		     struct element_list *out)
{
	struct port_sharers sharers = {0};

	port_table_sharers(ports, key, &sharers);
	for (uint32_t slot = 0; sharers.count && slot < PORT_SLOTS; slot++)
		vector_add(out, element_of_slot(sharers.items[slot % sharers.count], slot));
	vector_fini(&sharers);
	port_table_each_of(ports, key, add_single, out);
}

void elements_of_shared(const struct shared_address *shared, struct element_list *out)
{
	const struct address *address = &shared->address;

	for (uint32_t slot = 0; shared->members.count && slot < PORT_SLOTS; slot++) {
		const struct address *member = &shared->members.items[slot % shared->members.count];
		struct element e = {.map = "vip4"};

		add_part(e.key, &e.key_size, address->bytes, address_size(address));
		add_part(e.key, &e.key_size, &slot, sizeof(slot));
		add_part(e.data, &e.data_size, member->bytes, address_size(member));
		vector_add(out, e);
	}
}

struct element element_of_self(const struct address *address)
{
	struct element e = {.map = address->family == AF_INET ? "self4" : "self6"};

	add_part(e.key, &e.key_size, address->bytes, address_size(address));
	add_part(e.key, &e.key_size, address->bytes, address_size(address));
	return e;
}

struct element element_of_opening(const struct opening *o)
{
	struct element e = {.map = "linked"};

	add_part(e.key, &e.key_size, o->from.bytes, address_size(&o->from));
	add_part(e.key, &e.key_size, o->to.bytes, address_size(&o->to));
	add_part(e.key, &e.key_size, &o->protocol, sizeof(o->protocol));
	add_port(e.key, &e.key_size, o->port);
	return e;
}

struct element element_of_shared_address(const struct address *address)
{
	struct element e = {.map = "vips"};

	add_part(e.key, &e.key_size, address->bytes, address_size(address));
	return e;
}

static void add_value(struct netlink_batch *batch, uint16_t attribute, const uint8_t *value,
		      size_t size)
{
	size_t nest = netlink_nest(batch, attribute);

	netlink_add(batch, NFTA_DATA_VALUE, value, size);
	netlink_nest_end(batch, nest);
}

static void add_element(struct netlink_batch *batch, const struct element *e, bool with_data)
{
	size_t nest = netlink_nest(batch, NFTA_LIST_ELEM);

	add_value(batch, NFTA_SET_ELEM_KEY, e->key, e->key_size);
	if (with_data && e->data_size > 0)
		add_value(batch, NFTA_SET_ELEM_DATA, e->data, e->data_size);
	netlink_nest_end(batch, nest);
}

static void add_family(struct netlink_batch *batch, uint8_t family, uint16_t resource)
{
	struct nfgenmsg header = {
		.nfgen_family = family, .version = NFNETLINK_V0, .res_id = htons(resource)};

	netlink_header(batch, &header, sizeof(header));
}

void element_message(struct netlink_batch *batch, const char *table, enum element_change change,
		     const struct element *const *elements, size_t count)
{
	bool add = change == ELEMENT_ADD;
	uint16_t type = add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM;
	size_t list;

	netlink_begin(batch, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), add ? NLM_F_CREATE : 0,
		      add ? "publish a port" : "unpublish a port");
	add_family(batch, NFPROTO_INET, 0);
	netlink_add_text(batch, NFTA_SET_ELEM_LIST_TABLE, table);
	netlink_add_text(batch, NFTA_SET_ELEM_LIST_SET, elements[0]->map);
	list = netlink_nest(batch, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (size_t i = 0; i < count; i++)
		add_element(batch, elements[i], add);
	netlink_nest_end(batch, list);
	netlink_end(batch);
}

/* The elements from `first` on that stand in the same map, as one message; returns how many. */
static size_t add_message(struct netlink_batch *batch, const char *table,
			  enum element_change change, const struct element *const *elements,
			  size_t count)
{
	size_t size = 1;

	while (size < count && size < ELEMENTS_PER_MESSAGE &&
	       str_equal(elements[size]->map, elements[0]->map))
		size++;
	element_message(batch, table, change, elements, size);
	return size;
}

static int compare_maps(const void *a, const void *b)
{
	const struct element *const *x = a, *const *y = b;

	return strcmp((*x)->map, (*y)->map);
}

static const struct element **sorted_by_map(const struct element *elements, size_t count)
{
	const struct element **sorted = mem_zeroed(count, sizeof(*sorted));

	for (size_t i = 0; i < count; i++)
		sorted[i] = &elements[i];
	qsort(sorted, count, sizeof(*sorted), compare_maps);
	return sorted;
}

void elements_message(struct netlink_batch *batch, const char *table, enum element_change change,
		      const struct element *elements, size_t count)
{
	scoped_free const struct element **sorted = sorted_by_map(elements, count);

	for (size_t done = 0; done < count;)
		done += add_message(batch, table, change, sorted + done, count - done);
}

static void add_frame(struct netlink_batch *batch, uint16_t type)
{
	netlink_begin_silent(batch, type, 0);
	add_family(batch, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	netlink_end(batch);
}

void element_transaction_begin(struct netlink_batch *batch)
{
	add_frame(batch, NFNL_MSG_BATCH_BEGIN);
}

void element_transaction_end(struct netlink_batch *batch)
{
	add_frame(batch, NFNL_MSG_BATCH_END);
}

static int compare_elements(const void *a, const void *b)
{
	const struct element *x = a, *y = b;
	int order = strcmp(x->map, y->map);

	if (order == 0)
		order = memcmp(x->key, y->key, sizeof(x->key));
	return order ? order : memcmp(x->data, y->data, sizeof(x->data));
}

void elements_sort(struct element_list *list)
{
	size_t count = 0;

	if (list->count == 0)
		return;
	qsort(list->items, list->count, sizeof(*list->items), compare_elements);
	for (size_t i = 0; i < list->count; i++)
		if (i == 0 || compare_elements(&list->items[i], &list->items[count - 1]) != 0)
			list->items[count++] = list->items[i];
	list->count = count;
}

void elements_compare(const struct element_list *have, const struct element_list *wanted,
		      struct element_list *gone, struct element_list *come)
{
	size_t h = 0, w = 0;

	while (h < have->count || w < wanted->count) {
		int order = h == have->count ? 1
			    : w == wanted->count
				    ? -1
				    : compare_elements(&have->items[h], &wanted->items[w]);

		if (order < 0)
			vector_add(gone, have->items[h]);
		if (order > 0)
			vector_add(come, wanted->items[w]);
		h += order <= 0;
		w += order >= 0;
	}
}
