/* Jobs on the files of a container: when they may, what they are told, and what ends them.
 *
 * Who writes into a stopped container has it for itself, as a start would: nothing else mounts its layers
 * for writing meanwhile.  Who writes into a running one is ended with the run.  Who only looks disturbs
 * nobody, and is ended by the removal alone. */
#include "engine/engine_private.h"

#include "base/log.h"
#include "base/memory.h"
#include "engine/sandbox_plan.h"

#include <errno.h>
#include <unistd.h>

struct engine_files {
	struct operation op;
	struct link link; /* in container->files, while the worker is at it */
	struct archive_request request;
	struct engine_files_handlers handlers;
	void *data;
	struct volumes_hold *volumes; /* of a container that does not run */
	struct archive_job *job;
	bool told;  /* one of the handlers was called, or nobody wants to hear */
	bool given; /* the worker has the connection */
	bool bare;
};

static struct engine_files *files_of(struct operation *op)
{
	return (struct engine_files *)op;
}

static bool writes(const struct engine_files *f)
{
	return f->request.kind == ARCHIVE_PUT;
}

static void fini_files(struct operation *op)
{
	struct engine_files *f = files_of(op);

	list_remove(&f->link);
	archive_job_kill(f->job);
	if (op->engine->closing)
		volumes_hold_drop(f->volumes);
	else
		volumes_hold_end(f->volumes);
	record_fini(&archive_request_type, &f->request);
}

static void on_over(void *data, const struct engine_result *result)
{
	struct engine_files *f = data;

	if (!f->told && result->err)
		f->handlers.failed(f->data, result->err);
	else if (f->given && result->err)
		log_debug("an archive job failed", "id=%s error=%s", f->op.container->id,
			  result->err->text);
}

/* ---- what the worker says ---- */

static void on_found(void *data, const struct archive_found *found)
{
	struct engine_files *f = data;

	f->told = true;
	f->handlers.found(f->data, found);
}

/* "archive-path" and "export" when it begins, "extract-to-dir" when it has worked. */
static void publish(struct engine_files *f)
{
	static const char *const actions[] = {
		[ARCHIVE_STAT] = NULL,
		[ARCHIVE_GET] = "archive-path",
		[ARCHIVE_PUT] = "extract-to-dir",
		[ARCHIVE_EXPORT] = "export",
		[ARCHIVE_CHANGES] = NULL,
		[ARCHIVE_FILL] = NULL,
	};
	const char *action = actions[f->request.kind];

	if (action)
		engine_publish_container(f->op.engine, f->op.container, action, NULL);
}

static void on_done(void *data)
{
	if (writes(data))
		publish(data);
}

/* The first process is gone before anybody here knows of it: on a busy host, long before.  Then the
 * container is looked at as the stopped one that it is. */
static bool has_met_the_end(const struct engine_files *f, const struct error *err)
{
	return err && err->os == ESRCH && f->request.pid > 0 && !f->told;
}

static void begin_again(struct operation *op, const struct error *err)
{
	(void)err;
	op->run(op);
}

/* Has the run that was to be looked into yet to be told as ended?  Another may have begun meanwhile, and
 * its end is not waited for. */
static bool is_still_there(const struct engine_files *f)
{
	const struct container *c = f->op.container;

	return c->run && c->run->start_time == f->request.start_time &&
	       (!container_is_live(c) || c->pid == f->request.pid);
}

static void begin_after_the_end(struct engine_files *f)
{
	bool wait = is_still_there(f);

	list_remove(&f->link);
	record_fini(&sandbox_spec_type, &f->request.root);
	f->request.pid = f->request.start_time = 0;
	if (wait)
		operation_wait_exit(&f->op, begin_again);
	else
		begin_again(&f->op, NULL);
}

static void on_ended(void *data, const struct error *err)
{
	struct engine_files *f = data;

	f->job = NULL;
	if (has_met_the_end(f, err))
		begin_after_the_end(f);
	else
		operation_finish(&f->op, err);
}

/* ---- starting it ---- */

/* The mark for the layer of mount points, which every root with an /etc of ours has. */
static void plan_root(const struct container *c, struct sandbox_spec *out)
{
	const struct engine *engine = c->engine;

	out->layers_folder = str_format("%s/layers", engine->settings.data_root);
	out->layers = image_rootfs(c->image);
	out->init_layer = str_dup_or_null(engine->init_layer);
	out->writable_folder = container_folder(c);
	out->etc_folder = container_folder(c);
	out->read_only_root = c->host_config.readonly_rootfs;
}

static bool is_running(const struct container *c)
{
	return container_is_live(c) && c->run && c->pid > 0 && c->run->start_time > 0;
}

static bool needs_volumes(const struct engine_files *f)
{
	return f->request.kind != ARCHIVE_EXPORT && f->request.kind != ARCHIVE_CHANGES;
}

static bool plan_request(struct engine_files *f, struct error *err)
{
	const struct container *c = f->op.container;
	struct archive_request *request = &f->request;

	request->daemon = getpid();
	str_replace(&request->user, c->config.user);
	if (is_running(c)) {
		request->pid = c->pid;
		request->start_time = c->run->start_time;
		if (request->kind != ARCHIVE_CHANGES)
			return true;
	}
	if (!c->image)
		return error_set(err, ERROR_NOT_FOUND, "No such image: %s", c->image_id);
	plan_root(c, &request->root);
	if (f->bare) {
		str_replace(&request->root.init_layer, NULL);
		str_replace(&request->root.etc_folder, NULL);
		return true;
	}
	if (needs_volumes(f))
		sandbox_plan_files(c, request->root.writable_folder, &request->root);
	return sandbox_plan_mounts(c, &request->root.mounts, err);
}

static bool start_worker(struct engine_files *f, struct error *err)
{
	static const struct archive_handlers handlers = {on_found, on_done, on_ended};
	struct engine *engine = f->op.engine;

	if (!plan_request(f, err))
		return false;
	f->job = archive_job_start(engine->parts.loop, engine->worker, &f->request, &handlers, f,
				   err);
	if (!f->job)
		return false;
	list_append(&f->op.container->files, &f->link);
	return true;
}

static void on_volumes(void *data, const struct error *err)
{
	struct engine_files *f = data;
	struct error failed;

	if (err) /* what `err` points to may end with the hold */
		failed = *err;
	if (err || !start_worker(f, &failed))
		operation_finish(&f->op, &failed);
}

static void run_files(struct operation *op)
{
	struct engine_files *f = files_of(op);
	struct container *c = op->container;
	struct error err;

	if (writes(f) && !container_is_live(c) ? !operation_claim(op) : !operation_wait_turn(op))
		return;
	if (!is_running(c) && needs_volumes(f)) {
		scoped_free char *holder = str_format("files %p", (void *)f);

		f->volumes = volumes_hold_begin(c, holder, on_volumes, f);
		volumes_hold_go(f->volumes);
	} else if (!start_worker(f, &err)) {
		operation_finish(op, &err);
	}
}

/* ---- filling new volumes ---- */

/* Of folders alone: what something else is mounted over is filled inside, at the start. */
static bool may_be_filled(const struct container *c, const struct mount_point *mount)
{
	struct volume *volume = NULL;

	if (str_equal(mount->type, "volume") && mount->copy_up && str_is_empty(mount->subpath))
		volume = volumes_find(c->engine->parts.volumes, mount->name, &(struct error){0});
	return volume && !volume_needs_mount(volume) && volume_is_empty(volume);
}

static void add_filling(const struct mount_point *mount, struct record_list *out)
{
	struct mount_spec *spec = record_list_add(&mount_spec_type, out);

	spec->type = str_dup("bind");
	spec->source = str_dup(mount->source);
	spec->target = str_dup(mount->destination);
}

bool files_need_filling(const struct container *c)
{
	for (size_t i = 0; i < c->mounts.count; i++)
		if (may_be_filled(c, RECORD_AT(c->mounts, struct mount_point, i)))
			return true;
	return false;
}

struct archive_job *files_fill(const struct container *c, const struct archive_handlers *handlers,
			       void *data, struct error *err)
{
	struct archive_request request = {.kind = ARCHIVE_FILL, .daemon = getpid()};
	struct archive_job *job;

	plan_root(c, &request.root);
	for (size_t i = 0; i < c->mounts.count; i++) {
		const struct mount_point *mount = RECORD_AT(c->mounts, struct mount_point, i);

		if (may_be_filled(c, mount))
			add_filling(mount, &request.root.mounts);
	}
	job = archive_job_start(c->engine->parts.loop, c->engine->worker, &request, handlers, data,
				err);
	record_fini(&archive_request_type, &request);
	return job;
}

/* ---- for doors ---- */

struct engine_files *engine_files_begin(struct engine *engine, struct container *c,
					const struct engine_files_request *request,
					const struct engine_files_handlers *handlers, void *data)
{
	struct engine_files *f = operation_new(sizeof(*f), engine, c, run_files);

	f->op.fini = fini_files;
	f->request.kind = request->kind;
	f->request.path = str_dup(request->path ? request->path : "");
	f->request.container = str_dup(request->typed ? request->typed : c->id);
	f->request.keep_kinds = request->keep_kinds;
	f->request.own = request->own;
	f->bare = request->bare;
	f->handlers = *handlers;
	f->data = data;
	operation_begin(f, on_over, f);
	return f;
}

void engine_files_give(struct engine_files *f, struct archive_stream *stream, int connection)
{
	f->given = true;
	if (!writes(f))
		publish(f);
	archive_job_give(f->job, stream, connection);
}

void engine_files_cancel(struct engine_files *f)
{
	f->told = true;
	operation_finish(&f->op, NULL);
}

/* ---- what ends them ---- */

static void end(struct engine_files *f, const char *why)
{
	struct error err;

	error_set(&err, ERROR_CONFLICT, "container %s %s", f->op.container->id, why);
	operation_finish(&f->op, &err);
}

/* Nothing of it was written yet: it is done as in the stopped container that it is. */
static void begin_anew(struct engine_files *f)
{
	archive_job_kill(take(f->job));
	begin_after_the_end(f);
}

void files_end_run(struct container *c)
{
	list_each(item, &c->files)
	{
		struct engine_files *f = container_of(item, struct engine_files, link);

		if (!writes(f) || f->request.pid == 0)
			continue;
		if (f->told)
			end(f, "has ended");
		else
			begin_anew(f);
	}
}

void files_end_all(struct container *c)
{
	list_each(item, &c->files)
		end(container_of(item, struct engine_files, link), "is being removed");
}
