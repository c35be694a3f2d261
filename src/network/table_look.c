/* The kernel lists what it has in parts, and says when something was changed between them: then all is read
 * again. */
#include "network/table_look.h"

#include "format/sha256.h"
#include "os/fd.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define PACKET_SIZE 65536
#define TRIES_MAX   20 /* somebody changes his own tables all the time */
#define TYPE(kind)  ((uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | (kind)))

/* ---- asking for lists ---- */

struct listing {
	int socket;
	uint8_t family;
	void (*visit)(void *data, const struct nlattr **attributes);
	void *data;
	size_t attribute_max;
	bool changed; /* meanwhile */
};

static void ask(struct netlink_batch *batch, uint8_t family, uint16_t kind)
{
	struct nfgenmsg header = {.nfgen_family = family, .version = NFNETLINK_V0};

	netlink_begin_silent(batch, TYPE(kind), NLM_F_DUMP);
	netlink_header(batch, &header, sizeof(header));
}

static void take_item(const struct listing *listing, const struct nlmsghdr *message)
{
	scoped_free const struct nlattr **attributes =
		mem_zeroed(listing->attribute_max + 1, sizeof(*attributes));
	const char *data = NLMSG_DATA(message);

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(struct nfgenmsg)))
		return;
	netlink_parse(data + sizeof(struct nfgenmsg),
		      message->nlmsg_len - NLMSG_LENGTH(sizeof(struct nfgenmsg)), attributes,
		      listing->attribute_max);
	listing->visit(listing->data, attributes);
}

static bool take_message(struct listing *listing, const struct nlmsghdr *message, bool *ended,
			 struct error *err)
{
	const struct nlmsgerr *refusal = NLMSG_DATA(message);

	listing->changed |= message->nlmsg_flags & NLM_F_DUMP_INTR;
	*ended = message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR;
	if (message->nlmsg_type == NLMSG_ERROR && refusal->error) {
		errno = -refusal->error;
		return error_errno(err, "cannot list the firewall");
	}
	if (!*ended)
		take_item(listing, message);
	return true;
}

static bool take_list(struct listing *listing, struct error *err)
{
	scoped_free char *data = mem_zeroed(PACKET_SIZE, 1);
	bool ended = false;

	while (!ended) {
		ssize_t size = recv(listing->socket, data, PACKET_SIZE, 0);
		const struct nlmsghdr *message;
		size_t at = 0;

		if (size < 0 && errno != EINTR)
			return error_errno(err, "cannot list the firewall");
		while (size > 0 && !ended && (message = netlink_message(data, (size_t)size, &at)))
			if (!take_message(listing, message, &ended, err))
				return false;
	}
	return true;
}

static bool list(struct listing *listing, struct netlink_batch *batch, struct error *err)
{
	netlink_end(batch);
	return netlink_send(listing->socket, batch, err) && take_list(listing, err);
}

/* ---- a table ---- */

void table_look_fini(struct table_look *look)
{
	for (size_t i = 0; i < look->objects.count; i++)
		free(look->objects.items[i].chain);
	vector_fini(&look->objects);
}

/* What is being read, and of which table. */
struct reading {
	const char *table;
	struct table_look *look;
};

static uint64_t number_of(const struct nlattr *attribute)
{
	uint64_t wire = 0;

	if (attribute && netlink_size(attribute) == sizeof(wire))
		memcpy(&wire, netlink_data(attribute), sizeof(wire));
	return be64toh(wire);
}

static uint32_t value_of(const struct nlattr *attribute)
{
	uint32_t wire = 0;

	if (attribute && netlink_size(attribute) == sizeof(wire))
		memcpy(&wire, netlink_data(attribute), sizeof(wire));
	return ntohl(wire);
}

static void add(struct table_look *look, enum table_object_kind kind, const struct nlattr *number,
		const struct nlattr *chain)
{
	struct table_object object = {kind, number_of(number), 0,
				      str_dup_or_null(netlink_text(chain))};

	vector_add(&look->objects, object);
}

static void take_table(void *data, const struct nlattr **attributes)
{
	struct reading *reading = data;

	if (!str_equal(netlink_text(attributes[NFTA_TABLE_NAME]), reading->table))
		return;
	reading->look->found = true;
	reading->look->weakened |= value_of(attributes[NFTA_TABLE_FLAGS]) != 0;
}

static void take_chain(void *data, const struct nlattr **attributes)
{
	struct reading *reading = data;

	if (!str_equal(netlink_text(attributes[NFTA_CHAIN_TABLE]), reading->table))
		return;
	add(reading->look, TABLE_CHAIN, attributes[NFTA_CHAIN_HANDLE], attributes[NFTA_CHAIN_NAME]);
	reading->look->weakened |= attributes[NFTA_CHAIN_POLICY] &&
				   value_of(attributes[NFTA_CHAIN_POLICY]) != NF_ACCEPT;
}

static uint64_t hash_of(const void *data, size_t size)
{
	uint8_t hash[SHA256_SIZE];
	uint64_t head;

	sha256(data, size, hash);
	memcpy(&head, hash, sizeof(head));
	return head;
}

static void take_rule(void *data, const struct nlattr **attributes)
{
	struct table_look *look = ((struct reading *)data)->look;

	add(look, TABLE_RULE, attributes[NFTA_RULE_HANDLE], attributes[NFTA_RULE_CHAIN]);
	if (attributes[NFTA_RULE_EXPRESSIONS])
		look->objects.items[look->objects.count - 1].content =
			hash_of(netlink_data(attributes[NFTA_RULE_EXPRESSIONS]),
				netlink_size(attributes[NFTA_RULE_EXPRESSIONS]));
}

/* Not what it holds, nor what follows from that. */
uint64_t table_set_content(const struct nlattr **attributes)
{
	static const uint16_t told[] = {NFTA_SET_NAME,	   NFTA_SET_FLAGS,	NFTA_SET_KEY_TYPE,
					NFTA_SET_KEY_LEN,  NFTA_SET_DATA_TYPE,	NFTA_SET_DATA_LEN,
					NFTA_SET_OBJ_TYPE, NFTA_SET_POLICY,	NFTA_SET_DESC,
					NFTA_SET_TIMEOUT,  NFTA_SET_GC_INTERVAL};
	scoped_buffer struct buffer all = {0};

	for (size_t i = 0; i < array_length(told); i++) {
		const struct nlattr *attribute = attributes[told[i]];

		if (!attribute)
			continue;
		buffer_format(&all, "%u %zu ", told[i], netlink_size(attribute));
		buffer_add(&all, netlink_data(attribute), netlink_size(attribute));
	}
	return hash_of(all.size > 0 ? all.data : "", all.size);
}

static void take_set(void *data, const struct nlattr **attributes)
{
	struct table_look *look = ((struct reading *)data)->look;

	add(look, TABLE_SET, attributes[NFTA_SET_HANDLE], NULL);
	look->objects.items[look->objects.count - 1].content = table_set_content(attributes);
}

/* `table_attribute` 0: the kernel lists those of all tables. */
static const struct {
	uint16_t kind, table_attribute;
	size_t attribute_max;
	void (*visit)(void *data, const struct nlattr **attributes);
} lists[] = {
	{NFT_MSG_GETTABLE, 0, NFTA_TABLE_FLAGS, take_table},
	{NFT_MSG_GETCHAIN, 0, NFTA_CHAIN_POLICY, take_chain},
	{NFT_MSG_GETRULE, NFTA_RULE_TABLE, NFTA_RULE_EXPRESSIONS, take_rule},
	{NFT_MSG_GETSET, NFTA_SET_TABLE, TABLE_SET_ATTRIBUTE_MAX, take_set},
};

static bool look_once(struct listing *listing, struct reading *reading, struct error *err)
{
	*reading->look = (struct table_look){0};
	listing->changed = false;
	for (size_t i = 0; i < array_length(lists) && (i == 0 || reading->look->found); i++) {
		scoped_netlink struct netlink_batch batch = {0};

		ask(&batch, listing->family, lists[i].kind);
		if (lists[i].table_attribute)
			netlink_add_text(&batch, lists[i].table_attribute, reading->table);
		listing->visit = lists[i].visit;
		listing->attribute_max = lists[i].attribute_max;
		if (!list(listing, &batch, err))
			return false;
	}
	return true;
}

bool table_look(int socket, uint8_t family, const char *table, struct table_look *out,
		struct error *err)
{
	struct reading reading = {table, out};
	struct listing listing = {.socket = socket, .family = family, .data = &reading};

	for (size_t i = 0; i < TRIES_MAX; i++) {
		if (look_once(&listing, &reading, err) && !listing.changed)
			return true;
		table_look_fini(out);
		if (!listing.changed)
			return false;
	}
	return error_set(err, ERROR_SYSTEM, "the firewall changes faster than it can be read");
}

/* ---- a map ---- */

struct filling {
	const char *map;
	struct element_list *out;
	bool strange; /* what we would not put there */
};

static bool read_value(const struct nlattr *attribute, uint8_t *out, size_t max, size_t *size)
{
	const struct nlattr *value[NFTA_DATA_VALUE + 1];

	if (!attribute)
		return true;
	netlink_parse(netlink_data(attribute), netlink_size(attribute), value, NFTA_DATA_VALUE);
	if (!value[NFTA_DATA_VALUE] || netlink_size(value[NFTA_DATA_VALUE]) > max)
		return false;
	*size = netlink_size(value[NFTA_DATA_VALUE]);
	memcpy(out, netlink_data(value[NFTA_DATA_VALUE]), *size);
	return true;
}

static void take_element(struct filling *filling, const struct nlattr *item)
{
	const struct nlattr *attributes[NFTA_SET_ELEM_DATA + 1];
	struct element e = {.map = filling->map};

	netlink_parse(netlink_data(item), netlink_size(item), attributes, NFTA_SET_ELEM_DATA);
	if (read_value(attributes[NFTA_SET_ELEM_KEY], e.key, sizeof(e.key), &e.key_size) &&
	    read_value(attributes[NFTA_SET_ELEM_DATA], e.data, sizeof(e.data), &e.data_size))
		vector_add(filling->out, e);
	else
		filling->strange = true;
}

static void take_elements(void *data, const struct nlattr **attributes)
{
	const struct nlattr *all = attributes[NFTA_SET_ELEM_LIST_ELEMENTS];
	size_t at = 0, size = all ? netlink_size(all) : 0;

	while (at + NLA_HDRLEN <= size) {
		const struct nlattr *item =
			(const struct nlattr *)((const char *)netlink_data(all) + at);

		if (item->nla_len < NLA_HDRLEN || item->nla_len > size - at)
			return;
		take_element(data, item);
		at += NLA_ALIGN(item->nla_len);
	}
}

static bool fill_once(struct listing *listing, const char *table, struct filling *filling,
		      struct error *err)
{
	scoped_netlink struct netlink_batch batch = {0};

	filling->out->count = 0;
	listing->changed = false;
	ask(&batch, NFPROTO_INET, NFT_MSG_GETSETELEM);
	netlink_add_text(&batch, NFTA_SET_ELEM_LIST_TABLE, table);
	netlink_add_text(&batch, NFTA_SET_ELEM_LIST_SET, filling->map);
	return list(listing, &batch, err);
}

bool table_look_into(int socket, const char *table, const char *map, struct element_list *out,
		     struct error *err)
{
	struct filling filling = {map, out, false};
	struct listing listing = {.socket = socket,
				  .visit = take_elements,
				  .data = &filling,
				  .attribute_max = NFTA_SET_ELEM_LIST_ELEMENTS};

	for (size_t i = 0; i < TRIES_MAX; i++) {
		if (!fill_once(&listing, table, &filling, err))
			return false;
		if (!listing.changed)
			return !filling.strange ||
			       error_set(err, ERROR_SYSTEM, "map '%s' holds what is not ours", map);
	}
	return error_set(err, ERROR_SYSTEM, "the firewall changes faster than it can be read");
}
