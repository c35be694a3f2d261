#include "cmd/worker_bus_private.h"

bool bus_job_add(struct bus *b, int64_t id, const char *unit, sd_bus_message *reply,
		 struct error *err)
{
	struct bus_job job = {.id = id};
	const char *path = NULL;
	bool good = sd_bus_message_read_basic(reply, 'o', &path) > 0;

	if (good) {
		job.path = str_dup(path);
		job.unit = str_dup(unit);
		vector_add(&b->jobs, job);
	}
	sd_bus_message_unref(reply);
	return good || error_set(err, ERROR_SYSTEM, "systemd names no job");
}

bool bus_job_cancel(struct bus *b, int64_t id, struct error *err)
{
	sd_bus_message *call;

	for (size_t i = 0; i < b->jobs.count; i++)
		if (b->jobs.items[i].id == id)
			return bus_call_new(b, b->jobs.items[i].path, BUS_SERVICE ".Job", "Cancel",
					    &call, err) &&
			       bus_call_make(b, call, NULL, err);
	return error_set(err, ERROR_NOT_FOUND, "the job is over");
}

static void remove_job(struct bus *b, size_t at)
{
	free(b->jobs.items[at].path);
	free(b->jobs.items[at].unit);
	vector_remove(&b->jobs, at);
}

static void end_job(struct bus *b, size_t at, const char *result)
{
	struct bus_job *job = &b->jobs.items[at];
	struct error err = {0};

	if (map_get(&b->watched, job->unit))
		bus_tell_state(b, job->unit);
	if (bus_scope_settle(b, job->unit, result, &err))
		bus_tell_answer(b, job->id, NULL, result);
	else
		bus_tell_answer(b, job->id, &err, result);
	remove_job(b, at);
}

void bus_job_take_removed(struct bus *b, sd_bus_message *signal)
{
	const char *path = NULL, *unit = NULL, *result = NULL;
	uint32_t number;

	if (sd_bus_message_read_basic(signal, 'u', &number) <= 0 ||
	    sd_bus_message_read_basic(signal, 'o', &path) <= 0 ||
	    sd_bus_message_read_basic(signal, 's', &unit) <= 0 ||
	    sd_bus_message_read_basic(signal, 's', &result) <= 0)
		return;
	for (size_t i = b->jobs.count; i-- > 0;)
		if (str_equal(b->jobs.items[i].path, path))
			end_job(b, i, result);
}

void bus_jobs_fini(struct bus *b)
{
	while (b->jobs.count)
		remove_job(b, 0);
	vector_fini(&b->jobs);
}
