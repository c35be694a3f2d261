/* For src/http itself: a connection of the server, and what the parts of the server ask of each
 * other.
 *
 * http_server.c      listening, accepting, limits, deadlines
 * http_connection.c  bytes in and out of one socket, and what to wait for
 * http_request.c     the request as handlers see it
 *
 * A connection is in one state, and only connection_run moves it on: it reads heads, feeds bodies and
 * calls handlers.  It is called by the loop alone.  What handlers call at other times leaves a mark and
 * puts the connection on the server's ready list, which an idle handle works off before the loop waits
 * again; so no handler is ever called from inside a call that a handler makes.  Memory is freed only
 * after libuv has closed the poll handle, so that nothing vanishes under a running function. */
#pragma once

#include "base/list.h"
#include "http/http_head.h"
#include "http/http_server.h"

#include <sys/uio.h>

#define HTTP_DEADLINE_MS   30000
#define HTTP_READ_SIZE	   ((size_t)64 * 1024)
#define HTTP_BACKLOG_LIMIT ((size_t)256 * 1024)
#define HTTP_SKIP_LIMIT	   ((uint64_t)256 * 1024)

enum connection_state {
	CONNECTION_HEAD,    /* waits for a request, or is inside its head */
	CONNECTION_REQUEST, /* has one: reading its body, waiting for its answer */
	CONNECTION_ENDING,  /* no further request: sends what is left, then waits for the peer's end
			     */
	CONNECTION_CLOSED,  /* only memory */
};

struct http_connection {
	uv_poll_t poll;
	struct http_server *server;
	struct link link;     /* in the server's connections */
	struct link deadline; /* in the server's deadlines while one runs */
	struct link ready;    /* in the server's ready list: to be run before the loop waits */
	uint64_t deadline_ms;
	struct http_request *request;
	struct buffer in;  /* read, not yet used */
	struct buffer out; /* to be sent from `sent` on */
	size_t sent;
	size_t scanned; /* of `in`, in search of the head's end */
	char *peer;	/* owned; the TLS client's name, or NULL */
	struct http_client_process client;
	int fd;
	int watched; /* events asked of libuv */
	enum connection_state state;
	bool running;	   /* connection_run is on the stack */
	bool peer_shut;	   /* the peer will send nothing more */
	bool hung_up;	   /* nor take anything */
	bool broken;	   /* sending failed */
	bool shut;	   /* our direction is ended */
	bool expects_more; /* ending: the peer may still be sending */
};

enum body_use {
	BODY_UNDECIDED, /* the handler has not said yet: nothing is read */
	BODY_COLLECT,
	BODY_STREAM,
	BODY_SKIP, /* answered without it: read and dropped */
};

struct http_request {
	struct http_connection *connection; /* NULL: closed or given away */
	struct http_head head;
	struct http_message message;
	struct pairs extra_headers;
	struct pairs first_query;
	void *data;

	enum body_use use;
	size_t collect_limit;
	struct buffer body;
	union {
		void (*body)(void *data, struct http_request *request, const char *body,
			     size_t size);
		void (*chunk)(void *data, struct http_request *request, const char *chunk,
			      size_t size);
	} on;
	bool paused, body_delivered;
	bool feeding;		     /* its bytes are in the parser, which must not be freed */
	struct http_refusal refusal; /* to be sent instead of a handler's answer */

	void (*on_gone)(void *data, struct http_request *request);
	void (*on_drain)(void *data, struct http_request *request);
	bool gone_on_half_close;
	bool streaming, chunked, drain_wanted;
	bool answered; /* in full: the handler is done with it */
	bool dying;    /* on_gone is running */
};

struct http_server {
	uv_loop_t *loop;
	struct http_handlers handlers;
	void *data;
	struct link connections, listeners, deadlines, ready;
	uv_idle_t idle; /* active while `ready` holds something */
	uv_timer_t deadline_timer, accept_timer;
	size_t count, limit;
	size_t handles; /* libuv still knows of; the last one frees the server */
	bool accepting, closing;
	bool notes_clients;
	char scratch[HTTP_READ_SIZE];
};

/* Whatever connections come from. */
struct http_listener {
	uv_poll_t poll;
	struct http_server *server;
	struct link link;
	int fd;
	void *data;
	bool (*take_one)(struct http_listener *listener); /* one connection; false: none now */
};

/* ---- http_server.c ---- */

/* Takes the descriptor.  It is read while the server has room; `take_one` may close the listener. */
struct http_listener *server_listener_add(struct http_server *server, int fd,
					  bool (*take_one)(struct http_listener *listener),
					  void *data, struct error *err);
void server_listener_close(struct http_listener *listener);

void server_handle_closed(struct http_server *server);
void server_connection_gone(struct http_server *server);
void server_set_deadline(struct http_connection *c); /* keeps one that runs already */
void server_clear_deadline(struct http_connection *c);
void server_make_ready(struct http_connection *c);

/* ---- http_connection.c ---- */

void connection_new(struct http_server *server, int fd, const char *peer);
void connection_close(struct http_connection *c);

/* Let go of the socket without closing it. */
int connection_release(struct http_connection *c);

/* Send, queueing what the socket does not take. */
void connection_send(struct http_connection *c, const struct iovec *parts, int count);
size_t connection_backlog(const struct http_connection *c);

/* Something changed: run it before the loop waits again, unless it runs already. */
void connection_kick(struct http_connection *c);

/* Move on as far as it goes, and watch what is to be waited for.  For the loop's callbacks. */
void connection_run(struct http_connection *c);

/* The deadline has passed. */
void connection_expire(struct http_connection *c);

/* ---- http_request.c ---- */

struct http_request *request_new(struct http_connection *c);
void request_free(struct http_request *r);

/* Does it want bytes of its body now? */
bool request_wants_body(const struct http_request *r);

/* Use bytes as body; returns how many were.  Malformed ones set r->refusal.  Afterwards the request
 * may be gone: then the connection is closed. */
size_t request_feed(struct http_request *r, const char *data, size_t size);

/* Is the end of the body due to the handler? */
bool request_has_news(const struct http_request *r);
void request_deliver(struct http_request *r);

/* Has its handler to answer it, and no way to hear that nobody listens? */
bool request_is_awaited(const struct http_request *r);

/* The connection is closed: tell the handler and free the request.  (One that is awaited, which
 * happens only when the server ends, is left to the handler, and dies with the answer.) */
void request_lost(struct http_request *r);

/* Answered, and nothing of its body is waited for. */
bool request_is_over(const struct http_request *r);

/* An answer of the server's own, in JSON as the Engine API has its errors. */
void connection_send_refusal(struct http_connection *c, struct http_refusal refusal);
