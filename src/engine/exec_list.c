/* The execs of each container: found by id, and forgotten a while after their end. */
#include "engine/exec_private.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"
#include "engine/deadline.h"
#include "os/file.h"

#define KEPT_MS (5 * 60 * 1000) /* after its end it can still be asked for */

void exec_add(struct container *c, struct exec *exec)
{
	exec->container = c;
	exec->next = c->execs;
	c->execs = exec;
	map_put(&c->engine->exec_by_id, exec->id, exec);
}

static void free_run(struct exec_run *run)
{
	if (!run)
		return;
	shim_peer_free(run->peer);
	free(run);
}

static void drop(struct exec *exec)
{
	struct container *c = exec->container;
	struct exec **at = &c->execs;

	while (*at != exec)
		at = &(*at)->next;
	*at = exec->next;
	map_remove(&c->engine->exec_by_id, exec->id);
	free_run(exec->run);
	record_fini(&exec_type, exec);
	free(exec);
}

void exec_forget(struct exec *exec)
{
	struct error err;

	if (exec->run && exec->run->starter) {
		error_set(&err, ERROR_CONFLICT, "container %s is not running", exec->container_id);
		exec_end_starter(exec->run, &err);
	}
	if (!tree_remove(exec->container->engine->execs, exec->id, &err))
		log_warning("cannot remove an exec's folder", &err, "id=%s", exec->id);
	drop(exec);
}

void execs_forget(struct container *c)
{
	while (c->execs)
		exec_forget(c->execs);
}

void execs_let_go(struct container *c)
{
	while (c->execs)
		drop(c->execs);
}

struct exec *engine_find_exec(struct engine *engine, const char *id, struct error *err)
{
	struct exec *exec = map_get(&engine->exec_by_id, id);

	if (!exec)
		error_set(err, ERROR_NOT_FOUND, "No such exec instance: %s", id);
	return exec;
}

/* ---- forgetting what ended long ago ---- */

static bool is_over(const struct exec *exec)
{
	return exec->state == EXEC_EXITED ||
	       (exec->state == EXEC_CREATED && !container_is_running(exec->container));
}

static bool is_stale(const struct exec *exec, int64_t now)
{
	int64_t since = exec->finished_ns ? exec->finished_ns : exec->created_ns;

	return is_over(exec) && !exec->run && now - since >= KEPT_MS * NS_PER_MS;
}

static void sweep(void *data)
{
	struct engine *engine = data;
	int64_t now = time_now_ns();
	bool more = false;

	engine->exec_sweep = NULL;
	for (struct container *c = engine_first(engine); c; c = engine_next(c))
		for (struct exec *exec = c->execs, *next; exec; exec = next) {
			next = exec->next;
			if (is_stale(exec, now))
				exec_forget(exec);
			else
				more = more || is_over(exec);
		}
	if (more)
		exec_plan_sweep(engine);
}

/* Rings only while there is something to forget. */
void exec_plan_sweep(struct engine *engine)
{
	if (!engine->exec_sweep)
		engine->exec_sweep = deadline_start(engine->parts.loop, KEPT_MS, sweep, engine);
}
