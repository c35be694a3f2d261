/* A socket of a client that is written without ever waiting: what it does not take now is kept. */
#pragma once

#include "base/text.h"

#include <sys/uio.h>

struct outlet {
	int fd;		     /* owned; -1: none */
	struct buffer queue; /* from `taken` on: what waits for room */
	size_t taken;
	bool broken; /* the client is gone: whatever is sent is dropped */
};

void outlet_init(struct outlet *o, int fd);
void outlet_fini(struct outlet *o);

/* Behind what waits already.  At most 4 parts. */
void outlet_send(struct outlet *o, const struct iovec *parts, size_t count);
void outlet_send_bytes(struct outlet *o, const void *data, size_t size);

/* Send what there is room for; how much was taken. */
size_t outlet_flush(struct outlet *o);
size_t outlet_waiting(const struct outlet *o);

/* The body of an HTTP answer: one chunk (framed if `chunked`), and its end. */
void outlet_send_body(struct outlet *o, bool chunked, const void *data, size_t size);
void outlet_end_body(struct outlet *o, bool chunked);
