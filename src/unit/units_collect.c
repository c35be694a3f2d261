/* Units that nobody would miss are forgotten when they are over: scopes, and instances of templates (decide_forget.c).
 * A busy socket would leave thousands behind, and a service whose container restarts.  With an instance goes its run
 * folder, here and now: it may be started again before a thread of the pool had come to it. */
#include "unit/units_private.h"

#include "format/unit_name.h"
#include "os/file.h"
#include "unit/units_socket.h"

enum { MANY = 64 }; /* a turn of the loop: clients are served in between */

/* ---- who holds what ---- */

struct unit_hold {
	struct link link; /* in units->holds */
	struct units *units;
	char *name;
};

struct unit_hold *unit_hold(struct units *units, const struct unit *unit)
{
	struct unit_hold *hold = mem_new(struct unit_hold);

	hold->units = units;
	hold->name = str_dup(unit->name);
	units->references++;
	list_append(&units->holds, &hold->link);
	return hold;
}

void unit_hold_end(struct unit_hold *hold)
{
	if (!hold)
		return;
	list_remove(&hold->link);
	if (!uv_is_closing((uv_handle_t *)&hold->units->turn))
		collect_later(hold->units);
	units_unref(hold->units);
	free(hold->name);
	free(hold);
}

static bool is_held(const struct units *units, const struct unit *unit)
{
	list_each(link, &units->holds)
	{
		if (str_equal(container_of(link, struct unit_hold, link)->name, unit->name))
			return true;
	}
	return false;
}

/* ---- forgetting ---- */

static void stop_looking(struct units *units, const struct unit *unit)
{
	for (size_t i = units->looked.count; i-- > 0;)
		if (units->looked.items[i] == unit)
			vector_remove(&units->looked, i);
}

static struct unit_config *no_config(const struct unit *unit)
{
	struct unit_config *config = mem_new(struct unit_config);

	config->name = unit->name;
	config->type = unit->config->type;
	config->load = LOAD_NOT_FOUND;
	return config;
}

/* It does nothing and names nobody any more. */
static void retire(struct units *units, struct unit *unit)
{
	stop_looking(units, unit);
	unit_runtime_free(unit->runtime);
	unit_set_config(&units->set, unit, no_config(unit));
}

/* ---- scopes ---- */

static bool is_passing(const struct units *units, const struct unit *unit)
{
	return unit->config && unit->config->transient && unit->sub == SUB_DEAD && !unit->job &&
	       !is_held(units, unit);
}

static void collect_scopes(struct units *units)
{
	struct unit_set *set = &units->set;

	for (size_t i = set->count; i-- > 0;) {
		struct unit *unit = set->items[i];

		if (!is_passing(units, unit))
			continue;
		retire(units, unit);
		unit_set_drop(set, unit);
	}
}

/* ---- instances ---- */

static bool is_quiet(const struct unit_runtime *r)
{
	return !r->peer && !r->restart && !r->starting && !r->run && !r->clearing &&
	       !r->under_way && !r->timer && !r->handed && socket_is_quiet(r);
}

static bool rests(const struct unit *unit)
{
	return !unit->runtime || is_quiet(unit->runtime);
}

/* Those that name each other name nobody before the first goes. */
static void forget(struct units *units, struct unit *const *items, size_t count)
{
	struct error ignored;

	for (size_t i = 0; i < count; i++) {
		tree_remove(units->folder, items[i]->name, &ignored);
		retire(units, items[i]);
	}
	for (size_t i = 0; i < count; i++)
		unit_set_drop(&units->set, items[i]);
}

static void leave_out_held(const struct units *units, struct units_forgotten *all)
{
	size_t kept = 0;

	for (size_t i = 0; i < all->count; i++)
		if (!is_held(units, all->items[i]))
			all->items[kept++] = all->items[i];
	all->count = kept;
}

static void collect_instances(struct units *units)
{
	struct units_forgotten all = {0};

	decide_forgotten(&units->set, rests, &all);
	leave_out_held(units, &all);
	forget(units, all.items, all.count < MANY ? all.count : MANY);
	if (all.count > MANY)
		collect_later(units);
	vector_fini(&all);
}

/* ---- when ---- */

void collect_later(struct units *units)
{
	units->passing = true;
	job_turn(units);
}

static bool may_be_over(const struct unit *unit)
{
	return unit->sub == SUB_DEAD && unit->config &&
	       (unit->config->transient || unit_name_is_instance(unit->name));
}

/* Whose end it was to be told of had to wait for that. */
static bool was_told(const struct unit *unit)
{
	for (size_t i = 0; i < unit->edge_count; i++)
		if (unit->edges[i].kind == DEPENDENCY_ON_SUCCESS_OF ||
		    unit->edges[i].kind == DEPENDENCY_ON_FAILURE_OF)
			return true;
	return false;
}

void collect_notice(struct units *units, const struct unit *unit)
{
	if (!unit->job && (may_be_over(unit) || was_told(unit)))
		collect_later(units);
}

/* A batch that is being read has names of units, and somebody may wait for one; what an earlier daemon has left is
 * not known before it was looked at. */
static bool is_occupied(const struct units *units)
{
	return units->loading.running || units->looking || !units->adoption.done;
}

void collect_passing(struct units *units)
{
	if (!units->passing || is_occupied(units))
		return;
	units->passing = false;
	collect_scopes(units);
	collect_instances(units);
}
