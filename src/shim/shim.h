/* The daemon's side of a shim: starting one, finding one again, and what it left behind.  None of
 * these waits for the shim; all take microseconds and may run in an event loop. */
#pragma once

#include "os/message.h"
#include "shim/journal_serve.h"
#include "shim/shim_protocol.h"

#include <sys/types.h>

struct shim_process {
	pid_t pid;
	int pidfd;   /* owned */
	int control; /* owned; non-blocking; -1 for `logs` and `journal` */
};

/* Start `program` (the wherry-shim) for this run folder: binds its socket, then spawns.  The shim
 * waits for messages. */
bool shim_spawn(const char *program, int run_folder, struct shim_process *out, struct error *err);

/* The same in its mode `keep` (shim/keeper.h). */
bool shim_spawn_keeper(const char *program, int folder, struct shim_process *out,
		       struct error *err);

/* The same in its mode `unit` (shim/unit_protocol.h). */
bool shim_spawn_unit(const char *program, int run_folder, struct shim_process *out,
		     struct error *err);

/* A connection to the shim of this run folder, non-blocking; the caller says HELLO.  -1 with
 * ERROR_NOT_FOUND: there is none. */
int shim_connect(int run_folder, struct error *err);

/* Queue a message with a record (type NULL: no body) and its descriptors (borrowed, duplicated). */
bool shim_send(struct message_queue *queue, enum shim_message message,
	       const struct record_type *type, const void *record, const int *fds, size_t fd_count,
	       struct error *err);

/* What a shim that is gone has left.  ERROR_NOT_FOUND: it had not come that far. */
bool shim_read_state(int run_folder, struct shim_state *out, struct error *err);
bool shim_read_exit(int run_folder, struct shim_exit *out, struct error *err);

/* Start `program` in its mode `logs`, for a container that has no shim: it serves the request
 * (whose log_path is set) on `connection` and ends. */
bool shim_spawn_logs(const char *program, const struct shim_logs *request, int connection,
		     struct shim_process *out, struct error *err);

/* The same in its mode `journal`: the answer's header is sent already, its body is what the request asks for. */
bool shim_spawn_journal(const char *program, const struct shim_journal *request, int connection,
			struct shim_process *out, struct error *err);
