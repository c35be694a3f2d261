/* `wherry-shim daemon COUNT PROGRAM [ARGUMENT...]`: keeps the daemon running where no service manager
 * does, and its listening sockets open meanwhile, so that clients wait instead of failing.  What else it is
 * given open it keeps, too: the locks of the daemon's folders (cmd/daemon_lock.h).
 *
 * The caller has descriptors 3 to 2 + COUNT open: listening sockets.  PROGRAM (an absolute path) is
 * run in a session of its own with these and every other descriptor that is not close-on-exec, and
 * with LISTEN_FDS=COUNT, LISTEN_PID and WHERRY_SUPERVISED=1 in its environment.
 *
 * It is run again when it dies: after 100 ms, then twice as long each time, up to 3 s, and from the
 * beginning when it has lived for 10 s.  Exit code 0 is meant: then this process ends too.  So it does
 * when the very first run ends with a code within 10 s: that is a mistake in the settings.  SUPERVISE_AGAIN
 * asks for the next run, at once.
 *
 * TERM and INT end the daemon (it gets TERM) and then this process, with its code; HUP and USR1 are
 * passed on.  Shims whose daemon has died become children of this process, which reaps them: it may
 * run where pid 1 does not. */
#pragma once

enum { SUPERVISE_AGAIN = 133 }; /* an exit code of the daemon */

int supervise_main(int argc, char **argv); /* from COUNT on; its exit code */

/* ---- the decision, for tests ---- */

#include <stdbool.h>
#include <stdint.h>

struct supervised_life {
	int64_t lived_ns;
	int code; /* of the exit; 128 + n after signal n */
	bool by_signal;
	bool stopping; /* it was told to end */
	bool first;    /* no run before this one */
};

/* How long until the next run, given how long it was before this one (0: there was none); -1: there
 * is no next run. */
int64_t supervise_next(const struct supervised_life *life, int64_t delay_ns);
