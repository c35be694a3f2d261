/* Which connections lead into a container is asked of its own sockets, within its network namespace: there
 * all ways in end, those through NAT, those that a shim relays and those of neighbours on the same bridge,
 * and the kernel tells of the end of each socket (the groups of sock_diag).  The host's connection tracking
 * would know the first kind only, and keeps a closed connection for two minutes.
 *
 * A connection counts while something can be lost: until it is closed by both sides, or all that the
 * container has sent before it closed has been acknowledged. */
#include "network/inbound.h"

#include "base/map.h"
#include "base/memory.h"
#include "base/time.h"
#include "network/namespace.h"
#include "os/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PACKET_SIZE 65536
#define KEY_SIZE    64
#define PORTS	    65536
#define STATE(name) (1u << (name))

/* As in the kernel; <netinet/tcp.h> has them too, but not beside the kernel's headers. */
enum {
	ESTABLISHED = 1,
	FIN_WAIT1 = 4,
	FIN_WAIT2 = 5,
	CLOSE_WAIT = 8,
	LAST_ACK = 9,
	LISTEN = 10,
	CLOSING = 11
};

#define OPEN_STATES                                                                                \
	(STATE(ESTABLISHED) | STATE(FIN_WAIT1) | STATE(FIN_WAIT2) | STATE(CLOSE_WAIT) |            \
	 STATE(LAST_ACK) | STATE(CLOSING))

static const struct record_field request_fields[] = {
	RECORD_FIELD(struct inbound_request, 1, "pid", RECORD_I64, pid),
	RECORD_FIELD(struct inbound_request, 2, "start_time", RECORD_I64, start_time),
	RECORD_FIELD(struct inbound_request, 3, "timeout_ms", RECORD_I64, timeout_ms),
};
const struct record_type inbound_request_type = RECORD_TYPE(struct inbound_request, request_fields);

static const struct record_field report_fields[] = {
	RECORD_FIELD(struct inbound_report, 1, "connections", RECORD_I64, connections),
};
const struct record_type inbound_report_type = RECORD_TYPE(struct inbound_report, report_fields);

struct inbound {
	int events, listing;	    /* sockets */
	uint8_t listens[PORTS / 8]; /* one bit a port */
	struct map open;	    /* key_of() each connection to anything */
	void (*visit)(struct inbound *in, const struct inet_diag_msg *socket);
};

/* ---- one socket ---- */

static uint16_t local_port(const struct inet_diag_msg *s)
{
	return ntohs(s->id.idiag_sport);
}

static bool is_listened_to(const struct inbound *in, uint16_t port)
{
	return in->listens[port / 8] & 1u << port % 8;
}

static void note_listener(struct inbound *in, const struct inet_diag_msg *s)
{
	in->listens[local_port(s) / 8] |= (uint8_t)(1u << local_port(s) % 8);
}

static bool is_loopback(const struct inet_diag_msg *s)
{
	const uint32_t *to = s->id.idiag_dst;
	bool mapped = s->idiag_family == AF_INET6 && !to[0] && !to[1] && to[2] == htonl(0xffff);
	uint32_t four = ntohl(s->idiag_family == AF_INET ? to[0] : mapped ? to[3] : 0);

	return four >> 24 == 127 ||
	       (s->idiag_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK((const struct in6_addr *)to));
}

/* Its checks talk to it from within; so may it itself. */
static bool is_from_within(const struct inet_diag_msg *s)
{
	size_t size = s->idiag_family == AF_INET ? 4 : 16;

	return is_loopback(s) || memcmp(s->id.idiag_src, s->id.idiag_dst, size) == 0;
}

static const char *key_of(const struct inet_diag_msg *s, char out[static KEY_SIZE])
{
	const uint32_t *to = s->id.idiag_dst;
	bool six = s->idiag_family == AF_INET6;

	snprintf(out, KEY_SIZE, "%x %x %x %x %x %x", s->id.idiag_sport, s->id.idiag_dport, to[0],
		 six ? to[1] : 0, six ? to[2] : 0, six ? to[3] : 0);
	return out;
}

/* One that its process has closed, and all of which has arrived, waits for the other side alone. */
static bool has_nothing_to_lose(const struct inet_diag_msg *s)
{
	return s->idiag_state == FIN_WAIT2 && s->idiag_inode == 0;
}

static void note_connection(struct inbound *in, const struct inet_diag_msg *s)
{
	char key[KEY_SIZE];

	if (is_listened_to(in, local_port(s)) && !is_from_within(s) && !has_nothing_to_lose(s))
		map_put(&in->open, key_of(s, key), in);
}

static void forget_connection(struct inbound *in, const struct inet_diag_msg *s)
{
	char key[KEY_SIZE];

	map_remove(&in->open, key_of(s, key));
}

/* ---- the kernel's list ---- */

static bool ask(struct inbound *in, uint8_t family, uint32_t states, struct error *err)
{
	scoped_netlink struct netlink_batch batch = {0};
	struct inet_diag_req_v2 request = {
		.sdiag_family = family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = states};

	netlink_begin_silent(&batch, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
	netlink_header(&batch, &request, sizeof(request));
	netlink_end(&batch);
	return netlink_send(in->listing, &batch, err);
}

enum packet { PACKET_MORE, PACKET_END, PACKET_NONE, PACKET_FAILED };

static enum packet take_message(struct inbound *in, const struct nlmsghdr *message)
{
	if (message->nlmsg_type == NLMSG_DONE)
		return PACKET_END;
	if (message->nlmsg_type == NLMSG_ERROR) {
		errno = -((const struct nlmsgerr *)NLMSG_DATA(message))->error;
		return errno == ENOENT ? PACKET_END
				       : PACKET_FAILED; /* a family that is not there */
	}
	if (message->nlmsg_type == SOCK_DIAG_BY_FAMILY &&
	    message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
		in->visit(in, NLMSG_DATA(message));
	return PACKET_MORE;
}

static enum packet take_packet(struct inbound *in, int socket, int flags)
{
	static _Alignas(struct nlmsghdr) char data[PACKET_SIZE];
	ssize_t size = recv(socket, data, sizeof(data), flags);
	const struct nlmsghdr *m;
	size_t at = 0;

	if (size < 0)
		return errno == EAGAIN ? PACKET_NONE : errno == EINTR ? PACKET_MORE : PACKET_FAILED;
	while ((m = netlink_message(data, (size_t)size, &at))) {
		enum packet packet = take_message(in, m);

		if (packet != PACKET_MORE)
			return packet;
	}
	return PACKET_MORE;
}

static bool list(struct inbound *in, uint32_t states,
		 void (*visit)(struct inbound *in, const struct inet_diag_msg *socket),
		 struct error *err)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};

	in->visit = visit;
	for (size_t i = 0; i < array_length(families); i++) {
		enum packet packet = PACKET_MORE;

		if (!ask(in, families[i], states, err))
			return false;
		while (packet == PACKET_MORE)
			packet = take_packet(in, in->listing, 0);
		if (packet == PACKET_FAILED)
			return error_errno(err, "cannot list connections");
	}
	return true;
}

static bool list_all(struct inbound *in, struct error *err)
{
	map_fini(&in->open);
	return list(in, STATE(LISTEN), note_listener, err) &&
	       list(in, OPEN_STATES, note_connection, err);
}

/* ---- waiting ---- */

/* Some news may be lost when there are too many of them: then everything is asked again. */
static bool take_news(struct inbound *in, struct error *err)
{
	enum packet packet = PACKET_MORE;

	in->visit = forget_connection;
	while (packet == PACKET_MORE)
		packet = take_packet(in, in->events, MSG_DONTWAIT);
	if (packet == PACKET_FAILED && errno != ENOBUFS)
		return error_errno(err, "cannot hear of connections");
	return (packet != PACKET_FAILED && in->open.count > 0) || list_all(in, err);
}

static bool wait_for_all(struct inbound *in, int64_t timeout_ms, struct error *err)
{
	int64_t end = time_monotonic_ns() + timeout_ms * NS_PER_MS;

	while (in->open.count > 0) {
		struct pollfd ready = {.fd = in->events, .events = POLLIN};
		int64_t left = (end - time_monotonic_ns()) / NS_PER_MS;

		if (left <= 0 || poll(&ready, 1, left > INT32_MAX ? INT32_MAX : (int)left) == 0)
			return true;
		if (!take_news(in, err))
			return false;
	}
	return true;
}

static int open_events(struct error *err)
{
	struct sockaddr_nl groups = {.nl_family = AF_NETLINK,
				     .nl_groups = 1u << (SKNLGRP_INET_TCP_DESTROY - 1) |
						  1u << (SKNLGRP_INET6_TCP_DESTROY - 1)};
	scoped_fd int fd = netlink_open(NETLINK_SOCK_DIAG, err);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&groups, sizeof(groups)) == 0)
		return take_fd(fd);
	if (fd >= 0)
		error_errno(err, "the kernel does not tell of connections");
	return -1;
}

static bool enter(const struct inbound_request *request, struct error *err)
{
	scoped_fd int netns = namespace_open(request->pid, request->start_time, err);

	if (netns < 0)
		return false;
	return setns(netns, CLONE_NEWNET) == 0 ||
	       error_errno(err, "cannot enter a network namespace");
}

/* News are listened to before the list is made, so that nothing ends in between unheard. */
bool inbound_wait(const struct inbound_request *request, struct inbound_report *report,
		  struct error *err)
{
	static struct inbound in = {.events = -1, .listing = -1};
	bool ok = enter(request, err);

	if (ok) {
		in.events = open_events(err);
		in.listing = in.events < 0 ? -1 : netlink_open(NETLINK_SOCK_DIAG, err);
		ok = in.listing >= 0 && list_all(&in, err) &&
		     wait_for_all(&in, request->timeout_ms, err);
	}
	report->connections = (int64_t)in.open.count;
	map_fini(&in.open);
	close_fd(&in.listing);
	close_fd(&in.events);
	return ok;
}
