#include "network/conntrack.h"

#include "network/address.h"
#include "os/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>
#include <sys/socket.h>

#define DUMP_SIZE	65536
#define DELETES_A_BATCH 100
#define TYPE(message)	((uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | (message)))

/* ---- one entry ---- */

struct entry {
	const struct nlattr *original; /* as it came, for deleting */
	struct address reply_source;
	uint16_t destination_port;
	uint8_t protocol;
	uint32_t status;
};

static void parse_nested(const struct nlattr *attribute, const struct nlattr **out, size_t max)
{
	if (attribute)
		netlink_parse(netlink_data(attribute), netlink_size(attribute), out, max);
	else
		memset(out, 0, (max + 1) * sizeof(*out));
}

static uint16_t port_of(const struct nlattr *attribute)
{
	uint16_t port = 0;

	if (attribute && netlink_size(attribute) >= sizeof(port))
		memcpy(&port, netlink_data(attribute), sizeof(port));
	return ntohs(port);
}

static void read_protocol(const struct nlattr *tuple, struct entry *entry)
{
	const struct nlattr *parts[CTA_TUPLE_MAX + 1], *fields[CTA_PROTO_MAX + 1];

	parse_nested(tuple, parts, CTA_TUPLE_MAX);
	parse_nested(parts[CTA_TUPLE_PROTO], fields, CTA_PROTO_MAX);
	if (fields[CTA_PROTO_NUM] && netlink_size(fields[CTA_PROTO_NUM]) >= 1)
		entry->protocol = *(const uint8_t *)netlink_data(fields[CTA_PROTO_NUM]);
	entry->destination_port = port_of(fields[CTA_PROTO_DST_PORT]);
}

static void read_address(const struct nlattr *attribute, int family, struct address *out)
{
	out->family = family;
	if (!attribute || netlink_size(attribute) != address_size(out))
		out->family = 0;
	else
		memcpy(out->bytes, netlink_data(attribute), address_size(out));
}

static void read_reply(const struct nlattr *tuple, struct entry *entry)
{
	const struct nlattr *parts[CTA_TUPLE_MAX + 1], *fields[CTA_IP_MAX + 1];

	parse_nested(tuple, parts, CTA_TUPLE_MAX);
	parse_nested(parts[CTA_TUPLE_IP], fields, CTA_IP_MAX);
	if (fields[CTA_IP_V4_SRC])
		read_address(fields[CTA_IP_V4_SRC], AF_INET, &entry->reply_source);
	else
		read_address(fields[CTA_IP_V6_SRC], AF_INET6, &entry->reply_source);
}

static bool read_entry(const struct nlmsghdr *message, struct entry *entry)
{
	const size_t head = NLMSG_LENGTH(sizeof(struct nfgenmsg));
	const struct nlattr *fields[CTA_MAX + 1];

	*entry = (struct entry){0};
	if (message->nlmsg_len < head)
		return false;
	netlink_parse((const char *)message + head, message->nlmsg_len - head, fields, CTA_MAX);
	entry->original = fields[CTA_TUPLE_ORIG];
	if (!entry->original || !fields[CTA_STATUS] || netlink_size(fields[CTA_STATUS]) != 4)
		return false;
	entry->status = ntohl(*(const uint32_t *)netlink_data(fields[CTA_STATUS]));
	read_protocol(entry->original, entry);
	read_reply(fields[CTA_TUPLE_REPLY], entry);
	return entry->protocol == IPPROTO_UDP;
}

static bool is_of_flow(const struct entry *entry, const struct plan_flow *flow)
{
	struct address address;

	if (flow->address)
		return entry->status & IPS_DST_NAT && address_parse(flow->address, &address) &&
		       address_equal(&address, &entry->reply_source);
	return !(entry->status & IPS_NAT_MASK) && entry->destination_port == flow->port;
}

static bool is_of_any(const struct entry *entry, const struct record_list *flows)
{
	for (size_t i = 0; i < flows->count; i++)
		if (is_of_flow(entry, RECORD_AT(*flows, struct plan_flow, i)))
			return true;
	return false;
}

/* ---- the table ---- */

static void add_family(struct netlink_batch *batch, uint8_t family)
{
	struct nfgenmsg header = {.nfgen_family = family, .version = NFNETLINK_V0};

	netlink_header(batch, &header, sizeof(header));
}

static void add_delete(struct netlink_batch *batch, const struct entry *entry)
{
	netlink_begin(batch, TYPE(IPCTNL_MSG_CT_DELETE), 0, "delete a conntrack entry");
	add_family(batch, (uint8_t)entry->reply_source.family);
	netlink_add(batch, CTA_TUPLE_ORIG | NLA_F_NESTED, netlink_data(entry->original),
		    netlink_size(entry->original));
	netlink_end(batch);
}

/* Entries end by themselves while we look; what is gone already is fine. */
static bool delete_found(int socket, struct netlink_batch *found, struct error *err)
{
	bool done =
		found->steps.count == 0 || netlink_send(socket, found, err) || err->os == ENOENT;

	netlink_batch_fini(found);
	*found = (struct netlink_batch){0};
	return done;
}

struct walk {
	int deletes; /* a second socket: the first is in the middle of its listing */
	const struct record_list *flows;
	struct netlink_batch found;
	bool ended;
	int os; /* the kernel's refusal */
};

static bool take_message(struct walk *walk, const struct nlmsghdr *message, struct error *err)
{
	struct entry entry;

	if (message->nlmsg_type == NLMSG_DONE)
		walk->ended = true;
	if (message->nlmsg_type == NLMSG_ERROR) {
		walk->os = -((const struct nlmsgerr *)NLMSG_DATA(message))->error;
		walk->ended = true;
	}
	if (walk->ended || !read_entry(message, &entry) || !is_of_any(&entry, walk->flows))
		return true;
	add_delete(&walk->found, &entry);
	return walk->found.steps.count < DELETES_A_BATCH ||
	       delete_found(walk->deletes, &walk->found, err);
}

static bool take_packet(struct walk *walk, int socket, struct error *err)
{
	static _Alignas(struct nlmsghdr) char data[DUMP_SIZE];
	ssize_t size = recv(socket, data, sizeof(data), 0);
	const struct nlmsghdr *m;
	size_t at = 0;

	if (size < 0)
		return errno == EINTR || error_errno(err, "cannot list conntrack entries");
	while ((m = netlink_message(data, (size_t)size, &at)))
		if (!take_message(walk, m, err))
			return false;
	return true;
}

static bool ask_for_all(int socket, struct error *err)
{
	scoped_netlink struct netlink_batch batch = {0};

	netlink_begin_silent(&batch, TYPE(IPCTNL_MSG_CT_GET), NLM_F_DUMP);
	add_family(&batch, AF_UNSPEC);
	netlink_end(&batch);
	return netlink_send(socket, &batch, err);
}

static bool walk_table(struct walk *walk, int socket, struct error *err)
{
	while (!walk->ended)
		if (!take_packet(walk, socket, err))
			return false;
	return delete_found(walk->deletes, &walk->found, err);
}

bool conntrack_forget(const struct record_list *flows, struct error *err)
{
	scoped_fd int listing = netlink_open(NETLINK_NETFILTER, err);
	scoped_fd int deletes = listing < 0 ? -1 : netlink_open(NETLINK_NETFILTER, err);
	struct walk walk = {.deletes = deletes, .flows = flows};
	bool done;

	if (deletes < 0 || !ask_for_all(listing, err))
		return false;
	done = walk_table(&walk, listing, err);
	netlink_batch_fini(&walk.found);
	return done;
}
