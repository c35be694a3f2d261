/* After= and Before= among the jobs and those queued already must be without a cycle, and once more when each restart
 * has become a start: what stops waits only for other stops, so there is no cycle through both.  A depth-first
 * walk; where it meets its own way, a job on the cycle goes that does not matter.  What was found to be in
 * order stays so when a job goes, so that the walk is not begun anew. */
#include "unit/transaction_draft.h"

struct step {
	uint32_t job;
	size_t edge; /* next to look at */
};

struct walk {
	struct step *items;
	size_t count, capacity;
	bool again;   /* it was broken off at a cycle */
	bool stopped; /* restarts have become starts */
	bool deleted; /* a job, and perhaps others that came with it */
};

static void walk_fini(struct walk *walk)
{
	vector_fini(walk);
}

/* What the order minds of a unit: its job here, or else in the queue. */
static uint32_t job_of(struct transaction_draft *draft, struct unit *unit)
{
	uint32_t job = transaction_draft_alive(draft, transaction_draft_first(draft, unit));

	if (job != NOBODY || !unit->job)
		return job;
	job = transaction_draft_job(draft, unit, unit->job->type);
	draft->jobs.items[job].dead = false;
	draft->jobs.items[job].queued = true;
	draft->jobs.items[job].ignore_order = unit->job->ignore_order;
	return job;
}

static enum job_type type_of(const struct transaction_draft *draft, const struct walk *walk,
			     uint32_t job)
{
	enum job_type type = draft->jobs.items[job].type;

	return walk->stopped && type == JOB_RESTART ? JOB_START : type;
}

/* The job at the other end of the edge if `job` waits for it; NOBODY. */
static uint32_t waits_for(struct transaction_draft *draft, const struct walk *walk, uint32_t job,
			  const struct unit_edge *edge)
{
	if ((edge->kind != DEPENDENCY_AFTER && edge->kind != DEPENDENCY_BEFORE) || edge->overruled)
		return NOBODY;
	uint32_t other = job_of(draft, edge->unit);
	if (other == NOBODY)
		return NOBODY;
	bool waits = !draft->jobs.items[job].ignore_order &&
		     job_type_waits(type_of(draft, walk, job), type_of(draft, walk, other),
				    edge->kind == DEPENDENCY_AFTER);
	return waits ? other : NOBODY;
}

static void note_job(struct transaction_draft *draft, const char *what, uint32_t about,
		     uint32_t job)
{
	const struct draft_job *jobs = draft->jobs.items;

	strings_format(&draft->notes, "%s: %s %s/%s", jobs[about].unit->name, what,
		       jobs[job].unit->name, job_type_name(jobs[job].type));
}

/* `start` waits for itself by way of the end of the walk.  Returns a job of the cycle that can go; NOBODY. */
static uint32_t tell_cycle(struct transaction_draft *draft, const struct walk *walk, uint32_t start)
{
	const struct draft_job *jobs = draft->jobs.items;
	uint32_t victim = NOBODY;

	note_job(draft, "Found ordering cycle on", start, walk->items[walk->count - 1].job);
	for (size_t i = walk->count; i-- > 0;) {
		uint32_t job = walk->items[i].job;

		if (victim == NOBODY && !jobs[job].matters && !jobs[job].queued)
			victim = job;
		if (i + 1 < walk->count)
			note_job(draft, "Found dependency on", start, job);
		if (job == start)
			break;
	}
	return victim;
}

static void forget_walk(struct transaction_draft *draft, struct walk *walk)
{
	while (walk->count)
		draft->jobs.items[walk->items[--walk->count].job].colour = WHITE;
}

/* The job of a unit that is dead leaves the place to the one in the queue, which has not been looked at. */
static void forget_order(struct transaction_draft *draft, struct walk *walk)
{
	bool changed = false;

	for (size_t i = 0; i < draft->jobs.count; i++)
		changed |= draft->jobs.items[i].dead && draft->jobs.items[i].unit->job;
	for (size_t i = 0; changed && i < draft->jobs.count; i++)
		draft->jobs.items[i].colour = WHITE;
	walk->again = true;
}

static bool break_cycle(struct transaction_draft *draft, struct walk *walk, uint32_t start,
			struct error *err)
{
	uint32_t victim = tell_cycle(draft, walk, start);

	forget_walk(draft, walk);
	if (victim == NOBODY)
		return error_set(err, ERROR_CONFLICT,
				 "Transaction order is cyclic. See system logs for details.");
	strings_format(&draft->notes, "%s: Job %s/%s deleted to break ordering cycle",
		       draft->jobs.items[start].unit->name, draft->jobs.items[victim].unit->name,
		       job_type_name(draft->jobs.items[victim].type));
	transaction_draft_delete(draft, victim, NULL);
	transaction_draft_collect_garbage(draft);
	forget_order(draft, walk);
	walk->deleted = true;
	return true;
}

static void enter(struct transaction_draft *draft, struct walk *walk, uint32_t job)
{
	draft->jobs.items[job].colour = GREY;
	vector_add(walk, ((struct step){.job = job}));
}

/* Go one edge on. */
static bool go_on(struct transaction_draft *draft, struct walk *walk, struct error *err)
{
	struct step *step = &walk->items[walk->count - 1];
	const struct unit *unit = draft->jobs.items[step->job].unit;

	if (step->edge == unit->edge_count) {
		draft->jobs.items[step->job].colour = BLACK;
		walk->count--;
		return true;
	}
	uint32_t other = waits_for(draft, walk, step->job, &unit->edges[step->edge++]);
	if (other == NOBODY || draft->jobs.items[other].colour == BLACK)
		return true;
	if (draft->jobs.items[other].colour == GREY)
		return break_cycle(draft, walk, other, err);
	enter(draft, walk, other);
	return true;
}

static bool walk_from(struct transaction_draft *draft, struct walk *walk, uint32_t job,
		      struct error *err)
{
	const struct draft_job *j = &draft->jobs.items[job];

	if (j->dead || j->queued || j->colour != WHITE)
		return true;
	enter(draft, walk, job);
	while (walk->count)
		if (!go_on(draft, walk, err))
			return false;
	return true;
}

static bool walk_all(struct transaction_draft *draft, struct walk *walk, struct error *err)
{
	for (uint32_t i = 0; i < draft->jobs.count; i++)
		draft->jobs.items[i].colour = WHITE;
	for (walk->again = true; walk->again;) {
		walk->again = false;
		for (uint32_t i = 0; i < draft->jobs.count; i++)
			if (!walk_from(draft, walk, i, err))
				return false;
	}
	return true;
}

/* What goes for the sake of the starts may leave its place to a queued job, which the stops have not met. */
bool transaction_draft_order(struct transaction_draft *draft, struct error *err)
{
	scoped_with(walk_fini) struct walk walk = {0};

	do {
		walk.stopped = false;
		if (!walk_all(draft, &walk, err))
			return false;
		walk.stopped = true;
		walk.deleted = false;
		if (!walk_all(draft, &walk, err))
			return false;
	} while (walk.deleted);
	return true;
}
