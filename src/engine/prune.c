/* Removing all containers that do not run: measured first, then removed one after the other. */
#include "engine/measure.h"

#include "base/log.h"
#include "base/memory.h"
#include "engine/prune_filter.h"

struct prune_operation {
	struct operation op;
	struct container_filter filter;
	struct strings chosen;
	size_t next;
	int64_t size; /* of the one that is being removed */
	struct engine_pruned pruned;
};

static void fini_prune(struct operation *op)
{
	struct prune_operation *self = (struct prune_operation *)op;

	strings_fini(&self->filter.labels);
	strings_fini(&self->filter.labels_not);
	strings_fini(&self->chosen);
	strings_fini(&self->pruned.ids);
}

bool engine_begin_prune(struct engine *engine, enum prune_kind kind, struct error *err)
{
	if (engine->pruning[kind])
		return error_set(err, ERROR_CONFLICT, "a prune operation is already running");
	engine->pruning[kind] = true;
	return true;
}

void engine_end_prune(struct engine *engine, enum prune_kind kind)
{
	engine->pruning[kind] = false;
}

static bool matches(const struct container *c, const struct container_filter *filter)
{
	return !container_is_running(c) && !c->due && !c->busy && !c->run &&
	       container_filter_matches(filter, &c->config.labels, c->created_ns);
}

static void finish(struct prune_operation *self)
{
	struct operation *op = &self->op;
	scoped_free char *reclaimed = str_format("%lld", (long long)self->pruned.reclaimed);
	scoped_pairs struct pairs attributes = {0};

	pairs_set(&attributes, "reclaimed", reclaimed);
	engine_publish(op->engine, EVENT_CONTAINER, "prune", "", &attributes);
	engine_end_prune(op->engine, PRUNE_CONTAINERS);
	op->result.pruned = &self->pruned;
	operation_finish(op, NULL);
}

static void remove_next(struct prune_operation *self);

static void on_removed(void *data, const struct engine_result *result)
{
	struct prune_operation *self = data;

	if (result->err) { /* started, or removed, by somebody else meanwhile */
		log_debug("a container was not pruned", "id=%s",
			  self->chosen.items[self->next - 1]);
	} else {
		strings_add(&self->pruned.ids, self->chosen.items[self->next - 1]);
		self->pruned.reclaimed += self->size > 0 ? self->size : 0;
	}
	remove_next(self);
}

static void remove_next(struct prune_operation *self)
{
	struct remove_options options = {0};
	struct container *c = NULL;

	while (!c && self->next < self->chosen.count)
		c = engine_by_id(self->op.engine, self->chosen.items[self->next++]);
	if (!c) {
		finish(self);
		return;
	}
	self->size = c->size_rw;
	engine_remove(self->op.engine, c, &options, on_removed, self);
}

static void on_measured(void *data)
{
	remove_next(data);
}

static void run_prune(struct operation *op)
{
	struct prune_operation *self = (struct prune_operation *)op;
	struct strings ids;
	struct error err;

	if (!engine_begin_prune(op->engine, PRUNE_CONTAINERS, &err)) {
		operation_finish(op, &err);
		return;
	}
	for (struct container *c = engine_first(op->engine); c; c = engine_next(c))
		if (matches(c, &self->filter))
			strings_add(&self->chosen, c->id);
	ids = strings_copy(&self->chosen);
	measure(op->engine, &ids, on_measured, self);
}

void engine_prune(struct engine *engine, const struct container_filter *filter, engine_done *done,
		  void *data)
{
	struct prune_operation *self = operation_new(sizeof(*self), engine, NULL, run_prune);

	self->op.fini = fini_prune;
	self->filter.labels = strings_copy(&filter->labels);
	self->filter.labels_not = strings_copy(&filter->labels_not);
	self->filter.until_ns = filter->until_ns;
	operation_begin(self, done, data);
}
