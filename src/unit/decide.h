/* What follows from what was seen: pure functions, one table each in decide_test.c. */
#pragma once

#include "unit/unit.h"

/* Restart= and its exceptions. */
bool decide_restart(const struct restart_config *config, enum execution_result result,
		    const struct execution_process *main, bool stopped_by_job);

/* Delay before the n-th automatic restart, n from 1. */
int64_t decide_restart_delay_us(const struct restart_config *config, uint32_t n);

/* May another start be tried at `now`?  Counts it. */
bool decide_start_limit(struct unit *unit, int64_t now_monotonic_ns);
void forget_starts(struct unit *unit);

/* Can this queued job run now, given the order of all that are queued? */
enum job_readiness {
	JOB_WAITS,
	JOB_RUNS,
	JOB_CANNOT /* a requirement is not met: ends DEPENDENCY */
};
enum job_readiness decide_job(const struct job *job);

/* A unit has left or entered a state: which jobs follow (BindsTo, Upholds, StopPropagatedFrom, OnFailure ...). */
struct consequence {
	struct unit *unit;
	uint8_t type; /* enum job_type */
	uint8_t mode; /* enum job_mode */
};
struct consequences {
	struct consequence *items; /* owned */
	size_t count, capacity;
};
void decide_consequences(struct unit *unit, enum active_state before, enum active_state after,
			 bool by_job, struct consequences *out);

/* The next moment of a timer.  Times in us; `realtime` and `monotonic` are now; -1: never. */
struct timer_moments {
	int64_t activated_us, startup_us, unit_active_us,
		unit_inactive_us; /* monotonic; 0: not yet */
	int64_t last_trigger_realtime_us;
};
struct timer_next {
	int64_t realtime_us, monotonic_us; /* the earlier of both counts */
};
struct timer_next decide_timer(const struct timer_config *config,
			       const struct timer_moments *moments, int64_t realtime_us,
			       int64_t monotonic_us, uint64_t random);
