#include "unit/transaction_draft.h"

void transaction_draft_fini(struct transaction_draft *draft)
{
	for (size_t i = 0; i < draft->jobs.count; i++)
		draft->jobs.items[i].unit->mark = 0;
	vector_fini(&draft->jobs);
	vector_fini(&draft->pulls);
	vector_fini(&draft->stack);
	strings_fini(&draft->notes);
}

/* ---- jobs and pulls ---- */

uint32_t transaction_draft_first(const struct transaction_draft *draft, const struct unit *unit)
{
	return unit->mark ? unit->mark - 1 : NOBODY;
}

uint32_t transaction_draft_alive(const struct transaction_draft *draft, uint32_t job)
{
	while (job != NOBODY && draft->jobs.items[job].dead)
		job = draft->jobs.items[job].next;
	return job;
}

static uint32_t append(struct transaction_draft *draft, struct unit *unit, enum job_type type,
		       uint32_t last)
{
	uint32_t job = (uint32_t)draft->jobs.count;

	vector_add(&draft->jobs, ((struct draft_job){
					 .unit = unit,
					 .type = type,
					 .next = NOBODY,
					 .pulls = NOBODY,
					 .pulled_by = NOBODY,
				 }));
	if (last == NOBODY)
		unit->mark = job + 1;
	else
		draft->jobs.items[last].next = job;
	return job;
}

uint32_t transaction_draft_job(struct transaction_draft *draft, struct unit *unit,
			       enum job_type type)
{
	uint32_t last = NOBODY;

	for (uint32_t i = transaction_draft_first(draft, unit); i != NOBODY;
	     i = draft->jobs.items[i].next) {
		if (draft->jobs.items[i].type == type)
			return i;
		last = i;
	}
	return append(draft, unit, type, last);
}

void transaction_draft_pull(struct transaction_draft *draft, struct draft_pull pull)
{
	struct draft_job *jobs = draft->jobs.items;

	pull.next_of_by = jobs[pull.by].pulls;
	pull.next_of_what = jobs[pull.what].pulled_by;
	jobs[pull.by].pulls = jobs[pull.what].pulled_by = (uint32_t)draft->pulls.count;
	vector_add(&draft->pulls, pull);
}

void transaction_draft_join(struct transaction_draft *draft, uint32_t job, uint32_t other)
{
	struct draft_job *jobs = draft->jobs.items;
	struct draft_pull *pulls = draft->pulls.items;

	for (uint32_t i = jobs[other].pulls, next; i != NOBODY; i = next) {
		next = pulls[i].next_of_by;
		pulls[i].by = job;
		pulls[i].next_of_by = jobs[job].pulls;
		jobs[job].pulls = i;
	}
	for (uint32_t i = jobs[other].pulled_by, next; i != NOBODY; i = next) {
		next = pulls[i].next_of_what;
		pulls[i].what = job;
		pulls[i].next_of_what = jobs[job].pulled_by;
		jobs[job].pulled_by = i;
	}
	jobs[other].pulls = jobs[other].pulled_by = NOBODY;
	jobs[other].dead = true;
	jobs[job].matters |= jobs[other].matters;
	jobs[job].ignore_order |= jobs[other].ignore_order;
}

/* ---- what goes ---- */

static void kill_job(struct transaction_draft *draft, uint32_t job, struct unit *culprit)
{
	if (draft->jobs.items[job].dead)
		return;
	draft->jobs.items[job].dead = true;
	draft->jobs.items[job].culprit = culprit;
	vector_add(&draft->stack, job);
}

void transaction_draft_delete(struct transaction_draft *draft, uint32_t job, struct unit *culprit)
{
	draft->stack.count = 0;
	kill_job(draft, job, culprit);
	while (draft->stack.count) {
		uint32_t gone = draft->stack.items[--draft->stack.count];

		for (uint32_t i = draft->jobs.items[gone].pulled_by; i != NOBODY;
		     i = draft->pulls.items[i].next_of_what)
			if (draft->pulls.items[i].matters)
				kill_job(draft, draft->pulls.items[i].by, culprit);
	}
}

static void reach_job(struct transaction_draft *draft, uint32_t job)
{
	if (draft->jobs.items[job].reached || draft->jobs.items[job].dead)
		return;
	draft->jobs.items[job].reached = true;
	vector_add(&draft->stack, job);
}

/* Mark what the anchor pulls in. */
static void reach(struct transaction_draft *draft, bool only_what_matters)
{
	draft->stack.count = 0;
	for (size_t i = 0; i < draft->jobs.count; i++)
		draft->jobs.items[i].reached = false;
	reach_job(draft, 0);
	while (draft->stack.count) {
		uint32_t job = draft->stack.items[--draft->stack.count];

		for (uint32_t i = draft->jobs.items[job].pulls; i != NOBODY;
		     i = draft->pulls.items[i].next_of_by)
			if (draft->pulls.items[i].matters || !only_what_matters)
				reach_job(draft, draft->pulls.items[i].what);
	}
}

void transaction_draft_mark_what_matters(struct transaction_draft *draft)
{
	reach(draft, true);
	for (size_t i = 0; i < draft->jobs.count; i++)
		draft->jobs.items[i].matters = draft->jobs.items[i].reached;
}

void transaction_draft_collect_garbage(struct transaction_draft *draft)
{
	reach(draft, false);
	for (size_t i = 0; i < draft->jobs.count; i++)
		if (!draft->jobs.items[i].reached && !draft->jobs.items[i].queued)
			draft->jobs.items[i].dead = true;
}

static bool counts(const struct transaction_draft *draft, uint32_t job)
{
	const struct draft_job *j = &draft->jobs.items[job];

	if (j->dead)
		return false;
	return job == 0 || !job_type_is_redundant(j->type, j->unit) ||
	       (j->unit->job && job_types_conflict(j->type, j->unit->job->type));
}

static void drop_if_redundant(struct transaction_draft *draft, uint32_t first)
{
	struct draft_job *jobs = draft->jobs.items;

	for (uint32_t i = first; i != NOBODY; i = jobs[i].next)
		if (counts(draft, i))
			return;
	for (uint32_t i = first; i != NOBODY; i = jobs[i].next)
		jobs[i].dead = true;
}

void transaction_draft_drop_redundant(struct transaction_draft *draft)
{
	for (uint32_t i = 0; i < draft->jobs.count; i++)
		if (transaction_draft_first(draft, draft->jobs.items[i].unit) == i)
			drop_if_redundant(draft, i);
	transaction_draft_collect_garbage(draft);
}
