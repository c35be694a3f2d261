/* The body of a request, read outside of the server: for workers, which were given a connection
 * (http_hijack) with how its body is framed (http_body_framing) and the bytes that were read already.
 * Pulled piece by piece in flat memory; no libuv. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "http/http_framing.h"

#include <sys/types.h>

struct http_body;

struct http_body_input {
	int socket; /* borrowed; blocking or not */
	enum http_framing framing;
	uint64_t length;
	bool expects_continue; /* the client waits for 100 Continue: it is told at the first read */
	const struct buffer *early; /* copied; may be NULL */
};

struct http_body *http_body_new(const struct http_body_input *input);
void http_body_free(struct http_body *body);

/* The next bytes, up to `size` (more than 0); 0 at the end of the body; -1 when it is malformed
 * (ERROR_INVALID), ends too early (ERROR_INVALID) or cannot be read.  All of `out` may be written to. */
ssize_t http_body_read(struct http_body *body, void *out, size_t size, struct error *err);

/* Whether the next read can do nothing but wait for the socket: for who has other things to wait for. */
bool http_body_needs_input(const struct http_body *body);

/* Read and drop what is left, up to `limit` bytes, so that closing the socket does not take the answer
 * away from a client that is still sending. */
void http_body_drain(struct http_body *body, size_t limit);

scoped_define(http_body)
