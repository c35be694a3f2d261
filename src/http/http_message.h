/* The framing of one HTTP message, on llhttp: bytes in, pieces of body out, and where the message
 * ends. The same for requests and answers, for the server, the client and whoever reads a body
 * itself. */
#pragma once

#include "http/http_framing.h"

#include <llhttp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HTTP_TOKEN_CHARACTERS                                                                      \
	"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* Chunk sizes, extensions and trailers between two pieces of body: more is an attack. */
#define HTTP_OVERHEAD_LIMIT ((size_t)16 * 1024)

struct http_message {
	llhttp_t parser;
	void (*on_body)(void *data, const char *piece, size_t size);
	void *data;
	size_t overhead; /* bytes since the last piece of body */
	uint64_t length; /* of a body with HTTP_LENGTH */
	enum http_framing framing;
	uint8_t trailer; /* where in the lines behind the last chunk; 0: not there yet */
	bool no_body;	 /* this is the answer to a HEAD request */
	bool in_head;	 /* what is fed now is a head, and nothing else */
	bool head_is_complete, is_complete, keep_alive;
};

/* `type`: HTTP_REQUEST or HTTP_RESPONSE.  The message must not move afterwards. */
void http_message_init(struct http_message *message, llhttp_type_t type);

/* Feed a whole head, as http_head_end found it.  False: it is malformed, or ends elsewhere.  No piece of
 * body is reported, and what comes next is the body. */
bool http_message_feed_head(struct http_message *message, const char *data, size_t size);

/* Feed bytes; returns how many belonged to the message (all, unless it is complete), or -1 when
 * they are malformed. */
ssize_t http_message_feed(struct http_message *message, const char *data, size_t size);

/* Start at the body of a message whose head was read elsewhere.  With HTTP_NO_BODY (or a length of
 * 0) it is complete at once. */
void http_message_init_body(struct http_message *message, enum http_framing framing,
			    uint64_t length);
