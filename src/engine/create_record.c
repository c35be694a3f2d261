/* The record of a container that is being made, its volumes, and the end, one way or the other.
 *
 * Volumes are recorded behind the container that names them, so that a daemon that dies in between
 * leaves none that nobody knows; one that is missing is made at the start. */
#include "engine/create_private.h"

#include "base/log.h"
#include "base/memory.h"

/* ---- undoing ---- */

/* What it was to own was there before, with what is in it: it goes with a container that was made, not with
 * an attempt. */
static void give_back_volume(struct operation *op, const struct mount_point *mount)
{
	struct volumes *volumes = op->engine->parts.volumes;
	struct volume *volume = volumes_find(volumes, mount->name, &(struct error){0});

	if (!volume)
		return;
	volume_unuse(volume, op->container->id);
	if (mount->anonymous && strings_contain(&create_of(op)->volumes_made, mount->name))
		volume_remove(volumes, mount->name, true, NULL, NULL);
}

void create_undo(struct operation *op)
{
	struct container *c = op->container;

	for (size_t i = 0; i < c->mounts.count; i++) {
		const struct mount_point *mount = RECORD_AT(c->mounts, struct mount_point, i);

		if (str_equal(mount->type, "volume"))
			give_back_volume(op, mount);
	}
	image_release(op->engine->parts.images, c->image);
	c->image = NULL;
	engine_drop(op->engine, c);
	removal_add(op->engine, c->id);
}

static void on_undone(void *data, const struct error *err)
{
	struct operation *op = data;

	(void)err;
	operation_finish(op, &create_of(op)->failure);
}

/* The record goes again, if it is there. */
static void give_up(struct operation *op)
{
	scoped_free char *key = str_format("container/%s", op->container->id);

	create_undo(op);
	store_delete(op->engine->parts.store, key, STORE_SURVIVES_POWER_CUT, on_undone, op);
}

/* ---- the end ---- */

static void finish(struct operation *op)
{
	struct container *c = op->container;

	c->hidden = false;
	log_info("container created", "id=%s name=%s image=%s", c->id, c->name, c->config.image);
	engine_publish_container(op->engine, c, "create", NULL);
	operation_finish(op, NULL);
}

void create_go_on(struct operation *op)
{
	const struct create_operation *self = create_of(op);

	if (self->volumes_pending > 0)
		return;
	if (self->failure.kind != ERROR_NONE)
		give_up(op);
	else if (!create_must_fill(op))
		finish(op);
}

/* ---- recording ---- */

static void note_failure(struct operation *op, const struct error *err)
{
	struct create_operation *self = create_of(op);

	if (err && self->failure.kind == ERROR_NONE)
		self->failure = *err;
	self->volumes_pending--;
	create_go_on(op);
}

/* Nobody else may remove it from now on. */
static void take_volume(struct operation *op, struct volume *volume)
{
	struct container *c = op->container;

	volume_use(volume, c->id);
	for (size_t i = 0; i < c->mounts.count; i++) {
		struct mount_point *mount = RECORD_AT(c->mounts, struct mount_point, i);

		if (str_equal(mount->type, "volume") &&
		    str_equal(mount->name, volume_get_spec(volume)->name))
			str_replace(&mount->source, volume_path(volume));
	}
}

static void on_volume(void *data, struct volume *volume, const struct error *err)
{
	struct error why;

	if (!err)
		take_volume(data, volume);
	if (err && err->kind == ERROR_NOT_FOUND) { /* it would be taken for a missing image */
		why = *err;
		why.kind = ERROR_INVALID;
		err = &why;
	}
	note_failure(data, err);
}

static void on_recorded(void *data, const struct error *err)
{
	note_failure(data, err);
}

static void make_volume(struct operation *op, struct mount_point *mount)
{
	struct create_operation *self = create_of(op);
	bool there = volumes_find(op->engine->parts.volumes, mount->name, &(struct error){0});
	struct volume *volume;

	self->volumes_pending++;
	volume = container_make_volume(op->container, mount, on_volume, op);
	if (volume)
		take_volume(op, volume);
	if (volume && !there)
		strings_add(&self->volumes_made, mount->name);
}

static void make_volumes(struct operation *op)
{
	struct container *c = op->container;

	for (size_t i = 0; i < c->mounts.count; i++) {
		struct mount_point *mount = RECORD_AT(c->mounts, struct mount_point, i);

		if (str_equal(mount->type, "volume"))
			make_volume(op, mount);
	}
}

/* Counts itself, so that nothing ends before all are on their way.  The container's own record
 * stands before those of its volumes. */
void create_record(struct operation *op)
{
	struct create_operation *self = create_of(op);

	self->volumes_pending = 2;
	container_save(op->container, STORE_SURVIVES_POWER_CUT, on_recorded, op);
	make_volumes(op);
	note_failure(op, NULL);
}
