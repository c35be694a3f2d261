/* For src/http itself: the byte stream under the client.  Sockets are non-blocking; who wants to wait
 * polls for what the transport says it waits for (over TLS a read may have to write, and the reverse). */
#pragma once

#include "http/http_client.h"

#include <sys/types.h>

enum { TRANSPORT_FAILED = -1, TRANSPORT_AGAIN = -2 };

struct http_transport {
	const struct http_transport_driver *driver;
	int fd;
	short waits_for; /* poll events, after TRANSPORT_AGAIN */
	void *state;	 /* the driver's */
};

struct http_transport_driver {
	/* Bytes, 0 at the peer's end, TRANSPORT_AGAIN, TRANSPORT_FAILED with err set. */
	ssize_t (*read)(struct http_transport *t, void *out, size_t size, struct error *err);
	/* Bytes taken, TRANSPORT_AGAIN, TRANSPORT_FAILED with err set. */
	ssize_t (*write)(struct http_transport *t, const void *data, size_t size,
			 struct error *err);
	/* Are there bytes that poll does not know of? */
	bool (*pending)(const struct http_transport *t);
	/* End our direction. */
	void (*shut)(struct http_transport *t);
	void (*close)(struct http_transport *t);
};

/* Connect to a parsed address.  NULL tls: plain. */
struct http_address {
	char *path;	   /* of a unix socket, or NULL */
	char *host, *port; /* of TCP */
	char *authority;   /* what the Host header says */
};

bool http_address_parse(struct http_address *address, const char *text, struct error *err);
void http_address_fini(struct http_address *address);

bool http_transport_open(struct http_transport *t, const struct http_address *address,
			 const struct http_client_tls *tls, struct error *err);
void http_transport_close(struct http_transport *t); /* also one that is not open (fd -1) */

/* Put TLS on a connected transport, which must not move afterwards: loads OpenSSL, shakes hands (at most
 * 30 s). */
bool http_transport_start_tls(struct http_transport *t, const char *host,
			      const struct http_client_tls *tls, struct error *err);

/* Wait for what TRANSPORT_AGAIN said; false when nothing came within timeout_ms (-1: for ever). */
bool http_transport_wait(const struct http_transport *t, int timeout_ms);
