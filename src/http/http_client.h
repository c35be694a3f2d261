/* A small blocking HTTP/1.1 client on llhttp: for the command (and for tests).  One request at a time
 * on one connection; unix sockets, TCP, and TLS where OpenSSL is loaded at run time (dlopen, so that a
 * command without TLS never maps it). */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <sys/types.h>

struct http_client;

struct http_client_tls {
	const char *ca, *certificate, *key; /* PEM files; NULL: the system's CAs, no certificate */
	bool verify;			    /* the daemon's certificate and the name in it */
};

/* `address`: unix:///path, tcp://host:port, http://host:port, https://host:port.  TLS is spoken over TCP
 * when `tls` is not NULL (it is copied).  Connects at the first request.  NULL: the address is none. */
struct http_client *http_client_new(const char *address, const struct http_client_tls *tls,
				    struct error *err);
void http_client_free(struct http_client *client);

struct http_body_source {
	/* The next piece into `out`; 0 at the end, -1 with err set on failure.  NULL: no body. */
	ssize_t (*read)(void *data, void *out, size_t size, struct error *err);
	void *data;
	int64_t size; /* -1: unknown, sent chunked */
};

/* Bytes at hand as a body: {http_bytes_read, &bytes, size}.  They are used up by it. */
struct http_bytes {
	const char *data;
	size_t left;
};

ssize_t http_bytes_read(void *bytes, void *out, size_t size, struct error *err);

struct http_answer {
	int status;
	struct pairs headers; /* names in lower case */
};

/* Send a request and read the answer's header.  `headers` and `body` may be NULL; Host and the framing
 * of the body are added.  The answer's body is then read with http_client_read until it returns 0 (-1:
 * failure).  An answer that was read to its end leaves the connection ready for the next request;
 * otherwise the next request opens a new one.  An answer that comes while the body is still being sent
 * is kept; one of status 300 or more ends the sending.  ERROR_NOT_FOUND or ERROR_UNAVAILABLE when
 * nobody could be reached. */
bool http_client_send(struct http_client *client, const char *method, const char *target,
		      const struct pairs *headers, const struct http_body_source *body,
		      struct http_answer *answer, struct error *err);
ssize_t http_client_read(struct http_client *client, void *out, size_t size, struct error *err);

/* The same in pieces, for a loop over many connections: the request goes out whole (that may wait for the
 * daemon to take it), the answer is taken as it comes.  HTTP_CLIENT_AGAIN: nothing now; poll the descriptor for
 * http_client_events and call again.  answer: 1 when its header is there.  body: as http_client_read. */
#define HTTP_CLIENT_AGAIN (-2)
bool http_client_begin(struct http_client *client, const char *method, const char *target,
		       const struct pairs *headers, const struct http_body_source *body,
		       struct error *err);
int http_client_try_answer(struct http_client *client, struct http_answer *answer,
			   struct error *err);
ssize_t http_client_try_body(struct http_client *client, void *out, size_t size, struct error *err);
short http_client_events(const struct http_client *client);

/* Was the body read to its end?  Then nothing more comes that poll would tell of: the next
 * http_client_read returns 0. */
bool http_client_ended(const struct http_client *client);

/* The whole body, at most `limit` bytes. */
bool http_client_read_all(struct http_client *client, size_t limit, struct buffer *out,
			  struct error *err);

/* After an answer 101 (or 200 of a raw stream): the connection as a raw byte stream.  Read and write
 * with these; `http_client_fd` is for poll (check http_client_pending first: bytes already read).
 * http_client_shut ends our direction only (half-close; over TLS close_notify). */
ssize_t http_client_raw_read(struct http_client *client, void *out, size_t size, struct error *err);
bool http_client_raw_write(struct http_client *client, const void *data, size_t size,
			   struct error *err);
bool http_client_pending(const struct http_client *client);
int http_client_fd(const struct http_client *client);
void http_client_shut(struct http_client *client);

/* The same without ever waiting, for a loop that carries both directions (one that waits in a write
 * while the other side waits in its own never ends).  HTTP_CLIENT_AGAIN: nothing now; poll the
 * descriptor for *events (over TLS a read may have to wait for room to write) and call again. */
ssize_t http_client_try_read(struct http_client *client, void *out, size_t size, short *events,
			     struct error *err);
ssize_t http_client_try_write(struct http_client *client, const void *data, size_t size,
			      short *events, struct error *err);

void http_answer_fini(struct http_answer *answer);
