/* TLS for the server: `wherry-worker tls` holds the listening TCP sockets, shakes hands, and passes the
 * daemon one end of a socketpair for each connection, with the client's verified name.  The server then
 * sees plain unix sockets, no key is ever in the daemon, and connections outlive it.
 *
 * A worker whose daemon is gone takes no further connections and ends with the last one it has. */
#pragma once

#include "base/error.h"
#include "http/http_server.h"

struct http_tls;

struct http_tls_settings {
	const char *worker;	       /* path of wherry-worker */
	const char *certificate, *key; /* PEM files */
	const char *ca; /* PEM file: clients must show a certificate of it; NULL: none */
};

/* Starts the worker and waits (some milliseconds) until it has read its files; NULL when it cannot use
 * them.  `listeners` are listening TCP sockets, borrowed: they must stay open as long as this, because a
 * worker that dies is started again, after a second and then ever later.  Connections go to `server`,
 * which must live as long, and are not taken while it has no room. */
struct http_tls *http_tls_new(struct http_server *server, uv_loop_t *loop,
			      const struct http_tls_settings *settings, const int *listeners,
			      size_t count, struct error *err);

/* Lets go of the worker, which goes on with the connections that it has. */
void http_tls_free(struct http_tls *tls);

/* ---- what the worker says over its descriptor 3 (os/message.h) ---- */

#define HTTP_TLS_VERSION 1

enum http_tls_message {
	HTTP_TLS_READY = 1,	 /* it listens */
	HTTP_TLS_FAILED = 2,	 /* it cannot; the text says why */
	HTTP_TLS_CONNECTION = 3, /* the client's name ("": unverified); 1 descriptor */
};

/* The worker's arguments: tls CERTIFICATE KEY CA COUNT; CA may be "", COUNT sockets follow from 4 on. */
