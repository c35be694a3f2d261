/* A transaction while it is thought out: jobs, several of one unit at first, and who pulled in whom.  For
 * transaction*.c only.  Jobs are known by their index; 0 is the anchor's. */
#pragma once

#include "unit/job_type.h"
#include "unit/transaction.h"

enum { NOBODY = UINT32_MAX };

enum draft_colour { WHITE, GREY, BLACK }; /* not seen, on the way, ordered */

struct draft_job {
	struct unit *unit;
	struct unit
		*culprit; /* the unit that cannot be loaded, for want of which this one is dead */
	uint32_t next;	  /* job of the same unit, newer */
	uint32_t pulls, pulled_by; /* first pull */
	uint8_t type, colour;
	bool queued; /* not ours: stands in the queue, and the order minds it */
	bool dead, reached, matters, ignore_order;
};

struct draft_pull {
	uint32_t by, what, next_of_by, next_of_what;
	bool matters;	/* `by` is nothing without `what` */
	bool conflicts; /* `what` is a stop because of Conflicts= */
};

struct draft_stack {
	uint32_t *items;
	size_t count, capacity;
};

struct transaction_draft {
	struct {
		struct draft_job *items;
		size_t count, capacity;
	} jobs;
	struct {
		struct draft_pull *items;
		size_t count, capacity;
	} pulls;
	uint32_t closed; /* so many jobs have pulled in what they need */
	struct draft_stack stack;
	struct strings notes;
};

void transaction_draft_fini(struct transaction_draft *draft); /* and the marks in the units go */

/* The first job of a unit, dead ones too; NOBODY. */
uint32_t transaction_draft_first(const struct transaction_draft *draft, const struct unit *unit);

/* The first of the unit's jobs from this one on that is not dead; NOBODY. */
uint32_t transaction_draft_alive(const struct transaction_draft *draft, uint32_t job);

/* The job of that type, new if need be. */
uint32_t transaction_draft_job(struct transaction_draft *draft, struct unit *unit,
			       enum job_type type);
void transaction_draft_pull(struct transaction_draft *draft, struct draft_pull pull);

/* A job goes, and all to which it matters. */
void transaction_draft_delete(struct transaction_draft *draft, uint32_t job, struct unit *culprit);

/* Jobs that change nothing go, but the anchor's, and then whatever they alone pulled in. */
void transaction_draft_drop_redundant(struct transaction_draft *draft);
void transaction_draft_collect_garbage(struct transaction_draft *draft);
void transaction_draft_mark_what_matters(struct transaction_draft *draft);

/* `other` becomes a part of `job`, both of one unit. */
void transaction_draft_join(struct transaction_draft *draft, uint32_t job, uint32_t other);

/* ---- the steps ---- */

/* Close over the table of dependencies. */
void transaction_draft_close_over(struct transaction_draft *draft);

/* One job per unit. */
bool transaction_draft_merge(struct transaction_draft *draft, struct error *err);

/* No cycle in After= and Before=. */
bool transaction_draft_order(struct transaction_draft *draft, struct error *err);
