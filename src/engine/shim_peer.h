/* A shim's process and the connection to it, for whoever runs shims in a loop: the engine for containers,
 * units for theirs.  The end of the process is what counts as its end. */
#pragma once

#include "shim/shim.h"

#include <uv.h>

struct shim_peer;

struct shim_peer_handlers {
	/* The message's descriptors may be taken. */
	void (*message)(void *data, struct message *message);
	/* The process has ended; all its messages were given before.  The last call. */
	void (*gone)(void *data);
	uint16_t reply; /* the message that answers shim_peer_ask; 0: SHIM_REPLY */
};

/* Takes the descriptors.  pidfd -1: not known yet, see shim_peer_watch. */
struct shim_peer *shim_peer_new(uv_loop_t *loop, const struct shim_process *process,
				const struct shim_peer_handlers *handlers, void *data);

/* Watch the process behind a connection that was made to a socket; false: it is not there. */
bool shim_peer_watch(struct shim_peer *peer, pid_t pid, int64_t start_time);
void shim_peer_send(struct shim_peer *peer, enum shim_message message,
		    const struct record_type *type, const void *record, const int *fds,
		    size_t fd_count);
/* A request that is answered by the reply; `err` is NULL when it was done, and ESRCH when the shim ends instead. */
typedef void shim_replied(void *data, const struct error *err);
void shim_peer_ask(struct shim_peer *peer, enum shim_message message,
		   const struct record_type *type, const void *record, shim_replied *replied,
		   void *data);
pid_t shim_peer_pid(const struct shim_peer *peer);

/* Let go of it at once: the daemon ends, the shim does not. */
void shim_peer_free(struct shim_peer *peer);
