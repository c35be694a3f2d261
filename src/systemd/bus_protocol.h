/* What the daemon and `wherry-worker bus` say to each other, in frames of os/message.h over the worker's
 * descriptor 3.
 *
 * The worker alone speaks to systemd (sd-bus, over systemd's own socket): it waits for the answers, keeps jobs
 * until they are removed, and tells the state of each unit that is watched whenever that changes.  It decides
 * nothing, keeps nothing that could not be asked for again, and ends with the daemon.  A new one must be told what
 * to watch. */
#pragma once

#include "base/error.h"
#include "format/record.h"

#define BUS_PROTOCOL_VERSION 1
#define BUS_CONTROL_FD	     3

enum bus_message {
	/* Daemon to worker: struct bus_request each; answered by BUS_ANSWER with its id. */
	BUS_RELOAD = 1, /* daemon-reload */
	BUS_WATCH = 2,	/* units: their states come before the answer */
	BUS_FORGET = 3, /* units: not watched any more */
	BUS_JOB = 4,	/* method, unit, mode: answered when the job is over, after the state that
				 it has led to */
	BUS_CANCEL = 5, /* job: the id of a BUS_JOB that is not answered yet */
	BUS_KILL = 6,	/* unit, who, signal */
	BUS_RESET_FAILED = 7, /* unit */
	BUS_SCOPE = 8, /* scope, slice, description, group (below each hierarchy): made, delegated
				 to us, with a process of the worker inside that keeps it until
				 BUS_SCOPE_LEAVE */
	BUS_SCOPE_LEAVE = 9, /* scope: somebody else is in it, or nobody will be */

	/* Worker to daemon. */
	BUS_ANSWER = 32, /* struct bus_answer */
	BUS_STATE = 33,	 /* struct bus_state */
};

struct bus_request {
	int64_t id, job;
	char *method, *unit, *mode, *who, *scope, *slice, *description, *group;
	int32_t signal;
	struct strings units;
};

struct bus_answer {
	int64_t id;
	int32_t kind; /* enum error_kind: ERROR_NONE is done */
	char *text;
	char *result; /* of a job: "done" ... */
};

/* A unit's properties under systemd's names; moments in us, 0: never. */
struct bus_state {
	char *unit, *load_state, *active_state, *sub_state, *fragment_path, *invocation_id;
	bool condition_unmet;
	int64_t changed_us, changed_monotonic_us;
	int64_t active_enter_us, active_enter_monotonic_us, active_exit_us,
		active_exit_monotonic_us;
	int64_t inactive_enter_us, inactive_enter_monotonic_us, inactive_exit_us,
		inactive_exit_monotonic_us;

	char *result, *status_text, *control_group;
	int64_t main_pid, control_pid, restarts;
	int64_t main_started_us, main_ended_us, main_last_pid, main_code, main_status;
	int64_t next_elapse_us, last_trigger_us; /* of a timer, since 1970 */
};

extern const struct record_type bus_request_type, bus_answer_type, bus_state_type;
