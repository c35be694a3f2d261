/* Unix sockets, by a folder's descriptor and a name: sun_path holds 108 bytes, our folders may be
 * deeper, so the way goes through /proc/self/fd/N/NAME.  AT_FDCWD with a path of any length works
 * too. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

/* Bound and listening, O_CLOEXEC, non-blocking.  A socket file that stands there and that nobody
 * listens on is replaced; one that answers is ERROR_CONFLICT.  -1 on failure. */
int socket_listen(int folder, const char *name, mode_t mode, struct error *err);

/* Connected, O_CLOEXEC, blocking.  Nobody there is ERROR_NOT_FOUND.  -1 on failure. */
int socket_connect(int folder, const char *name, struct error *err);

/* The next client of a listening socket, O_CLOEXEC, non-blocking; -1: none now. */
int socket_accept(int listener);

/* Two connected ends, O_CLOEXEC, blocking. */
bool socket_pair(int out[static 2], struct error *err);

/* Who is at the other end of a unix socket. */
bool socket_peer(int socket, pid_t *pid, uid_t *uid, gid_t *gid);
