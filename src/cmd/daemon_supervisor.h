/* Who starts the daemon, and starts it again when it has died: a service manager, or a shim of ours that keeps its
 * sockets and locks (shim/supervise.h). */
#pragma once

#include "cmd/daemon.h"

/* Is some supervisor already there to restart us: systemd, or our own shim? */
bool daemon_is_supervised(void);

/* Will whoever started us do so again, at whatever end?  Our supervisor, or a service manager whose unit says so
 * (dist/wherry.service). */
bool daemon_is_started_again(void);

/* Does our own shim hold the sockets, where clients wait until we are started again? */
bool daemon_sockets_are_kept(void);

/* Hand the listening sockets, the locks of the folders (which are open), and the job of starting us, to a shim.
 * Returns only on failure. */
bool daemon_become_supervised(struct daemon *d, struct error *err);

/* What a daemon had that was killed is held for some milliseconds more, by its threads that are ending and by a
 * child on its way to its program: pauses, and says whether there is time to try once more. */
bool daemon_await_predecessor(int64_t began_ns);
