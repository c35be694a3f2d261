/* Removing a container: its record goes first, then what lies on the disk.  A record that says
 * "removing" is finished by the next daemon; a folder without a record is removed by it. */
#include "engine/engine_private.h"

#include "base/log.h"
#include "base/memory.h"
#include "engine/adopt.h"
#include "engine/deadline.h"
#include "engine/link.h"

#include <signal.h>

/* ---- the removal itself ---- */

struct remove_operation {
	struct operation op;
	bool force, volumes;
	bool stopped_before; /* by hand, before it was doomed */
	char *typed;
	struct deadline *patience; /* for the end of one that was killed */
};

static struct remove_operation *remove_of(struct operation *op)
{
	return (struct remove_operation *)op;
}

static void forget_volume(struct container *c, const struct mount_point *mount, bool remove)
{
	struct volumes *volumes = c->engine->parts.volumes;
	struct error unused;
	struct volume *volume = volumes_find(volumes, mount->name, &unused);

	if (!volume)
		return;
	volume_unuse(volume, c->id);
	if (remove && mount->anonymous && volume_use_count(volume) == 0)
		volume_remove(volumes, mount->name, true, NULL, NULL);
}

static void forget_volumes(struct container *c, bool remove)
{
	for (size_t i = 0; i < c->mounts.count; i++) {
		const struct mount_point *mount = RECORD_AT(c->mounts, struct mount_point, i);

		if (str_equal(mount->type, "volume"))
			forget_volume(c, mount, remove);
	}
}

static bool has_anonymous_volumes(const struct container *c)
{
	for (size_t i = 0; i < c->mounts.count; i++)
		if (RECORD_AT(c->mounts, struct mount_point, i)->anonymous)
			return true;
	return false;
}

static void fail_removal(struct operation *op, const struct error *err)
{
	struct container *c = op->container;
	char text[ERROR_TEXT_SIZE];

	str_replace(&c->error, error_text(err, text, sizeof(text)));
	container_set_state(c, CONTAINER_DEAD);
	owner_tell_gone(c);
	if (c->run)
		run_release(c->run, true, err);
	pending_answer_removed(c, err);
	op->resume(op, err);
}

static void on_forgotten(void *data, const struct error *err)
{
	struct operation *op = data;
	struct container *c = op->container;

	if (err) {
		fail_removal(op, err);
		return;
	}
	engine_publish_container(c->engine, c, "destroy", NULL);
	engine_drop(c->engine, c);
	owner_tell_gone(c);
	links_rename(c->engine);
	if (c->image)
		image_release(c->engine->parts.images, c->image);
	c->image = NULL;
	if (c->run)
		run_release(c->run, true, NULL);
	pending_answer_removed(c, NULL);
	removal_add(c->engine, c->id);
	op->resume(op, NULL);
}

/* The store keeps the order of these writes: who dies in between leaves the mark, and the next
 * daemon goes on from there. */
void container_remove(struct operation *op, bool volumes,
		      void (*resume)(struct operation *op, const struct error *err))
{
	struct container *c = op->container;
	scoped_free char *key = str_format("container/%s", c->id);

	op->resume = resume;
	deadline_cancel(&c->restart_due);
	files_end_all(c);
	container_set_state(c, CONTAINER_REMOVING);
	if (volumes && has_anonymous_volumes(c))
		container_save(c, STORE_SURVIVES_KILL, NULL, NULL);
	forget_volumes(c, volumes);
	execs_forget(c);
	store_delete(c->engine->parts.store, key, STORE_SURVIVES_POWER_CUT, on_forgotten, op);
}

static void removed(struct operation *op, const struct error *err)
{
	operation_finish(op, err);
}

/* ---- rm ---- */

static bool refuse_running(const struct operation *op, struct error *err)
{
	const struct container *c = op->container;
	const char *why = c->state == CONTAINER_PAUSED
				  ? "container is paused and must be unpaused first"
				  : "container is running: stop the container before removing or "
				    "force remove";

	return error_set(err, ERROR_CONFLICT, "cannot remove container \"/%s\": %s", c->name, why);
}

static void go_on_when_ended(struct operation *op, const struct error *err)
{
	(void)err;
	deadline_cancel(&remove_of(op)->patience);
	op->run(op);
}

/* Whoever asked is told that it is still there, so it stays, also should it end later. */
static void give_up(void *data)
{
	struct operation *op = data;
	struct container *c = op->container;
	struct error err;

	remove_of(op)->patience = NULL;
	list_remove(&op->link); /* it waits for the exit no more */
	c->doomed = false;
	container_save(c, STORE_SURVIVES_KILL, NULL, NULL);
	error_set(
		&err, ERROR_SYSTEM,
		"cannot remove container \"/%s\": could not kill: tried to kill container, but did "
		"not receive an exit event",
		c->name);
	operation_finish(op, &err);
}

static void kill_first(struct operation *op)
{
	operation_wait_exit(op, go_on_when_ended);
	remove_of(op)->patience =
		deadline_start(op->engine->parts.loop, KILL_PATIENCE_MS, give_up, op);
	container_kill(op->container);
}

/* It may have ended by itself while that was recorded. */
static void on_doomed(void *data, const struct error *err)
{
	struct operation *op = data;
	struct container *c = op->container;

	if (err) {
		c->doomed = false;
		c->stopped_by_hand = remove_of(op)->stopped_before;
		operation_finish(op, err);
	} else if (container_is_live(c)) {
		kill_first(op);
	} else {
		op->run(op);
	}
}

/* Recorded first: who dies between the kill and the removal leaves it to the next daemon. */
static void doom(struct operation *op)
{
	struct container *c = op->container;

	remove_of(op)->stopped_before = c->stopped_by_hand;
	c->stopped_by_hand = c->doomed = true;
	c->doomed_volumes = remove_of(op)->volumes;
	container_save(c, STORE_SURVIVES_KILL, on_doomed, op);
}

static void run_remove(struct operation *op)
{
	struct remove_operation *self = remove_of(op);
	struct container *c = op->container;
	struct error err;

	if (c->state == CONTAINER_REMOVING && !c->gone && !op->claimed) {
		error_set(&err, ERROR_CONFLICT, "removal of container %s is already in progress",
			  self->typed ? self->typed : c->id);
		operation_finish(op, &err);
		return;
	}
	if (!operation_claim(op))
		return;
	if (container_is_running(c) && !self->force) {
		refuse_running(op, &err);
		operation_finish(op, &err);
	} else if (container_is_live(c)) {
		doom(op);
	} else if (container_is_ending(c)) {
		operation_wait_exit(op, go_on_when_ended);
	} else {
		container_remove(op, self->volumes, removed);
	}
}

static void fini_remove(struct operation *op)
{
	deadline_cancel(&remove_of(op)->patience);
	free(remove_of(op)->typed);
}

static struct remove_operation *new_remove(struct engine *engine, struct container *c)
{
	struct remove_operation *self = operation_new(sizeof(*self), engine, c, run_remove);

	self->op.fini = fini_remove;
	return self;
}

void engine_remove(struct engine *engine, struct container *c, const struct remove_options *options,
		   engine_done *done, void *data)
{
	struct remove_operation *self = new_remove(engine, c);

	self->force = options->force;
	self->volumes = options->volumes;
	self->typed = str_dup_or_null(options->typed);
	operation_begin(self, done, data);
}

/* ---- by itself ---- */

/* `data`: the engine that is not ready before this is done, or NULL. */
static void removed_by_itself(void *data, const struct engine_result *result)
{
	if (result->err && result->err->kind != ERROR_NOT_FOUND &&
	    result->err->kind != ERROR_CONFLICT)
		log_error("cannot remove a container", result->err, "");
	if (data)
		adopt_done(data);
}

static void run_remove_by_itself(struct operation *op)
{
	if (operation_claim(op))
		container_remove(op, remove_of(op)->volumes, removed);
}

/* From here on nobody starts it, even if the removal has to wait for its turn. */
void container_remove_by_itself(struct container *c)
{
	struct remove_operation *self = new_remove(c->engine, c);

	container_set_state(c, CONTAINER_REMOVING);
	self->op.run = run_remove_by_itself;
	self->volumes = !c->doomed || c->doomed_volumes;
	if (engine_is_ready(c->engine)) {
		operation_begin(self, removed_by_itself, NULL);
		return;
	}
	c->engine->adoption.waiting++;
	operation_begin(self, removed_by_itself, c->engine);
}
