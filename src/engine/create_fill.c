/* Empty volumes of a container that is being made get what the image has at their place. */
#include "engine/create_private.h"

#include "base/memory.h"

static void on_found(void *data, const struct archive_found *found)
{
	(void)data;
	(void)found;
}

static void on_done(void *data)
{
	(void)data;
}

static bool share_volume(const struct container *one, const struct container *other)
{
	for (size_t i = 0; i < one->mounts.count; i++)
		for (size_t j = 0; j < other->mounts.count; j++) {
			const struct mount_point *a = RECORD_AT(one->mounts, struct mount_point, i);
			const struct mount_point *b =
				RECORD_AT(other->mounts, struct mount_point, j);

			if (str_equal(a->type, "volume") && str_equal(b->type, "volume") &&
			    str_equal(a->name, b->name))
				return true;
		}
	return false;
}

/* A volume is filled by one at a time, and nobody is told of a container before what its volumes get is
 * there: it would be started with a part of it. */
static bool is_filled_by_another(const struct operation *op)
{
	list_each(item, &op->engine->filling)
	{
		struct create_operation *other =
			container_of(item, struct create_operation, filling_link);

		if (share_volume(op->container, other->op.container))
			return true;
	}
	return false;
}

static void wake_waiting(struct engine *engine)
{
	struct link now;

	list_init(&now);
	list_move(&now, &engine->filling_waits);
	while (!list_is_empty(&now)) {
		struct operation *op = list_first(&now, struct operation, link);

		list_remove(&op->link);
		create_go_on(op);
	}
}

static void on_filled(void *data, const struct error *err)
{
	struct operation *op = data;
	struct engine *engine = op->engine;
	struct create_operation *self = create_of(op);

	self->filling = NULL;
	list_remove(&self->filling_link);
	if (err)
		self->failure = *err;
	create_go_on(op);
	wake_waiting(engine);
}

static void fill_volumes(struct operation *op)
{
	static const struct archive_handlers handlers = {on_found, on_done, on_filled};
	struct create_operation *self = create_of(op);

	self->filled = true;
	self->filling = files_fill(op->container, &handlers, op, &self->failure);
	if (self->filling)
		list_append(&op->engine->filling, &self->filling_link);
	else
		create_go_on(op);
}

bool create_must_fill(struct operation *op)
{
	struct create_operation *self = create_of(op);

	if (self->filled)
		return false;
	if (is_filled_by_another(op))
		list_append(&op->engine->filling_waits, &op->link);
	else if (files_need_filling(op->container))
		fill_volumes(op);
	else
		return false;
	return true;
}
