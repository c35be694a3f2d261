/* Two daemons share no folder: layers and records have one writer; and who finds run folders, events and sockets in
 * an exec root that it has no record of takes them for what is left of somebody.
 *
 * A lock is on a file in the folder that root alone can open, not on the folder: whoever can open what is locked can
 * lock it, and systemd makes the folder of a socket readable for all.  The files have different names, since one
 * folder may be both roots.  A supervisor of ours holds the locks beside the daemon: while it starts that again,
 * nobody comes in between. */
#pragma once

#include "base/error.h"

enum daemon_lock { DATA_LOCK, EXEC_LOCK };

/* The lock, held while it is open; -1 on failure.  ERROR_CONFLICT: another daemon has it; waits a second for one
 * that is just ending.  What a supervisor has passed on is taken. */
int daemon_lock(enum daemon_lock which, const char *folder, struct error *err);

/* For the program that this process becomes, and the daemons that it starts: under a number from `least` on. */
bool daemon_lock_pass_on(enum daemon_lock which, int lock, int least, struct error *err);
