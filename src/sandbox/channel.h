/* The talk between a shim and the process that it is turning into a container: a SEQPACKET pair that
 * the exec closes.  From inside come an error, the terminal's master, the root's mount, and with the end of file the
 * news that the program runs; from outside come the root of a user namespace and the word to go on. */
#pragma once

#include "base/error.h"

bool channel_pair(int *outside, int *inside, struct error *err);

/* ---- inside ---- */

void channel_fail(int channel, const struct error *error);
bool channel_give_terminal(int channel, int master, struct error *err);
bool channel_give_root(int channel, int root, struct error *err);

/* The next word from outside; *fd (may be NULL) is the descriptor that came along, or -1.  False: the
 * shim is gone, there is nobody left to tell. */
bool channel_wait(int channel, int *fd);

/* ---- outside ---- */

/* fd -1: none. */
bool channel_go_on(int channel, int fd, struct error *err);

/* Wait until the program runs.  What came from inside meanwhile is put in `gifts`. */
struct channel_gifts {
	int terminal, root; /* owned; -1: none */
};
bool channel_wait_for_exec(int channel, struct channel_gifts *gifts, struct error *err);
