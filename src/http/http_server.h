/* HTTP/1.1 server on libuv and llhttp, made for the Engine API: many idle long polls, streams of
 * gigabytes in flat memory, and connections that are given away.
 *
 * Ownership: the server owns connections and requests.  A handler gets a `struct http_request` that
 * stays valid until it has answered in full (http_respond*, http_finish), given the connection
 * away, or its `on_gone` was called; all of these end its life, whichever comes first.  Requests of
 * one connection are handled strictly one after the other (pipelining is honoured by waiting).
 *
 * Checks on top of llhttp: header at most 64 KiB, exactly one Host on 1.1, header names are tokens,
 * no obs-fold, no leading blank field, close after every 400. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "http/http_framing.h"

#include <uv.h>

struct http_server;
struct http_request;

struct http_handlers {
	/* The header is complete.  The handler looks at it and either answers at once, or asks for
	 * the body (http_read_body, http_collect_body), or gives the connection away. */
	void (*on_request)(void *data, struct http_request *request);
};

struct http_server *http_server_new(uv_loop_t *loop, const struct http_handlers *handlers,
				    void *data);

/* Serve connections of a listening stream socket (unix or TCP); takes the descriptor. */
bool http_server_listen(struct http_server *server, int fd, struct error *err);

/* Serve one connected socket (from the TLS worker); takes the descriptor.  `peer` names the
 * verified client, or NULL. */
void http_server_adopt(struct http_server *server, int fd, const char *peer);

/* At most so many connections at once (4096 unless set); beyond that clients wait in the backlog of
 * the listening sockets.  Adopted connections count too, but are never refused. */
void http_server_limit(struct http_server *server, size_t connections);
size_t http_server_count(const struct http_server *server);

/* From now on, note of each unix connection which process of this host made it.  Costs a read from /proc. */
void http_server_note_clients(struct http_server *server, bool on);

/* Stop listening and drop all connections (every on_gone is called).  Not from inside a handler.
 * The loop has to run once more for libuv to let go. */
void http_server_free(struct http_server *server);

/* ---- the request ---- */

const char *http_method(const struct http_request *request);
const char *http_path(const struct http_request *request); /* percent-decoded, without the query */
const char *http_raw_path(const struct http_request *request); /* as sent, without the query */
const char *http_header(const struct http_request *request, const char *name); /* NULL: absent */

/* The first value of a query parameter, decoded; NULL when it is absent, "" when it has no value.
 */
const char *http_query(const struct http_request *request, const char *name);
const struct pairs *http_query_all(struct http_request *request); /* first values, by name */
struct strings http_query_values(const struct http_request *request, const char *name);

/* Docker's rule: absent, "", 0, no, false and none are false. */
bool http_query_bool(const struct http_request *request, const char *name);
bool http_has_body(const struct http_request *request);	   /* Content-Length > 0 or chunked */
const char *http_peer(const struct http_request *request); /* verified TLS name, or NULL */

/* Which process made the connection, as it was then. */
struct http_client_process {
	pid_t pid;    /* 0: not noted, or not of this host */
	char *cgroup; /* as /proc/PID/cgroup has it; NULL: likewise */
};
const struct http_client_process *http_client_process(const struct http_request *request);

/* For the handler's own use. */
void http_set_data(struct http_request *request, void *data);
void *http_data(const struct http_request *request);

/* The peer has closed, or an error broke the connection, before the answer was complete.  Nothing
 * may be written any more; the request dies when the callback returns.  half_close: whether a peer
 * that has only shut down its writing side counts as gone too (events, wait, logs -f: yes). */
void http_on_gone(struct http_request *request, bool half_close,
		  void (*on_gone)(void *data, struct http_request *request));

/* ---- its body ---- */

/* Collect the whole body, at most `limit` bytes (more: 413 is answered and on_body is never
 * called). */
void http_collect_body(struct http_request *request, size_t limit,
		       void (*on_body)(void *data, struct http_request *request, const char *body,
				       size_t size));

/* In on_body: the collected bytes themselves, which are the caller's from now on. */
struct buffer http_take_body(struct http_request *request);

/* Stream it: on_chunk for each piece, then once with size 0 at the end.  100-continue is sent when
 * the client waits for it.  http_pause stops reading from the socket (back-pressure); of what was read
 * already, at most 64 KiB, further pieces may come, but not the end. */
void http_read_body(struct http_request *request,
		    void (*on_chunk)(void *data, struct http_request *request, const char *chunk,
				     size_t size));
void http_pause(struct http_request *request);
void http_resume(struct http_request *request);

/* ---- the answer ---- */

/* Headers that every answer of this request carries besides its own; set before answering. */
void http_set_header(struct http_request *request, const char *name, const char *value);

/* A whole answer.  Bodies of HEAD, 204 and 304 are not sent. */
void http_respond(struct http_request *request, int status, const char *content_type,
		  const void *body, size_t size);

/* A stream: chunked on 1.1, until close on 1.0.  The header is flushed at once.
 * http_write copies; it returns false when more than 256 KiB wait to be sent, and the writer should
 * then hold back until on_drain. */
void http_respond_stream(struct http_request *request, int status, const char *content_type);
bool http_write(struct http_request *request, const void *data, size_t size);
void http_on_drain(struct http_request *request,
		   void (*on_drain)(void *data, struct http_request *request));
void http_finish(struct http_request *request);
/* End a stream abnormally: the connection is closed without the last chunk. */
void http_abort(struct http_request *request);

/* ---- giving the connection away ---- */

/* Take the connection out of the server: the caller owns the descriptor (blocking state unchanged:
 * non-blocking) and the bytes that were already read behind the header (early data, which may be
 * part of a body).  Nothing has been answered unless http_hijack_header was called first.  The
 * request is freed. */
int http_hijack(struct http_request *request, struct buffer *early);

/* Write a header synchronously (it is small and the socket idle): for attach, "101 UPGRADED" with
 * Connection: Upgrade, Upgrade: tcp when the client asked to upgrade, else 200; `content_type` (may
 * be NULL) in both.  Extra headers of http_set_header are sent too.  False when the socket did not
 * take all of it: a client that sent requests without reading answers; abort it. */
bool http_hijack_header(struct http_request *request, const char *content_type);
bool http_wants_upgrade(const struct http_request *request);

/* What an answer of `status` would start with (status line, set headers, Content-Type, and
 * Transfer-Encoding: chunked where the client may have it): for processes that get the connection
 * and write the answer themselves (wait, logs, stats, load).  *chunked says how to frame the body.
 */
void http_response_head(const struct http_request *request, int status, const char *content_type,
			struct buffer *out, bool *chunked);

/* How the body that follows is framed: for processes that read it themselves. */
enum http_framing http_body_framing(const struct http_request *request, uint64_t *length);
bool http_expects_continue(const struct http_request *request);
