/* A listening socket in a loop.  Whom there is no descriptor for waits in the kernel's queue, and is there at every
 * look: accepting rests for a second then, since nobody tells when a descriptor is free again. */
#pragma once

#include "shim/loop.h"

struct acceptor {
	struct loop *loop;
	struct source source; /* its descriptor is owned */
	struct deadline rest;
	bool watched;
};

/* Takes the descriptor, which has to be non-blocking.  `ready` is for source.ready; nothing is watched yet. */
void acceptor_init(struct acceptor *acceptor, struct loop *loop, int fd,
		   void (*ready)(struct source *source, uint32_t events));
void acceptor_fini(struct acceptor *acceptor); /* also twice */

void acceptor_watch(struct acceptor *acceptor, bool watched);

/* The next client, with SOCK_NONBLOCK and SOCK_CLOEXEC as `flags` say; -1: none now. */
int acceptor_take(struct acceptor *acceptor, int flags);
