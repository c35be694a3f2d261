/* Works on a draft (transaction_draft.h): close over the dependencies, merge, drop what changes
 * nothing, order, compare with the queue.  Redundant jobs are dropped before the merging, too,
 * since what runs already contradicts nothing; and all are gone before the ordering, since no cycle
 * goes through them. */
#include "unit/transaction.h"

#include "format/unit_name.h"
#include "unit/transaction_draft.h"

/* ---- the request ---- */

static bool load_failure(const struct unit *unit, struct error *err)
{
	switch (unit->config ? unit->config->load : LOAD_STUB) {
	case LOAD_NOT_FOUND:
		return error_set(err, ERROR_NOT_FOUND, "Unit %s not found.", unit->name);
	case LOAD_MASKED:
		return error_set(err, ERROR_CONFLICT, "Unit %s is masked.", unit->name);
	case LOAD_BAD_SETTING:
		return error_set(err, ERROR_INVALID, "Unit %s has a bad unit file setting.",
				 unit->name);
	case LOAD_ERROR:
		return error_set(err, ERROR_INVALID, "Unit %s failed to load properly: %s",
				 unit->name,
				 unit->config->load_error ? unit->config->load_error : "no reason");
	default:
		return error_set(err, ERROR_UNAVAILABLE, "Unit %s is not loaded properly.",
				 unit->name);
	}
}

/* There is nothing of that name to stop. */
static bool is_unknown(const struct unit *unit)
{
	bool absent = !unit->config || unit->config->load == LOAD_NOT_FOUND;

	return absent && !unit->job && job_type_is_redundant(JOB_STOP, unit);
}

static bool check_unit(const struct unit *unit, enum job_type type, struct error *err)
{
	if (type == JOB_STOP && is_unknown(unit))
		return error_set(err, ERROR_NOT_FOUND, "Unit %s not loaded.", unit->name);
	if (type != JOB_STOP && (!unit->config || unit->config->load != LOAD_LOADED))
		return load_failure(unit, err);
	if (job_type_applies(type, unit))
		return true;
	if (type == JOB_RELOAD || unit->config->transient)
		return error_set(err, ERROR_UNSUPPORTED,
				 "Job type %s is not applicable for unit %s.", job_type_name(type),
				 unit->name);
	return error_set(err, ERROR_FORBIDDEN,
			 "Operation refused, unit %s is built in and never stops.", unit->name);
}

static bool check_mode(const struct unit *unit, enum job_type type, enum job_mode mode,
		       struct error *err)
{
	if (mode != JOB_ISOLATE)
		return true;
	if (type != JOB_START)
		return error_set(err, ERROR_INVALID, "Isolate is only valid for start.");
	if (!unit->config || !unit->config->allow_isolate)
		return error_set(err, ERROR_FORBIDDEN,
				 "Operation refused, unit may not be isolated.");
	return true;
}

bool transaction_check_manual(const struct unit *unit, enum job_type type, struct error *err)
{
	static const struct {
		bool start, stop;
	} does[JOB_TYPES] = {
		[JOB_START] = {true, false},
		[JOB_STOP] = {false, true},
		[JOB_RESTART] = {true, true},
		[JOB_TRY_RESTART] = {true, true},
	};
	const struct unit_config *config = unit->config;

	/* Where nothing runs, a try is nothing; but it has to be a unit. */
	if ((type == JOB_TRY_RESTART || type == JOB_TRY_RELOAD) && config &&
	    config->load == LOAD_NOT_FOUND && unit_active_state(unit) == UNIT_INACTIVE)
		return load_failure(unit, err);
	if (unit_name_is_template(unit->name))
		return error_set(err, ERROR_INVALID, "Unit name %s is missing the instance name.",
				 unit->name);
	if (type == JOB_RELOAD_OR_START)
		type = job_type_collapse(type, unit);
	if (!config || ((!does[type].start || !config->refuse_manual_start) &&
			(!does[type].stop || !config->refuse_manual_stop)))
		return true;
	return error_set(err, ERROR_FORBIDDEN,
			 "Operation refused, unit %s may be requested by dependency only (it is "
			 "configured to refuse manual start/stop).",
			 unit->name);
}

/* ---- the modes ---- */

static bool stays_when_isolating(const struct transaction_draft *draft, const struct unit *unit)
{
	if (transaction_draft_first(draft, unit) != NOBODY || !job_type_applies(JOB_STOP, unit))
		return true;
	if (unit->config && (unit->config->ignore_on_isolate || unit->config->type == UNIT_SLICE ||
			     unit->config->type == UNIT_SCOPE))
		return true;
	return job_type_is_redundant(JOB_STOP, unit) && !unit->job;
}

static void stop_the_others(struct transaction_draft *draft, const struct unit_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (!stays_when_isolating(draft, set->items[i]))
			transaction_draft_pull(
				draft, (struct draft_pull){.what = transaction_draft_job(
								   draft, set->items[i], JOB_STOP),
							   .matters = true});
}

static void close_over(struct transaction_draft *draft, const struct unit_set *set,
		       enum job_mode mode)
{
	if (mode == JOB_IGNORE_DEPENDENCIES || mode == JOB_IGNORE_REQUIREMENTS)
		return;
	transaction_draft_close_over(draft);
	if (mode != JOB_ISOLATE || draft->jobs.items[0].dead)
		return;
	stop_the_others(draft, set);
	transaction_draft_close_over(draft);
}

static bool has_impact(const struct draft_job *job)
{
	if (job->type == JOB_STOP && !job_type_is_redundant(JOB_STOP, job->unit))
		return true;
	return job->unit->job && job_types_conflict(job->type, job->unit->job->type);
}

/* Mode fail: rather less is done than something stopped or taken out of the queue. */
static void minimize_impact(struct transaction_draft *draft)
{
	for (uint32_t i = 0; i < draft->jobs.count; i++) {
		const struct draft_job *job = &draft->jobs.items[i];

		if (!job->dead && !job->matters && has_impact(job))
			transaction_draft_delete(draft, i, NULL);
	}
}

/* ---- the queue ---- */

static bool is_planned(const struct draft_job *job)
{
	return !job->dead && !job->queued;
}

static bool fits_queue(const struct transaction_draft *draft, enum job_mode mode, struct error *err)
{
	const struct draft_job *anchor = &draft->jobs.items[0];

	for (size_t i = 0; i < draft->jobs.count; i++) {
		const struct draft_job *job = &draft->jobs.items[i];
		const struct job *queued = job->unit->job;

		if (!is_planned(job) || !queued || !job_types_conflict(job->type, queued->type) ||
		    (mode != JOB_FAIL && !queued->irreversible))
			continue;
		return error_set(
			err, ERROR_CONFLICT,
			"Transaction for %s/%s is destructive (%s has '%s' job queued, but "
			"'%s' is included in transaction).",
			anchor->unit->name, job_type_name(anchor->type), job->unit->name,
			job_type_name(queued->type), job_type_name(job->type));
	}
	return true;
}

static void cancel(struct transaction *t, struct unit *unit)
{
	if (t->canceled_count == t->canceled_capacity) {
		t->canceled_capacity = t->canceled_capacity ? 2 * t->canceled_capacity : 8;
		t->canceled = mem_resize(t->canceled, t->canceled_capacity, sizeof(*t->canceled));
	}
	t->canceled[t->canceled_count++] = unit;
}

static void plan(struct transaction *t, const struct draft_job *job, bool irreversible)
{
	const struct job *queued = job->unit->job;

	if (queued && job_types_conflict(job->type, queued->type)) {
		cancel(t, job->unit);
		queued = NULL;
	}
	struct planned_job planned = {.unit = job->unit,
				      .type = job->type,
				      .matters = job->matters,
				      .irreversible =
					      irreversible || (queued && queued->irreversible),
				      .ignore_order = job->ignore_order};
	if (t->count == t->capacity) {
		t->capacity = t->capacity ? 2 * t->capacity : 8;
		t->jobs = mem_resize(t->jobs, t->capacity, sizeof(*t->jobs));
	}
	t->jobs[t->count++] = planned;
}

static void cancel_the_rest(const struct transaction_draft *draft, const struct unit_set *set,
			    struct transaction *t)
{
	for (size_t i = 0; i < set->count; i++) {
		uint32_t job = transaction_draft_alive(
			draft, transaction_draft_first(draft, set->items[i]));

		if (set->items[i]->job && (job == NOBODY || !is_planned(&draft->jobs.items[job])))
			cancel(t, set->items[i]);
	}
}

/* ---- the whole ---- */

static bool think(struct transaction_draft *draft, const struct unit_set *set, enum job_mode mode,
		  struct error *err)
{
	close_over(draft, set, mode);
	if (draft->jobs.items[0].dead)
		return load_failure(draft->jobs.items[0].culprit, err);
	transaction_draft_mark_what_matters(draft);
	if (mode == JOB_FAIL)
		minimize_impact(draft);
	transaction_draft_drop_redundant(draft);
	if (!transaction_draft_merge(draft, err))
		return false;
	transaction_draft_drop_redundant(draft);
	return transaction_draft_order(draft, err) && fits_queue(draft, mode, err);
}

bool transaction_build(const struct unit_set *set, struct unit *anchor, enum job_type type,
		       enum job_mode mode, struct transaction *out, struct error *err)
{
	scoped_with(transaction_draft_fini) struct transaction_draft draft = {0};

	*out = (struct transaction){0};
	type = job_type_collapse(type, anchor);
	if (!check_mode(anchor, type, mode, err))
		return false;
	if (type == JOB_NOP)
		return true;
	if (!check_unit(anchor, type, err))
		return false;
	transaction_draft_job(&draft, anchor, type);
	draft.jobs.items[0].ignore_order = mode == JOB_IGNORE_DEPENDENCIES;
	bool fine = think(&draft, set, mode, err);
	out->notes = draft.notes;
	draft.notes = (struct strings){0};
	for (size_t i = 0; fine && i < draft.jobs.count; i++)
		if (is_planned(&draft.jobs.items[i]))
			plan(out, &draft.jobs.items[i], mode == JOB_REPLACE_IRREVERSIBLY);
	if (fine && (mode == JOB_ISOLATE || mode == JOB_FLUSH))
		cancel_the_rest(&draft, set, out);
	return fine;
}

void transaction_fini(struct transaction *t)
{
	free(t->jobs);
	free(t->canceled);
	strings_fini(&t->notes);
	*t = (struct transaction){0};
}
