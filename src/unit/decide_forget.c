/* An instance of a template is loaded because somebody has asked for it, or another unit names it.  Once it is over,
 * nobody would miss it, and the next who asks has it read again: as systemd does, or a host that starts web@1,
 * web@2 ... would know them all for ever.
 *
 * Two that name each other keep each other only if somebody else names one of them. */
#include "unit/decide.h"

#include "base/memory.h"
#include "format/unit_name.h"

enum { CANDIDATE = 1 };

static bool is_candidate(const struct unit *unit)
{
	const struct unit_config *config = unit->config;

	return config && !config->builtin && !config->transient && config->type != UNIT_SLICE &&
	       !config->aliases.count && unit_name_is_instance(unit->name) && !unit->listed &&
	       !unit->job && unit->sub == SUB_DEAD && !unit->starts_with_bound;
}

/* OnSuccess=, OnFailure=: who is to start because of it is still to be told of it (MONITOR_UNIT ...). */
static bool is_to_be_told_of(const struct unit *unit)
{
	for (size_t i = 0; i < unit->edge_count; i++)
		if ((unit->edges[i].kind == DEPENDENCY_ON_SUCCESS ||
		     unit->edges[i].kind == DEPENDENCY_ON_FAILURE) &&
		    unit->edges[i].unit->job)
			return true;
	return false;
}

/* What is looked at: those that were noted, and whoever they name or are named by, as far as these may go, too. */
struct looking {
	bool (*rests)(const void *data, const struct unit *unit);
	const void *data;
	struct units_forgotten all;
};

static void look_at(struct looking *l, struct unit *unit)
{
	if (unit->mark == CANDIDATE || !is_candidate(unit) || is_to_be_told_of(unit) ||
	    !l->rests(l->data, unit))
		return;
	unit->mark = CANDIDATE;
	vector_add(&l->all, unit);
}

static void look_around(struct looking *l)
{
	for (size_t at = 0; at < l->all.count; at++) {
		const struct unit *unit = l->all.items[at];

		for (size_t i = 0; i < unit->edge_count; i++)
			look_at(l, unit->edges[i].unit);
	}
}

static bool is_named_by_others(const struct unit *unit)
{
	for (size_t i = 0; i < unit->edge_count; i++)
		if (unit_edge_is_theirs(&unit->edges[i]) && unit->edges[i].unit->mark != CANDIDATE)
			return true;
	return false;
}

static void keep(struct units_forgotten *kept, struct unit *unit)
{
	unit->mark = 0;
	vector_add(kept, unit);
}

/* Who is kept keeps all that it names. */
static void keep_named(const struct units_forgotten *all)
{
	struct units_forgotten kept = {0};

	for (size_t i = 0; i < all->count; i++)
		if (all->items[i]->mark == CANDIDATE && is_named_by_others(all->items[i]))
			keep(&kept, all->items[i]);
	for (size_t at = 0; at < kept.count; at++) {
		const struct unit *unit = kept.items[at];

		for (size_t i = 0; i < unit->edge_count; i++)
			if (unit_edge_is_mine(&unit->edges[i]) &&
			    unit->edges[i].unit->mark == CANDIDATE)
				keep(&kept, unit->edges[i].unit);
	}
	vector_fini(&kept);
}

void decide_forgotten(const struct units_forgotten *noted,
		      bool (*rests)(const void *data, const struct unit *unit), const void *data,
		      struct units_forgotten *out)
{
	struct looking l = {.rests = rests, .data = data};

	for (size_t i = 0; i < noted->count; i++)
		look_at(&l, noted->items[i]);
	look_around(&l);
	keep_named(&l.all);
	for (size_t i = 0; i < l.all.count; i++) {
		if (l.all.items[i]->mark == CANDIDATE)
			vector_add(out, l.all.items[i]);
		l.all.items[i]->mark = 0;
	}
	vector_fini(&l.all);
}
