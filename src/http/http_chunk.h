/* Writing the body of an answer outside of the server: for the shim and for workers, which were given
 * a connection (http_hijack) and the head to begin with (http_response_head).  Neither libuv nor
 * llhttp is needed here. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* A chunk is this line, the data and HTTP_CHUNK_END; the body ends with HTTP_CHUNK_LAST. */
#define HTTP_CHUNK_LINE 20
#define HTTP_CHUNK_END	"\r\n"
#define HTTP_CHUNK_LAST "0\r\n\r\n"

/* Writes the line of a chunk of `size` > 0 bytes; returns its length. */
size_t http_chunk_line(char out[static HTTP_CHUNK_LINE], size_t size);

/* One piece of body to a socket, framed when `chunked`; nothing when size is 0.  Waits for room, also
 * on a non-blocking socket.  A peer that has gone is an error, never a signal. */
bool http_chunk_write(int socket, bool chunked, const void *data, size_t size, struct error *err);

/* The end of the body; nothing when it is not chunked (closing ends it then). */
bool http_chunk_finish(int socket, bool chunked, struct error *err);
