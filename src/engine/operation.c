/* Operations of one container that exclude each other take it in the order they came; those that
 * wait for its end stand apart, so that a kill reaches a container that somebody is stopping. */
#include "engine/engine_private.h"

#include "base/memory.h"

static void run_scheduled(uv_idle_t *turn)
{
	struct engine *engine = turn->data;
	struct link now;

	/* Only those that stand there now: what they schedule runs in the next turn. */
	list_init(&now);
	while (!list_is_empty(&engine->scheduled)) {
		struct operation *op = list_first(&engine->scheduled, struct operation, link);

		list_remove(&op->link);
		list_append(&now, &op->link);
	}
	uv_idle_stop(turn);
	while (!list_is_empty(&now)) {
		struct operation *op = list_first(&now, struct operation, link);

		list_remove(&op->link);
		op->run(op);
	}
}

static void schedule(struct operation *op)
{
	struct engine *engine = op->engine;

	list_append(&engine->scheduled, &op->link);
	uv_idle_start(&engine->turn, run_scheduled);
}

void *operation_new(size_t size, struct engine *engine, struct container *c,
		    void (*run)(struct operation *op))
{
	struct operation *op = mem_zeroed(1, size);

	op->engine = engine;
	list_append(&engine->operations, &op->all);
	op->container = c ? container_ref(c) : NULL;
	op->run = run;
	return op;
}

void operation_begin(void *operation, engine_done *done, void *data)
{
	struct operation *op = operation;

	op->done = done;
	op->data = data;
	schedule(op);
}

static void free_operation(struct operation *op)
{
	list_remove(&op->all);
	list_remove(&op->link);
	if (op->fini)
		op->fini(op);
	strings_fini(&op->warnings);
	container_unref(op->container);
	free(op);
}

/* ---- taking turns ---- */

bool operation_check_there(struct operation *op)
{
	struct error err;

	if (!op->container || !op->container->gone)
		return true;
	error_set(&err, ERROR_NOT_FOUND, "No such container: %s", op->container->id);
	operation_finish(op, &err);
	return false;
}

bool operation_wait_turn(struct operation *op)
{
	struct container *c = op->container;

	if (!operation_check_there(op))
		return false;
	if (!c->busy)
		return true;
	list_append(&c->turns, &op->link);
	return false;
}

bool operation_claim(struct operation *op)
{
	if (op->claimed)
		return true;
	if (!operation_wait_turn(op))
		return false;
	op->claimed = op->container->busy = true;
	return true;
}

static void release(struct operation *op)
{
	struct container *c = op->container;

	if (!op->claimed)
		return;
	op->claimed = c->busy = false;
	while (!list_is_empty(&c->turns)) {
		struct operation *next = list_first(&c->turns, struct operation, link);

		list_remove(&next->link);
		schedule(next);
	}
}

void operation_finish(struct operation *op, const struct error *err)
{
	struct container *c = op->container;

	release(op);
	op->result.err = err;
	op->result.container = c && !c->gone ? c : NULL;
	op->result.warnings = op->warnings.count ? &op->warnings : NULL;
	if (op->done && !op->engine->closing)
		op->done(op->data, &op->result);
	free_operation(op);
}

void operation_stored(void *op, const struct error *err)
{
	operation_finish(op, err);
}

/* ---- waiting for an end ---- */

void operation_wait_exit(struct operation *op,
			 void (*resume)(struct operation *op, const struct error *err))
{
	op->resume = resume;
	list_append(&op->container->exits, &op->link);
}

void operations_tell_exit(struct container *c)
{
	struct link now;

	list_init(&now);
	while (!list_is_empty(&c->exits)) {
		struct operation *op = list_first(&c->exits, struct operation, link);

		list_remove(&op->link);
		list_append(&now, &op->link);
	}
	while (!list_is_empty(&now)) {
		struct operation *op = list_first(&now, struct operation, link);

		list_remove(&op->link);
		op->resume(op, NULL);
	}
}

void operations_drop(struct engine *engine)
{
	while (!list_is_empty(&engine->operations))
		free_operation(list_first(&engine->operations, struct operation, all));
}
