/* wherry-worker tls: ends TLS for the daemon.
 *
 * One thread and one epoll for thousands of connections.  A connection begins as a handshake, of which
 * only so many run at once and none for long; then the daemon gets one end of a socketpair and the
 * client's verified name, and a pump (worker_tls_pump.h) carries bytes until both sides have ended.
 * What has to end in time stands in one list, in the order of its deadlines, as all wait equally long.
 *
 * New connections are not accepted while connections or descriptors are at their limit, or while the
 * daemon does not take those that are ready: clients then wait in the kernel's backlog.  When handshakes
 * are at theirs, the oldest makes room, so that clients who never speak keep nobody out.
 *
 * When the daemon is gone the listening sockets are let go, and the last connection ends the process. */
#include "cmd/worker.h"
#include "cmd/worker_tls_context.h"
#include "cmd/worker_tls_pump.h"

#include "base/list.h"
#include "base/log.h"
#include "base/time.h"
#include "http/http_tls.h"
#include "image/confine.h"
#include "os/fd.h"
#include "os/message.h"
#include "os/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HANDSHAKE_LIMIT	 128
#define CONNECTION_LIMIT 4096
#define FDS_A_CONNECTION 3 /* ours two, and the daemon's until it is sent */
#define PATIENCE_MS	 15000
#define RETRY_MS	 1000
#define LISTENER_LIMIT	 64
#define CONTROL_FD	 3
#define FIRST_LISTENER	 4
#define EVENTS_A_TURN	 64
#define READS_OF_PLAIN	 16 /* who never stops sending would keep us for ever */

enum source_kind { SOURCE_CONTROL, SOURCE_LISTENER, SOURCE_CONNECTION };

/* What an epoll event leads to. */
struct source {
	enum source_kind kind;
	int fd;
	uint32_t watched; /* PUMP_NOTHING: not in the epoll set */
	struct connection *connection;
};

struct connection {
	struct tls_pump pump;
	struct source net, local;
	struct link link;  /* connections, or dead */
	struct link timed; /* those with a deadline */
	struct link busy;  /* those with more to do */
	int64_t deadline_ms;
	bool shaken; /* the handshake is over */
};

struct gate {
	int epoll;
	SSL_CTX *context;
	struct source control;
	struct source listeners[LISTENER_LIMIT];
	size_t listener_count;
	struct message_queue queue; /* connections for the daemon */
	struct link connections, timed, busy, dead;
	size_t count, limit, handshakes;
	int64_t starved_until_ms; /* no descriptor was left; 0: there are some */
	bool daemon_is_gone;
	char scratch[PUMP_SCRATCH];
};

static int64_t now_ms(void)
{
	return time_monotonic_ns() / NS_PER_MS;
}

/* ---- epoll ---- */

static void watch(struct gate *gate, struct source *source, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = source};
	int operation = EPOLL_CTL_MOD;

	if (events == source->watched)
		return;
	if (source->watched == PUMP_NOTHING)
		operation = EPOLL_CTL_ADD;
	else if (events == PUMP_NOTHING)
		operation = EPOLL_CTL_DEL;
	source->watched = events;
	epoll_ctl(gate->epoll, operation, source->fd, &event);
}

/* ---- connections ---- */

static void set_deadline(struct gate *gate, struct connection *c)
{
	if (list_holds(&c->timed))
		return;
	c->deadline_ms = now_ms() + PATIENCE_MS;
	list_append(&gate->timed, &c->timed);
}

static void connection_free(struct connection *c)
{
	tls_pump_fini(&c->pump);
	free(c);
}

/* Events that were fetched already may still name it: it is freed at the end of the turn. */
static void connection_end(struct gate *gate, struct connection *c)
{
	watch(gate, &c->net, PUMP_NOTHING);
	watch(gate, &c->local, PUMP_NOTHING);
	list_remove(&c->timed);
	list_remove(&c->busy);
	list_remove(&c->link);
	list_append(&gate->dead, &c->link);
	gate->count--;
	gate->handshakes -= !c->shaken;
	gate->starved_until_ms = 0;
}

static void bury_dead(struct gate *gate)
{
	list_each(link, &gate->dead)
	{
		list_remove(link);
		connection_free(container_of(link, struct connection, link));
	}
}

/* Give the daemon its end. */
static bool hand_over(struct gate *gate, struct connection *c, struct error *err)
{
	char name[TLS_NAME_SIZE];
	int pair[2];
	struct message message = {HTTP_TLS_CONNECTION, HTTP_TLS_VERSION, .data = name,
				  .fd_count = 1};

	if (!socket_pair(pair, err))
		return false;
	c->pump.local = c->local.fd = pair[0];
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	tls_verified_name(c->pump.ssl, name);
	message.size = strlen(name);
	message.fds[0] = pair[1];
	bool queued = message_queue_add(&gate->queue, &message, err);
	close(pair[1]);
	return queued && message_queue_flush(&gate->queue, gate->control.fd, err);
}

static void carry(struct gate *gate, struct connection *c)
{
	enum tls_pump_state state = tls_pump_run(&c->pump, gate->scratch);

	list_remove(&c->busy);
	if (state == PUMP_DONE) {
		connection_end(gate, c);
		return;
	}
	if (state == PUMP_BUSY)
		list_append(&gate->busy, &c->busy);
	if (state == PUMP_LINGERS)
		set_deadline(gate, c);
	watch(gate, &c->net, c->pump.net_events);
	watch(gate, &c->local, c->pump.local_events);
}

/* Whoever speaks HTTP to a TLS port is told so, as Go's servers (dockerd) do it.  What it has sent is read
 * first: closing over unread bytes would take the answer away. */
static void tell_plain_client(struct gate *gate, const struct connection *c)
{
	static const char text[] =
		"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

	if (ERR_GET_REASON(ERR_peek_error()) != SSL_R_HTTP_REQUEST)
		return;
	send(c->pump.net, text, sizeof(text) - 1, MSG_NOSIGNAL);
	shutdown(c->pump.net, SHUT_WR);
	for (int i = 0; i < READS_OF_PLAIN && recv(c->pump.net, gate->scratch, PUMP_SCRATCH, 0) > 0;
	     i++)
		;
}

static void shake_hands(struct gate *gate, struct connection *c)
{
	struct error err;

	if (tls_pump_shake_hands(&c->pump) == PUMP_WAITS) {
		watch(gate, &c->net, c->pump.net_events);
		return;
	}
	if (c->pump.broken) {
		tell_plain_client(gate, c);
		connection_end(gate, c);
		return;
	}
	list_remove(&c->timed);
	gate->handshakes--;
	c->shaken = true;
	if (hand_over(gate, c, &err))
		carry(gate, c);
	else
		connection_end(gate, c);
}

static void connection_go_on(struct gate *gate, struct connection *c)
{
	if (c->shaken)
		carry(gate, c);
	else
		shake_hands(gate, c);
}

/* ---- accepting ---- */

/* A client that is cut off without a word is noticed within two minutes. */
static void set_socket_options(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{IPPROTO_TCP, TCP_NODELAY, 1},	 {SOL_SOCKET, SO_KEEPALIVE, 1},
		{IPPROTO_TCP, TCP_KEEPIDLE, 60}, {IPPROTO_TCP, TCP_KEEPINTVL, 15},
		{IPPROTO_TCP, TCP_KEEPCNT, 4},
	};

	for (size_t i = 0; i < array_length(options); i++)
		setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(int));
}

/* A client that means it is through within milliseconds, so the oldest is the one that does not. */
static void end_oldest_handshake(struct gate *gate)
{
	list_each(link, &gate->timed)
	{
		struct connection *c = container_of(link, struct connection, timed);

		if (!c->shaken) {
			connection_end(gate, c);
			return;
		}
	}
}

static void connection_begin(struct gate *gate, int fd)
{
	struct connection *c = mem_new(struct connection);

	set_socket_options(fd);
	c->pump.ssl = SSL_new(gate->context);
	c->pump.net = fd;
	c->pump.local = -1;
	c->net = (struct source){SOURCE_CONNECTION, fd, PUMP_NOTHING, c};
	c->local = (struct source){SOURCE_CONNECTION, -1, PUMP_NOTHING, c};
	if (!c->pump.ssl || SSL_set_fd(c->pump.ssl, fd) != 1) {
		connection_free(c);
		return;
	}
	if (gate->handshakes == HANDSHAKE_LIMIT)
		end_oldest_handshake(gate);
	list_append(&gate->connections, &c->link);
	gate->count++;
	gate->handshakes++;
	set_deadline(gate, c);
	watch(gate, &c->net, EPOLLIN);
}

static bool has_room(const struct gate *gate)
{
	return !gate->starved_until_ms && gate->count < gate->limit && !gate->queue.count;
}

static void accept_some(struct gate *gate, const struct source *listener)
{
	while (has_room(gate)) {
		int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0)
			connection_begin(gate, fd);
		else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			gate->starved_until_ms = now_ms() + RETRY_MS;
		else if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
}

static void watch_listeners(struct gate *gate)
{
	for (size_t i = 0; i < gate->listener_count; i++)
		watch(gate, &gate->listeners[i], has_room(gate) ? EPOLLIN : 0);
}

/* ---- the daemon ---- */

static void daemon_gone(struct gate *gate)
{
	gate->daemon_is_gone = true;
	watch(gate, &gate->control, PUMP_NOTHING);
	close_fd(&gate->control.fd);
	for (size_t i = 0; i < gate->listener_count; i++) {
		watch(gate, &gate->listeners[i], PUMP_NOTHING);
		close_fd(&gate->listeners[i].fd);
	}
	gate->listener_count = 0;
	message_queue_fini(&gate->queue);
	gate->queue = (struct message_queue){0};
	list_each(link, &gate->connections)
	{
		struct connection *c = container_of(link, struct connection, link);

		if (!c->shaken)
			connection_end(gate, c);
	}
}

/* It says nothing, so a readable control socket is a closed one. */
static void control_event(struct gate *gate, uint32_t events)
{
	struct error err;

	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) ||
	    !message_queue_flush(&gate->queue, gate->control.fd, &err))
		daemon_gone(gate);
}

/* ---- the loop ---- */

static int next_timeout(const struct gate *gate)
{
	struct connection *first = list_first(&gate->timed, struct connection, timed);
	int64_t next = first ? first->deadline_ms : INT64_MAX;

	if (!list_is_empty(&gate->busy))
		return 0;
	if (gate->starved_until_ms && gate->starved_until_ms < next)
		next = gate->starved_until_ms;
	if (next == INT64_MAX)
		return -1;
	int64_t now = now_ms();
	return next > now ? (int)(next - now) : 0;
}

static void dispatch(struct gate *gate, const struct epoll_event *event)
{
	struct source *source = event->data.ptr;

	if (source->watched == PUMP_NOTHING) /* let go earlier in this turn */
		return;
	switch (source->kind) {
	case SOURCE_CONTROL:
		control_event(gate, event->events);
		break;
	case SOURCE_LISTENER:
		accept_some(gate, source);
		break;
	case SOURCE_CONNECTION:
		connection_go_on(gate, source->connection);
		break;
	}
}

/* Those that become busy again wait for the next turn. */
static void carry_busy(struct gate *gate)
{
	struct link round;

	list_init(&round);
	list_move(&round, &gate->busy);
	while (!list_is_empty(&round))
		carry(gate, list_first(&round, struct connection, busy));
}

static void expire(struct gate *gate)
{
	int64_t now = now_ms();
	struct connection *first;

	while ((first = list_first(&gate->timed, struct connection, timed)) &&
	       first->deadline_ms <= now)
		connection_end(gate, first);
	if (gate->starved_until_ms <= now)
		gate->starved_until_ms = 0;
}

static void turn(struct gate *gate)
{
	struct epoll_event events[EVENTS_A_TURN];
	int count = epoll_wait(gate->epoll, events, EVENTS_A_TURN, next_timeout(gate));

	for (int i = 0; i < count; i++)
		dispatch(gate, &events[i]);
	carry_busy(gate);
	expire(gate);
	bury_dead(gate);
	watch_listeners(gate);
	if (!gate->daemon_is_gone)
		watch(gate, &gate->control, gate->queue.count ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/* ---- setting up ---- */

static void make_limits(struct gate *gate)
{
	struct rlimit files = {.rlim_cur = 1024};

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	gate->limit = files.rlim_cur / FDS_A_CONNECTION;
	if (gate->limit > CONNECTION_LIMIT)
		gate->limit = CONNECTION_LIMIT;
}

static bool gate_open(struct gate *gate, char **argv, size_t listeners, struct error *err)
{
	const struct tls_files files = {argv[1], argv[2], argv[3]};

	gate->context = tls_context_new(&files, err);
	if (!gate->context)
		return false;
	gate->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (gate->epoll < 0)
		return error_errno(err, "cannot make an epoll");
	make_limits(gate);
	list_init(&gate->connections);
	list_init(&gate->timed);
	list_init(&gate->busy);
	list_init(&gate->dead);
	for (gate->listener_count = 0; gate->listener_count < listeners; gate->listener_count++) {
		int fd = FIRST_LISTENER + (int)gate->listener_count;

		if (!fd_set_nonblocking(fd, true, err))
			return false;
		gate->listeners[gate->listener_count] =
			(struct source){SOURCE_LISTENER, fd, PUMP_NOTHING, NULL};
	}
	return confine_to_sockets(err); /* the key is in memory by now */
}

static void gate_free(struct gate *gate)
{
	message_queue_fini(&gate->queue);
	SSL_CTX_free(gate->context);
	close_fd(&gate->epoll);
	free(gate);
}
scoped_define(gate)

	static void tell_daemon(const struct gate *gate, enum http_tls_message type,
				const char *text)
{
	struct message message = {(uint16_t)type, HTTP_TLS_VERSION, text, strlen(text)};
	struct error err;

	message_send(gate->control.fd, &message, -1,
		     &err); /* a daemon that is gone shows as that */
}

bool worker_tls(int argc, char **argv, struct error *err)
{
	scoped(gate) struct gate *gate = mem_new(struct gate);
	uint64_t listeners;

	setenv("TZ", "UTC", 1); /* OpenSSL's look at the clock wants no file then */
	tzset();
	gate->epoll = -1;
	gate->control = (struct source){SOURCE_CONTROL, CONTROL_FD, PUMP_NOTHING, NULL};
	if (argc != 5 || !parse_u64(argv[4], &listeners) || listeners > LISTENER_LIMIT)
		return error_set(err, ERROR_INVALID, "started with wrong arguments");
	if (!gate_open(gate, argv, listeners, err)) {
		char text[ERROR_TEXT_SIZE];

		tell_daemon(gate, HTTP_TLS_FAILED, error_text(err, text, sizeof(text)));
		return false;
	}
	tell_daemon(gate, HTTP_TLS_READY, "");
	watch(gate, &gate->control, EPOLLIN);
	watch_listeners(gate);
	while (!gate->daemon_is_gone || gate->count)
		turn(gate);
	return true;
}
