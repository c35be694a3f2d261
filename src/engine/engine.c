/* Opening and closing, and finding containers. */
#include "engine/engine.h"

#include "base/log.h"
#include "base/memory.h"
#include "engine/adopt.h"
#include "engine/beginning.h"
#include "engine/capability.h"
#include "engine/container_name.h"
#include "engine/deadline.h"
#include "engine/engine_private.h"
#include "engine/group.h"
#include "engine/keeper.h"
#include "engine/link.h"
#include "engine/names.h"
#include "engine/seccomp.h"
#include "format/json.h"
#include "os/file.h"
#include "sandbox/init_layer.h"

#include <ctype.h>
#include <fcntl.h>
#include <unistd.h>

/* ---- lists and maps ---- */

void engine_add(struct engine *engine, struct container *c)
{
	map_put(&engine->by_name, c->name, c);
	map_put(&engine->by_id, c->id, c);
	c->older = engine->newest;
	if (engine->newest)
		engine->newest->newer = c;
	else
		engine->oldest = c;
	engine->newest = c;
}

void engine_drop(struct engine *engine, struct container *c)
{
	if (!engine->closing)
		group_leave(c);
	map_remove(&engine->by_name, c->name);
	map_remove(&engine->by_id, c->id);
	*(c->newer ? &c->newer->older : &engine->newest) = c->older;
	*(c->older ? &c->older->newer : &engine->oldest) = c->newer;
	c->older = c->newer = NULL;
	c->gone = true;
	container_unref(c);
}

bool engine_name_is_free(struct engine *engine, const char *name, struct error *err)
{
	const struct container *other = map_get(&engine->by_name, name);

	if (!other)
		return true;
	return error_set(
		err, ERROR_CONFLICT,
		"Conflict. The container name \"/%s\" is already in use by container "
		"\"%s\". You have to remove (or rename) that container to be able to reuse "
		"that name.",
		name, other->id);
}

static struct container *skip_hidden(struct container *c)
{
	while (c && c->hidden)
		c = c->older;
	return c;
}

struct container *engine_first(const struct engine *engine)
{
	return skip_hidden(engine->newest);
}

struct container *engine_next(const struct container *c)
{
	return skip_hidden(c->older);
}

struct container *engine_by_id(struct engine *engine, const char *id)
{
	struct container *c = map_get(&engine->by_id, id);

	return c && !c->hidden ? c : NULL;
}

/* NULL with *several: more than one. */
static struct container *find_prefix(struct engine *engine, const char *prefix, bool *several)
{
	struct container *found = NULL;

	*several = false;
	for (struct container *c = engine_first(engine); c; c = engine_next(c)) {
		if (!str_starts_with(c->id, prefix))
			continue;
		if (found) {
			*several = true;
			return NULL;
		}
		found = c;
	}
	return found;
}

static bool is_hex(const char *text)
{
	if (!*text)
		return false;
	for (; *text; text++)
		if (!isxdigit((unsigned char)*text))
			return false;
	return true;
}

struct container *engine_find(struct engine *engine, const char *reference, struct error *err)
{
	struct container *c = engine_by_id(engine, reference);
	bool several = false;

	if (!c)
		c = map_get(&engine->by_name, container_name_bare(reference));
	if (c && !c->hidden)
		return c;
	c = is_hex(reference) ? find_prefix(engine, reference, &several) : NULL;
	if (several)
		error_set(err, ERROR_INVALID, "multiple IDs found with provided prefix: %s",
			  reference);
	else if (!c)
		error_set(err, ERROR_NOT_FOUND, "No such container: %s", reference);
	return c;
}

struct engine_counts engine_count(const struct engine *engine)
{
	struct engine_counts counts = {0};

	for (struct container *c = engine_first(engine); c; c = engine_next(c)) {
		counts.all++;
		counts.running += c->state == CONTAINER_RUNNING || c->state == CONTAINER_RESTARTING;
		counts.paused += c->state == CONTAINER_PAUSED;
	}
	counts.stopped = counts.all - counts.running - counts.paused;
	return counts;
}

const struct engine_settings *engine_get_settings(const struct engine *engine)
{
	return &engine->settings;
}

const struct engine_parts *engine_get_parts(const struct engine *engine)
{
	return &engine->parts;
}

/* ---- opening ---- */

static const char *own(const char *text)
{
	return str_dup_or_null(text);
}

static void copy_settings(struct engine_settings *to, const struct engine_settings *from)
{
	*to = *from;
	to->data_root = own(from->data_root);
	to->exec_root = own(from->exec_root);
	to->program_folder = own(from->program_folder);
	to->init_path = own(from->init_path);
	to->cgroup_parent = own(from->cgroup_parent);
	to->log_driver = own(from->log_driver ? from->log_driver : "json-file");
	to->log_options = pairs_copy(&from->log_options);
	to->ulimits = (struct record_list){0};
	record_list_copy(&ulimit_type, &from->ulimits, &to->ulimits);
	to->dns = strings_copy(&from->dns);
	to->dns_search = strings_copy(&from->dns_search);
	to->dns_options = strings_copy(&from->dns_options);
	to->ipc_mode = own(from->ipc_mode);
	to->cgroupns_mode = own(from->cgroupns_mode);
	to->seccomp_profile = own(from->seccomp_profile);
	to->api_address = own(from->api_address);
}

static void fini_settings(struct engine_settings *settings)
{
	const char *owned[] = {settings->data_root,	  settings->exec_root,
			       settings->program_folder,  settings->init_path,
			       settings->cgroup_parent,	  settings->log_driver,
			       settings->ipc_mode,	  settings->cgroupns_mode,
			       settings->seccomp_profile, settings->api_address};

	for (size_t i = 0; i < array_length(owned); i++)
		free((char *)(uintptr_t)owned[i]);
	pairs_fini(&settings->log_options);
	record_list_fini(&ulimit_type, &settings->ulimits);
	strings_fini(&settings->dns);
	strings_fini(&settings->dns_search);
	strings_fini(&settings->dns_options);
}

static int open_folder(const char *root, const char *name, mode_t mode, struct error *err)
{
	scoped_fd int folder = folder_open(AT_FDCWD, root, err);

	if (folder < 0 || !folder_make(folder, name, mode, err))
		return -1;
	return folder_open(folder, name, err);
}

static bool open_folders(struct engine *engine, struct error *err)
{
	const struct engine_settings *s = &engine->settings;

	return (engine->containers = open_folder(s->data_root, "containers", 0710, err)) >= 0 &&
	       (engine->runs = open_folder(s->exec_root, "c", 0711, err)) >= 0 &&
	       (engine->execs = open_folder(s->exec_root, "e", 0711, err)) >= 0 &&
	       (engine->zones = open_folder(s->exec_root, ZONES_FOLDER, 0700, err)) >= 0 &&
	       init_layer_make(engine->init_layer, err);
}

/* ---- who uses an image: for image_remove ---- */

static void users_of_image(void *data, const struct image *image,
			   bool (*found)(void *to, const struct image_user *user), void *to)
{
	struct engine *engine = data;

	for (struct container *c = engine_first(engine); c; c = engine_next(c)) {
		struct image_user user = {c->id, container_is_running(c)};

		if (c->image == image && !found(to, &user))
			return;
	}
}

struct engine *engine_ref(struct engine *engine)
{
	engine->references++;
	return engine;
}

void engine_unref(struct engine *engine)
{
	if (--engine->references > 0)
		return;
	close_fd(&engine->containers);
	close_fd(&engine->runs);
	close_fd(&engine->execs);
	close_fd(&engine->zones);
	fini_settings(&engine->settings);
	free(engine->shim);
	free(engine->worker);
	free(engine->network_worker);
	free(engine->init_layer);
	free(engine);
}

static struct engine *engine_new(const struct engine_settings *settings,
				 const struct engine_parts *parts)
{
	struct engine *engine = mem_new(struct engine);

	engine->references = 1;
	engine->parts = *parts;
	copy_settings(&engine->settings, settings);
	engine->shim = str_format("%s/wherry-shim", settings->program_folder);
	engine->worker = str_format("%s/wherry-worker", settings->program_folder);
	engine->network_worker = str_format("%s/wherry-network", settings->program_folder);
	engine->init_layer = str_format("%s/init-layer", settings->data_root);
	engine->containers = engine->runs = engine->execs = engine->zones = -1;
	engine->capabilities = capability_host();
	list_init(&engine->scheduled);
	list_init(&engine->filling);
	list_init(&engine->filling_waits);
	list_init(&engine->filling_runs);
	list_init(&engine->filling_run_waits);
	list_init(&engine->operations);
	list_init(&engine->lingering);
	list_init(&engine->drains);
	list_init(&engine->children);
	list_init(&engine->boot.runs);
	list_init(&engine->removals.waiting);
	events_init(&engine->ring);
	uv_idle_init(parts->loop, &engine->turn);
	engine->turn.data = engine_ref(engine);
	return engine;
}

static void tell_of_volume(void *data, const char *action, const struct volume *volume)
{
	events_tell_volume(data, volume_get_spec(volume)->name, action);
}

struct engine *engine_open(const struct engine_settings *settings, const struct engine_parts *parts,
			   struct error *err)
{
	struct engine *engine = engine_new(settings, parts);

	if (open_folders(engine, err) && (engine->seccomp = seccomp_open(engine, err)) &&
	    beginning_open(engine, err)) {
		events_load(&engine->ring, engine->settings.exec_root);
		image_store_set_users(parts->images, users_of_image, engine);
		volumes_listen(parts->volumes, tell_of_volume, engine);
		return engine;
	}
	engine_close(engine);
	return NULL;
}

/* ---- closing ---- */

static void unref_closed(uv_handle_t *handle)
{
	engine_unref(handle->data);
}

static void let_go(struct container *c)
{
	health_end(c);
	deadline_cancel(&c->restart_due);
	pending_free(c);
	execs_let_go(c);
	if (c->run)
		run_free(take(c->run));
	if (c->image)
		image_release(c->engine->parts.images, c->image);
	c->image = NULL;
}

void engine_close(struct engine *engine)
{
	if (!engine)
		return;
	engine->closing = true;
	image_store_set_users(engine->parts.images, NULL, NULL);
	volumes_listen(engine->parts.volumes, NULL, NULL);
	beginning_drop(engine);
	adopt_stop(engine);
	boot_close(engine);
	keeper_close(engine);
	drains_drop(engine);
	operations_drop(engine);
	removals_drop(engine);
	while (engine->newest) {
		let_go(engine->newest);
		engine_drop(engine, engine->newest);
	}
	list_each(item, &engine->lingering)
		run_free(container_of(item, struct container_run, link));
	children_drop(engine);
	deadline_cancel(&engine->exec_sweep);
	seccomp_close(engine->seccomp);
	events_fini(&engine->ring);
	map_fini(&engine->by_id);
	map_fini(&engine->by_name);
	map_fini(&engine->exec_by_id);
	uv_close((uv_handle_t *)&engine->turn, unref_closed);
	engine_unref(engine);
}
