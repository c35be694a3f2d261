/* What the files of execs share: exec.c makes one, exec_start.c starts it, exec_run.c hears its shim,
 * exec_list.c finds and forgets it, exec_record.c keeps it for the next daemon, which exec_adopt.c is for. */
#pragma once

#include "engine/engine_private.h"

#define EXEC_EXIT_FAILED 126

struct exec_run {
	struct exec *exec;
	struct shim_peer *peer;
	struct operation *starter;
	bool ended;
};

struct exec_operation {
	struct operation op;
	struct exec_config config;
	char *id; /* of the exec */
	struct exec_start_options options;
	char *detach_keys;
	struct engine_connection connection;
	int rows, columns;
	bool for_health;
};

static inline struct exec_operation *exec_of(struct operation *op)
{
	return (struct exec_operation *)op;
}

/* ---- exec.c ---- */

void exec_fini(struct operation *op); /* of each struct exec_operation */

/* Can a process join the container now? */
bool exec_is_possible(const struct container *c, struct error *err);

/* An event; some show the command behind the action. */
void exec_tell(struct exec *exec, const char *action, bool with_command);

/* ---- exec_record.c ---- */

bool exec_save(struct exec *exec, struct error *err);
void exec_keep(struct exec *exec); /* the same, where nobody can be told of a failure */

/* In the list of its container, if that is there; NULL: it is nobody's. */
struct exec *exec_read(struct engine *engine, int folder);

/* ---- exec_list.c ---- */

void exec_add(struct container *c, struct exec *exec); /* owned by the container from now on */
void exec_forget(struct exec *exec);		       /* with its folder; who starts it is told */

/* Some exec is over: forget it after a while. */
void exec_plan_sweep(struct engine *engine);

/* ---- exec_run.c ---- */

extern const struct shim_peer_handlers exec_handlers; /* data: struct exec_run */

/* Its shim is not there any more: its last word counts. */
void exec_run_gone(void *run);

/* Whoever waits for the start has it now, or `err`. */
void exec_end_starter(struct exec_run *run, const struct error *err);
