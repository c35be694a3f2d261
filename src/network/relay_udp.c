/* UDP: who sends to the published port becomes a client with a socket of its own towards the container,
 * so that answers find their way back.  Clients stand in the order of their last datagram, the latest
 * first: the next datagram is most likely of one of the first, and what is to be forgotten is at the
 * end.  A timer runs only while there are clients. */
#include "network/relay_inside.h"

#include "base/time.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define CLIENTS_MAX	  512
#define IDLE_NS		  (30 * NS_PER_SECOND)
#define DATAGRAM_MAX	  65536
#define DATAGRAMS_A_ROUND 64
#define CONTROL_SIZE	  64

/* Whom to answer, and from which of the host's addresses: a client takes an answer only from the
 * address that it has asked. */
struct peer {
	struct sockaddr_storage address;
	socklen_t size;
	_Alignas(struct cmsghdr) char control[CONTROL_SIZE];
	size_t control_size;
};

struct client {
	struct relay_udp *relay;
	struct relay_source server; /* connected to the container */
	struct peer peer;
	int64_t last_ns;
	struct client *next, *previous;
};

struct relay_udp {
	struct relay base;
	struct relay_source timer;
	struct client *newest, *oldest;
	size_t count;
};

static char datagram[DATAGRAM_MAX];

/* ---- the list ---- */

static void unlink_client(struct client *c)
{
	struct relay_udp *relay = c->relay;

	if (c->previous)
		c->previous->next = c->next;
	else
		relay->newest = c->next;
	if (c->next)
		c->next->previous = c->previous;
	else
		relay->oldest = c->previous;
	c->next = c->previous = NULL;
}

static void put_first(struct client *c)
{
	struct relay_udp *relay = c->relay;

	c->next = relay->newest;
	if (c->next)
		c->next->previous = c;
	else
		relay->oldest = c;
	relay->newest = c;
	c->last_ns = time_monotonic_ns();
}

static void touch(struct client *c)
{
	unlink_client(c);
	put_first(c);
}

static void forget(struct client *c)
{
	relay_close_source(&c->server);
	unlink_client(c);
	c->relay->count--;
	relay_free_later(c->relay->base.relays, c);
}

/* ---- the timer ---- */

/* To the moment when the oldest client is due; off without clients. */
static void set_timer(struct relay_udp *relay)
{
	int64_t due = relay->oldest ? relay->oldest->last_ns + IDLE_NS : 0;
	struct itimerspec when = {
		.it_value = {.tv_sec = due / NS_PER_SECOND, .tv_nsec = due % NS_PER_SECOND}};

	timerfd_settime(relay->timer.fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void on_timer(struct relay_source *source, uint32_t events)
{
	struct relay_udp *relay = container_of(source, struct relay_udp, timer);
	int64_t now = time_monotonic_ns();
	uint64_t expirations;

	if (read(source->fd, &expirations, sizeof(expirations)) < 0)
		return;
	while (relay->oldest && relay->oldest->last_ns + IDLE_NS <= now)
		forget(relay->oldest);
	set_timer(relay);
}

/* ---- from the container ---- */

static void answer(const struct client *c, size_t size)
{
	const struct peer *peer = &c->peer;
	struct iovec part = {datagram, size};
	struct msghdr message = {.msg_name = (void *)&peer->address,
				 .msg_namelen = peer->size,
				 .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = peer->control_size ? (void *)peer->control : NULL,
				 .msg_controllen = peer->control_size};

	sendmsg(c->relay->base.listener.fd, &message, 0);
}

/* ECONNREFUSED is news about an earlier datagram: the container does not listen (yet). */
static void on_server(struct relay_source *source, uint32_t events)
{
	struct client *c = container_of(source, struct client, server);

	for (int i = 0; i < DATAGRAMS_A_ROUND; i++) {
		ssize_t size = recv(source->fd, datagram, sizeof(datagram), 0);

		if (size >= 0)
			answer(c, (size_t)size);
		else if (errno != ECONNREFUSED)
			break;
	}
	touch(c);
}

/* ---- from clients ---- */

/* By which device the answer goes is the routes' business, but for addresses that are only known
 * together with one. */
static void clear_device(struct cmsghdr *c, const struct peer *peer)
{
	const struct sockaddr_in6 *from = (const void *)&peer->address;

	if (c->cmsg_level == IPPROTO_IP)
		((struct in_pktinfo *)(void *)CMSG_DATA(c))->ipi_ifindex = 0;
	else if (!IN6_IS_ADDR_LINKLOCAL(&from->sin6_addr))
		((struct in6_pktinfo *)(void *)CMSG_DATA(c))->ipi6_ifindex = 0;
}

static bool is_own_address(const struct cmsghdr *c)
{
	return (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) ||
	       (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO);
}

/* What recvmsg tells of our own address is what sendmsg takes as the source. */
static void keep_own_address(struct msghdr *message, struct peer *peer)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (!is_own_address(c))
			continue;
		clear_device(c, peer);
		memmove(peer->control, c, c->cmsg_len);
		peer->control_size = CMSG_ALIGN(c->cmsg_len);
		return;
	}
}

static ssize_t receive(int fd, struct peer *peer)
{
	struct iovec part = {datagram, sizeof(datagram)};
	struct msghdr message = {.msg_name = &peer->address,
				 .msg_namelen = sizeof(peer->address),
				 .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = peer->control,
				 .msg_controllen = sizeof(peer->control)};
	ssize_t size;

	memset(peer, 0, sizeof(*peer));
	size = recvmsg(fd, &message, 0);
	if (size < 0)
		return size;
	peer->size = message.msg_namelen;
	keep_own_address(&message, peer);
	return size;
}

static bool is_peer(const struct peer *a, const struct peer *b)
{
	return a->size == b->size && a->control_size == b->control_size &&
	       memcmp(&a->address, &b->address, a->size) == 0 &&
	       memcmp(a->control, b->control, a->control_size) == 0;
}

static struct client *find_client(struct relay_udp *relay, const struct peer *peer)
{
	for (struct client *c = relay->newest; c; c = c->next)
		if (is_peer(&c->peer, peer))
			return c;
	return NULL;
}

static int connect_to(const struct relay *relay)
{
	struct sockaddr_storage address;
	socklen_t size = address_to_socket(&relay->target, relay->port, &address);
	int fd = socket(relay->target.family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, size) < 0)
		close_fd(&fd);
	return fd;
}

static struct client *add_client(struct relay_udp *relay, const struct peer *peer)
{
	struct client *c;

	if (relay->count >= CLIENTS_MAX)
		forget(relay->oldest);
	c = mem_new(struct client);
	*c = (struct client){
		.relay = relay, .server = {connect_to(&relay->base), on_server}, .peer = *peer};
	if (c->server.fd < 0 || !relay_watch(relay->base.relays, &c->server, EPOLLIN)) {
		relay_close_source(&c->server);
		free(c);
		return NULL;
	}
	put_first(c);
	if (relay->count++ == 0)
		set_timer(relay);
	return c;
}

static void on_listener(struct relay_source *source, uint32_t events)
{
	struct relay *base = container_of(source, struct relay, listener);
	struct relay_udp *relay = container_of(base, struct relay_udp, base);

	for (int i = 0; i < DATAGRAMS_A_ROUND; i++) {
		struct peer peer;
		ssize_t size = receive(source->fd, &peer);
		struct client *c;

		if (size < 0)
			return;
		c = find_client(relay, &peer);
		if (c)
			touch(c);
		else
			c = add_client(relay, &peer);
		if (c)
			send(c->server.fd, datagram, (size_t)size, 0);
	}
}

/* ---- opening ---- */

static void close_relay(struct relay *base)
{
	struct relay_udp *relay = container_of(base, struct relay_udp, base);

	relay_close_source(&base->listener);
	relay_close_source(&relay->timer);
	while (relay->oldest)
		forget(relay->oldest);
	relay_free_later(base->relays, relay);
}

static bool watch(struct relay_udp *relay)
{
	struct relays *relays = relay->base.relays;
	int one = 1, fd = relay->base.listener.fd;

	relay->timer.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof(one)) < 0)
		setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one));
	return relay->timer.fd >= 0 && relay_watch(relays, &relay->base.listener, EPOLLIN) &&
	       relay_watch(relays, &relay->timer, EPOLLIN);
}

/* Datagrams have no end to wait for: from the next one on they go there. */
static void forget_all(struct relay *base)
{
	struct relay_udp *relay = container_of(base, struct relay_udp, base);

	while (relay->oldest)
		forget(relay->oldest);
	set_timer(relay);
}

static bool retire_relay(struct relay *base)
{
	return false;
}

bool relay_open_udp(struct relays *relays, int socket, const struct relay_spec *spec,
		    struct relay **out, struct error *err)
{
	struct relay_udp *relay = mem_new(struct relay_udp);

	relay->base = (struct relay){.relays = relays,
				     .listener = {socket, on_listener},
				     .port = (uint16_t)spec->port,
				     .close = close_relay,
				     .moved = forget_all,
				     .retire = retire_relay};
	relay->timer = (struct relay_source){-1, on_timer};
	*out = &relay->base;
	if (!address_parse(spec->address, &relay->base.target))
		error_set(err, ERROR_INVALID, "invalid address '%s'", spec->address);
	else if (watch(relay))
		return true;
	else
		error_errno(err, "cannot watch a published port");
	close_relay(&relay->base);
	return false;
}
