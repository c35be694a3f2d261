/* The clients that wait for an exit or a removal: their HTTP headers are sent, the body is missing. */
#pragma once

#include "shim/loop.h"
#include "shim/shim_protocol.h"

struct waiter;

struct waits {
	struct loop *loop;
	struct waiter *first;
	bool exit_told; /* those for the exit are answered at once from now on */
	int32_t code;
};

/* Takes the socket over. */
void waits_add(struct waits *waits, int socket, const struct shim_wait *wait);

void waits_tell_exit(struct waits *waits, int32_t code);

/* `error`: the removal failed; NULL: it did not. */
void waits_tell_removal(struct waits *waits, int32_t code, const char *error);

/* Take one that waits for the removal out, socket and all; false: there is none. */
bool waits_take(struct waits *waits, struct shim_wait *wait, int *socket);

/* Whether somebody waits, or has not taken its answer yet. */
bool waits_are_open(const struct waits *waits);
