/* The names of a container's networks, answered inside its network namespace at 127.0.0.11: from the
 * zones that the daemon has written, with or without a daemon.  What is nobody's name here is asked of
 * other servers. */
#pragma once

#include "shim/loop.h"
#include "shim/names_socket.h"
#include "shim/shim_protocol.h"

struct names;

/* Takes the sockets over.  Nobody is known yet, nobody else is asked. */
struct names *names_new(struct loop *loop, struct names_sockets *sockets);
void names_free(struct names *names); /* NULL is fine */

void names_set(struct names *names, const struct shim_names *what);
