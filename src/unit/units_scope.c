/* Scopes: how a container that belongs to a unit is shown.  A scope has no file and no record: it is there while the
 * engine's container runs, is called by its id, and a daemon that comes back makes it again from what the engine
 * knows.  What is asked of it is asked of the container.
 *
 * One that had to be killed after all when it was stopped has failed, and stays until that is reset, or the daemon
 * ends. */
#include "unit/units_private.h"

#include "base/id.h"
#include "base/log.h"
#include "base/time.h"
#include "os/cgroup.h"
#include "unit/dependency_pool.h"

#include <errno.h>
#include <signal.h>

#define ENDING ".scope"

/* As Docker has them where systemd keeps its control groups; where it does so here, as it knows them. */
static char *scope_name(const struct units *units, const char *id)
{
	return units->systemd ? systemd_scope_name(id) : str_format("docker-%s" ENDING, id);
}

static struct unit *find_scope(const struct units *units, const char *id)
{
	scoped_free char *name = scope_name(units, id);
	struct unit *unit = unit_set_find(&units->set, name);

	return unit && unit->config && unit->config->transient ? unit : NULL;
}

struct container *scope_container(const struct units *units, const struct unit *scope)
{
	const char *dash = strrchr(scope->name, '-');
	scoped_free char *id = dash ? str_dup_n(dash + 1, strcspn(dash + 1, ".")) : NULL;

	return id ? engine_by_id(units->engine, id) : NULL;
}

char *scope_cgroup(const struct units *units, const struct unit *scope)
{
	const struct container *c = scope_container(units, scope);

	return c ? container_cgroup(c) : str_format("%s/%s", units->cgroup_parent, scope->name);
}

/* ---- what it is ---- */

static const char *slice_of(const struct units *units, const struct container *c)
{
	const struct unit *owner = unit_set_find(&units->set, c->owner);

	return owner && owner->config && owner->config->slice ? owner->config->slice
							      : "system.slice";
}

/* A stop of its slice is one of the scope, too: but first its unit ends, and mostly the container with it. */
static void add_dependencies(struct unit_config *config, const struct unit *owner)
{
	const struct unit_dependency all[] = {
		{DEPENDENCY_REQUIRES, true, config->slice},
		{DEPENDENCY_AFTER, true, config->slice},
		{DEPENDENCY_BEFORE, true, owner ? owner->name : NULL},
	};

	config->dependency_count = array_length(all) - (owner ? 0 : 1);
	config->dependencies = dependency_pool_get(all, config->dependency_count);
}

static struct unit_config *make_config(const struct units *units, const struct unit *scope,
				       const struct container *c)
{
	struct unit_config *config = mem_new(struct unit_config);
	const char *image = c->config.image ? c->config.image : c->image_id;

	config->name = scope->name;
	config->type = UNIT_SCOPE;
	config->load = LOAD_LOADED;
	config->transient = true;
	config->ignore_on_isolate = true;
	config->slice = name_pool_get(slice_of(units, c));
	config->description = str_format("Container %s (%s) of %s", c->name, image, c->owner);
	if (!units->systemd)
		add_dependencies(config, unit_set_find(&units->set, c->owner));
	return config;
}

/* ---- its state ---- */

bool scope_owner_is_there(const struct unit *unit)
{
	return unit->sub != SUB_DEAD && unit->sub != SUB_FAILED && unit->sub != SUB_AUTO_RESTART;
}

static bool is_stopping(const struct unit *scope)
{
	return scope->sub == SUB_STOP_SIGTERM;
}

static enum sub_state state_of(const struct units *units, const struct unit *scope,
			       const struct container *c)
{
	const struct unit *owner = unit_set_find(&units->set, c->owner);
	struct scope_facts facts = {
		.owner_there = owner && scope_owner_is_there(owner),
		.owner_run = owner && !unit_is_handed(owner) ? owner->invocation_id : NULL,
		.container_run = c->owner_invocation,
		.stopping = is_stopping(scope),
	};

	return decide_scope(&facts);
}

static void take_state(struct units *units, struct unit *scope, const struct container *c)
{
	struct unit_change change = {.sub = state_of(units, scope, c)};

	if (scope->sub == change.sub)
		return;
	if (!scope_owner_is_there(scope)) { /* it begins: with its container */
		change.realtime_ns = c->started_ns;
		change.monotonic_ns = time_monotonic_ns() - (time_now_ns() - c->started_ns);
	}
	unit_change(units, scope, &change);
}

void scope_begin(struct units *units, const struct container *c)
{
	scoped_free char *name = scope_name(units, c->id);
	struct unit *scope = unit_set_get_passing(&units->set, name);

	if (scope_owner_is_there(scope))
		return;
	scope = unit_set_config(&units->set, scope, make_config(units, scope, c));
	scope->condition_met = scope->assert_met = true;
	take_state(units, scope, c);
}

void scope_end(struct units *units, const char *id, int64_t code)
{
	struct unit *scope = find_scope(units, id);
	const struct container *c = engine_by_id(units->engine, id);
	enum execution_result result;

	if (!scope)
		return;
	result = decide_scope_end(is_stopping(scope), c ? container_stop_signal(c) : SIGTERM, code);
	unit_set_sub(units, scope, result ? SUB_FAILED : SUB_DEAD, result);
}

static bool has_scope(const struct container *c)
{
	return c->owner && !c->owner_told && container_is_live(c);
}

/* Not before it is known which units run. */
void scopes_compare(struct units *units)
{
	if (!units->adoption.done || !engine_is_ready(units->engine))
		return;
	for (struct container *c = engine_first(units->engine); c; c = engine_next(c))
		if (has_scope(c))
			scope_begin(units, c);
}

void scopes_follow(struct units *units, const struct unit *owner)
{
	if (!units->adoption.done || !engine_is_ready(units->engine) || owner->config->transient)
		return;
	for (struct container *c = engine_first(units->engine); c; c = engine_next(c)) {
		struct unit *scope = str_equal(c->owner, owner->name) && has_scope(c)
					     ? find_scope(units, c->id)
					     : NULL;

		if (scope && scope_owner_is_there(scope))
			take_state(units, scope, c);
	}
}

/* ---- stopping it ---- */

struct stopping {
	struct units *units; /* referred to */
	char *name;
};

/* That it has gone is told by the engine to its owner. */
static void on_stopped(void *data, const struct engine_result *result)
{
	struct stopping *stopping = data;
	struct units *units = stopping->units;
	struct unit *scope = unit_set_find(&units->set, stopping->name);
	char text[ERROR_TEXT_SIZE];

	if (result->err && result->err->kind != ERROR_UNCHANGED && scope && is_stopping(scope)) {
		units_say(units, scope, 3, "%s: cannot be stopped: %s", scope->name,
			  error_text(result->err, text, sizeof(text)));
		unit_set_sub(units, scope, SUB_RUNNING, RESULT_SUCCESS);
	}
	units_unref(units);
	free(stopping->name);
	free(stopping);
}

static void start(struct unit_runtime *runtime)
{
	job_finish(runtime->units, runtime->unit, JOB_UNSUPPORTED);
}

static void stop(struct unit_runtime *runtime)
{
	struct units *units = runtime->units;
	struct unit *scope = runtime->unit;
	struct container *c = scope_container(units, scope);
	struct stop_options options = {0};
	struct stopping *stopping;

	if (!c || !has_scope(c)) {
		unit_set_sub(units, scope, SUB_DEAD, RESULT_SUCCESS);
		return;
	}
	stopping = mem_new(struct stopping);
	*stopping = (struct stopping){units, str_dup(scope->name)};
	units->references++;
	unit_set_sub(units, scope, SUB_STOP_SIGTERM, RESULT_SUCCESS);
	engine_stop(units->engine, c, &options, on_stopped, stopping);
}

const struct unit_kind scope_kind = {.start = start, .stop = stop};

/* ---- signals ---- */

struct signalling {
	struct work work;
	char *cgroup;
	int signal;
	bool good;
	struct error err;
	units_done *done;
	void *data;
};

static void send_signals(struct work *work)
{
	struct signalling *s = container_of(work, struct signalling, work);
	struct cgroup cgroup;
	pid_t *pids = NULL;
	size_t count = 0;

	s->good = cgroup_open(s->cgroup, &cgroup, &s->err);
	if (!s->good)
		return;
	s->good = s->signal == SIGKILL ? cgroup_kill(&cgroup, &s->err)
				       : cgroup_pids(&cgroup, &pids, &count, &s->err);
	for (size_t i = 0; i < count; i++)
		if (kill(pids[i], s->signal) < 0 && errno != ESRCH)
			s->good = error_errno(&s->err, "cannot signal process %d", (int)pids[i]);
	free(pids);
	cgroup_fini(&cgroup);
}

static void signalled(struct work *work, bool closing)
{
	struct signalling *s = container_of(work, struct signalling, work);

	(void)closing;
	s->done(s->data, s->good ? NULL : &s->err);
	free(s->cgroup);
	free(s);
}

void scope_kill(struct units *units, const struct unit *scope, const struct unit_signal *signal,
		units_done *done, void *data)
{
	struct signalling *s;
	struct error err;

	if (signal->who != SIGNAL_ALL) {
		error_set(&err, ERROR_CONFLICT, "Scope units have no %s processes",
			  signal->who == SIGNAL_MAIN ? "main" : "control");
		done(data, &err);
		return;
	}
	s = mem_new(struct signalling);
	s->cgroup = scope_cgroup(units, scope);
	s->signal = signal->signal;
	s->done = done;
	s->data = data;
	work_begin(&s->work, units->engine, send_signals, signalled);
}
