/* The volumes that somebody looks into: a container's run, or a job on its files.  They are made where
 * they are missing, mounted where they are made of something else, and let go of together. */
#include "engine/engine_private.h"

#include "base/log.h"
#include "base/memory.h"

struct volumes_hold {
	struct engine *engine; /* borrowed */
	char *holder;
	struct strings names;
	size_t pending;
	struct error failure; /* the first; kind ERROR_NONE: none */
	void (*done)(void *data, const struct error *err);
	void *data;
};

static void hold_free(struct volumes_hold *hold)
{
	strings_fini(&hold->names);
	free(hold->holder);
	free(hold);
}

static struct volume *find(const struct volumes_hold *hold, const char *name)
{
	return volumes_find(hold->engine->parts.volumes, name, &(struct error){0});
}

void volumes_hold_end(struct volumes_hold *hold)
{
	if (!hold)
		return;
	for (size_t i = 0; i < hold->names.count; i++) {
		struct volume *volume = find(hold, hold->names.items[i]);

		if (volume)
			volume_unmount(volume, hold->holder);
	}
	hold_free(hold);
}

void volumes_hold_drop(struct volumes_hold *hold)
{
	if (hold)
		hold_free(hold);
}

/* ---- taking hold ---- */

static void note(struct volumes_hold *hold, const struct error *err)
{
	if (err && hold->failure.kind == ERROR_NONE)
		hold->failure = *err;
	if (--hold->pending > 0)
		return;
	struct error failure = hold->failure; /* the hold may end in there */
	hold->done(hold->data, failure.kind == ERROR_NONE ? NULL : &failure);
}

static void on_mounted(void *data, const struct error *err)
{
	note(data, err);
}

/* A volume that is gone is made again; whether that is on the disk yet does not matter. */
static void on_volume(void *data, struct volume *volume, const struct error *err)
{
	(void)data;
	(void)volume;
	if (err)
		log_error("cannot make a volume", err, "");
}

static void take_volume(struct volumes_hold *hold, struct container *c, struct mount_point *mount)
{
	struct volume *volume = find(hold, mount->name);
	struct error err;

	if (!volume)
		volume = container_make_volume(c, mount, on_volume, NULL);
	if (!volume) {
		error_set(&err, ERROR_SYSTEM, "cannot make volume '%s'", mount->name);
		note(hold, &err);
		return;
	}
	volume_use(volume, c->id);
	str_replace(&mount->source, volume_path(volume));
	strings_add(&hold->names, mount->name);
	volume_mount(volume, hold->holder, on_mounted, hold);
}

static struct volumes_hold *hold_new(struct engine *engine, const char *holder)
{
	struct volumes_hold *hold = mem_new(struct volumes_hold);

	hold->engine = engine;
	hold->holder = str_dup(holder);
	return hold;
}

/* Counts itself, so that it is not done before all are on their way. */
struct volumes_hold *volumes_hold_begin(struct container *c, const char *holder,
					void (*done)(void *data, const struct error *err),
					void *data)
{
	struct volumes_hold *hold = hold_new(c->engine, holder);

	hold->done = done;
	hold->data = data;
	hold->pending = 1;
	for (size_t i = 0; i < c->mounts.count; i++) {
		struct mount_point *mount = RECORD_AT(c->mounts, struct mount_point, i);

		if (!str_equal(mount->type, "volume"))
			continue;
		hold->pending++;
		take_volume(hold, c, mount);
	}
	return hold;
}

void volumes_hold_go(struct volumes_hold *hold)
{
	note(hold, NULL);
}

/* ---- of a run ---- */

/* A volume that is mounted first, or a part of one, is filled inside, by the start. */
static bool is_filled_by_start(const struct container *c, const struct mount_point *mount)
{
	struct volume *volume = NULL;

	if (str_equal(mount->type, "volume") && mount->copy_up)
		volume = volumes_find(c->engine->parts.volumes, mount->name, &(struct error){0});
	return volume && (volume_needs_mount(volume) || !str_is_empty(mount->subpath));
}

static bool fills(const struct container *c, const char *name)
{
	for (size_t i = 0; i < c->mounts.count; i++) {
		const struct mount_point *mount = RECORD_AT(c->mounts, struct mount_point, i);

		if ((!name || str_equal(mount->name, name)) && is_filled_by_start(c, mount))
			return true;
	}
	return false;
}

static bool fill_the_same(const struct container *one, const struct container *other)
{
	for (size_t i = 0; i < one->mounts.count; i++) {
		const struct mount_point *mount = RECORD_AT(one->mounts, struct mount_point, i);

		if (is_filled_by_start(one, mount) && fills(other, mount->name))
			return true;
	}
	return false;
}

/* One at a time, so that nobody starts with a part of what the image has for it. */
static void fill_in_turn(struct container_run *run)
{
	struct engine *engine = run->container->engine;

	list_each(item, &engine->filling_runs)
	{
		struct container_run *other = container_of(item, struct container_run, filling);

		if (fill_the_same(run->container, other->container)) {
			list_append(&engine->filling_run_waits, &run->filling);
			return;
		}
	}
	if (fills(run->container, NULL))
		list_append(&engine->filling_runs, &run->filling);
	run->on_volumes(run, NULL);
}

void run_has_filled(struct container_run *run)
{
	struct engine *engine = run->container->engine;
	struct link now;

	if (!list_holds(&run->filling))
		return;
	list_remove(&run->filling);
	list_init(&now);
	list_move(&now, &engine->filling_run_waits);
	while (!list_is_empty(&now)) {
		struct container_run *next = list_first(&now, struct container_run, filling);

		list_remove(&next->filling);
		fill_in_turn(next);
	}
}

static void on_run_volumes(void *data, const struct error *err)
{
	struct container_run *run = data;

	if (err)
		run->on_volumes(run, err);
	else
		fill_in_turn(run);
}

void run_mount_volumes(struct container_run *run,
		       void (*done)(struct container_run *run, const struct error *err))
{
	run->on_volumes = done;
	run->volumes = volumes_hold_begin(run->container, run->container->id, on_run_volumes, run);
	volumes_hold_go(run->volumes);
}

void run_unmount_volumes(struct container_run *run)
{
	volumes_hold_end(take(run->volumes));
}

void run_adopt_volumes(struct container_run *run)
{
	struct container *c = run->container;

	run->volumes = hold_new(c->engine, c->id);
	for (size_t i = 0; i < c->mounts.count; i++) {
		const struct mount_point *mount = RECORD_AT(c->mounts, struct mount_point, i);
		struct volume *volume = NULL;

		if (str_equal(mount->type, "volume"))
			volume = find(run->volumes, mount->name);
		if (!volume)
			continue;
		strings_add(&run->volumes->names, mount->name);
		volume_adopt(volume, c->id);
	}
}
