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
		collect_later(hold->units, hold->name);
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

/* ---- who is noted ---- */

void collect_later(struct units *units, const char *name)
{
	map_put(&units->passing, name, units);
	job_turn(units);
}

/* What systemd runs it forgets by itself, and we have its file. */
static bool may_be_over(const struct unit *unit)
{
	return unit->sub == SUB_DEAD && !unit->job && unit->config &&
	       (unit->config->transient || unit_name_is_instance(unit->name)) &&
	       !(unit->runtime && unit->runtime->handed);
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

/* It may have stayed for its scope alone. */
static void note_owner(struct units *units, const struct unit *scope)
{
	for (size_t i = 0; i < scope->edge_count; i++)
		if (may_be_over(scope->edges[i].unit))
			collect_later(units, scope->edges[i].unit->name);
}

static void collect_scopes(struct units *units, struct units_forgotten *noted)
{
	for (size_t i = noted->count; i-- > 0;) {
		struct unit *unit = noted->items[i];

		if (!is_passing(units, unit))
			continue;
		vector_remove(noted, i);
		note_owner(units, unit);
		retire(units, unit);
		unit_set_drop(&units->set, unit);
	}
}

/* ---- instances ---- */

static bool is_quiet(const struct unit_runtime *r)
{
	return !r->peer && !r->restart && !r->starting && !r->run && !r->clearing &&
	       !r->under_way && !r->timer && !r->handed && socket_is_quiet(r);
}

static bool rests(const void *units, const struct unit *unit)
{
	return (!unit->runtime || is_quiet(unit->runtime)) && !is_held(units, unit);
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

static void collect_instances(struct units *units, const struct units_forgotten *noted)
{
	struct units_forgotten all = {0};

	decide_forgotten(noted, rests, units, &all);
	for (size_t i = MANY; i < all.count; i++)
		collect_later(units, all.items[i]->name);
	forget(units, all.items, all.count < MANY ? all.count : MANY);
	vector_fini(&all);
}

/* ---- when ---- */

/* Whose end it was to be told of had to wait for that. */
static void notice_told(struct units *units, const struct unit *unit)
{
	for (size_t i = 0; i < unit->edge_count; i++)
		if ((unit->edges[i].kind == DEPENDENCY_ON_SUCCESS_OF ||
		     unit->edges[i].kind == DEPENDENCY_ON_FAILURE_OF) &&
		    may_be_over(unit->edges[i].unit))
			collect_later(units, unit->edges[i].unit->name);
}

void collect_notice(struct units *units, const struct unit *unit)
{
	if (may_be_over(unit))
		collect_later(units, unit->name);
	if (!unit->job)
		notice_told(units, unit);
}

void collect_all_later(struct units *units)
{
	for (size_t i = 0; i < units->set.count; i++)
		collect_notice(units, units->set.items[i]);
}

/* A batch that is being read has names of units, and somebody may wait for one; what an earlier daemon has left is
 * not known before it was looked at. */
static bool is_occupied(const struct units *units)
{
	return units->loading.running || units->looking || !units->adoption.done;
}

/* Who is over, but has something going on or is held, is noted on: whatever ends that has its turn of the loop. */
static struct units_forgotten take_noted(struct units *units)
{
	struct map names = units->passing;
	struct units_forgotten noted = {0};

	units->passing = (struct map){0};
	for (struct map_slot *slot = map_first(&names); slot; slot = map_next(&names, slot)) {
		struct unit *unit = unit_set_find(&units->set, slot->key);

		if (!unit || !may_be_over(unit))
			continue;
		vector_add(&noted, unit);
		if (!rests(units, unit))
			map_put(&units->passing, slot->key, units);
	}
	map_fini(&names);
	return noted;
}

void collect_passing(struct units *units)
{
	struct units_forgotten noted;

	if (!units->passing.count || is_occupied(units))
		return;
	noted = take_noted(units);
	collect_scopes(units, &noted);
	collect_instances(units, &noted);
	vector_fini(&noted);
}
