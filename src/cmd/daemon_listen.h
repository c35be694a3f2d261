/* Where the daemon listens: unix sockets (mode 0660, group wherry, or docker where that exists), TCP
 * (plain on loopback only; elsewhere with TLS), sockets of a service manager (fd://), and sockets that
 * the supervising shim keeps across restarts. */
#pragma once

#include "base/error.h"
#include "cmd/daemon_settings.h"

struct daemon_socket {
	int fd;	       /* owned, listening, non-blocking */
	char *address; /* owned: as in --host */
	bool tls;      /* TCP that speaks TLS: for the TLS worker */
	bool ours;     /* bound by us or our supervisor, not by a service manager */
};

struct daemon_sockets {
	struct daemon_socket *items;
	size_t count, capacity;
};

/* What can be said against the hosts without listening: plain TCP beyond the loopback.  Names are not
 * looked up. */
bool daemon_listen_check(const struct daemon_settings *settings, struct error *err);

/* All sockets of `settings->hosts`.  Under a supervisor or a service manager they are taken over from
 * it instead of being bound: LISTEN_FDS descriptors from 3 on, for this process (LISTEN_PID), or in the
 * order of `hosts` where WHERRY_SUPERVISED is set. */
bool daemon_listen(const struct daemon_settings *settings, struct daemon_sockets *out,
		   struct error *err);
void daemon_sockets_fini(struct daemon_sockets *sockets);

/* Removes the files of those that are ours.  Not after they are closed: where nobody answers the next daemon has
 * made them anew meanwhile. */
void daemon_sockets_unlink(const struct daemon_sockets *sockets);
