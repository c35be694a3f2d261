/* What follows from what was seen: pure functions, one table each in decide_test.c. */
#pragma once

#include "unit/unit.h"

/* Restart= and its exceptions.  `main` is the last main process; pid 0: never was one. */
bool decide_restart(const struct restart_config *config, enum execution_result result,
		    const struct execution_process *main, bool stopped_by_job);

/* Delay before the n-th automatic restart, n from 1. */
int64_t decide_restart_delay_us(const struct restart_config *config, uint32_t n);

/* May another start be tried at `now`?  Counts it, also when it is refused. */
bool decide_start_limit(struct unit *unit, int64_t now_monotonic_ns);
void forget_starts(struct unit *unit);

/* Can this queued job run now, given the order of all that are queued? */
enum job_readiness {
	JOB_WAITS,
	JOB_RUNS,  /* a verify job: the unit's state says how it ends */
	JOB_CANNOT /* a requirement is not met: ends DEPENDENCY */
};
enum job_readiness decide_job(struct job *job); /* keeps in the job where it looked last */

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

/* To be called when the unit is in its new state, sub and result included, and its job, if that state ended one, is
 * gone.  `by_job`: the unit stops because of a job of its own, whose transaction has seen to those that depend
 * on it.  Adds to `out`.  With before == after it tells what follows from a job that has gone. */
void decide_consequences(struct unit *unit, enum active_state before, enum active_state after,
			 bool by_job, struct consequences *out);

/* The start (or verify) job of `unit` ended other than done: whose waiting jobs end DEPENDENCY.  For each of these
 * the question arises again. */
void decide_dependents(const struct unit *unit,
		       struct consequences *out); /* type, mode: of their job */

/* Instances of templates that are over and that nobody would miss, added to `out`: of the `noted` units, and of those
 * that they name or are named by.  Whoever failed, is enabled or is named by a unit that stays, stays.  `rests`: nothing
 * of it goes on, as far as the manager knows. */
struct units_forgotten {
	struct unit **items; /* owned */
	size_t count, capacity;
};
void decide_forgotten(const struct units_forgotten *noted,
		      bool (*rests)(const void *data, const struct unit *unit), const void *data,
		      struct units_forgotten *out);

/* What the scope of a container is, whose process runs. */
struct scope_facts {
	bool owner_there;	   /* the unit that it belongs to is in a run, */
	const char *owner_run;	   /* in this one; NULL, "": not known */
	const char *container_run; /* in which it was started; likewise */
	bool stopping;		   /* a stop of the scope was asked for */
};
enum sub_state decide_scope(const struct scope_facts *facts);

/* How it ends.  `stop_signal`: of its container; `code`: its exit code. */
enum execution_result decide_scope_end(bool stopping, int stop_signal, int64_t code);

/* The next moment of a timer.  Times in us; `realtime` and `monotonic` are now; -1: never. */
struct timer_moments {
	int64_t activated_us, startup_us; /* monotonic: of the timer, of the daemon */
	int64_t unit_active_us,
		unit_inactive_us; /* monotonic: when the unit last left, entered inactive; 0: not yet */
	int64_t last_trigger_us;	  /* monotonic; 0: not since boot */
	int64_t last_trigger_realtime_us; /* 0: never */
};
struct timer_next {
	int64_t realtime_us, monotonic_us; /* the earlier of both counts; both -1: elapsed */
};
struct timer_next decide_timer(const struct timer_config *config,
			       const struct timer_moments *moments, int64_t realtime_us,
			       int64_t monotonic_us, uint64_t random);

/* When to wake up for many timers of one clock: on time, but where AccuracySec= of all that are due
 * allows it, once for those that follow soon.  -1: never. */
struct timer_window {
	int64_t at_us; /* -1: never */
	int64_t accuracy_us;
};
int64_t decide_wake(const struct timer_window *windows, size_t count);
