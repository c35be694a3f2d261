/* What the files of the machine share.  For machine*.c alone. */
#pragma once

#include "execution/machine.h"

/* ---- telling ---- */

struct machine_action *machine_act(struct machine *m, enum machine_action_kind kind);
void machine_say(struct machine *m, enum machine_text text);
void machine_set_deadline(struct machine *m, int64_t us); /* 0: none */

/* ---- state ---- */

void machine_enter(struct machine *m, enum sub_state sub);
void machine_fail(struct machine *m, enum execution_result result); /* the first one sticks */

/* ---- commands ---- */

bool machine_has(const struct machine *m, enum execution_phase phase);

/* Begin the phase as state `sub`, each of its commands with `timeout_us`.  False: it has none. */
bool machine_run(struct machine *m, enum execution_phase phase, enum sub_state sub,
		 int64_t timeout_us);

/* The next command of the present phase; false: that was the last one. */
bool machine_run_next(struct machine *m);

/* A control command has ended: its result, SUCCESS where that is to be ignored. */
enum execution_result machine_command_result(const struct machine *m, bool daemon);

/* ---- killing ---- */

/* As KillMode= says, for state `sub`; whether there is somebody to wait for. */
bool machine_kill(struct machine *m, enum sub_state sub);
int64_t machine_stop_timeout(const struct machine *m, enum sub_state sub);
bool machine_is_quiet(const struct machine *m); /* no process of its own is waited for */

/* ---- ends ---- */

void machine_over(struct machine *m);
void machine_start_done(struct machine *m);

/* ---- kinds ---- */

struct machine_kind {
	void (*start)(struct machine *m);
	void (*handle)(struct machine *m); /* any event but START */
};
extern const struct machine_kind machine_service, machine_socket, machine_mount;

/* What stops and ends alike for all kinds (machine_stop.c). */
void machine_enter_signal(struct machine *m, enum sub_state sub, enum execution_result result);
void machine_enter_stop_post(struct machine *m, enum execution_result result);
void machine_enter_dead(struct machine *m, enum execution_result result);
void machine_stop_event(struct machine *m); /* in one of the states of stopping */
bool machine_is_stopping(const struct machine *m);

/* One of the processes that a state of stopping waits for. */
void machine_somebody_ended(struct machine *m, enum execution_result result);

/* How what took too long is ended: TimeoutStartFailureMode=, TimeoutStopFailureMode=. */
enum sub_state machine_signal_of_mode(const struct machine *m, int32_t mode);
