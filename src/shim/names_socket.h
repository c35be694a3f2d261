/* The sockets on which a container's names are asked for, in the container's network namespace. */
#pragma once

#include "base/error.h"

struct names_sockets {
	int udp, tcp; /* owned; -1: none */
};

/* Bound to 127.0.0.11 at some port of theirs, to which what is sent to port 53 there is led: port 53
 * itself belongs to the container, whose own name server may bind it on every address.  Non-blocking.
 * Needs the rights of that namespace's network; for a moment the calling thread is in it. */
bool names_sockets_open(int netns, struct names_sockets *out, struct error *err);

void names_sockets_close(struct names_sockets *sockets);
