/* From a request to jobs: a pure function.  See the unit contract in docs/units.md, "Dependencies and jobs". */
#pragma once

#include "unit/unit.h"

struct planned_job {
	struct unit *unit;
	uint8_t type; /* enum job_type, none that becomes another; already merged with the job that the unit has in
			 the queue unless that is canceled */
	bool matters, irreversible, ignore_order;
};

struct transaction {
	struct planned_job
		*jobs; /* owned; the anchor's first, also when the unit is there already; none for
				     e.g. try-restart of what does not run */
	size_t count, capacity;
	struct unit **canceled; /* owned: their queued jobs go */
	size_t canceled_count, canceled_capacity;
	struct strings notes; /* "Found ordering cycle on ..., job ... deleted": for the journal */
};

/* Decide.  Needs each unit that is reachable to be loaded (units_close() does).  Nothing is changed.  `out` is to be
 * freed after a failure, too: then it has only notes.
 *
 * Errors carry the contract's texts.  NOT_FOUND: a unit that matters is not there (exit code 5);
 * FORBIDDEN: refused, by AllowIsolate or since it is built in (4); UNSUPPORTED: reload without
 * ExecReload (3); CONFLICT, INVALID, UNAVAILABLE: masked, bad-setting, cyclic, conflicting jobs,
 * destructive (1). */
bool transaction_build(const struct unit_set *set, struct unit *anchor, enum job_type type,
		       enum job_mode mode, struct transaction *out, struct error *err);
void transaction_fini(struct transaction *t);

/* A person asks, not another unit: RefuseManualStart=, RefuseManualStop=.  FORBIDDEN: no (exit code 4). */
bool transaction_check_manual(const struct unit *unit, enum job_type type, struct error *err);
