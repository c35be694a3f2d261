/* Commit: what a container has written, frozen while it is read, on top of its image.  The configuration is
 * the container's with the request's changes. */
#include "base/memory.h"
#include "base/time.h"
#include "engine/container_merge.h"
#include "engine/engine_private.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct commit_operation {
	struct operation op;
	struct image_config config; /* of the new image */
	char *name, *author, *comment;
	bool pause;
	bool frozen;	       /* by us */
	struct image *base;    /* leased; NULL: none */
	struct image_job *job; /* NULL: not under way */
	char *image_id;	       /* that was made */
	struct error failure;
	bool failed;
};

static void fini_commit(struct operation *op)
{
	struct commit_operation *self = (struct commit_operation *)op;

	if (op->engine->closing && self->frozen)
		container_thaw_at_once(op->container);
	if (self->job)
		image_job_cancel(self->job);
	if (self->base)
		image_release(op->engine->parts.images, self->base);
	image_config_fini(&self->config);
	free(self->name);
	free(self->author);
	free(self->comment);
	free(self->image_id);
}

/* ---- the configuration ---- */

/* Both ways the members are borrowed. */
static struct image_defaults defaults_of(const struct container_config *c)
{
	return (struct image_defaults){
		.user = c->user,
		.working_dir = c->working_dir,
		.stop_signal = c->stop_signal,
		.env = c->env,
		.cmd = c->cmd,
		.entrypoint = c->entrypoint,
		.shell = c->shell,
		.on_build = c->on_build,
		.exposed_ports = c->exposed_ports,
		.volumes = c->volumes,
		.labels = c->labels,
		.healthcheck = c->healthcheck,
		.args_escaped = c->args_escaped,
	};
}

static struct container_config config_of(const struct image_defaults *d)
{
	return (struct container_config){
		.user = d->user,
		.working_dir = d->working_dir,
		.stop_signal = d->stop_signal,
		.env = d->env,
		.cmd = d->cmd,
		.entrypoint = d->entrypoint,
		.shell = d->shell,
		.on_build = d->on_build,
		.exposed_ports = d->exposed_ports,
		.volumes = d->volumes,
		.labels = d->labels,
		.healthcheck = d->healthcheck,
		.args_escaped = d->args_escaped,
	};
}

/* What is left open is as the container has it. */
static void merge_defaults(struct image_config *config, const struct container_config *own)
{
	struct image_defaults wanted = defaults_of(own);
	struct container_config merged = config_of(&config->defaults);

	container_config_merge(&merged, &wanted);
	config->defaults = defaults_of(&merged);
}

static bool make_config(struct commit_operation *self, const struct commit_request *request,
			struct error *err)
{
	const struct container *c = self->op.container;
	const struct container_config *from = request->config ? request->config : &c->config;
	struct image_defaults defaults = defaults_of(from);

	record_copy(&image_defaults_type, &defaults, &self->config.defaults);
	if (!image_apply_changes(&request->changes, &self->config, err))
		return false;
	merge_defaults(&self->config, &c->config);
	return true;
}

static void inherit(struct commit_operation *self)
{
	struct image_config *config = &self->config;
	char now[TIME_TEXT_SIZE];

	time_to_text(time_now_ns(), now);
	config->created = str_dup(now);
	config->author = str_dup_or_null(self->author);
	config->comment = str_dup_or_null(self->comment);
	config->os = str_dup_or_null(self->base->config.os);
	config->architecture = str_dup_or_null(self->base->config.architecture);
	config->variant = str_dup_or_null(self->base->config.variant);
	config->os_version = str_dup_or_null(self->base->config.os_version);
	config->diff_ids = strings_copy(&self->base->config.diff_ids);
	record_list_copy(&image_history_type, &self->base->config.history, &config->history);
}

/* ---- the end ---- */

static void tell(struct commit_operation *self)
{
	struct engine *engine = self->op.engine;
	scoped_pairs struct pairs attributes = {0}, image = {0};
	const char *name = self->name ? self->name : "";

	pairs_set(&attributes, "comment", self->comment ? self->comment : "");
	pairs_set(&attributes, "imageID", self->image_id);
	pairs_set(&attributes, "imageRef", name);
	pairs_set(&image, "name", *name ? name : self->image_id);
	engine_publish(engine, EVENT_IMAGE, "create", self->image_id, &image);
	if (*name)
		engine_publish(engine, EVENT_IMAGE, "tag", self->image_id, &image);
	engine_publish_container(engine, self->op.container, "commit", &attributes);
}

static void end(struct commit_operation *self)
{
	self->op.result.image_id = self->image_id;
	if (!self->failed)
		tell(self);
	operation_finish(&self->op, self->failed ? &self->failure : NULL);
}

static void on_thawed(void *data, const struct error *err)
{
	struct commit_operation *self = data;

	if (err && err->os != ESRCH && !self->failed) {
		self->failed = true;
		self->failure = *err;
	}
	self->op.container->thaw_wanted = false;
	container_save(self->op.container, STORE_SURVIVES_KILL, NULL, NULL);
	end(self);
}

static void thaw_and_end(struct commit_operation *self)
{
	if (self->frozen && container_is_live(self->op.container)) {
		container_freeze(self->op.container, false, on_thawed, self);
		return;
	}
	self->op.container->thaw_wanted = false;
	end(self);
}

static void fail(struct commit_operation *self, const struct error *err)
{
	self->failed = true;
	self->failure = *err;
	thaw_and_end(self);
}

static void on_committed(void *data, const struct image_result *result, const struct error *err)
{
	struct commit_operation *self = data;

	self->job = NULL;
	if (err) {
		fail(self, err);
		return;
	}
	self->image_id = str_dup(result->id);
	if (self->name)
		str_replace(&self->name, result->names.items[0]);
	thaw_and_end(self);
}

/* ---- the image ---- */

/* A container that never ran may have no folder yet. */
static char *changes_of(const struct container *c)
{
	scoped_free char *upper = container_upper_folder(c);

	return access(upper, F_OK) == 0 ? str_format("containers/%s/upper", c->id) : NULL;
}

static void make_image(struct commit_operation *self)
{
	static const struct image_job_handlers handlers = {NULL, on_committed};
	struct container *c = self->op.container;
	scoped_free char *changes = changes_of(c);
	scoped_free char *command = strings_join(&c->config.cmd, " ");
	struct image_history line = {.created = self->config.created,
				     .created_by = command,
				     .author = self->author,
				     .comment = self->comment};
	struct image_commit_request request = {
		.base = self->base,
		.config = &self->config,
		.line = &line,
		.name = self->name,
		.changes = changes,
	};
	struct error err;

	self->job = image_commit(self->op.engine->parts.images, &request, &handlers, self, &err);
	if (!self->job)
		fail(self, &err);
}

static void go_on_when_ended(struct operation *op, const struct error *err)
{
	(void)err;
	make_image((struct commit_operation *)op);
}

/* It has ended while it was to be frozen, which the engine may have yet to hear. */
static void commit_ended(struct commit_operation *self)
{
	struct container *c = self->op.container;

	if (container_is_live(c) || container_is_ending(c))
		operation_wait_exit(&self->op, go_on_when_ended);
	else
		make_image(self);
}

static void on_frozen(void *data, const struct error *err)
{
	struct commit_operation *self = data;

	self->frozen = !err || err->os != ESRCH;
	if (!self->frozen)
		commit_ended(self);
	else if (err)
		fail(self, err);
	else
		make_image(self);
}

static void on_thaw_recorded(void *data, const struct error *err)
{
	struct commit_operation *self = data;

	if (err)
		fail(self, err);
	else
		container_freeze(self->op.container, true, on_frozen, self);
}

/* Recorded before it is so, should the daemon end in between. */
static void freeze_first(struct commit_operation *self)
{
	struct container *c = self->op.container;

	c->thaw_wanted = true;
	container_save(c, STORE_SURVIVES_KILL, on_thaw_recorded, self);
}

static bool may_commit(struct commit_operation *self, struct error *err)
{
	struct container *c = self->op.container;

	if (c->state == CONTAINER_DEAD || c->state == CONTAINER_REMOVING)
		return error_set(err, ERROR_CONFLICT, "You cannot commit container %s which is %s",
				 c->id, c->state == CONTAINER_DEAD ? "Dead" : "being removed");
	if (!c->image)
		return error_set(err, ERROR_NOT_FOUND, "No such image: %s", c->image_id);
	if (!image_lease(self->op.engine->parts.images, c->image, err))
		return false;
	self->base = c->image;
	return true;
}

static void run_commit(struct operation *op)
{
	struct commit_operation *self = (struct commit_operation *)op;
	struct error err;

	if (self->failed) {
		operation_finish(op, &self->failure);
		return;
	}
	if (!operation_claim(op))
		return;
	if (!may_commit(self, &err)) {
		operation_finish(op, &err);
		return;
	}
	inherit(self);
	if (self->pause && op->container->state == CONTAINER_RUNNING)
		freeze_first(self);
	else
		make_image(self);
}

void engine_commit(struct engine *engine, struct container *c, const struct commit_request *request,
		   engine_done *done, void *data)
{
	struct commit_operation *self = operation_new(sizeof(*self), engine, c, run_commit);

	self->op.fini = fini_commit;
	self->name = str_is_empty(request->name) ? NULL : str_dup(request->name);
	self->author = str_is_empty(request->author) ? NULL : str_dup(request->author);
	self->comment = str_is_empty(request->comment) ? NULL : str_dup(request->comment);
	self->pause = request->pause;
	self->failed = !make_config(self, request, &self->failure);
	operation_begin(self, done, data);
}
