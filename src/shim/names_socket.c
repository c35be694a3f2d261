/* Port 53 is led to ours without connection tracking: two rules for each protocol rewrite the port
 * where packets leave their sockets, one of queries, one of answers.  Translation (NAT) would make the
 * kernel track every query for 30 s, in a table that a busy container can fill, and every namespace
 * pay for it at its end.
 *
 * Loopback packets pass the hook `output` in both directions, so that is all. */
#include "shim/names_socket.h"

#include "network/ruleset.h"
#include "os/netlink.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stddef.h>
#include <unistd.h>

#define SERVER	      0x7f00000b /* 127.0.0.11 */
#define DNS_PORT      53
#define TABLE	      "wherry"
#define CHAIN	      "names"
#define BEFORE_OTHERS (-300) /* NF_IP_PRI_RAW */

enum { PORT_TRIES = 16, TCP_BACKLOG = 16 };

/* ---- rules, as the kernel takes them ---- */

static void begin_message(struct netlink_batch *batch, uint16_t type, const char *step)
{
	struct nfgenmsg header = {.nfgen_family = NFPROTO_IPV4, .version = NFNETLINK_V0};

	netlink_begin(batch, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type),
		      NLM_F_CREATE | NLM_F_APPEND, step);
	netlink_header(batch, &header, sizeof(header));
}

static void add_table(struct netlink_batch *batch)
{
	begin_message(batch, NFT_MSG_NEWTABLE, "make the table of the container's names");
	netlink_add_text(batch, NFTA_TABLE_NAME, TABLE);
	netlink_end(batch);
}

static void add_chain(struct netlink_batch *batch)
{
	size_t hook;

	begin_message(batch, NFT_MSG_NEWCHAIN, "make the chain of the container's names");
	netlink_add_text(batch, NFTA_CHAIN_TABLE, TABLE);
	netlink_add_text(batch, NFTA_CHAIN_NAME, CHAIN);
	netlink_add_text(batch, NFTA_CHAIN_TYPE, "filter");
	hook = netlink_nest(batch, NFTA_CHAIN_HOOK);
	netlink_add_be32(batch, NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_OUT);
	netlink_add_be32(batch, NFTA_HOOK_PRIORITY, (uint32_t)BEFORE_OTHERS);
	netlink_nest_end(batch, hook);
	netlink_end(batch);
}

/* Where a packet holds something. */
struct field {
	enum nft_payload_bases base;
	size_t offset, size;
};

static const struct field source = {NFT_PAYLOAD_NETWORK_HEADER, offsetof(struct iphdr, saddr), 4};
static const struct field destination = {NFT_PAYLOAD_NETWORK_HEADER, offsetof(struct iphdr, daddr),
					 4};
static const struct field source_port = {NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2};
static const struct field destination_port = {NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2};

struct expression {
	size_t element, data;
};

static struct expression begin_expression(struct netlink_batch *batch, const char *name)
{
	struct expression e = {.element = netlink_nest(batch, NFTA_LIST_ELEM)};

	netlink_add_text(batch, NFTA_EXPR_NAME, name);
	e.data = netlink_nest(batch, NFTA_EXPR_DATA);
	return e;
}

static void end_expression(struct netlink_batch *batch, struct expression e)
{
	netlink_nest_end(batch, e.data);
	netlink_nest_end(batch, e.element);
}

static void add_value(struct netlink_batch *batch, uint16_t attribute, const void *value,
		      size_t size)
{
	size_t data = netlink_nest(batch, attribute);

	netlink_add(batch, NFTA_DATA_VALUE, value, size);
	netlink_nest_end(batch, data);
}

/* Go on only where the register equals the value. */
static void add_compare(struct netlink_batch *batch, const void *value, size_t size)
{
	struct expression e = begin_expression(batch, "cmp");

	netlink_add_be32(batch, NFTA_CMP_SREG, NFT_REG_1);
	netlink_add_be32(batch, NFTA_CMP_OP, NFT_CMP_EQ);
	add_value(batch, NFTA_CMP_DATA, value, size);
	end_expression(batch, e);
}

static void match_protocol(struct netlink_batch *batch, uint8_t protocol)
{
	struct expression e = begin_expression(batch, "meta");

	netlink_add_be32(batch, NFTA_META_KEY, NFT_META_L4PROTO);
	netlink_add_be32(batch, NFTA_META_DREG, NFT_REG_1);
	end_expression(batch, e);
	add_compare(batch, &protocol, sizeof(protocol));
}

static void add_place(struct netlink_batch *batch, const struct field *field)
{
	netlink_add_be32(batch, NFTA_PAYLOAD_BASE, field->base);
	netlink_add_be32(batch, NFTA_PAYLOAD_OFFSET, (uint32_t)field->offset);
	netlink_add_be32(batch, NFTA_PAYLOAD_LEN, (uint32_t)field->size);
}

static void match_field(struct netlink_batch *batch, const struct field *field, const void *value)
{
	struct expression e = begin_expression(batch, "payload");

	netlink_add_be32(batch, NFTA_PAYLOAD_DREG, NFT_REG_1);
	add_place(batch, field);
	end_expression(batch, e);
	add_compare(batch, value, field->size);
}

static void set_field(struct netlink_batch *batch, const struct field *field, const void *value,
		      size_t checksum)
{
	struct expression e = begin_expression(batch, "immediate");

	netlink_add_be32(batch, NFTA_IMMEDIATE_DREG, NFT_REG_1);
	add_value(batch, NFTA_IMMEDIATE_DATA, value, field->size);
	end_expression(batch, e);
	e = begin_expression(batch, "payload");
	netlink_add_be32(batch, NFTA_PAYLOAD_SREG, NFT_REG_1);
	add_place(batch, field);
	netlink_add_be32(batch, NFTA_PAYLOAD_CSUM_TYPE, NFT_PAYLOAD_CSUM_INET);
	netlink_add_be32(batch, NFTA_PAYLOAD_CSUM_OFFSET, (uint32_t)checksum);
	end_expression(batch, e);
}

/* Packets of this protocol to (or from) 127.0.0.11 get another port there. */
struct rewrite {
	uint8_t protocol;
	size_t checksum; /* its offset */
	const struct field *address, *port;
	uint16_t from, to;
};

static void add_rule(struct netlink_batch *batch, const struct rewrite *r)
{
	uint32_t server = htonl(SERVER);
	uint16_t from = htons(r->from), to = htons(r->to);
	size_t expressions;

	begin_message(batch, NFT_MSG_NEWRULE, "lead queries to the container's names");
	netlink_add_text(batch, NFTA_RULE_TABLE, TABLE);
	netlink_add_text(batch, NFTA_RULE_CHAIN, CHAIN);
	expressions = netlink_nest(batch, NFTA_RULE_EXPRESSIONS);
	match_protocol(batch, r->protocol);
	match_field(batch, r->address, &server);
	match_field(batch, r->port, &from);
	set_field(batch, r->port, &to, r->checksum);
	netlink_nest_end(batch, expressions);
	netlink_end(batch);
}

static bool redirect(uint16_t port, struct error *err)
{
	enum {
		UDP_CHECK = offsetof(struct udphdr, check),
		TCP_CHECK = offsetof(struct tcphdr, check)
	};
	const struct rewrite rewrites[] = {
		{IPPROTO_UDP, UDP_CHECK, &destination, &destination_port, DNS_PORT, port},
		{IPPROTO_UDP, UDP_CHECK, &source, &source_port, port, DNS_PORT},
		{IPPROTO_TCP, TCP_CHECK, &destination, &destination_port, DNS_PORT, port},
		{IPPROTO_TCP, TCP_CHECK, &source, &source_port, port, DNS_PORT},
	};
	scoped_netlink struct netlink_batch batch = {0};
	scoped_fd int socket = netlink_open(NETLINK_NETFILTER, err);

	if (socket < 0)
		return false;
	element_transaction_begin(&batch);
	add_table(&batch);
	add_chain(&batch);
	for (size_t i = 0; i < array_length(rewrites); i++)
		add_rule(&batch, &rewrites[i]);
	element_transaction_end(&batch);
	return netlink_send(socket, &batch, err);
}

/* ---- sockets ---- */

static int bind_socket(int type, uint16_t port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(SERVER)};
	int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		close_fd(&fd);
	return fd;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in address = {0};
	socklen_t size = sizeof(address);

	getsockname(fd, (struct sockaddr *)&address, &size);
	return ntohs(address.sin_port);
}

/* Both at one port: somebody may have that of UDP for TCP already. */
static bool open_pair(struct names_sockets *out, uint16_t *port, struct error *err)
{
	for (int tries = 0; tries < PORT_TRIES; tries++) {
		names_sockets_close(out);
		out->udp = bind_socket(SOCK_DGRAM, 0);
		if (out->udp < 0)
			break;
		*port = port_of(out->udp);
		out->tcp = bind_socket(SOCK_STREAM, *port);
		if (out->tcp >= 0 && listen(out->tcp, TCP_BACKLOG) == 0)
			return true;
	}
	return error_errno(err, "cannot bind the sockets of the container's names");
}

static bool open_inside(struct names_sockets *out, struct error *err)
{
	uint16_t port;

	return open_pair(out, &port, err) && redirect(port, err);
}

bool names_sockets_open(int netns, struct names_sockets *out, struct error *err)
{
	scoped_fd int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	bool ok;

	*out = (struct names_sockets){-1, -1};
	if (home < 0 || setns(netns, CLONE_NEWNET) < 0)
		return error_errno(err, "cannot enter the container's network namespace");
	ok = open_inside(out, err);
	if (setns(home, CLONE_NEWNET) < 0)
		ok = error_errno(err, "cannot leave the container's network namespace");
	if (!ok)
		names_sockets_close(out);
	return ok;
}

void names_sockets_close(struct names_sockets *sockets)
{
	close_fd(&sockets->udp);
	close_fd(&sockets->tcp);
}
