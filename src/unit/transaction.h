/* From a request to jobs: a pure function.  See the unit contract in docs/units.md, "Dependencies and jobs". */
#pragma once

#include "unit/unit.h"

struct planned_job {
	struct unit *unit;
	uint8_t type; /* enum job_type, none that becomes another */
	bool matters, irreversible, ignore_order;
};

struct transaction {
	struct planned_job *jobs; /* owned; the anchor's first */
	size_t count, capacity;
	struct unit **canceled; /* owned: their queued jobs go */
	size_t canceled_count, canceled_capacity;
	struct strings notes; /* "Found ordering cycle on ..., job ... deleted": for the journal */
};

/* Decide.  Needs each unit that is reachable to be loaded (units_close() does).  Nothing is changed.
 * Errors carry the contract's texts; NOT_FOUND: a unit that matters is not there; CONFLICT, INVALID. */
bool transaction_build(const struct unit_set *set, struct unit *anchor, enum job_type type,
		       enum job_mode mode, struct transaction *out, struct error *err);
void transaction_fini(struct transaction *t);
