/* What a restart policy says: a pure decision from what was wanted, what was seen and the time. */
#pragma once

#include "engine/container_config.h"
#include "engine/extension.h"

/* What has happened to a container that is not running now. */
struct restart_question {
	const struct restart_policy *policy;
	const struct container_restarts *own; /* delay and window that were asked for; NULL: none */
	bool daemon_start;    /* asked because the daemon has come up, not because of an exit */
	bool was_running;     /* when the daemon was last there, or until the exit */
	bool stopped_by_hand; /* since its last start */
	bool wanted;	      /* whatever the policy says: its health has asked for it */
	bool failed_to_start; /* the exit is a start that failed */
	int64_t exit_code;
	int64_t restart_count; /* automatic ones so far */
	int64_t ran_ms;	       /* how long it ran before this exit */
	int64_t last_delay_ms; /* 0: this is the first in a row */
};

struct restart_answer {
	bool restart;
	int64_t delay_ms;
};

/* Has its run been long enough for its attempts to be counted anew? */
bool restart_counts_anew(const struct restart_question *question);

struct restart_answer restart_decide(const struct restart_question *question);

/* What is left of a pause when so much has passed since the exit; a clock that was set makes it
 * never longer than it was. */
int64_t restart_pause_left(int64_t delay_ms, int64_t passed_ms);

/* ERROR_INVALID for what cannot be a policy. */
bool restart_policy_check(const struct restart_policy *policy, struct error *err);
bool restart_policy_is_set(const struct restart_policy *policy); /* neither "" nor "no" */
