/* Making a container: everything is looked at first, then its folders are made by another thread,
 * then it is recorded, and only then it is there for others.  Its name is taken from the beginning.
 *
 * Empty volumes then get what the image has at their place, before anybody else sees the container.
 * Volumes are recorded behind the container that names them, so that a daemon that dies in between
 * leaves none that nobody knows; one that is missing is made at the start. */
#include "engine/container_check.h"
#include "engine/container_files.h"
#include "engine/container_merge.h"
#include "engine/container_name.h"
#include "engine/link.h"
#include "engine/mount_plan.h"
#include "engine/work.h"

#include "base/id.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"
#include "format/platform.h"
#include "os/file.h"

#include <errno.h>
#include <sys/stat.h>

#define NAME_TRIES    16
#define ENDPOINTS_API 44 /* before, one network */

struct create_operation {
	struct operation op;
	struct container *made; /* owned until it is in the maps; then op->container is it */
	struct networking_config networking;
	char *name, *platform;
	int api_minor;
	bool has_config;
	size_t volumes_pending;
	struct archive_job *filling; /* owned; NULL: no volume is being filled */
	struct link filling_link;    /* in engine->filling meanwhile */
	bool filled;
	struct error failure;
};

static struct create_operation *create_of(struct operation *op)
{
	return (struct create_operation *)op;
}

/* ---- image ---- */

static bool check_platform(struct operation *op, const struct image *image, struct error *err)
{
	const struct create_operation *self = create_of(op);
	struct platform made =
		platform_of(image->config.os, image->config.architecture, image->config.variant);
	struct platform wanted = platform_host();
	char ours[PLATFORM_TEXT_SIZE], theirs[PLATFORM_TEXT_SIZE];
	bool asked = !str_is_empty(self->platform);

	if (asked && !platform_parse(self->platform, &wanted, err))
		return false;
	if (platform_match(&wanted, &made) > 0)
		return true;
	platform_text(&made, ours);
	platform_text(&wanted, theirs);
	if (asked)
		return error_set(err, ERROR_NOT_FOUND,
				 "image with reference %s was found but its platform (%s) does not "
				 "match the specified platform (%s)",
				 self->made->config.image, ours, theirs);
	strings_format(
		&op->warnings,
		"The requested image's platform (%s) does not match the detected host platform "
		"(%s) and no specific platform was requested",
		ours, theirs);
	return true;
}

static bool take_image(struct operation *op, struct error *err)
{
	struct container *c = create_of(op)->made;
	struct image_store *images = op->engine->parts.images;
	struct image *image = image_find(images, c->config.image ? c->config.image : "", err);

	if (!image || !check_platform(op, image, err) || !image_lease(images, image, err))
		return false;
	c->image = image;
	c->image_id = str_dup(image->id);
	c->platform = str_dup("linux");
	container_config_merge(&c->config, &image->config.defaults);
	return container_check_merged(&c->config, err) &&
	       container_command(&c->config, &c->path, &c->args, err);
}

/* ---- names ---- */

static bool take_name(struct operation *op, struct error *err)
{
	struct create_operation *self = create_of(op);
	char name[CONTAINER_NAME_SIZE];
	unsigned number;

	if (!str_is_empty(self->name)) {
		if (!container_name_check(self->name, err))
			return false;
		self->made->name = str_dup(container_name_bare(self->name));
		return engine_name_is_free(op->engine, self->made->name, err);
	}
	for (int i = 0; i < NAME_TRIES; i++) {
		random_bytes(&number, sizeof(number));
		container_name_make(number, i == 0 ? -1 : i, name);
		if (engine_name_is_free(op->engine, name, err)) {
			self->made->name = str_dup(name);
			return true;
		}
	}
	self->made->name = str_dup_n(self->made->id, ID_SHORT_LENGTH);
	return true;
}

/* "container:web" is kept as "container:<id>": names may move on.  One that is not there is found
 * missing at the start. */
static void resolve_mode(struct engine *engine, char **mode)
{
	const char *target = container_mode_target(*mode);
	struct container *other = target ? engine_find(engine, target, &(struct error){0}) : NULL;
	char *resolved;

	if (!other)
		return;
	resolved = str_format("container:%s", other->id);
	free(*mode);
	*mode = resolved;
}

static void take_hostname(struct container *c)
{
	char name[256] = "";

	c->user_hostname = !str_is_empty(c->config.hostname);
	if (c->user_hostname || container_mode_target(c->host_config.network_mode))
		return;
	if (!str_equal(c->host_config.network_mode, "host") ||
	    gethostname(name, sizeof(name) - 1) != 0)
		snprintf(name, sizeof(name), "%.*s", ID_SHORT_LENGTH, c->id);
	str_replace(&c->config.hostname, name); /* clients send "" for none */
}

static bool take_modes(struct operation *op, struct error *err)
{
	struct container *c = create_of(op)->made;

	(void)err;
	resolve_mode(op->engine, &c->host_config.network_mode);
	resolve_mode(op->engine, &c->host_config.ipc_mode);
	resolve_mode(op->engine, &c->host_config.pid_mode);
	take_hostname(c);
	return true;
}

/* ---- mounts and volumes ---- */

static const struct record_list *mounts_of(void *data, const char *reference, struct error *err)
{
	struct container *c = engine_find(data, reference, err);

	return c ? &c->mounts : NULL;
}

/* Two things cannot be at one place. */
static bool check_files(const struct container *c, struct error *err)
{
	const struct record_list *files = c->extension ? &c->extension->files : NULL;

	for (size_t i = 0; files && i < files->count; i++)
		for (size_t k = 0; k < c->mounts.count; k++) {
			const char *target =
				RECORD_AT(*files, struct container_file, i)->target;

			if (str_equal(RECORD_AT(c->mounts, struct mount_point, k)->destination,
				      target))
				return error_set(err, ERROR_INVALID, "Duplicate mount point: %s",
						 target);
		}
	return true;
}

/* As if it had made them. */
static void mark_own_volumes(struct container *c)
{
	for (size_t i = 0; c->extension && i < c->mounts.count; i++) {
		struct mount_point *mount = RECORD_AT(c->mounts, struct mount_point, i);

		if (str_equal(mount->type, "volume"))
			mount->anonymous |=
				strings_contain(&c->extension->own_volumes, mount->name);
	}
}

static bool take_mounts(struct operation *op, struct error *err)
{
	struct create_operation *self = create_of(op);
	struct container *c = self->made;
	struct mount_plan_request request = {
		.config = &c->config,
		.host_config = &c->host_config,
		.api_minor = self->api_minor,
		.mounts_of = mounts_of,
		.data = op->engine,
	};

	if (!mount_plan_make(&request, &c->mounts, err) || !check_files(c, err))
		return false;
	mark_own_volumes(c);
	return true;
}

struct volume *container_make_volume(struct container *c, const struct mount_point *mount,
				     volume_done *done, void *data)
{
	struct volume_request request = {
		.name = mount->name,
		.driver = mount->driver,
		.labels = mount->volume_labels.count ? &mount->volume_labels : NULL,
		.options = mount->volume_options.count ? &mount->volume_options : NULL,
		.anonymous = mount->anonymous,
	};

	return volume_create(c->engine->parts.volumes, &request, done, data);
}

/* ---- networks ---- */

/* What was asked for; what a network has given to somebody else before is not taken over. */
static void take_endpoint(struct container *c, const char *name,
			  const struct endpoint_settings *asked)
{
	struct endpoint_settings *settings =
		record_map_add(&endpoint_settings_type, &c->networks, name);

	if (!asked)
		return;
	endpoint_settings_take(settings, asked);
}

static const char *real_name(struct engine *engine, const char *reference)
{
	struct network *network =
		networks_find(engine->parts.networks, reference, &(struct error){0});

	return network ? network_get_spec(network)->name : reference;
}

static bool check_count(const struct create_operation *self, struct error *err)
{
	const struct record_map *endpoints = &self->networking.endpoints;
	struct strings names = {endpoints->names, endpoints->count};
	scoped_free char *joined = NULL;

	if (self->api_minor >= ENDPOINTS_API || endpoints->count <= 1)
		return true;
	joined = strings_join(&names, ", ");
	return error_set(err, ERROR_INVALID,
			 "Container cannot be connected to network endpoints: %s", joined);
}

/* The network of the mode comes first, with what was said for it under any of its names. */
static bool take_links(struct operation *op, struct error *err)
{
	return links_resolve(create_of(op)->made, err);
}

static bool take_networks(struct operation *op, struct error *err)
{
	struct create_operation *self = create_of(op);
	struct container *c = self->made;
	struct record_map *asked = &self->networking.endpoints;
	struct network_mode mode;
	const char *first;

	if (!check_count(self, err) || !network_mode_parse(op->engine->parts.networks,
							   c->host_config.network_mode, &mode, err))
		return false;
	if (mode.kind == NETWORK_MODE_CONTAINER)
		return true;
	first = mode.kind == NETWORK_MODE_NETWORK ? real_name(op->engine, mode.name)
						  : c->host_config.network_mode;
	take_endpoint(c, first, NULL);
	for (size_t i = 0; i < asked->count; i++) {
		const struct endpoint_settings *settings =
			RECORD_AT(*asked, struct endpoint_settings, i);
		/* The docker command names the network by the mode it asked for. */
		const char *name = str_equal(asked->names[i], "default")
					   ? first
					   : real_name(op->engine, asked->names[i]);

		if (!endpoint_settings_check(op->engine, name, settings, err))
			return false;
		take_endpoint(c, name, settings);
	}
	if (!str_is_empty(c->config.mac_address)) {
		struct endpoint_settings *settings =
			RECORD_AT(c->networks, struct endpoint_settings, 0);

		if (str_is_empty(settings->wanted_mac_address))
			str_replace(&settings->wanted_mac_address, c->config.mac_address);
	}
	container_name_endpoints(c);
	return true;
}

/* ---- the end, one way or the other ---- */

static void undo(struct operation *op)
{
	struct container *c = op->container;

	for (size_t i = 0; i < c->mounts.count; i++) {
		const struct mount_point *mount = RECORD_AT(c->mounts, struct mount_point, i);
		struct volume *volume = NULL;

		if (str_equal(mount->type, "volume"))
			volume = volumes_find(op->engine->parts.volumes, mount->name,
					      &(struct error){0});
		if (!volume)
			continue;
		volume_unuse(volume, c->id);
		if (mount->anonymous)
			volume_remove(op->engine->parts.volumes, mount->name, true, NULL, NULL);
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

	undo(op);
	store_delete(op->engine->parts.store, key, STORE_SURVIVES_POWER_CUT, on_undone, op);
}

static void check_finished(struct operation *op);

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
		check_finished(op);
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
	check_finished(op);
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
		check_finished(op);
}

static void check_finished(struct operation *op)
{
	struct create_operation *self = create_of(op);
	struct container *c = op->container;

	if (self->volumes_pending > 0)
		return;
	if (self->failure.kind != ERROR_NONE) {
		give_up(op);
		return;
	}
	if (!self->filled && is_filled_by_another(op)) {
		list_append(&op->engine->filling_waits, &op->link);
		return;
	}
	if (!self->filled && files_need_filling(c)) {
		fill_volumes(op);
		return;
	}
	c->hidden = false;
	log_info("container created", "id=%s name=%s image=%s", c->id, c->name, c->config.image);
	engine_publish_container(op->engine, c, "create", NULL);
	operation_finish(op, NULL);
}

/* ---- recording ---- */

static void note_failure(struct operation *op, const struct error *err)
{
	struct create_operation *self = create_of(op);

	if (err && self->failure.kind == ERROR_NONE)
		self->failure = *err;
	self->volumes_pending--;
	check_finished(op);
}

static void on_volume(void *data, struct volume *volume, const struct error *err)
{
	struct error why;

	(void)volume;
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

static void make_volumes(struct operation *op)
{
	struct container *c = op->container;

	for (size_t i = 0; i < c->mounts.count; i++) {
		struct mount_point *mount = RECORD_AT(c->mounts, struct mount_point, i);
		struct volume *volume;

		if (!str_equal(mount->type, "volume"))
			continue;
		create_of(op)->volumes_pending++;
		volume = container_make_volume(c, mount, on_volume, op);
		if (volume) {
			volume_use(volume, c->id);
			str_replace(&mount->source, volume_path(volume));
		}
	}
}

/* Counts itself, so that nothing ends before all are on their way.  The container's own record
 * stands before those of its volumes. */
static void record(struct operation *op)
{
	struct create_operation *self = create_of(op);

	self->volumes_pending = 2;
	container_save(op->container, STORE_SURVIVES_POWER_CUT, on_recorded, op);
	make_volumes(op);
	note_failure(op, NULL);
}

/* ---- the folders, by another thread ---- */

struct create_work {
	struct work work;
	struct operation *op;
	char *id;
	int containers;		/* borrowed descriptor */
	struct strings sources; /* of bind mounts that must exist */
	struct record_list files; /* the container's own, meanwhile */
	bool ok;
	struct error err;
};

static bool check_sources(struct create_work *w)
{
	struct stat st;

	for (size_t i = 0; i < w->sources.count; i++)
		if (stat(w->sources.items[i], &st) != 0)
			return error_set(&w->err, ERROR_INVALID,
					 "invalid mount config for type \"bind\": bind source path "
					 "does not exist: %s",
					 w->sources.items[i]);
	return true;
}

/* "upper" is what the root of the container looks like. */
static bool make_folders(struct create_work *w)
{
	static const char *const names[] = {"%s", "%s/upper", "%s/work"};
	static const mode_t modes[] = {0710, 0755, 0700};

	for (size_t i = 0; i < array_length(names); i++) {
		char path[ID_SIZE + 16];

		snprintf(path, sizeof(path), names[i], w->id);
		if (mkdirat(w->containers, path, modes[i]) != 0)
			return error_errno(&w->err, "cannot make '%s'", path);
	}
	return true;
}

static bool write_files(struct create_work *w)
{
	scoped_fd int folder = folder_open(w->containers, w->id, &w->err);

	return folder >= 0 && container_files_write(folder, &w->files, &w->err);
}

static void prepare(struct work *work)
{
	struct create_work *w = container_of(work, struct create_work, work);

	w->ok = check_sources(w) && make_folders(w) && write_files(w);
}

/* What they hold is with the thread alone: the container has either nothing or their digests. */
static void take_files(struct container *c, struct record_list *out)
{
	if (!c->extension)
		return;
	*out = c->extension->files;
	c->extension->files = (struct record_list){0};
}

static void give_files(struct container *c, struct record_list *files)
{
	if (!c->extension)
		return;
	c->extension->files = *files;
	*files = (struct record_list){0};
}

static void prepared(struct work *work, bool closing)
{
	struct create_work *w = container_of(work, struct create_work, work);

	if (!closing && w->ok) {
		give_files(w->op->container, &w->files);
		record(w->op);
	} else if (!closing) {
		struct operation *op = w->op;

		undo(op);
		operation_finish(op, &w->err);
	}
	strings_fini(&w->sources);
	record_list_fini(&container_file_type, &w->files);
	free(w->id);
	free(w);
}

static void begin_folders(struct operation *op)
{
	struct create_work *w = mem_new(struct create_work);
	struct container *c = op->container;

	w->op = op;
	w->id = str_dup(c->id);
	w->containers = op->engine->containers;
	take_files(c, &w->files);
	for (size_t i = 0; i < c->mounts.count; i++) {
		const struct mount_point *mount = RECORD_AT(c->mounts, struct mount_point, i);

		if (str_equal(mount->type, "bind") && mount->from_mounts && !mount->make_source)
			strings_add(&w->sources, mount->source);
	}
	work_begin(&w->work, op->engine, prepare, prepared);
}

/* ---- the operation ---- */

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
		check, take_image, take_name, take_modes, take_mounts, take_networks, take_links,
	};
	struct error err;

	for (size_t i = 0; i < array_length(steps); i++) {
		if (steps[i](op, &err))
			continue;
		operation_finish(op, &err);
		return;
	}
	add_hidden(op);
	begin_folders(op);
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
