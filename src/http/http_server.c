/* Listening, accepting, the ready list, and the two timers, which run only while they are needed: one while a
 * connection is inside an unfinished head or lingers after its last answer, one while no descriptor
 * is left for the next connection. */
#include "http/http_connection.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIMIT_DEFAULT	4096
#define ACCEPTS_A_TURN	64
#define ACCEPT_RETRY_MS 1000

/* ---- life ---- */

static void on_handle_closed(uv_handle_t *handle)
{
	server_handle_closed(handle->data);
}

static void timer_init(struct http_server *server, uv_timer_t *timer)
{
	uv_timer_init(server->loop, timer);
	timer->data = server;
	server->handles++;
}

struct http_server *http_server_new(uv_loop_t *loop, const struct http_handlers *handlers,
				    void *data)
{
	struct http_server *server = mem_new(struct http_server);

	server->loop = loop;
	server->handlers = *handlers;
	server->data = data;
	server->limit = LIMIT_DEFAULT;
	server->accepting = true;
	list_init(&server->connections);
	list_init(&server->listeners);
	list_init(&server->deadlines);
	list_init(&server->ready);
	uv_idle_init(loop, &server->idle);
	server->idle.data = server;
	server->handles++;
	timer_init(server, &server->deadline_timer);
	timer_init(server, &server->accept_timer);
	return server;
}

void http_server_limit(struct http_server *server, size_t connections)
{
	server->limit = connections;
}

void http_server_note_clients(struct http_server *server, bool on)
{
	server->notes_clients = on;
}

size_t http_server_count(const struct http_server *server)
{
	return server->count;
}

void server_handle_closed(struct http_server *server)
{
	if (--server->handles == 0 && server->closing)
		free(server);
}

static void on_listener_closed(uv_handle_t *handle)
{
	struct http_listener *listener = handle->data;

	server_handle_closed(listener->server);
	free(listener);
}

void server_listener_close(struct http_listener *listener)
{
	list_remove(&listener->link);
	uv_close((uv_handle_t *)&listener->poll, on_listener_closed);
	close_fd(&listener->fd);
}

static void connection_drop(struct http_connection *c)
{
	struct http_request *r = take(c->request);

	connection_close(c);
	if (r)
		request_lost(r);
}

void http_server_free(struct http_server *server)
{
	if (!server)
		return;
	server->closing = true;
	list_each(link, &server->listeners)
		server_listener_close(container_of(link, struct http_listener, link));
	while (!list_is_empty(&server->connections))
		connection_drop(list_first(&server->connections, struct http_connection, link));
	uv_close((uv_handle_t *)&server->idle, on_handle_closed);
	uv_close((uv_handle_t *)&server->deadline_timer, on_handle_closed);
	uv_close((uv_handle_t *)&server->accept_timer, on_handle_closed);
}

/* ---- the ready list ---- */

/* Those that become ready again wait for the next turn. */
static void on_idle(uv_idle_t *idle)
{
	struct http_server *server = idle->data;
	struct link round;
	struct http_connection *c;

	uv_idle_stop(idle);
	list_init(&round);
	list_move(&round, &server->ready);
	while ((c = list_first(&round, struct http_connection, ready))) {
		list_remove(&c->ready);
		connection_run(c);
	}
}

void server_make_ready(struct http_connection *c)
{
	if (list_holds(&c->ready))
		return;
	list_append(&c->server->ready, &c->ready);
	uv_idle_start(&c->server->idle, on_idle);
}

/* ---- deadlines: all equally long, so the list is in order ---- */

static void on_deadline(uv_timer_t *timer);

static void arm_deadline(struct http_server *server)
{
	struct http_connection *first =
		list_first(&server->deadlines, struct http_connection, deadline);

	if (!first)
		uv_timer_stop(&server->deadline_timer);
	else if (!uv_is_active((uv_handle_t *)&server->deadline_timer))
		uv_timer_start(&server->deadline_timer, on_deadline,
			       first->deadline_ms - uv_now(server->loop), 0);
}

static void on_deadline(uv_timer_t *timer)
{
	struct http_server *server = timer->data;
	struct http_connection *first;

	while ((first = list_first(&server->deadlines, struct http_connection, deadline)) &&
	       first->deadline_ms <= uv_now(server->loop))
		connection_expire(first);
	arm_deadline(server);
}

void server_set_deadline(struct http_connection *c)
{
	if (list_holds(&c->deadline))
		return;
	c->deadline_ms = uv_now(c->server->loop) + HTTP_DEADLINE_MS;
	list_append(&c->server->deadlines, &c->deadline);
	arm_deadline(c->server);
}

void server_clear_deadline(struct http_connection *c)
{
	list_remove(&c->deadline);
	if (list_is_empty(&c->server->deadlines))
		uv_timer_stop(&c->server->deadline_timer);
}

/* ---- accepting ---- */

static void on_listener(uv_poll_t *poll, int status, int events);

static void start_accepting(struct http_server *server)
{
	server->accepting = true;
	uv_timer_stop(&server->accept_timer);
	list_each(link, &server->listeners) uv_poll_start(
		&container_of(link, struct http_listener, link)->poll, UV_READABLE, on_listener);
}

static void stop_accepting(struct http_server *server)
{
	server->accepting = false;
	list_each(link, &server->listeners)
		uv_poll_stop(&container_of(link, struct http_listener, link)->poll);
}

static void on_accept_timer(uv_timer_t *timer)
{
	start_accepting(timer->data);
}

/* Clients wait in the backlog meanwhile. */
static void wait_for_descriptors(struct http_server *server)
{
	stop_accepting(server);
	uv_timer_start(&server->accept_timer, on_accept_timer, ACCEPT_RETRY_MS, 0);
}

void server_connection_gone(struct http_server *server)
{
	server->count--;
	if (!server->accepting && !server->closing)
		start_accepting(server);
}

static bool accept_one(struct http_listener *listener)
{
	struct http_server *server = listener->server;
	int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0)
		connection_new(server, fd, NULL);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		wait_for_descriptors(server);
	else
		return errno == ECONNABORTED || errno == EINTR;
	return fd >= 0;
}

static void on_listener(uv_poll_t *poll, int status, int events)
{
	struct http_listener *listener = poll->data;
	struct http_server *server = listener->server;

	for (int i = 0; i < ACCEPTS_A_TURN && server->count < server->limit; i++)
		if (!listener->take_one(listener))
			return;
	if (server->count >= server->limit)
		stop_accepting(server);
}

struct http_listener *server_listener_add(struct http_server *server, int fd,
					  bool (*take_one)(struct http_listener *listener),
					  void *data, struct error *err)
{
	struct http_listener *listener = mem_new(struct http_listener);

	listener->server = server;
	listener->fd = fd;
	listener->take_one = take_one;
	listener->data = data;
	int failure = uv_poll_init(server->loop, &listener->poll, fd);
	if (failure) {
		free(listener);
		close(fd);
		errno = -failure;
		error_errno(err, "cannot watch a listening socket");
		return NULL;
	}
	listener->poll.data = listener;
	list_append(&server->listeners, &listener->link);
	server->handles++;
	if (server->accepting)
		uv_poll_start(&listener->poll, UV_READABLE, on_listener);
	return listener;
}

bool http_server_listen(struct http_server *server, int fd, struct error *err)
{
	return server_listener_add(server, fd, accept_one, NULL, err);
}

void http_server_adopt(struct http_server *server, int fd, const char *peer)
{
	connection_new(server, fd, peer);
}
