#include "unit/units_private.h"

#include "base/log.h"
#include "base/time.h"
#include "unit/units_socket.h"

#include <unistd.h>

/* ---- a unit's places ---- */

/* "a-b.slice" is inside "a.slice"; "-.slice" is the root of all. */
char *slice_cgroup(const struct units *units, const char *slice)
{
	struct buffer path = {0};

	buffer_add_text(&path, units->cgroup_parent);
	if (!slice || str_equal(slice, "-.slice"))
		return buffer_take(&path);
	size_t length = strlen(slice) - strlen(".slice");
	for (size_t i = 1; i <= length; i++)
		if (i == length || slice[i] == '-')
			buffer_format(&path, "/%.*s.slice", (int)i, slice);
	return buffer_take(&path);
}

static const char *handed_cgroup(const struct unit *unit)
{
	if (!unit_is_handed(unit) || str_is_empty(unit->runtime->handed->cgroup))
		return NULL;
	return unit->runtime->handed->cgroup;
}

char *units_cgroup(const struct units *units, const struct unit *unit)
{
	const char *slice =
		unit->config && unit->config->slice ? unit->config->slice : "system.slice";
	scoped_free char *parent = NULL;

	if (handed_cgroup(unit))
		return str_dup(handed_cgroup(unit));
	if (unit->config && unit->config->type == UNIT_SLICE)
		return slice_cgroup(units, unit->name);
	if (unit->config && unit->config->transient)
		return scope_cgroup(units, unit);
	parent = slice_cgroup(units, slice);
	return str_format("%s/%s", parent, unit->name);
}

char *units_cgroup_shown(const struct units *units, const struct unit *unit)
{
	scoped_free char *path = units_cgroup(units, unit);

	if (handed_cgroup(unit) || !str_starts_with(path, units->cgroup_parent))
		return take(path); /* its container may have a parent of its own */
	return str_dup(path + strlen(units->cgroup_parent));
}

const char *unit_description(const struct unit *unit)
{
	return unit->config && unit->config->description ? unit->config->description : unit->name;
}

/* ---- what goes on with a unit ---- */

struct unit_runtime *unit_runtime(struct units *units, struct unit *unit)
{
	if (unit->runtime)
		return unit->runtime;
	unit->runtime = mem_new(struct unit_runtime);
	unit->runtime->units = units;
	unit->runtime->unit = unit;
	unit->runtime->connection = -1;
	return unit->runtime;
}

void unit_runtime_free(struct unit_runtime *runtime)
{
	if (!runtime)
		return;
	shim_peer_free(runtime->peer);
	unit_run_drop(runtime);
	if (runtime->starting)
		unit_start_abort(runtime);
	deadline_cancel(&runtime->restart);
	deadline_cancel(&runtime->job_timeout);
	socket_free(runtime);
	pairs_fini(&runtime->trigger_environment);
	free(runtime->timer);
	path_free(runtime);
	handed_free(runtime->handed);
	runtime->unit->runtime = NULL;
	free(runtime);
}

/* ---- listeners ---- */

void units_listen(struct units *units, struct units_listener *listener)
{
	listener->next = units->listeners;
	units->listeners = listener;
}

void units_unlisten(struct units *units, struct units_listener *listener)
{
	for (struct units_listener **at = &units->listeners; *at; at = &(*at)->next) {
		if (*at != listener)
			continue;
		*at = listener->next;
		return;
	}
}

/* ---- resetting ---- */

static void reset(struct units *units, struct unit *unit)
{
	if (unit_is_handed(unit)) {
		systemd_reset_failed(unit);
		return;
	}
	forget_starts(unit);
	unit->restarts = 0;
	if (unit->sub == SUB_FAILED)
		unit_set_sub(units, unit, SUB_DEAD, RESULT_SUCCESS);
	else
		unit_save(units, unit);
}

/* Others have nothing to forget, and their records need not be written again. */
static bool is_resettable(const struct unit *unit)
{
	return unit->sub == SUB_FAILED || unit->restarts || unit->start_count;
}

bool units_reset_failed(struct units *units, const char *name, struct error *err)
{
	struct unit *unit = name ? unit_set_find(&units->set, name) : NULL;

	if (name && (!unit || !unit->config || unit->config->load == LOAD_NOT_FOUND))
		return error_set(err, ERROR_NOT_FOUND, "Unit %s not loaded.", name);
	if (unit) {
		reset(units, unit);
		return true;
	}
	for (size_t i = 0; i < units->set.count; i++)
		if (is_resettable(units->set.items[i]))
			reset(units, units->set.items[i]);
	return true;
}

/* ---- counting ---- */

struct units_counts units_count(const struct units *units)
{
	struct units_counts counts = {.jobs = units->jobs, .since_us = units->started_us};
	const struct unit *target = unit_set_find(&units->set, "default.target");

	for (size_t i = 0; i < units->set.count; i++) {
		const struct unit *unit = units->set.items[i];

		counts.units += unit->config && unit->config->load == LOAD_LOADED;
		counts.failed += unit->sub == SUB_FAILED;
	}
	counts.starting = units->boot_wanted && target && target->job;
	return counts;
}

/* ---- opening ---- */

static void add_folder(struct unit_paths *paths, const char *folder)
{
	strings_add(&paths->folders, folder);
}

/* With systemd as PID 1 its folders are its own: two supervisors must not run one unit. */
static void choose_paths(struct units *units, const struct strings *wanted)
{
	struct unit_paths *paths = &units->paths;

	for (size_t i = 0; i < wanted->count; i++)
		add_folder(paths, wanted->items[i]);
	if (!wanted->count) {
		add_folder(paths, "/etc/wherry/units");
		add_folder(paths, "/run/wherry/units");
		add_folder(paths, "/usr/lib/wherry/units");
	}
	paths->own = paths->folders.count;
	if (wanted->count || access("/run/systemd/system", F_OK) == 0)
		return;
	add_folder(paths, "/etc/systemd/system");
	add_folder(paths, "/run/systemd/system");
	add_folder(paths, "/usr/lib/systemd/system");
}

/* Docker's client finds ours by itself where that is at the usual place. */
static void choose_environment(struct units *units, const struct units_settings *settings)
{
	struct pairs *out = &units->context.default_environment;

	for (size_t i = 0; i < settings->environment.count; i++)
		pairs_set(out, settings->environment.items[i].name,
			  settings->environment.items[i].value);
	if (!settings->docker_socket || str_equal(settings->docker_socket, "/var/run/docker.sock"))
		return;
	scoped_free char *host = str_format("unix://%s", settings->docker_socket);
	pairs_set(out, "DOCKER_HOST", host);
}

static struct units *units_new(struct engine *engine, const struct units_settings *s)
{
	struct units *units = mem_new(struct units);

	units->engine = engine;
	units->loop = engine_get_parts(engine)->loop;
	units->data_root = str_dup(s->data_root);
	units->exec_root = str_dup(s->exec_root);
	units->shim = str_dup(s->shim);
	units->worker = str_dup(s->worker);
	units->cgroup_parent = str_dup(s->cgroup_parent);
	units->journal_folder = str_dup_or_null(s->journal_folder);
	units->journal_bytes = s->journal_bytes;
	units->journal_export = s->journal_export;
	units->docker = str_dup_or_null(s->docker);
	units->folder = units->former.folder = -1;
	units->references = 1;
	units->started_monotonic_us = time_monotonic_ns() / 1000;
	units->started_us = time_now_ns() / 1000;
	units->beside_systemd =
		access("/run/systemd/system", F_OK) == 0 && !str_equal(units->cgroup_parent, "/");
	units->context.paths = &units->paths;
	units->context.is_builtin = unit_is_builtin;
	choose_paths(units, &s->unit_path);
	choose_environment(units, s);
	loading_init(units);
	jobs_init(units);
	requests_init(units);
	runs_init(units);
	list_init(&units->holds);
	list_init(&units->clearings);
	return units;
}

static void start_default(struct units *units)
{
	struct unit *target = unit_set_find(&units->set, "default.target");

	if (units->boot_wanted && units->adoption.done && target)
		units_enqueue(units, target, JOB_START, JOB_REPLACE);
}

static void on_ready(void *data)
{
	start_default(data);
}

/* What a shim of an earlier daemon asks may be about containers. */
static void adopt_when_known(struct units *units)
{
	if (!units->known || !units->containers_known)
		return;
	builtin_begin(units);
	adopt_units(units);
}

static void on_known(void *data, bool closing)
{
	struct units *units = data;

	if (closing)
		return;
	units->known = true;
	adopt_when_known(units);
}

void units_begin(struct units *units)
{
	units->containers_known = true;
	adopt_when_known(units);
}

struct units *units_open(struct engine *engine, const struct units_settings *settings,
			 struct error *err)
{
	struct units *units = units_new(engine, settings);

	if (!run_folders_open(units, err) || (settings->systemd && !systemd_open(units, err))) {
		units_close(units);
		return NULL;
	}
	environment_open(units);
	containers_begin(units);
	adopt_list(units);
	builtin_list(units);
	units_when_ready(units, on_ready, units);
	units_load_all(units, false, on_known, units);
	return units;
}

void units_boot(struct units *units)
{
	units->boot_wanted = true;
	start_default(units);
}

void units_unref(struct units *units)
{
	if (--units->references > 0)
		return;
	run_folders_close(units);
	environment_close(units);
	free(units->data_root);
	free(units->exec_root);
	free(units->shim);
	free(units->worker);
	free(units->cgroup_parent);
	free(units->journal_folder);
	free(units->docker);
	strings_fini(&units->paths.folders);
	pairs_fini(&units->context.specifiers);
	pairs_fini(&units->context.default_environment);
	strings_fini(&units->adoption.names);
	unit_set_fini(&units->set);
	map_fini(&units->passing);
	free(units);
}

static void on_closed(uv_handle_t *handle)
{
	units_unref(handle->data);
}

void units_close(struct units *units)
{
	if (!units)
		return;
	containers_end(units);
	systemd_close(units);
	jobs_fini(units);
	loading_fini(units);
	units_adopt_stop(units);
	units_log_close(units);
	online_leave(units);
	timers_fini(units);
	for (size_t i = 0; i < units->set.count; i++)
		unit_runtime_free(units->set.items[i]->runtime);
	runs_drop(units);
	uv_close((uv_handle_t *)&units->turn, on_closed);
}

const struct unit_set *units_all(const struct units *units)
{
	return &units->set;
}

const char *units_docker(const struct units *units)
{
	return units->docker;
}

const struct load_context *units_load_context(const struct units *units)
{
	return &units->context;
}
