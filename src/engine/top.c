/* The processes of a container as the host's ps shows them. */
#include "engine/top.h"

#include "base/memory.h"
#include "engine/engine_private.h"
#include "os/cgroup.h"
#include "os/job.h"

#include <unistd.h>

#define PS_TIMEOUT_MS 10000
#define PS_ARGS_MOST  32

struct top_operation {
	struct operation op;
	char *args;
	pid_t *pids; /* owned */
	size_t pid_count;
	struct job *job;
	struct engine_top top;
};

static void fini_top(struct operation *op)
{
	struct top_operation *self = (struct top_operation *)op;

	job_cancel(self->job);
	top_fini(&self->top);
	free(self->pids);
	free(self->args);
}

static void on_output(void *data, const struct buffer *output, const struct error *err)
{
	struct operation *op = data;
	struct top_operation *self = data;
	struct error failed;

	self->job = NULL;
	if (err) {
		failed = *err;
		error_prefix(&failed, "error running ps");
		operation_finish(op, &failed);
	} else if (top_parse(output->data ? output->data : "", self->pids, self->pid_count,
			     &self->top, &failed)) {
		op->result.top = &self->top;
		operation_finish(op, NULL);
	} else {
		operation_finish(op, &failed);
	}
}

static bool read_pids(struct top_operation *self, struct error *err)
{
	scoped_free char *path = container_cgroup(self->op.container);
	struct cgroup cgroup;
	bool ok;

	if (!cgroup_open(path, &cgroup, err)) /* it goes before its end is told */
		return err->kind == ERROR_NOT_FOUND &&
		       error_set(err, ERROR_CONFLICT, "container %s is not running",
				 self->op.container->id);
	ok = cgroup_pids(&cgroup, &self->pids, &self->pid_count, err);
	cgroup_fini(&cgroup);
	return ok;
}

static const char *ps_path(void)
{
	return access("/usr/bin/ps", X_OK) == 0 ? "/usr/bin/ps" : "/bin/ps";
}

static bool run_ps(struct top_operation *self, struct error *err)
{
	scoped_strings struct strings args = {0};
	scoped_strings struct strings words =
		strings_split(str_is_empty(self->args) ? "-ef" : self->args, ' ');
	struct job_request request = {.program = ps_path(), .timeout_ms = PS_TIMEOUT_MS};

	strings_add(&args, "ps");
	for (size_t i = 0; i < words.count && i < PS_ARGS_MOST; i++)
		if (*words.items[i])
			strings_add(&args, words.items[i]);
	request.args = args.items;
	self->job = job_start(self->op.engine->parts.loop, &request, on_output, self, err);
	return self->job;
}

static void run_top(struct operation *op)
{
	struct top_operation *self = (struct top_operation *)op;
	struct container *c = op->container;
	struct error err;

	if (!operation_wait_turn(op))
		return;
	if (c->state == CONTAINER_RESTARTING)
		error_set(&err, ERROR_CONFLICT,
			  "Container %s is restarting, wait until the container is running", c->id);
	else if (!container_is_live(c))
		error_set(&err, ERROR_CONFLICT, "container %s is not running", c->id);
	else if (read_pids(self, &err) && run_ps(self, &err)) {
		engine_publish_container(op->engine, c, "top", NULL);
		return;
	}
	operation_finish(op, &err);
}

void engine_top(struct engine *engine, struct container *c, const char *ps_args, engine_done *done,
		void *data)
{
	struct top_operation *self = operation_new(sizeof(*self), engine, c, run_top);

	self->op.fini = fini_top;
	self->args = str_dup_or_null(ps_args);
	operation_begin(self, done, data);
}
