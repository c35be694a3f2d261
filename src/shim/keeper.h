/* `wherry-shim keep`: holds the connections of clients that wait for a container which has no shim: it
 * has ended, or its restart is due.  The daemon serves them; this process only keeps them open when the
 * daemon dies, and shows them to the next one.
 *
 * It is born like any shim (shim_protocol.h), with a connection and a listening socket.  The daemon gives
 * a wait by SHIM_KEEP and takes it back by SHIM_FORGET; a daemon that says SHIM_HELLO is told each one by
 * SHIM_KEPT, with its descriptor.  A client that leaves is forgotten.  It ends when it holds nothing. */
#pragma once

/* Its exit code. */
int keeper_main(void);
