/* A unit in memory: what it is to be (config), what it is (state), what is to be done with it (job).  Belongs to
 * the one loop of the daemon. */
#pragma once

#include "base/map.h"
#include "execution/status.h"
#include "unit/config.h"

enum job_type {
	JOB_START,
	JOB_VERIFY, /* active, or the job fails */
	JOB_STOP,
	JOB_RELOAD,
	JOB_RESTART,
	JOB_NOP,
	JOB_TRY_RESTART, /* these three become others when they are queued */
	JOB_RELOAD_OR_START,
	JOB_TRY_RELOAD,
	JOB_TYPES
};
const char *job_type_name(enum job_type type); /* "start" */

enum job_result {
	JOB_DONE,
	JOB_CANCELED,
	JOB_TIMEOUT,
	JOB_FAILED,
	JOB_DEPENDENCY,
	JOB_SKIPPED,
	JOB_INVALID,
	JOB_ASSERT,
	JOB_UNSUPPORTED,
	JOB_RESULTS
};
const char *job_result_name(enum job_result result);

struct job {
	uint32_t id;
	struct unit *unit;
	uint8_t type; /* enum job_type; RESTART becomes START when its stop is done */
	bool running, irreversible, ignore_order, automatic;
	int64_t queued_ns, begun_ns; /* monotonic */
	struct job_waiter *waiters;
	uint32_t waits_at; /* decide_job()'s: the edge that it waited for when it was asked last */
};

/* An edge of the graph; both units have it. */
struct unit_edge {
	struct unit *unit; /* the other end: also a stub that has no file */
	uint32_t back;	   /* where the same edge stands among those of the other end */
	uint8_t kind;	   /* enum dependency, inverse ones too */
	uint8_t owners;	   /* unit.c's: whose files ask for it */
	bool implicit;	   /* by rule only, no file says so */
	bool overruled; /* a target that is after what it pulls in by rule, which is to be after the target */
};

/* Do the files of this end, of the other end ask for it, or rules on their behalf? */
bool unit_edge_is_mine(const struct unit_edge *edge);
bool unit_edge_is_theirs(const struct unit_edge *edge);

struct unit {
	const char *name;	    /* interned; or the unit's own, see unit_set_get_passing() */
	struct unit *merged;	    /* the name is an alias of this one; NULL */
	struct unit_config *config; /* owned; NULL: a stub, only named by others so far */
	struct unit_edge *edges;    /* owned */
	uint32_t edge_count, edge_capacity;
	struct job *job; /* owned; NULL: none */
	uint32_t mark;	 /* transaction.c's and decide_forget.c's, 0 in between */

	uint8_t sub; /* enum sub_state */
	uint8_t result;
	/* Inactive or failed for a moment only, on the way to SUB_AUTO_RESTART: what it needed stays, nothing of
	 * OnFailure= or Upholds= follows.  Set before decide_consequences() is asked. */
	bool will_restart;
	bool condition_met, assert_met;
	bool stale;  /* its file has changed since it was loaded */
	bool listed; /* our own folders have a file or a link of its name */
	/* Stopped because a unit that it is bound to restarts by itself: starts again with it.  Set by
	 * decide_consequences(); whoever queues another job for the unit than that stop clears it. */
	bool starts_with_bound;
	bool owns_name;
	char invocation_id[33];
	uint32_t restarts;		  /* NRestarts */
	uint32_t start_count;		  /* attempts since start_window_ns */
	int64_t start_window_ns;	  /* decide_start_limit(): monotonic, when counting began */
	struct packed_record status_kept; /* what the shim said last: see unit_status() */
	struct execution_status
		*status_seen; /* owned; the same, while somebody looks; NULL: nobody does */
	struct unit_runtime
		*runtime; /* the manager's own: shim, timers, containers; NULL: nothing goes on */

	int64_t changed_ns, active_enter_ns, active_exit_ns, inactive_enter_ns,
		inactive_exit_ns; /* realtime */
	int64_t changed_monotonic_ns, active_enter_monotonic_ns, active_exit_monotonic_ns,
		inactive_enter_monotonic_ns, inactive_exit_monotonic_ns;
};

enum active_state unit_active_state(const struct unit *unit);

/* What the unit's shim said last; NULL: nothing.  Thousands of units have one that nobody looks at, so it is
 * packed again by unit_rest(), until which the pointer holds. */
struct execution_status *unit_status(const struct unit *unit);
void unit_set_status(struct unit *unit, struct execution_status *status); /* takes what it owns */
void unit_rest(const struct unit *unit);

/* All units by name, aliases too. */
struct unit_set {
	struct map by_name;  /* base/map.h: name -> struct unit * */
	struct unit **items; /* each once */
	size_t count, capacity;
	struct unit **merged; /* were stubs of what are aliases now */
	size_t merged_count, merged_capacity;
	uint32_t last_job;
};

/* The unit of that name, a stub if it is new. */
struct unit *unit_set_get(struct unit_set *set, const char *name);
struct unit *unit_set_find(const struct unit_set *set, const char *name); /* NULL */

/* As unit_set_get(), of a name that will not come again: it goes with the unit. */
struct unit *unit_set_get_passing(struct unit_set *set, const char *name);

/* Give a unit its (new) config: edges of the old one go, those of the new one are made, at both ends; what the
 * files of other units say about it stays.  Returns the unit that has it now, which is another one if the name
 * was an alias.  Stubs that turn out to be aliases are no units any more: their edges move, and their memory
 * lives until unit_set_fini() only for whoever still points to one; `merged` says what became of it. */
struct unit *unit_set_config(struct unit_set *set, struct unit *unit, struct unit_config *config);

/* Forget a unit that has no file, does nothing and that no other names; false: it stays. */
bool unit_set_drop(struct unit_set *set, struct unit *unit);
void unit_set_fini(struct unit_set *set);
