/* The first step: the table "Dependencies and jobs" of docs/units.md. */
#include "unit/transaction_draft.h"

enum pull_flags { PULLS = 1, MATTERS = 2, CONFLICTS = 4 };

struct rule {
	uint8_t type; /* enum job_type of the unit at the other end of such an edge */
	uint8_t flags;
};

typedef struct rule rules[DEPENDENCIES];

static const rules of_start = {
	[DEPENDENCY_REQUIRES] = {JOB_START, PULLS | MATTERS},
	[DEPENDENCY_BINDS_TO] = {JOB_START, PULLS | MATTERS},
	[DEPENDENCY_REQUISITE] = {JOB_VERIFY, PULLS | MATTERS},
	[DEPENDENCY_WANTS] = {JOB_START, PULLS},
	[DEPENDENCY_UPHOLDS] = {JOB_START, PULLS},
	[DEPENDENCY_CONFLICTS] = {JOB_STOP, PULLS | MATTERS | CONFLICTS},
	[DEPENDENCY_CONFLICTED_BY] = {JOB_STOP, PULLS},
};

static const rules of_stop = {
	[DEPENDENCY_REQUIRED_BY] = {JOB_STOP, PULLS | MATTERS},
	[DEPENDENCY_REQUISITE_OF] = {JOB_STOP, PULLS | MATTERS},
	[DEPENDENCY_BOUND_BY] = {JOB_STOP, PULLS | MATTERS},
	[DEPENDENCY_CONSISTS_OF] = {JOB_STOP, PULLS | MATTERS},
	[DEPENDENCY_PROPAGATES_STOP_TO] = {JOB_STOP, PULLS | MATTERS},
};

/* Nothing is started that is not around. */
static const rules of_restart = {
	[DEPENDENCY_REQUIRED_BY] = {JOB_TRY_RESTART, PULLS | MATTERS},
	[DEPENDENCY_REQUISITE_OF] = {JOB_TRY_RESTART, PULLS | MATTERS},
	[DEPENDENCY_BOUND_BY] = {JOB_TRY_RESTART, PULLS | MATTERS},
	[DEPENDENCY_CONSISTS_OF] = {JOB_TRY_RESTART, PULLS | MATTERS},
};

static const rules of_reload = {
	[DEPENDENCY_PROPAGATES_RELOAD_TO] = {JOB_TRY_RELOAD, PULLS},
};

static const struct {
	const rules *first, *second;
} rules_of[JOB_TYPES] = {
	[JOB_START] = {&of_start, NULL},
	[JOB_STOP] = {&of_stop, NULL},
	[JOB_RESTART] = {&of_start, &of_restart},
	[JOB_RELOAD] = {&of_reload, NULL},
};

/* Our own addition: what was stopped with a unit that restarts by itself starts again with it. */
static enum job_type meaning(const struct rule *rule, const struct unit_edge *edge)
{
	enum job_type type = job_type_collapse(rule->type, edge->unit);

	if (type == JOB_NOP && edge->kind == DEPENDENCY_BOUND_BY && edge->unit->starts_with_bound)
		return JOB_RESTART;
	return type;
}

static bool is_loaded(const struct unit *unit)
{
	return unit->config && unit->config->load == LOAD_LOADED;
}

/* False: `by` cannot be without what the edge asks for, and that cannot be. */
static bool follow(struct transaction_draft *draft, uint32_t by, const struct unit_edge *edge,
		   const struct rule *rule)
{
	enum job_type type = meaning(rule, edge);
	bool matters = rule->flags & MATTERS;

	if (type == JOB_NOP || !job_type_applies(type, edge->unit))
		return true;
	if (type != JOB_STOP && !is_loaded(edge->unit)) {
		if (matters)
			transaction_draft_delete(draft, by, edge->unit);
		return !matters;
	}
	uint32_t what = transaction_draft_job(draft, edge->unit, type);
	if (draft->jobs.items[what].dead) {
		if (matters)
			transaction_draft_delete(draft, by, draft->jobs.items[what].culprit);
		return !matters;
	}
	transaction_draft_pull(draft, (struct draft_pull){.by = by,
							  .what = what,
							  .matters = matters,
							  .conflicts = rule->flags & CONFLICTS});
	return true;
}

static void follow_all(struct transaction_draft *draft, uint32_t job, const rules *table)
{
	const struct unit *unit = draft->jobs.items[job].unit;

	for (size_t i = 0; table && i < unit->edge_count; i++) {
		const struct rule *rule = &(*table)[unit->edges[i].kind];

		if (rule->flags && !follow(draft, job, &unit->edges[i], rule))
			return;
	}
}

void transaction_draft_close_over(struct transaction_draft *draft)
{
	for (; draft->closed < draft->jobs.count; draft->closed++) {
		enum job_type type = draft->jobs.items[draft->closed].type;

		if (!draft->jobs.items[draft->closed].dead)
			follow_all(draft, draft->closed, rules_of[type].first);
		if (!draft->jobs.items[draft->closed].dead)
			follow_all(draft, draft->closed, rules_of[type].second);
	}
}
