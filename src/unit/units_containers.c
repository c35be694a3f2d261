/* Containers that processes of units have started: `docker run` in ExecStart.  The engine asks whose a start
 * is; the unit's shim is told of the container before it exists, and again when it is gone, so that its end
 * can be the unit's.  What the shim is owed while there was no daemon is found by comparing its list with the
 * engine's. */
#include "unit/units_private.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"
#include "unit/peer.h"

/* A pull whose bytes stall for longer has stalled.  Less than the 30 s after which the pull itself tries again:
 * whether that gets any is not waited for. */
#define EXTENSION_US	INT64_C(29000000)
#define EXTENDS_EACH_NS (NS_PER_SECOND / 4)

/* ---- whose start is it? ---- */

/* "/wherry/system.slice/web.service/self" below "/wherry": the last part that is a unit with processes. */
static struct unit *unit_of_cgroup(struct units *units, const char *cgroup)
{
	size_t prefix = strlen(units->cgroup_parent);
	struct unit *found = NULL;

	if (strncmp(cgroup, units->cgroup_parent, prefix) != 0 || cgroup[prefix] != '/')
		return NULL;
	scoped_strings struct strings parts = strings_split(cgroup + prefix + 1, '/');
	for (size_t i = 0; i < parts.count; i++) {
		struct unit *unit = unit_set_find(&units->set, parts.items[i]);

		if (unit && unit->runtime && unit->runtime->peer)
			found = unit;
	}
	return found;
}

/* "/system.slice/web.service" of systemd's, likewise. */
static struct unit *handed_of_cgroup(struct units *units, const char *cgroup)
{
	struct unit *found = NULL;

	if (!units->systemd)
		return NULL;
	scoped_strings struct strings parts = strings_split(cgroup, '/');
	for (size_t i = 0; i < parts.count; i++) {
		struct unit *unit = unit_set_find(&units->set, parts.items[i]);

		if (unit && unit_is_handed(unit) && unit->config->type == UNIT_SERVICE)
			found = unit;
	}
	return found;
}

/* Its own group is systemd's, and without Delegate= nobody else's: the container gets a scope beside it. */
static bool find_handed(struct units *units, const char *cgroup, const char *id, struct owner *out)
{
	struct unit *unit = handed_of_cgroup(units, cgroup);

	if (!unit)
		return false;
	out->name = str_dup(unit->name);
	out->invocation = systemd_invocation(unit);
	out->cgroup_path = systemd_scope_cgroup(units, unit, id);
	return true;
}

static void describe(const struct units *units, const struct unit *unit, struct owner *out)
{
	out->name = str_dup(unit->name);
	out->invocation = str_dup(unit->invocation_id);
	out->cgroup_path = units_cgroup(units, unit);
}

static bool find(void *data, const char *cgroup, const char *id, struct owner *out)
{
	struct units *units = data;
	struct unit *unit = unit_of_cgroup(units, cgroup);

	if (!unit)
		return find_handed(units, cgroup, id, out);
	describe(units, unit, out);
	return true;
}

static struct unit_runtime *runtime_of(struct units *units, const char *name)
{
	struct unit *unit = unit_set_find(&units->set, name);

	return unit && unit->runtime && unit->runtime->peer ? unit->runtime : NULL;
}

/* ---- telling the shim ---- */

struct adoption {
	owner_known *known;
	void *data;
};

static void on_adopted(void *data, const struct error *err)
{
	struct adoption *adoption = data;

	adoption->known(adoption->data, err);
	free(adoption);
}

/* First it gets its scope; once it is there nobody else need be. */
static void adopt_handed(struct units *units, struct unit *unit, const struct owner_adoption *what,
			 owner_known *known, void *known_data)
{
	struct container *c = what->container;
	bool elsewhere = !str_is_empty(c->host_config.resources.cgroup_parent);

	if (elsewhere) {
		if (what->pid)
			scope_begin(units, c);
		known(known_data, NULL);
	} else if (!what->pid) {
		systemd_make_scope(units, unit, c, known, known_data);
	} else {
		systemd_leave_scope(units, c->id);
		scope_begin(units, c);
		known(known_data, NULL);
	}
}

/* Nobody is the client of what a [Container] has become. */
static bool is_asked_for(const struct owner_adoption *what)
{
	return !what->client && str_equal(pairs_get(&what->container->config.labels, UNIT_LABEL),
					  what->container->owner);
}

static void adopt(void *data, const struct owner_adoption *what, owner_known *known,
		  void *known_data)
{
	struct units *units = data;
	struct unit *unit = unit_set_find(&units->set, what->container->owner);

	if (unit && units->systemd && unit_is_handed(unit)) {
		adopt_handed(units, unit, what, known, known_data);
		return;
	}
	struct unit_runtime *runtime = runtime_of(data, what->container->owner);
	scoped_free char *cgroup = container_cgroup(what->container);
	struct unit_container record = {
		.id = what->container->id,
		.name = what->container->name,
		.cgroup_path = cgroup,
		.pid = what->pid,
		.start_time = what->start_time,
		.client_pid = what->client,
		.detached = what->detached,
		.asked_for = is_asked_for(what),
	};

	if (what->pid)
		scope_begin(units, what->container);
	if (!runtime) { /* it was over before the container was there */
		known(known_data, NULL);
		return;
	}
	struct adoption *adoption = mem_new(struct adoption);
	*adoption = (struct adoption){known, known_data};
	unit_peer_ask(runtime->peer, UNIT_ADOPT, &unit_container_type, &record, on_adopted,
		      adoption);
	if (what->pid)
		container_runs(runtime);
}

static void ignore_known(void *data, const struct error *err)
{
	(void)data;
	(void)err;
}

void container_tell(struct unit_runtime *runtime, const struct container *c)
{
	struct owner_adoption adoption = {.container = (struct container *)(uintptr_t)c,
					  .detached = true,
					  .pid = c->pid,
					  .start_time = c->run->start_time};

	adopt(runtime->units, &adoption, ignore_known, NULL);
}

static void tell_gone(struct unit_runtime *runtime, const char *id, int64_t code, bool oom)
{
	struct unit_container_gone gone = {
		.id = (char *)(uintptr_t)id, .code = (int32_t)code, .oom = oom};

	unit_peer_send(runtime->peer, UNIT_CONTAINER_GONE, &unit_container_gone_type, &gone);
}

/* ---- stopping them ---- */

/* Its shim has not been told that this one is gone. */
static bool is_owed(const struct container *c, const char *owner)
{
	return str_equal(c->owner, owner) && !c->owner_told &&
	       (container_is_running(c) || c->state == CONTAINER_REMOVING || c->busy);
}

static bool owes_any(const struct unit_runtime *runtime)
{
	for (struct container *c = engine_first(runtime->units->engine); c; c = engine_next(c))
		if (is_owed(c, runtime->unit->name))
			return true;
	return false;
}

/* What is still being made counts, and leftovers that are being removed for it. */
static bool waits_for_any(const struct unit_runtime *runtime)
{
	return runtime->clearing || container_is_being_made(runtime) || owes_any(runtime);
}

void containers_check_stopped(struct unit_runtime *runtime)
{
	if (!runtime->peer || !runtime->stops_containers || waits_for_any(runtime))
		return;
	runtime->stops_containers = false;
	unit_peer_send(runtime->peer, UNIT_CONTAINERS_STOPPED, NULL, NULL);
}

static void ignore(void *data, const struct engine_result *result)
{
	(void)data;
	if (result->err && result->err->kind != ERROR_UNCHANGED &&
	    result->err->kind != ERROR_NOT_FOUND)
		log_warning("cannot stop a container of a unit", result->err, "");
}

/* Whole seconds, as the engine counts; the shorter of its own and the unit's. */
static int64_t stop_seconds(const struct container *c, int64_t us)
{
	int64_t own = container_stop_timeout(c), most = (us + 999999) / 1000000;

	return us && (own < 0 || most < own) ? most : own;
}

void containers_stop(struct unit_runtime *runtime, int64_t us)
{
	struct engine *engine = runtime->units->engine;

	runtime->stops_containers = true;
	unit_run_drop(runtime); /* what is not begun yet is not made any more */
	for (struct container *c = engine_first(engine); c; c = engine_next(c)) {
		struct stop_options options = {
			.timeout = {.given = true, .value = stop_seconds(c, us)}};

		if (is_owed(c, runtime->unit->name))
			engine_stop(engine, c, &options, ignore, NULL);
	}
	containers_check_stopped(runtime);
}

void containers_leave(struct units *units, const struct unit *unit, const char *invocation)
{
	struct stop_options options = {0};

	if (!engine_is_ready(units->engine))
		return;
	for (struct container *c = engine_first(units->engine); c; c = engine_next(c))
		if (str_equal(c->owner, unit->name) && container_is_running(c) &&
		    (!*invocation || str_equal(c->owner_invocation, invocation)))
			engine_stop(units->engine, c, &options, ignore, NULL);
}

struct strings units_groups_elsewhere(const struct units *units, const struct unit *unit)
{
	struct strings groups = {0};

	if (!unit_is_handed(unit))
		return groups;
	for (struct container *c = engine_first(units->engine); c; c = engine_next(c))
		if (str_equal(c->owner, unit->name) && container_is_running(c))
			strings_take(&groups, container_cgroup(c));
	return groups;
}

static void gone(void *data, const char *owner, const char *id, int64_t code, bool oom)
{
	struct units *units = data;
	struct unit_runtime *runtime = runtime_of(data, owner);

	scope_end(units, id, code);
	if (units->systemd && !runtime)
		systemd_leave_scope(units, id); /* where it did not come as far as being there */
	if (!runtime)
		return;
	tell_gone(runtime, id, code, oom);
	containers_check_stopped(runtime);
	container_run_ready(runtime);
}

/* ---- what an earlier start has left ---- */

/* Killed between its making and its start, or left alone by KillMode=: it would have the name. */
struct clearing {
	struct link link; /* in units->clearings */
	struct units *units;
	char *name;
	size_t waiting; /* removals, and whoever begins them */
	void (*cleared)(struct unit_runtime *runtime);
};

static void free_clearing(struct clearing *clearing)
{
	list_remove(&clearing->link);
	units_unref(clearing->units);
	free(clearing->name);
	free(clearing);
}

static void clearing_unref(struct clearing *clearing)
{
	struct unit *unit;

	if (--clearing->waiting > 0)
		return;
	unit = unit_set_find(&clearing->units->set, clearing->name);
	if (unit && unit->runtime && unit->runtime->clearing) {
		unit->runtime->clearing = false;
		clearing->cleared(unit->runtime);
		containers_check_stopped(unit->runtime);
	}
	free_clearing(clearing);
}

/* What cannot be removed, `docker run` will say. */
static void on_removed(void *data, const struct engine_result *result)
{
	(void)result;
	clearing_unref(data);
}

/* Made by a `docker run --rm` that did not live to start it, or whose daemon did not. */
static bool is_unstarted(const struct container *c, const char *unit)
{
	return !c->busy && !c->hidden && c->state == CONTAINER_CREATED &&
	       c->host_config.auto_remove && str_equal(c->owner, unit);
}

static bool is_leftover(const struct container *c, const char *unit)
{
	return is_unstarted(c, unit) ||
	       (!c->busy && str_equal(pairs_get(&c->config.labels, UNIT_LABEL), unit));
}

static void remove_leftovers(struct engine *engine, struct clearing *clearing)
{
	const struct remove_options options = {.force = true, .volumes = true};

	for (struct container *c = engine_first(engine); c; c = engine_next(c)) {
		if (!is_leftover(c, clearing->name))
			continue;
		clearing->waiting++;
		engine_remove(engine, c, &options, on_removed, clearing);
	}
}

void containers_clear(struct unit_runtime *runtime, void (*cleared)(struct unit_runtime *runtime))
{
	struct clearing *clearing;

	if (runtime->clearing)
		return;
	clearing = mem_new(struct clearing);
	*clearing = (struct clearing){.units = runtime->units,
				      .name = str_dup(runtime->unit->name),
				      .waiting = 1,
				      .cleared = cleared};
	list_append(&runtime->units->clearings, &clearing->link);
	runtime->units->references++;
	runtime->clearing = true;
	remove_leftovers(runtime->units->engine, clearing);
	clearing_unref(clearing);
}

/* What a oneshot has made may be for others to start. */
static bool has_left(const struct unit *unit)
{
	if (!unit->config || unit->config->type != UNIT_SERVICE)
		return false;
	return unit->sub == SUB_FAILED || unit->sub == SUB_AUTO_RESTART ||
	       (unit->sub == SUB_DEAD && unit->config->restart &&
		!unit->config->restart->is_oneshot);
}

void containers_sweep(struct units *units, const struct unit *unit)
{
	const struct remove_options options = {.force = true, .volumes = true};

	if (!has_left(unit) || !engine_is_ready(units->engine))
		return;
	for (struct container *c = engine_first(units->engine); c; c = engine_next(c))
		if (is_unstarted(c, unit->name))
			engine_remove(units->engine, c, &options, ignore, NULL);
}

static void sweep_all(void *data)
{
	struct units *units = data;

	for (size_t i = 0; i < units->set.count; i++)
		containers_sweep(units, units->set.items[i]);
}

const struct unit *units_of_process(struct units *units, pid_t pid)
{
	scoped_free char *cgroup = cgroup_path_of(pid);

	return cgroup ? unit_of_cgroup(units, cgroup) : NULL;
}

/* ---- pulls ---- */

static void progress(void *data, const char *cgroup)
{
	struct unit *unit = unit_of_cgroup(data, cgroup);
	struct shim_number us = {EXTENSION_US};
	int64_t now = time_monotonic_ns();

	if (!unit || now - unit->runtime->extended_ns < EXTENDS_EACH_NS)
		return;
	unit->runtime->extended_ns = now;
	unit_peer_send(unit->runtime->peer, UNIT_EXTEND, &shim_number_type, &us);
}

/* ---- after a daemon ---- */

static void claim(struct unit_runtime *runtime, struct container *c)
{
	struct owner owner = {0};

	describe(runtime->units, runtime->unit, &owner);
	container_claim(c, &owner);
	owner_fini(&owner);
}

void containers_compare(struct unit_runtime *runtime)
{
	struct engine *engine = runtime->units->engine;
	const struct execution_status *status = unit_status(runtime->unit);

	if (!engine_is_ready(engine) || !status || !runtime->peer)
		return;
	for (size_t i = 0; i < status->containers.count; i++) {
		struct container *c = engine_by_id(engine, status->containers.items[i]);

		if (!c || (!c->run && c->state != CONTAINER_REMOVING && !c->busy))
			tell_gone(runtime, status->containers.items[i], c ? c->exit_code : 0,
				  c && c->oom_killed);
		else if (!c->owner && c->run) /* it may be starting still */
			claim(runtime, c);
	}
	containers_check_stopped(runtime);
}

static void compare_all(void *data)
{
	struct units *units = data;

	for (size_t i = 0; i < units->set.count; i++) {
		if (!units->set.items[i]->runtime)
			continue;
		containers_compare(units->set.items[i]->runtime);
		container_run_ready(units->set.items[i]->runtime);
	}
	scopes_compare(units);
	units_when_ready(units, sweep_all, units);
}

void containers_begin(struct units *units)
{
	static const struct owner_handlers handlers = {find, adopt, gone, progress};

	engine_set_owners(units->engine, &handlers, units);
	engine_when_ready(units->engine, compare_all, units);
}

void containers_end(struct units *units)
{
	engine_set_owners(units->engine, &(struct owner_handlers){0}, NULL);
	list_each(link, &units->clearings) free_clearing(container_of(link, struct clearing, link));
}
