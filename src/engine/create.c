/* Making a container: everything is looked at first, then its folders are made by another thread,
 * then it is recorded, and only then it is there for others.  Its name is taken from the beginning.
 *
 * Empty volumes then get what the image has at their place, before anybody else sees the container. */
#include "engine/create_private.h"

#include "base/id.h"
#include "base/memory.h"
#include "base/time.h"
#include "engine/container_check.h"

#include <errno.h>

static bool check(struct operation *op, struct error *err)
{
	struct create_operation *self = create_of(op);
	const struct engine_settings *settings = &op->engine->settings;
	struct create_defaults defaults = {
		.limits = host_limits(),
		.log_driver = settings->log_driver,
		.log_options = &settings->log_options,
		.ipc_mode = settings->ipc_mode,
		.cgroupns_mode = settings->cgroupns_mode,
		.shm_size = settings->shm_size,
		.api_minor = self->api_minor,
	};

	if (!self->has_config)
		return error_set(err, ERROR_INVALID,
				 "config cannot be empty in order to create a container");
	if (store_disk_is_full(op->engine->parts.store)) {
		error_set(err, ERROR_SYSTEM, "cannot create a container");
		err->os = ENOSPC;
		return false;
	}
	return extension_check(self->made->extension, err) &&
	       container_check(&self->made->config, &self->made->host_config, &defaults,
			       &op->warnings, err);
}

/* From here on its name is taken; it is in no list until it is recorded. */
static void add_hidden(struct operation *op)
{
	struct container *c = create_of(op)->made;

	create_of(op)->made = NULL;
	c->hidden = true;
	engine_add(op->engine, c);
	op->container = container_ref(c);
}

static void run_create(struct operation *op)
{
	static bool (*const steps[])(struct operation * op, struct error * err) = {
		check,
		create_take_image,
		create_take_name,
		create_take_modes,
		create_take_mounts,
		create_take_networks,
		create_take_links,
	};
	struct error err;

	for (size_t i = 0; i < array_length(steps); i++) {
		if (steps[i](op, &err))
			continue;
		operation_finish(op, &err);
		return;
	}
	add_hidden(op);
	create_begin_folders(op);
}

static void fini_create(struct operation *op)
{
	struct create_operation *self = create_of(op);

	if (self->made && self->made->image)
		image_release(op->engine->parts.images, self->made->image);
	container_unref(self->made);
	list_remove(&self->filling_link);
	archive_job_kill(self->filling);
	record_fini(&networking_config_type, &self->networking);
	strings_fini(&self->volumes_made);
	free(self->name);
	free(self->platform);
}

/* Whose client made it is known before anybody starts it, so that it does not stay when that one dies in between. */
static void note_maker(struct container *c, const char *client_cgroup)
{
	struct start_options options = {.client_cgroup = client_cgroup};

	if (!c->host_config.auto_remove)
		return;
	container_choose_owner(c, &options);
	c->owner_told = true; /* there is nothing yet that it has to know of */
}

static struct container *new_container(struct engine *engine, const struct create_request *request)
{
	struct container *c = container_new(engine);
	char id[ID_SIZE];

	id_new(id);
	c->id = str_dup(id);
	c->created_ns = time_now_ns();
	if (request->config)
		record_copy(&container_config_type, request->config, &c->config);
	if (request->host_config)
		record_copy(&host_config_type, request->host_config, &c->host_config);
	if (request->extension) {
		c->extension = mem_new(struct extension);
		*c->extension = *request->extension; /* megabytes of files may be in it */
		*request->extension = (struct extension){0};
	}
	note_maker(c, request->client_cgroup);
	return c;
}

void engine_create(struct engine *engine, const struct create_request *request, engine_done *done,
		   void *data)
{
	struct create_operation *self = operation_new(sizeof(*self), engine, NULL, run_create);

	self->op.fini = fini_create;
	self->made = new_container(engine, request);
	self->name = str_dup_or_null(request->name);
	self->platform = str_dup_or_null(request->platform);
	self->api_minor = request->api_minor;
	self->has_config = request->has_config;
	if (request->networking_config)
		record_copy(&networking_config_type, request->networking_config, &self->networking);
	operation_begin(self, done, data);
}
