/* The byte sequence that ends an attach to a terminal ("ctrl-p,ctrl-q").
 *
 * Bytes that might be the beginning of the sequence are held back; when they turn out not to be, they
 * are passed on. */
#pragma once

#include "base/text.h"

enum { DETACH_KEYS_LIMIT = 16 };

struct detach_keys {
	unsigned char keys[DETACH_KEYS_LIMIT];
	size_t count;	/* 0: nothing detaches */
	size_t matched; /* so many of them are held back */
};

/* `hex` is two digits a key; NULL or something else: no keys. */
void detach_keys_init(struct detach_keys *d, const char *hex);

/* Append to `out` what of `data` goes on to the process.  True: the sequence is complete; what
 * follows it in `data` is dropped. */
bool detach_keys_pass(struct detach_keys *d, const char *data, size_t size, struct buffer *out);
