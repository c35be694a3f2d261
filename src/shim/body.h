/* The body of an answer whose header is sent already, to a client that is waited for. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of it, framed as a chunk when `chunked`; nothing for no bytes.  false: the client is gone. */
bool body_send(int connection, bool chunked, const void *data, size_t size);

/* All was sent.  Without it a client of a chunked body knows that something went wrong. */
void body_end(int connection, bool chunked);
