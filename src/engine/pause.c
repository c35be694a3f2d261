/* Freezing and thawing.  The kernel may take its time to freeze a process that waits for a disk, so
 * another thread waits for it. */
#include "base/log.h"
#include "base/memory.h"
#include "engine/work.h"
#include "os/cgroup.h"
#include "os/process.h"

#include <errno.h>

/* ---- the freezer ---- */

struct freezing {
	struct work work;
	struct container *container; /* referred to */
	char *cgroup;
	int64_t pid, start_time; /* of its first process */
	bool frozen, ok;
	struct error err;
	void (*done)(void *data, const struct error *err);
	void *data;
};

static bool set(struct freezing *f)
{
	struct cgroup cgroup;
	bool ok;

	if (!cgroup_open(f->cgroup, &cgroup, &f->err))
		return false;
	ok = cgroup_freeze(&cgroup, f->frozen, &f->err);
	cgroup_fini(&cgroup);
	return ok;
}

/* A thaw is one write, without a wait. */
void container_thaw_at_once(const struct container *c)
{
	scoped_free char *path = container_cgroup(c);
	struct cgroup cgroup;
	struct error err;

	if (!cgroup_open(path, &cgroup, &err))
		return;
	if (!cgroup_freeze(&cgroup, false, &err))
		log_warning("cannot thaw a container", &err, "id=%s", c->id);
	cgroup_fini(&cgroup);
}

static void freeze(struct work *work)
{
	struct freezing *f = container_of(work, struct freezing, work);

	f->ok = set(f);
	if (f->ok || !process_has_ended((pid_t)f->pid, f->start_time))
		return;
	error_set(&f->err, ERROR_CONFLICT, "Container %s is not running", f->container->id);
	f->err.os = ESRCH;
}

/* It may have ended meanwhile: then its state is that of an exit, and stays so. */
static void on_frozen(struct work *work, bool closing)
{
	struct freezing *f = container_of(work, struct freezing, work);
	struct container *c = f->container;

	if (f->ok && container_is_live(c))
		container_set_state(c, f->frozen ? CONTAINER_PAUSED : CONTAINER_RUNNING);
	if (!closing)
		f->done(f->data, f->ok ? NULL : &f->err);
	else if (f->frozen && c->thaw_wanted)
		container_thaw_at_once(c);
	container_unref(c);
	free(f->cgroup);
	free(f);
}

void container_freeze(struct container *c, bool frozen,
		      void (*done)(void *data, const struct error *err), void *data)
{
	struct freezing *f = mem_new(struct freezing);

	f->container = container_ref(c);
	f->cgroup = container_cgroup(c);
	f->pid = c->pid;
	f->start_time = c->run ? c->run->start_time : 0;
	f->frozen = frozen;
	f->done = done;
	f->data = data;
	work_begin(&f->work, c->engine, freeze, on_frozen);
}

/* ---- the operations ---- */

struct pause_operation {
	struct operation op;
	bool pause;
};

static bool may_pause(const struct container *c, struct error *err)
{
	if (c->state == CONTAINER_PAUSED)
		return error_set(err, ERROR_CONFLICT, "Container %s is already paused", c->id);
	if (c->state == CONTAINER_RESTARTING)
		return error_set(err, ERROR_CONFLICT,
				 "Container %s is restarting, wait until the container is running",
				 c->id);
	if (!container_is_live(c))
		return error_set(err, ERROR_CONFLICT, "Container %s is not running", c->id);
	return true;
}

static bool may_unpause(const struct container *c, struct error *err)
{
	if (c->state == CONTAINER_PAUSED)
		return true;
	return error_set(err, ERROR_SYSTEM, "Container %s is not paused", c->id);
}

/* The order matters when the daemon dies in between: "paused" is recorded before it is so, and the
 * next daemon freezes it; "running" is recorded after it is so, else it freezes it again.  What
 * nobody was told is undone in both cases. */
static void on_done(void *data, const struct error *err)
{
	struct operation *op = data;
	struct container *c = op->container;
	bool pause = ((struct pause_operation *)op)->pause;

	if (err) {
		struct error said = *err;

		if (pause && container_is_live(c))
			container_set_state(c, CONTAINER_RUNNING);
		container_save(c, STORE_SURVIVES_KILL, NULL, NULL);
		if (said.os == ESRCH) /* the text is Docker's */
			said.os = 0;
		operation_finish(op, &said);
		return;
	}
	engine_publish_container(op->engine, c, pause ? "pause" : "unpause", NULL);
	operation_finish(op, NULL);
}

static void on_pause_recorded(void *data, const struct error *err)
{
	struct operation *op = data;

	if (err)
		on_done(op, err);
	else
		container_freeze(op->container, true, on_done, op);
}

static void on_thawed(void *data, const struct error *err)
{
	struct operation *op = data;

	if (err)
		on_done(op, err);
	else
		container_save(op->container, STORE_SURVIVES_KILL, on_done, op);
}

static void run_pause(struct operation *op)
{
	struct container *c = op->container;
	bool pause = ((struct pause_operation *)op)->pause;
	struct error err;

	if (!operation_claim(op))
		return;
	if (pause ? !may_pause(c, &err) : !may_unpause(c, &err)) {
		operation_finish(op, &err);
	} else if (pause) {
		container_set_state(c, CONTAINER_PAUSED);
		container_save(c, STORE_SURVIVES_KILL, on_pause_recorded, op);
	} else {
		container_freeze(c, false, on_thawed, op);
	}
}

static void begin(struct engine *engine, struct container *c, bool pause, engine_done *done,
		  void *data)
{
	struct pause_operation *self = operation_new(sizeof(*self), engine, c, run_pause);

	self->pause = pause;
	operation_begin(self, done, data);
}

void engine_pause(struct engine *engine, struct container *c, engine_done *done, void *data)
{
	begin(engine, c, true, done, data);
}

void engine_unpause(struct engine *engine, struct container *c, engine_done *done, void *data)
{
	begin(engine, c, false, done, data);
}
