#include "engine/container.h"

#include "base/log.h"
#include "base/memory.h"
#include "engine/capability.h"
#include "engine/deadline.h"
#include "engine/engine_private.h"
#include "engine/group.h"
#include "engine/link.h"
#include "engine/log_driver.h"

#include <signal.h>

#define DEFAULT_STOP_TIMEOUT 10

/* ---- states ---- */

#define TO(state) (1u << CONTAINER_##state)
static const struct {
	const char *name;
	unsigned next;
} states[] = {
	[CONTAINER_CREATED] = {"created", TO(RUNNING) | TO(EXITED) | TO(REMOVING)},
	[CONTAINER_RUNNING] = {"running", TO(PAUSED) | TO(RESTARTING) | TO(EXITED) | TO(CREATED)},
	[CONTAINER_PAUSED] = {"paused", TO(RUNNING) | TO(RESTARTING) | TO(EXITED)},
	[CONTAINER_RESTARTING] = {"restarting", TO(RUNNING) | TO(EXITED) | TO(REMOVING)},
	[CONTAINER_EXITED] = {"exited", TO(RUNNING) | TO(RESTARTING) | TO(REMOVING)},
	[CONTAINER_REMOVING] = {"removing", TO(DEAD)},
	[CONTAINER_DEAD] = {"dead", TO(REMOVING)},
};

const char *container_state_name(enum container_state state)
{
	return states[state].name;
}

bool container_state_from_name(const char *name, enum container_state *state)
{
	for (size_t i = 0; i < array_length(states); i++) {
		if (!str_equal(states[i].name, name))
			continue;
		*state = (enum container_state)i;
		return true;
	}
	return false;
}

bool container_may_become(enum container_state from, enum container_state to)
{
	return states[from].next & 1u << to;
}

void container_set_state(struct container *c, enum container_state state)
{
	bool serves = container_can_serve(c);

	if (c->state == (int32_t)state)
		return;
	if (!container_may_become((enum container_state)c->state, state))
		log_error("a container's state jumps", NULL, "id=%s from=%s to=%s", c->id,
			  states[c->state].name, states[state].name);
	c->state = (int32_t)state;
	c->leaves &= container_is_live(c);
	c->drains &= container_is_live(c);
	links_tell_state(c);
	if (container_can_serve(c) != serves)
		container_serving_changed(c);
}

bool container_is_live(const struct container *c)
{
	return c->state == CONTAINER_RUNNING || c->state == CONTAINER_PAUSED;
}

bool container_is_running(const struct container *c)
{
	return container_is_live(c) || c->state == CONTAINER_RESTARTING;
}

bool container_can_serve(const struct container *c)
{
	bool has_others = c->extension && c->extension->group;

	if (c->state == CONTAINER_PAUSED || c->health == HEALTH_UNHEALTHY)
		return false;
	return !has_others || (!c->leaves && !c->drains && c->health != HEALTH_STARTING);
}

void container_leave_service(struct container *c)
{
	bool serves = container_can_serve(c);

	c->leaves = true;
	if (container_can_serve(c) != serves)
		container_serving_changed(c);
}

void container_drain_service(struct container *c, bool drains)
{
	bool serves = container_can_serve(c);

	c->drains = drains;
	if (container_can_serve(c) != serves)
		container_serving_changed(c);
}

bool container_is_held(const struct container *c)
{
	return c->extension && c->extension->hold;
}

/* ---- records ---- */

#define T	    struct health_result
#define F(...)	    RECORD_FIELD(T, __VA_ARGS__)
#define NESTED(...) RECORD_NESTED(T, __VA_ARGS__)
static const struct record_field health_result_fields[] = {
	F(1, "Started", RECORD_I64, started_ns),
	F(2, "Finished", RECORD_I64, finished_ns),
	F(3, "ExitCode", RECORD_I64, exit_code),
	F(4, "Output", RECORD_STRING, output),
};
const struct record_type health_result_type =
	RECORD_TYPE(struct health_result, health_result_fields);
#undef T

#define T struct container
static const struct record_field container_fields[] = {
	F(1, "Id", RECORD_STRING, id),
	F(2, "Name", RECORD_STRING, name),
	F(3, "Created", RECORD_I64, created_ns),
	F(4, "ImageId", RECORD_STRING, image_id),
	F(5, "Platform", RECORD_STRING, platform),
	F(6, "Path", RECORD_STRING, path),
	F(7, "Args", RECORD_STRINGS, args),
	NESTED(8, "Config", RECORD_STRUCT, config, 0, &container_config_type),
	NESTED(9, "HostConfig", RECORD_STRUCT, host_config, 0, &host_config_type),
	NESTED(10, "Networks", RECORD_MAP, networks, 0, &endpoint_settings_type),
	NESTED(11, "Mounts", RECORD_LIST, mounts, 0, &mount_point_type),
	F(12, "State", RECORD_I32, state),
	F(13, "Pid", RECORD_I64, pid),
	F(14, "ExitCode", RECORD_I64, exit_code),
	F(15, "Error", RECORD_STRING, error),
	F(16, "Started", RECORD_I64, started_ns),
	F(17, "Finished", RECORD_I64, finished_ns),
	F(18, "RestartCount", RECORD_I64, restart_count),
	F(19, "OomKilled", RECORD_BOOL, oom_killed),
	F(20, "StoppedByHand", RECORD_BOOL, stopped_by_hand),
	F(21, "LogMade", RECORD_BOOL, log_made),
	F(22, "UserHostname", RECORD_BOOL, user_hostname),
	NESTED(23, "Ports", RECORD_MAP_OF_LISTS, ports, 0, &port_binding_type),
	F(24, "SandboxId", RECORD_STRING, sandbox_id),
	F(25, "Doomed", RECORD_BOOL, doomed),
	F(26, "DoomedVolumes", RECORD_BOOL, doomed_volumes),
	F(32, "ThawWanted", RECORD_BOOL, thaw_wanted),
	F(27, "RestartDelay", RECORD_I64, restart_delay_ms),
	F(33, "Owner", RECORD_STRING, owner),
	F(34, "OwnerInvocation", RECORD_STRING, owner_invocation),
	F(35, "OwnerCgroup", RECORD_STRING, owner_cgroup),
	F(28, "Health", RECORD_I32, health),
	F(29, "FailingStreak", RECORD_I64, failing_streak),
	F(31, "RestartWanted", RECORD_BOOL, restart_wanted),
	F(40, "LinkedTo", RECORD_PAIRS, links),
	NESTED(41, "Wherry", RECORD_POINTER, extension, 0, &extension_type),
	F(50, "Due", RECORD_BOOL, due),
	F(42, "TookFrom", RECORD_STRING, took_from),
	F(43, "Taking", RECORD_BOOL, taking),
	NESTED(30, "HealthLog", RECORD_LIST, health_log, 0, &health_result_type),
};
const struct record_type container_type = RECORD_TYPE(struct container, container_fields);
#undef T

#define T struct exec
static const struct record_field exec_fields[] = {
	F(1, "Id", RECORD_STRING, id),
	F(2, "ContainerId", RECORD_STRING, container_id),
	NESTED(3, "Config", RECORD_STRUCT, config, 0, &exec_config_type),
	F(4, "State", RECORD_I32, state),
	F(5, "Pid", RECORD_I64, pid),
	F(6, "ExitCode", RECORD_OPTIONAL_I64, exit_code),
	F(7, "Created", RECORD_I64, created_ns),
	F(8, "Finished", RECORD_I64, finished_ns),
	F(9, "ForHealth", RECORD_BOOL, for_health),
};
const struct record_type exec_type = RECORD_TYPE(struct exec, exec_fields);
#undef T
#undef F
#undef NESTED

/* ---- life ---- */

struct container *container_new(struct engine *engine)
{
	struct container *c = mem_new(struct container);

	c->engine = engine;
	c->references = 1;
	c->size_rw = c->size_root = -1;
	list_init(&c->turns);
	list_init(&c->exits);
	list_init(&c->pending);
	list_init(&c->files);
	return c;
}

struct container *container_ref(struct container *c)
{
	c->references++;
	return c;
}

void container_unref(struct container *c)
{
	if (!c || --c->references > 0)
		return;
	pending_free(c);
	deadline_cancel(&c->restart_due);
	strings_fini(&c->secrets);
	record_fini(&container_type, c);
	free(c);
}

void container_save(struct container *c, enum store_promise promise, store_done *done, void *data)
{
	scoped_free char *key = str_format("container/%s", c->id);
	scoped_buffer struct buffer json = {0};

	record_write_json(&container_type, c, RECORD_FOR_STORE, &json);
	store_put(c->engine->parts.store, key, json.data, json.size, promise, done, data);
}

void containers_save(struct container *const *list, size_t count, enum store_promise promise,
		     store_done *done, void *data)
{
	scoped_free struct store_change *changes = mem_zeroed(count, sizeof(*changes));

	for (size_t i = 0; i < count; i++) {
		struct buffer json = {0};

		record_write_json(&container_type, list[i], RECORD_FOR_STORE, &json);
		changes[i].key = str_format("container/%s", list[i]->id);
		changes[i].size = json.size;
		changes[i].value = buffer_take(&json);
	}
	store_commit(list[0]->engine->parts.store, changes, count, promise, done, data);
	for (size_t i = 0; i < count; i++) {
		free((char *)(uintptr_t)changes[i].key);
		free((void *)(uintptr_t)changes[i].value);
	}
}

/* ---- paths ---- */

char *container_folder(const struct container *c)
{
	return str_format("%s/containers/%s", c->engine->settings.data_root, c->id);
}

char *container_run_folder(const struct container *c)
{
	return str_format("%s/c/%s", c->engine->settings.exec_root, c->id);
}

char *container_log_file(const struct container *c)
{
	const struct log_config *log = &c->host_config.log_config;
	scoped_free char *folder = container_folder(c);

	if (!log_driver_is_readable(log->type, &log->config))
		return NULL;
	if (str_equal(log->type, "json-file"))
		return str_format("%s/%s-json.log", folder, c->id);
	return str_format("%s/container-%s.log", folder,
			  str_equal(log->type, "local") ? "local" : "cached");
}

char *container_log_path(const struct container *c)
{
	if (!c->log_made || !str_equal(c->host_config.log_config.type, "json-file"))
		return NULL;
	return container_log_file(c);
}

/* On the host's network there are files too, made from the host's; a network that is joined shows
 * those of its owner. */
char *container_etc_path(const struct container *c, const char *file)
{
	const char *owner = container_mode_target(c->host_config.network_mode);
	const struct container *other = owner ? engine_by_id(c->engine, owner) : NULL;
	scoped_free char *folder = container_run_folder(other ? other : c);

	return str_format("%s/etc/%s", folder, file);
}

char *container_upper_folder(const struct container *c)
{
	scoped_free char *folder = container_folder(c);

	return str_format("%s/upper", folder);
}

char *container_cgroup(const struct container *c)
{
	const char *parent = c->host_config.resources.cgroup_parent;

	if (str_is_empty(parent) && c->owner_cgroup)
		return str_format("%s/container-%s", c->owner_cgroup, c->id);
	if (str_is_empty(parent))
		return str_format("%s/c/%s", c->engine->settings.cgroup_parent, c->id);
	return str_format("%s%s/%s", *parent == '/' ? "" : "/", parent, c->id);
}

/* ---- small questions ---- */

int container_stop_signal(const struct container *c)
{
	int signal = str_is_empty(c->config.stop_signal) ? SIGTERM
							 : signal_from_name(c->config.stop_signal);

	return signal ? signal : SIGTERM;
}

int64_t container_stop_timeout(const struct container *c)
{
	return c->config.stop_timeout.given ? c->config.stop_timeout.value : DEFAULT_STOP_TIMEOUT;
}

uint64_t container_capabilities(const struct container *c)
{
	const struct host_config *host = &c->host_config;

	return capability_set(&host->cap_add, &host->cap_drop, host->privileged,
			      c->engine->capabilities);
}

const char *container_mode_target(const char *mode)
{
	static const char prefix[] = "container:";

	return mode && str_starts_with(mode, prefix) ? mode + strlen(prefix) : NULL;
}
