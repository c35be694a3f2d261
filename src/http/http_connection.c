/* Bytes in and out of one connection.
 *
 * What is watched follows from the state alone (wanted_events), so nobody else starts or stops the
 * poll.  Three surprises of the kernel and of libuv shape it.  A level-triggered half-close
 * (EPOLLRDHUP) is seen once and then no longer asked for, else the loop would spin.  A hang-up
 * cannot be left out: while nothing else is wanted, the urgent-data event is asked for, which makes
 * libuv report hang-ups; once one was seen and nothing is left to do, the poll is stopped.  And
 * libuv stops a poll itself when an error is pending: such a connection is lost. */
#include "http/http_connection.h"

#include "os/cgroup.h"
#include "os/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- life ---- */

static void note_client(struct http_connection *c)
{
	uid_t uid;
	gid_t gid;

	if (socket_peer(c->fd, &c->client.pid, &uid, &gid) && c->client.pid > 0)
		c->client.cgroup = cgroup_path_of(c->client.pid);
}

void connection_new(struct http_server *server, int fd, const char *peer)
{
	struct http_connection *c = mem_new(struct http_connection);

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	c->server = server;
	c->fd = fd;
	c->peer = str_dup_or_null(peer);
	c->poll.data = c;
	if (uv_poll_init(server->loop, &c->poll, fd) < 0) { /* it also makes it non-blocking */
		close(fd);
		free(c->peer);
		free(c);
		return;
	}
	if (server->notes_clients)
		note_client(c);
	list_append(&server->connections, &c->link);
	server->count++;
	server->handles++;
	server_make_ready(c);
}

static void on_closed(uv_handle_t *handle)
{
	struct http_connection *c = handle->data;

	server_handle_closed(c->server);
	free(c);
}

int connection_release(struct http_connection *c)
{
	int fd = c->fd;

	c->state = CONNECTION_CLOSED;
	server_clear_deadline(c);
	list_remove(&c->link);
	list_remove(&c->ready);
	buffer_fini(&c->in);
	buffer_fini(&c->out);
	free(take(c->peer));
	free(take(c->client.cgroup));
	c->request = NULL;
	c->fd = -1;
	uv_close((uv_handle_t *)&c->poll, on_closed);
	server_connection_gone(c->server);
	return fd;
}

void connection_close(struct http_connection *c)
{
	close(connection_release(c));
}

/* The peer is gone, or the stream cannot be understood any more.  A request whose handler cannot be
 * told and still has to answer keeps the connection until then, with nothing watched. */
static void connection_lose(struct http_connection *c)
{
	struct http_request *r = c->request;

	if (r && request_is_awaited(r)) {
		c->broken = c->hung_up = c->peer_shut = true;
		buffer_fini(&c->in);
		buffer_fini(&c->out);
		c->sent = 0;
		return;
	}
	connection_close(c);
	if (r)
		request_lost(r);
}

/* No further request.  `expects_more`: the peer may still be sending; then its end is awaited,
 * because a socket closed over unread bytes takes the answer away with it (RFC 9112, section 9.6).
 */
static void connection_end(struct http_connection *c, bool expects_more)
{
	c->state = CONNECTION_ENDING;
	c->expects_more = expects_more && !c->peer_shut;
	buffer_fini(&c->in);
	server_clear_deadline(c);
}

static void connection_refuse(struct http_connection *c, struct http_refusal refusal)
{
	struct http_request *r = c->request;

	if (r && r->streaming) { /* half an answer is out already */
		r->refusal.status = 0;
		connection_lose(c);
		return;
	}
	c->request = NULL;
	connection_send_refusal(c, refusal);
	connection_end(c, true);
	if (r)
		request_lost(r);
}

void connection_expire(struct http_connection *c)
{
	if (c->state == CONNECTION_HEAD)
		connection_send_refusal(
			c, (struct http_refusal){408, "the request header did not end in time"});
	connection_close(c);
}

/* ---- sending ---- */

size_t connection_backlog(const struct http_connection *c)
{
	return c->out.size - c->sent;
}

static void send_failed(struct http_connection *c)
{
	c->broken = true;
	buffer_fini(&c->out);
	c->sent = 0;
}

/* Returns what the socket took. */
static size_t send_now(struct http_connection *c, const struct iovec *parts, int count)
{
	struct msghdr message = {.msg_iov = (struct iovec *)parts, .msg_iovlen = (size_t)count};
	ssize_t sent;

	do
		sent = sendmsg(c->fd, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno != EAGAIN && errno != ENOBUFS)
		send_failed(c);
	return sent < 0 ? 0 : (size_t)sent;
}

void connection_send(struct http_connection *c, const struct iovec *parts, int count)
{
	size_t sent = 0;

	if (!c->broken && !connection_backlog(c))
		sent = send_now(c, parts, count);
	for (int i = 0; i < count && !c->broken; i++) {
		size_t skip = sent < parts[i].iov_len ? sent : parts[i].iov_len;

		sent -= skip;
		if (skip < parts[i].iov_len)
			buffer_add(&c->out, (char *)parts[i].iov_base + skip,
				   parts[i].iov_len - skip);
	}
	connection_kick(c);
}

static void connection_flush(struct http_connection *c)
{
	size_t backlog = connection_backlog(c);

	if (!backlog)
		return;
	c->sent += send_now(c, &(struct iovec){c->out.data + c->sent, backlog}, 1);
	if (c->sent == c->out.size) {
		buffer_fini(&c->out);
		c->sent = 0;
	} else if (c->sent > c->out.size / 2) {
		buffer_consume(&c->out, c->sent);
		c->sent = 0;
	}
}

static void report_drain(struct http_connection *c)
{
	struct http_request *r = c->request;

	if (!r || !r->drain_wanted || c->broken || connection_backlog(c))
		return;
	r->drain_wanted = false;
	if (r->on_drain)
		r->on_drain(c->server->data, r);
}

/* ---- receiving ---- */

/* The peer has sent all it will ever send. */
static void connection_at_end(struct http_connection *c)
{
	c->peer_shut = true;
	if (c->state == CONNECTION_HEAD)
		connection_close(c);
	else if (c->state == CONNECTION_REQUEST && c->request->use == BODY_COLLECT)
		c->request->refusal =
			(struct http_refusal){400, "the request body ended too early"};
	else if (c->state == CONNECTION_REQUEST && c->request->use == BODY_STREAM)
		connection_lose(c);
	else if (c->state == CONNECTION_REQUEST)
		c->request->message.keep_alive = false; /* skipped body: only the answer counts */
}

/* A streamed body goes to its reader without being stored; anything else waits in `in`. */
static void connection_take(struct http_connection *c, const char *data, size_t size)
{
	size_t used = 0;

	if (c->state == CONNECTION_REQUEST && !c->in.size)
		used = request_feed(c->request, data, size);
	if (used < size && (c->state == CONNECTION_HEAD || c->state == CONNECTION_REQUEST))
		buffer_add(&c->in, data + used, size - used);
}

static void connection_read(struct http_connection *c)
{
	char *scratch = c->server->scratch;
	ssize_t size = recv(c->fd, scratch, HTTP_READ_SIZE, 0);

	if (size > 0)
		connection_take(c, scratch, (size_t)size);
	else if (size == 0)
		connection_at_end(c);
	else if (errno != EAGAIN && errno != EINTR)
		connection_lose(c);
}

/* A half-close, a hang-up, or urgent data, which no client of ours has reason to send: poll tells.
 */
static void connection_hang_up(struct http_connection *c, bool is_urgent)
{
	struct pollfd p = {.fd = c->fd};

	poll(&p, 1, 0);
	c->peer_shut = true;
	c->hung_up = p.revents & (POLLHUP | POLLERR);
	if ((is_urgent && !c->hung_up) || (c->state == CONNECTION_ENDING && c->hung_up))
		connection_lose(c);
}

/* Will nobody take the answer?  While a body is being read, its bytes may still lie in the socket, and
 * reading them shows the end. */
static bool is_abandoned(const struct http_connection *c)
{
	const struct http_request *r = c->request;

	if (request_is_awaited(r) || (r->use != BODY_UNDECIDED && !r->message.is_complete))
		return false;
	return c->hung_up || (c->peer_shut && r->gone_on_half_close && r->on_gone);
}

/* ---- moving on ---- */

static void skip_blank_lines(struct http_connection *c)
{
	const struct buffer *in = &c->in;
	size_t blank = 0;

	while (blank + 1 < in->size && in->data[blank] == '\r' && in->data[blank + 1] == '\n')
		blank += 2;
	if (blank) {
		buffer_consume(&c->in, blank);
		c->scanned = 0;
	}
	if (!c->in.size)
		buffer_fini(&c->in);
}

static void start_request(struct http_connection *c, size_t head_size)
{
	struct http_request *r = request_new(c);
	struct http_refusal refusal = http_head_parse(&r->head, &r->message, c->in.data, head_size);

	server_clear_deadline(c);
	buffer_consume(&c->in, head_size);
	c->scanned = 0;
	if (refusal.status) {
		request_free(r);
		connection_refuse(c, refusal);
		return;
	}
	if (!c->in.size)
		buffer_fini(&c->in);
	c->request = r;
	c->state = CONNECTION_REQUEST;
	c->server->handlers.on_request(c->server->data, r);
}

/* The next request is looked at only when the last answer was taken: who pipelines must also read.
 */
static void advance_head(struct http_connection *c)
{
	static const struct http_refusal malformed = {400, "malformed request"};
	static const struct http_refusal too_large = {431,
						      "the request header is larger than 64 KiB"};

	if (connection_backlog(c))
		return;
	skip_blank_lines(c);
	if (c->in.size == c->scanned)
		return;
	if (c->in.size == 1 && c->in.data[0] == '\r') { /* the first half of a blank line */
		c->scanned = 1;
		return;
	}
	ssize_t size = http_head_end(c->in.data, c->in.size, &c->scanned);
	if (size < 0)
		connection_refuse(c, malformed);
	else if ((size_t)size > HTTP_HEAD_LIMIT || (!size && c->in.size > HTTP_HEAD_LIMIT))
		connection_refuse(c, too_large);
	else if (size)
		start_request(c, (size_t)size);
	else
		server_set_deadline(c);
}

static void feed_stored_body(struct http_connection *c)
{
	size_t used = request_feed(c->request, c->in.data, c->in.size);

	if (c->state == CONNECTION_CLOSED)
		return;
	buffer_consume(&c->in, used);
	if (!c->in.size)
		buffer_fini(&c->in);
}

static void end_request(struct http_connection *c)
{
	struct http_request *r = take(c->request);

	if (r->message.is_complete && r->message.keep_alive)
		c->state = CONNECTION_HEAD;
	else
		connection_end(c, !r->message.is_complete);
	request_free(r);
}

/* One pipelined request a turn: after end_request the loop sees to others first. */
static bool advance_request(struct http_connection *c)
{
	struct http_request *r = c->request;

	if (r->refusal.status)
		connection_refuse(c, r->refusal);
	else if (c->in.size && request_wants_body(r))
		feed_stored_body(c);
	else if (request_has_news(r))
		request_deliver(r);
	else if (is_abandoned(c))
		connection_lose(c);
	else if (request_is_over(r))
		end_request(c);
	else
		return false;
	return c->state == CONNECTION_REQUEST;
}

static void advance_ending(struct http_connection *c)
{
	if (connection_backlog(c))
		return;
	if (!c->expects_more || c->peer_shut) {
		connection_close(c);
	} else if (!c->shut) {
		shutdown(c->fd, SHUT_WR);
		c->shut = true;
		server_set_deadline(c);
	}
}

static void connection_advance(struct http_connection *c)
{
	if (c->state == CONNECTION_HEAD)
		advance_head(c);
	while (c->state == CONNECTION_REQUEST && advance_request(c))
		;
	if (c->state == CONNECTION_ENDING)
		advance_ending(c);
}

/* ---- what to wait for ---- */

static bool wants_input(const struct http_connection *c)
{
	if (c->state == CONNECTION_REQUEST)
		return !c->in.size && request_wants_body(c->request);
	if (c->state == CONNECTION_ENDING)
		return c->shut;
	return !connection_backlog(c) && c->in.size == c->scanned;
}

static int wanted_events(const struct http_connection *c)
{
	int events = 0;

	if (connection_backlog(c))
		events |= UV_WRITABLE;
	if (!c->broken && wants_input(c))
		events |= UV_READABLE;
	else if (!c->peer_shut)
		events |= UV_DISCONNECT;
	if (!events && !c->hung_up)
		events = UV_PRIORITIZED;
	return events;
}

static void on_poll(uv_poll_t *poll, int status, int events);

static void connection_watch(struct http_connection *c)
{
	int events = wanted_events(c);

	if (events == c->watched)
		return;
	c->watched = events;
	if (events)
		uv_poll_start(&c->poll, events, on_poll);
	else
		uv_poll_stop(&c->poll);
}

/* A pipelined request that was read already waits for no event. */
static bool has_more(const struct http_connection *c)
{
	return c->state == CONNECTION_HEAD && !connection_backlog(c) && c->in.size > c->scanned;
}

void connection_run(struct http_connection *c)
{
	c->running = true;
	if (!c->broken)
		connection_advance(c);
	if (c->broken && c->state != CONNECTION_CLOSED)
		connection_lose(c);
	c->running = false;
	if (c->state == CONNECTION_CLOSED)
		return;
	connection_watch(c);
	if (has_more(c))
		server_make_ready(c);
}

void connection_kick(struct http_connection *c)
{
	if (!c->running)
		server_make_ready(c);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct http_connection *c = poll->data;

	c->running = true;
	if (status < 0) { /* libuv has stopped it */
		c->watched = 0;
		c->broken = true;
	}
	if (events & UV_WRITABLE) {
		connection_flush(c);
		report_drain(c);
	}
	if (events & UV_READABLE && c->state != CONNECTION_CLOSED && wants_input(c))
		connection_read(c);
	if (events & (UV_DISCONNECT | UV_PRIORITIZED) && c->state != CONNECTION_CLOSED)
		connection_hang_up(c, events & UV_PRIORITIZED);
	if (c->state != CONNECTION_CLOSED)
		connection_run(c);
}
