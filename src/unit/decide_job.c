#include "unit/decide.h"
#include "unit/job_type.h"

static bool is_up(const struct unit *unit)
{
	return unit_active_state(unit) == UNIT_ACTIVE || unit_active_state(unit) == UNIT_RELOADING;
}

/* Is it, or is it about to be? */
static bool will_be_up(const struct unit *unit)
{
	return is_up(unit) || unit_active_state(unit) == UNIT_ACTIVATING ||
	       (unit->job && (unit->job->type == JOB_START || unit->job->type == JOB_RESTART));
}

static bool waits_for(const struct job *job, const struct unit_edge *edge)
{
	bool after = edge->kind == DEPENDENCY_AFTER;

	if ((!after && edge->kind != DEPENDENCY_BEFORE) || edge->overruled || !edge->unit->job)
		return false;
	return job_type_waits(job->type, edge->unit->job->type, after);
}

/* A target is asked again whenever one of thousands is done, so the search goes on where it ended. */
static bool waits(struct job *job)
{
	const struct unit *unit = job->unit;

	if (job->waits_at >= unit->edge_count)
		job->waits_at = 0;
	for (size_t i = 0; i < unit->edge_count; i++) {
		if (waits_for(job, &unit->edges[job->waits_at]))
			return true;
		job->waits_at = job->waits_at + 1 < unit->edge_count ? job->waits_at + 1 : 0;
	}
	return false;
}

static bool is_after(const struct unit *unit, const struct unit *other)
{
	for (size_t i = 0; i < unit->edge_count; i++)
		if (unit->edges[i].kind == DEPENDENCY_AFTER && unit->edges[i].unit == other)
			return true;
	return false;
}

/* Requires= counts for jobs only: whoever runs its job already is not held up by what has become of
 * it.  Requisite= is looked at here, too: without After= the job that verifies it may have its turn
 * too late. */
static bool lacks(const struct job *job, const struct unit_edge *edge)
{
	if (edge->kind == DEPENDENCY_REQUISITE)
		return !job->ignore_order && !will_be_up(edge->unit);
	return edge->kind == DEPENDENCY_BINDS_TO && !is_up(edge->unit) &&
	       is_after(job->unit, edge->unit);
}

static enum job_readiness start_readiness(const struct job *job)
{
	if (is_up(job->unit))
		return JOB_RUNS; /* and is done */
	for (size_t i = 0; i < job->unit->edge_count; i++)
		if (lacks(job, &job->unit->edges[i]))
			return JOB_CANNOT;
	return JOB_RUNS;
}

enum job_readiness decide_job(struct job *job)
{
	if (job->type == JOB_NOP)
		return JOB_RUNS;
	if (!job->ignore_order && waits(job))
		return JOB_WAITS;
	if (job->type == JOB_VERIFY && unit_active_state(job->unit) == UNIT_ACTIVATING)
		return JOB_WAITS;
	return job->type == JOB_START ? start_readiness(job) : JOB_RUNS;
}

void decide_dependents(const struct unit *unit, struct consequences *out)
{
	for (size_t i = 0; i < unit->edge_count; i++) {
		enum dependency kind = unit->edges[i].kind;
		const struct job *job = unit->edges[i].unit->job;

		if (kind != DEPENDENCY_REQUIRED_BY && kind != DEPENDENCY_REQUISITE_OF &&
		    kind != DEPENDENCY_BOUND_BY)
			continue;
		if (job && !job->running && (job->type == JOB_START || job->type == JOB_VERIFY))
			vector_add(out, ((struct consequence){.unit = unit->edges[i].unit,
							      .type = job->type}));
	}
}
