/* TCP: accept, connect to the container, then move bytes both ways until both have ended.
 *
 * Both sockets are watched edge-triggered for everything, once.  Whatever happens on either, both
 * directions are pumped until neither moves any more; so no state says who waits for what.  A pump
 * gives up after a share and asks epoll to be woken again, so that one fast stream does not hold up
 * the shim's other work. */
#include "network/relay_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <unistd.h>

#define PIPE_SIZE	65536
#define SHARE		(16 * PIPE_SIZE)
#define EVERYTHING	(EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)
#define ACCEPTS_A_ROUND 16
#define CONNECTIONS_MAX 4096

/* One direction. */
struct flow {
	int pipe[2];
	size_t queued; /* bytes in the pipe */
	bool ended;    /* nothing more comes in */
	bool closed;   /* and the other side was told so */
};

struct connection {
	struct relay_tcp *relay;
	struct relay_source client, server;
	bool connecting;
	struct flow to_server, to_client;
	struct connection *next, *previous;
};

struct relay_tcp {
	struct relay base;
	struct connection *first;
	size_t count;
	bool rests;  /* does not listen */
	bool paused; /* too many connections, or no descriptors left: not accepting */
};

/* ---- ending ---- */

static void close_flow(struct flow *flow)
{
	close_fd(&flow->pipe[0]);
	close_fd(&flow->pipe[1]);
}

static void unlink_connection(struct connection *c)
{
	if (c->previous)
		c->previous->next = c->next;
	else
		c->relay->first = c->next;
	if (c->next)
		c->next->previous = c->previous;
	c->relay->count--;
}

static void resume_accepting(struct relay_tcp *relay)
{
	if (!relay->paused || relay->rests || relay->base.listener.fd < 0)
		return;
	relay->paused = false;
	relay_rearm(relay->base.relays, &relay->base.listener, EPOLLIN);
}

static void end_connection(struct connection *c)
{
	struct relay_tcp *relay = c->relay;

	relay_close_source(&c->client);
	relay_close_source(&c->server);
	close_flow(&c->to_server);
	close_flow(&c->to_client);
	unlink_connection(c);
	relay_free_later(relay->base.relays, c);
	resume_accepting(relay);
}

/* As if there had never been anybody: the client gets a reset, not an end. */
static void reset_connection(struct connection *c)
{
	struct linger at_once = {.l_onoff = 1};

	setsockopt(c->client.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	end_connection(c);
}

/* ---- moving bytes ---- */

enum pump { PUMP_IDLE, PUMP_BUSY, PUMP_BROKEN };

/* One splice; adds what it moved to *moved.  False: broken. */
static bool move(int from, int to, size_t size, ssize_t *moved)
{
	*moved = splice(from, NULL, to, NULL, size, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
	return *moved >= 0 || errno == EAGAIN || errno == EINTR;
}

static bool fill(struct flow *flow, int from, bool *progress)
{
	ssize_t moved;

	if (flow->ended || flow->queued >= PIPE_SIZE)
		return true;
	if (!move(from, flow->pipe[1], PIPE_SIZE - flow->queued, &moved))
		return false;
	if (moved > 0)
		flow->queued += (size_t)moved;
	flow->ended |= moved == 0;
	*progress |= moved >= 0;
	return true;
}

static bool drain(struct flow *flow, int to, bool *progress)
{
	ssize_t moved;

	if (flow->queued > 0) {
		if (!move(flow->pipe[0], to, flow->queued, &moved))
			return false;
		flow->queued -= moved > 0 ? (size_t)moved : 0;
		*progress |= moved > 0;
	}
	if (flow->ended && flow->queued == 0 && !flow->closed) {
		shutdown(to, SHUT_WR);
		flow->closed = true;
	}
	return true;
}

static enum pump pump(struct flow *flow, int from, int to)
{
	for (int rounds = 0; rounds < SHARE / PIPE_SIZE; rounds++) {
		bool progress = false;

		if (!fill(flow, from, &progress) || !drain(flow, to, &progress))
			return PUMP_BROKEN;
		if (!progress)
			return PUMP_IDLE;
	}
	return PUMP_BUSY;
}

static void pump_both(struct connection *c)
{
	enum pump up = pump(&c->to_server, c->client.fd, c->server.fd);
	enum pump down = pump(&c->to_client, c->server.fd, c->client.fd);

	if (up == PUMP_BROKEN || down == PUMP_BROKEN)
		reset_connection(c);
	else if (c->to_server.closed && c->to_client.closed)
		end_connection(c);
	else if (up == PUMP_BUSY || down == PUMP_BUSY)
		relay_rearm(c->relay->base.relays, &c->client, EVERYTHING);
}

/* ---- events ---- */

static int socket_error(int fd)
{
	int error = 0;
	socklen_t size = sizeof(error);

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	return error;
}

static void on_server(struct relay_source *source, uint32_t events)
{
	struct connection *c = container_of(source, struct connection, server);

	if (c->connecting && !(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
		return;
	if (c->connecting && socket_error(source->fd) != 0) {
		reset_connection(c);
		return;
	}
	c->connecting = false;
	pump_both(c);
}

/* A client that is gone while the container has not answered yet. */
static void on_client(struct relay_source *source, uint32_t events)
{
	struct connection *c = container_of(source, struct connection, client);

	if (events & EPOLLERR)
		reset_connection(c);
	else if (!c->connecting)
		pump_both(c);
}

static int connect_to(const struct relay *relay)
{
	struct sockaddr_storage address;
	socklen_t size = address_to_socket(&relay->target, relay->port, &address);
	int fd = socket(relay->target.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, size) < 0 && errno != EINPROGRESS)
		close_fd(&fd);
	return fd;
}

/* A peer whose host is gone never ends a connection; and small answers are not held back. */
static void set_options(int fd)
{
	int one = 1;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static bool open_pipes(struct connection *c)
{
	return pipe2(c->to_server.pipe, O_CLOEXEC | O_NONBLOCK) == 0 &&
	       pipe2(c->to_client.pipe, O_CLOEXEC | O_NONBLOCK) == 0;
}

static struct connection *new_connection(struct relay_tcp *relay, int client)
{
	struct connection *c = mem_new(struct connection);

	*c = (struct connection){
		.relay = relay,
		.client = {client, on_client},
		.server = {-1, on_server},
		.connecting = true,
		.to_server.pipe = {-1, -1},
		.to_client.pipe = {-1, -1},
		.next = relay->first,
	};
	if (c->next)
		c->next->previous = c;
	relay->first = c;
	relay->count++;
	return c;
}

static void start_connection(struct relay_tcp *relay, int client)
{
	struct connection *c = new_connection(relay, client);
	struct relays *relays = relay->base.relays;

	set_options(client);
	c->server.fd = connect_to(&relay->base);
	if (c->server.fd < 0 || !open_pipes(c) || !relay_watch(relays, &c->client, EVERYTHING) ||
	    !relay_watch(relays, &c->server, EVERYTHING)) {
		reset_connection(c);
		return;
	}
	set_options(c->server.fd);
}

/* Until a connection ends: without this, a listener that cannot accept would spin. */
static void pause_accepting(struct relay_tcp *relay)
{
	relay->paused = true;
	relay_rearm(relay->base.relays, &relay->base.listener, 0);
}

static void on_listener(struct relay_source *source, uint32_t events)
{
	struct relay *base = container_of(source, struct relay, listener);
	struct relay_tcp *relay = container_of(base, struct relay_tcp, base);

	for (int i = 0; i < ACCEPTS_A_ROUND; i++) {
		int client;

		if (relay->count >= CONNECTIONS_MAX) {
			pause_accepting(relay);
			return;
		}
		client = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (client < 0 && (errno == EMFILE || errno == ENFILE) && relay->count > 0)
			pause_accepting(relay);
		if (client < 0)
			return;
		start_connection(relay, client);
	}
}

/* ---- opening ---- */

static void close_relay(struct relay *base)
{
	struct relay_tcp *relay = container_of(base, struct relay_tcp, base);

	relay_close_source(&base->listener);
	while (relay->first)
		end_connection(relay->first);
	relay_free_later(base->relays, relay);
}

/* What does not listen is not watched either: its end would be told for ever. */
static void rest_relay(struct relay *base, bool rests)
{
	struct relay_tcp *relay = container_of(base, struct relay_tcp, base);
	struct error ignored; /* it rests on */

	if (relay->rests == rests)
		return;
	if (rests) {
		relay_unwatch(base->relays, &base->listener);
		shutdown(base->listener.fd, SHUT_RD);
	} else if (!relay_listen(base->listener.fd, IPPROTO_TCP, &ignored) ||
		   !relay_watch(base->relays, &base->listener, EPOLLIN)) {
		return;
	}
	relay->paused = false;
	relay->rests = rests;
}

static bool retire_relay(struct relay *base)
{
	relay_close_source(&base->listener);
	return container_of(base, struct relay_tcp, base)->first;
}

bool relay_open_tcp(struct relays *relays, int socket, const struct relay_spec *spec,
		    struct relay **out, struct error *err)
{
	struct relay_tcp *relay = mem_new(struct relay_tcp);

	relay->base = (struct relay){.relays = relays,
				     .listener = {socket, on_listener},
				     .port = (uint16_t)spec->port,
				     .close = close_relay,
				     .rest = rest_relay,
				     .retire = retire_relay};
	*out = &relay->base;
	if (!address_parse(spec->address, &relay->base.target))
		error_set(err, ERROR_INVALID, "invalid address '%s'", spec->address);
	else if (relay_watch(relays, &relay->base.listener, EPOLLIN))
		return true;
	else
		error_errno(err, "cannot watch a published port");
	close_relay(&relay->base);
	return false;
}
