/* From a request to queued jobs: the unit and what it needs are loaded, the request is checked, the
 * transaction is decided and installed as a whole. */
#include "unit/units_private.h"

#include "base/log.h"

struct request {
	struct link link; /* in units->requests */
	struct units *units;
	enum job_type type;
	enum job_mode mode;
	struct job_watcher watcher;
};

int32_t units_exit_code(const struct error *err)
{
	switch (err->kind) {
	case ERROR_NOT_FOUND:
		return 5;
	case ERROR_FORBIDDEN:
		return 4;
	case ERROR_UNSUPPORTED:
		return 3;
	case ERROR_NONE:
	case ERROR_INVALID:
	case ERROR_DENIED:
	case ERROR_CONFLICT:
	case ERROR_UNCHANGED:
	case ERROR_UNAVAILABLE:
	case ERROR_SYSTEM:
		break;
	}
	return 1;
}

/* ---- carrying it out ---- */

static void drop_queue(struct units *units)
{
	for (size_t i = 0; i < units->set.count; i++)
		if (units->set.items[i]->job)
			job_finish(units, units->set.items[i], JOB_CANCELED);
}

/* The anchor's job, or NULL where nothing had to be done. */
static struct job *install(struct units *units, struct unit *anchor, struct transaction *plan)
{
	struct job *job = NULL;

	for (size_t i = 0; i < plan->canceled_count; i++)
		if (plan->canceled[i]->job)
			job_finish(units, plan->canceled[i], JOB_CANCELED);
	for (size_t i = 0; i < plan->count; i++) {
		struct job *one = job_install(units, &plan->jobs[i]);

		if (plan->jobs[i].unit == anchor)
			job = one;
	}
	return job;
}

static bool build(struct units *units, struct unit *unit, enum job_type type, enum job_mode mode,
		  struct job **job, struct error *err)
{
	scoped_with(transaction_fini) struct transaction plan = {0};

	if (mode == JOB_FLUSH)
		drop_queue(units);
	bool good = transaction_build(&units->set, unit, type, mode, &plan, err);
	for (size_t i = 0; i < plan.notes.count; i++)
		units_say(units, unit, 4, "%s", plan.notes.items[i]);
	if (good)
		*job = install(units, unit, &plan);
	return good;
}

static void tell_queued(const struct job_watcher *watcher, const struct job_outcome *outcome)
{
	if (watcher->queued)
		watcher->queued(watcher->data, outcome);
}

static void fail(const struct job_watcher *watcher, const struct error *err)
{
	struct job_outcome outcome = {.err = err, .exit_code = units_exit_code(err)};

	tell_queued(watcher, &outcome);
}

static bool starts(enum job_type type)
{
	return type == JOB_START || type == JOB_RESTART || type == JOB_TRY_RESTART ||
	       type == JOB_RELOAD_OR_START;
}

/* One unit never has two supervisors; the one that has it gets the job. */
static bool install_request(struct units *units, struct unit *unit,
			    const struct job_request *request, struct job **job, struct error *err)
{
	if (!systemd_check(units, unit, request, err) ||
	    (starts(request->type) && !systemd_has_not(units, unit, err)))
		return false;
	if (!unit_is_handed(unit))
		return build(units, unit, request->type, request->mode, job, err);
	*job = systemd_install(units, unit, request, request->type);
	return true;
}

static void on_loaded(void *data, struct unit *unit)
{
	struct request *request = data;
	struct units *units = request->units;
	struct job_watcher watcher = request->watcher;
	enum job_type type = request->type;
	enum job_mode mode = request->mode;
	struct job *job = NULL;
	struct error err;

	list_remove(&request->link);
	free(request);
	if (!unit)
		return; /* and whoever asked has gone */
	/* Who cannot reload restarts. */
	if (type == JOB_RELOAD_OR_START && !unit_has_reload(unit))
		type = JOB_RESTART;
	else if (type == JOB_TRY_RELOAD && !unit_has_reload(unit))
		type = JOB_TRY_RESTART;
	if (!transaction_check_manual(unit, type, &err) ||
	    !install_request(units, unit, &(struct job_request){unit->name, type, mode}, &job,
			     &err)) {
		fail(&watcher, &err);
		return;
	}
	struct job_outcome outcome = {.id = job ? job->id : 0};
	if (job && watcher.done)
		job_watch(job, &watcher);
	tell_queued(&watcher, &outcome);
}

void units_request(struct units *units, const struct job_request *wanted,
		   const struct job_watcher *watcher)
{
	struct request *request = mem_new(struct request);

	request->units = units;
	request->type = wanted->type;
	request->mode = wanted->mode;
	request->watcher = *watcher;
	list_append(&units->requests, &request->link);
	units_load(units, wanted->name, on_loaded, request);
}

void units_enqueue(struct units *units, struct unit *unit, enum job_type type, enum job_mode mode)
{
	struct job *job = NULL;
	struct error err;

	if (!unit->config)
		return;
	if (!build(units, unit, type, mode, &job, &err))
		units_say(units, unit, 4, "Failed to enqueue %s job: %s", job_type_name(type),
			  err.text);
}

/* ---- those who do not wait any more ---- */

void requests_init(struct units *units)
{
	list_init(&units->requests);
}

/* What they asked for is done nevertheless. */
void requests_forget(struct units *units, const void *data)
{
	list_each(link, &units->requests)
	{
		struct request *request = container_of(link, struct request, link);

		if (request->watcher.data == data)
			request->watcher = (struct job_watcher){0};
	}
}
