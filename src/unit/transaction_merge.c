/* The second step: one job per unit. */
#include "unit/transaction_draft.h"

/* Two jobs of the chain that contradict each other. */
static bool find_contradiction(const struct transaction_draft *draft, uint32_t first, uint32_t *a,
			       uint32_t *b)
{
	const struct draft_job *jobs = draft->jobs.items;

	for (*a = transaction_draft_alive(draft, first); *a != NOBODY;
	     *a = transaction_draft_alive(draft, jobs[*a].next))
		for (*b = transaction_draft_alive(draft, jobs[*a].next); *b != NOBODY;
		     *b = transaction_draft_alive(draft, jobs[*b].next))
			if (job_types_conflict(jobs[*a].type, jobs[*b].type))
				return true;
	return false;
}

static bool is_conflicted(const struct transaction_draft *draft, uint32_t stop)
{
	for (uint32_t i = draft->jobs.items[stop].pulled_by; i != NOBODY;
	     i = draft->pulls.items[i].next_of_what)
		if (draft->pulls.items[i].conflicts &&
		    !draft->jobs.items[draft->pulls.items[i].by].dead)
			return true;
	return false;
}

/* Which of two contradicting jobs, one of them a stop, can go?  If neither matters, rather the stop, unless it is for
 * another unit's sake. */
static uint32_t choose_victim(const struct transaction_draft *draft, uint32_t a, uint32_t b)
{
	const struct draft_job *jobs = draft->jobs.items;
	uint32_t stop = jobs[a].type == JOB_STOP ? a : b, other = stop == a ? b : a;

	if (jobs[stop].matters && jobs[other].matters)
		return NOBODY;
	if (jobs[stop].matters != jobs[other].matters)
		return jobs[stop].matters ? other : stop;
	return is_conflicted(draft, stop) ? other : stop;
}

static bool refuse(const struct transaction_draft *draft, uint32_t a, uint32_t b, struct error *err)
{
	const struct draft_job *jobs = draft->jobs.items;
	uint32_t stop = jobs[a].type == JOB_STOP ? a : b, other = stop == a ? b : a;

	return error_set(err, ERROR_CONFLICT,
			 "Transaction contains conflicting jobs '%s' and '%s' for %s. "
			 "Probably contradicting requirement dependencies configured.",
			 job_type_name(jobs[stop].type), job_type_name(jobs[other].type),
			 jobs[stop].unit->name);
}

static bool settle(struct transaction_draft *draft, uint32_t first, struct error *err)
{
	uint32_t a, b;

	while (find_contradiction(draft, first, &a, &b)) {
		uint32_t victim = choose_victim(draft, a, b);

		if (victim == NOBODY)
			return refuse(draft, a, b, err);
		transaction_draft_delete(draft, victim, NULL);
		transaction_draft_collect_garbage(draft);
	}
	return true;
}

static void join_all(struct transaction_draft *draft, uint32_t first)
{
	struct draft_job *jobs = draft->jobs.items;
	uint32_t job = transaction_draft_alive(draft, first);
	enum job_type type;

	if (job == NOBODY)
		return;
	for (uint32_t i = transaction_draft_alive(draft, jobs[job].next); i != NOBODY;
	     i = transaction_draft_alive(draft, jobs[i].next)) {
		if (!job_types_merge(jobs[job].type, jobs[i].type, jobs[job].unit, &type))
			continue; /* settled: cannot be */
		jobs[job].type = type;
		transaction_draft_join(draft, job, i);
	}
}

/* What stands in the queue and does not contradict becomes one with it, and that is what has to be ordered. */
static void join_queued(struct draft_job *job)
{
	enum job_type type;

	if (!job->dead && job->unit->job &&
	    job_types_merge(job->type, job->unit->job->type, job->unit, &type))
		job->type = type;
}

/* In the order in which the contradictions came about: the first is the cause of others. */
static bool settle_all(struct transaction_draft *draft, struct error *err)
{
	for (uint32_t i = 0; i < draft->jobs.count; i++) {
		uint32_t first = transaction_draft_first(draft, draft->jobs.items[i].unit);

		if (first != i && !settle(draft, first, err))
			return false;
	}
	return true;
}

bool transaction_draft_merge(struct transaction_draft *draft, struct error *err)
{
	if (!settle_all(draft, err))
		return false;
	for (uint32_t i = 0; i < draft->jobs.count; i++)
		if (transaction_draft_first(draft, draft->jobs.items[i].unit) == i)
			join_all(draft, i);
	for (size_t i = 0; i < draft->jobs.count; i++)
		join_queued(&draft->jobs.items[i]);
	return true;
}
