/* Waiting until nobody is connected to a container any more: a worker does, in its network.
 *
 * Who drains a member of a group means to stop it, so nothing new goes there meanwhile, nor for the
 * moment that the stop takes to come.  Where it does not come, the member serves again. */
#include "base/memory.h"
#include "engine/deadline.h"
#include "engine/engine_private.h"
#include "network/inbound.h"
#include "os/job.h"

#define COUNTING_MS 30000 /* for the worker's own work */
#define STOP_MS	    5000  /* from the answer until the stop */

struct engine_drain {
	struct link link; /* in engine->drains */
	struct job *job;
	struct container *container; /* referred to */
	struct container_run *run;   /* only compared */
	bool leaves;
	struct deadline *stop; /* that is expected; NULL: not yet */
	engine_drained *done;
	void *data;
};

static bool check(const struct container *c, struct error *err)
{
	const char *mode = c->host_config.network_mode;

	if (!container_is_live(c) || !c->run || c->pid <= 0)
		return error_set(err, ERROR_CONFLICT, "container %s is not running", c->name);
	if (str_equal(mode, "host"))
		return error_set(err, ERROR_CONFLICT,
				 "container %s is on the host's network: which connections are its "
				 "own is not known",
				 c->name);
	return true;
}

static void free_drain(struct engine_drain *drain)
{
	list_remove(&drain->link);
	container_unref(drain->container);
	free(drain);
}

static void serve_again(struct engine_drain *drain)
{
	if (drain->leaves && drain->container->run == drain->run)
		container_drain_service(drain->container, false);
}

static void stop_is_late(void *data)
{
	struct engine_drain *drain = data;

	serve_again(drain);
	free_drain(drain);
}

static void on_drained(void *data, const struct buffer *answer, const struct error *job_error)
{
	struct engine_drain *drain = data;
	struct inbound_report report = {0};
	struct error err = {0};
	bool ok = !job_error &&
		  record_decode(&inbound_report_type, answer->data, answer->size, &report, &err);

	drain->job = NULL;
	drain->done(drain->data, report.connections, ok ? NULL : job_error ? job_error : &err);
	if (drain->leaves)
		drain->stop = deadline_start(drain->container->engine->parts.loop, STOP_MS,
					     stop_is_late, drain);
	else
		free_drain(drain);
}

struct engine_drain *engine_drain(struct engine *engine, struct container *c, int64_t timeout_ms,
				  engine_drained *done, void *data, struct error *err)
{
	char *args[] = {"wherry-network", "drain", NULL};
	scoped_buffer struct buffer input = {0};
	struct engine_drain *drain;

	if (!check(c, err))
		return NULL;
	struct inbound_request request = {c->pid, c->run->start_time, timeout_ms};
	record_encode(&inbound_request_type, &request, &input);
	struct job_request job = {.program = engine->network_worker,
				  .args = args,
				  .input = input.data,
				  .size = input.size,
				  .timeout_ms = (uint64_t)timeout_ms + COUNTING_MS,
				  .repeated = true};
	drain = mem_new(struct engine_drain);
	drain->container = container_ref(c);
	drain->run = c->run;
	drain->leaves = timeout_ms > 0;
	drain->done = done;
	drain->data = data;
	list_append(&engine->drains, &drain->link);
	drain->job = job_start(engine->parts.loop, &job, on_drained, drain, err);
	if (!drain->job) {
		free_drain(drain);
		return NULL;
	}
	if (drain->leaves)
		container_drain_service(c, true);
	return drain;
}

void engine_drain_cancel(struct engine_drain *drain)
{
	if (!drain)
		return;
	if (drain->job)
		job_cancel(drain->job);
	deadline_cancel(&drain->stop);
	serve_again(drain);
	free_drain(drain);
}

void drains_drop(struct engine *engine)
{
	while (!list_is_empty(&engine->drains)) {
		struct engine_drain *drain = list_first(&engine->drains, struct engine_drain, link);

		drain->leaves = false; /* the next daemon knows nothing of it */
		engine_drain_cancel(drain);
	}
}
