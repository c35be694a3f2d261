/* The daemon's side of image/worker_protocol.h: a worker started, listened to, and reaped, on the loop.
 */
#pragma once

#include "image/worker_protocol.h"
#include "os/message.h"

#include <uv.h>

struct worker_process;

struct worker_handlers {
	/* Any message but WORKER_FAILED.  The message is valid for the call; its descriptors may be
	 * taken. */
	void (*on_message)(void *data, struct message *message);

	/* WORKER_FAILED has come; the worker still runs.  NULL: told by on_end alone. */
	void (*on_failed)(void *data, const struct error *err);

	/* The worker is gone; the last call.  `err` is NULL when it ended as it should; else what it
	 * failed with, or how it died. */
	void (*on_end)(void *data, const struct error *err);
};

/* `program` is the path of wherry-worker. */
struct worker_process *worker_process_start(uv_loop_t *loop, const char *program,
					    const char *command,
					    const struct worker_handlers *handlers, void *data,
					    struct error *err);

/* Queued when the worker is slow to read.  `record_type` may be NULL; descriptors are duplicated. */
void worker_process_send(struct worker_process *process, enum worker_message type,
			 const struct record_type *record_type, const void *record, const int *fds,
			 size_t fd_count);

/* Kill it and forget it: no handler is called any more.  NULL is fine. */
void worker_process_kill(struct worker_process *process);
