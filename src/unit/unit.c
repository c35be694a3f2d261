/* The graph is kept at both ends: an edge stands in the arrays of both units, and each of the two knows the other's
 * place, so that it is found by searching the shorter array and removed without searching at all.  A target
 * may have five thousand edges; who is after it has few.
 *
 * The same edge may be asked for from both ends ("After=b" in a, "Before=a" in b), by the file and
 * by rule.  It stands once and remembers who asked: it goes with the last of them. */
#include "unit/unit.h"

#include "unit/name_pool.h"

enum edge_owner {
	MINE = 1, /* the file of this end */
	MINE_BY_RULE = 2,
	THEIRS = 4, /* the file of the other end */
	THEIRS_BY_RULE = 8,
	ALL_MINE = MINE | MINE_BY_RULE,
	ALL_THEIRS = THEIRS | THEIRS_BY_RULE,
};

bool unit_edge_is_mine(const struct unit_edge *edge)
{
	return edge->owners & ALL_MINE;
}

bool unit_edge_is_theirs(const struct unit_edge *edge)
{
	return edge->owners & ALL_THEIRS;
}

enum active_state unit_active_state(const struct unit *unit)
{
	return sub_state_active(unit->sub);
}

/* ---- status ---- */

static void drop_seen(struct unit *unit)
{
	if (unit->status_seen)
		record_fini(&execution_status_type, unit->status_seen);
	free(take(unit->status_seen));
}

struct execution_status *unit_status(const struct unit *unit)
{
	struct unit *looked_at = (struct unit *)(uintptr_t)unit; /* it says the same as before */
	struct execution_status status = {0};

	if (!unit->status_seen &&
	    record_unpack(&execution_status_type, &unit->status_kept, &status))
		looked_at->status_seen = mem_copy(&status, sizeof(status));
	return unit->status_seen;
}

void unit_set_status(struct unit *unit, struct execution_status *status)
{
	drop_seen(unit);
	packed_record_fini(&unit->status_kept);
	unit->status_seen = mem_copy(status, sizeof(*status));
	*status = (struct execution_status){0};
}

void unit_rest(const struct unit *unit)
{
	struct unit *looked_at = (struct unit *)(uintptr_t)unit;

	if (!unit->status_seen)
		return;
	record_pack(&execution_status_type, unit->status_seen, &looked_at->status_kept);
	drop_seen(looked_at);
}

/* ---- edges ---- */

static uint32_t search(const struct unit *unit, enum dependency kind, const struct unit *other)
{
	for (uint32_t i = 0; i < unit->edge_count; i++)
		if (unit->edges[i].unit == other && unit->edges[i].kind == kind)
			return i;
	return UINT32_MAX;
}

static struct unit_edge *find_edge(struct unit *unit, enum dependency kind, struct unit *other)
{
	bool mine = unit->edge_count <= other->edge_count;
	uint32_t at =
		mine ? search(unit, kind, other) : search(other, dependency_inverse(kind), unit);

	if (at == UINT32_MAX)
		return NULL;
	return &unit->edges[mine ? at : other->edges[at].back];
}

static struct unit_edge *other_end(const struct unit_edge *edge)
{
	return &edge->unit->edges[edge->back];
}

/* Thousands of units have a dozen, a few have thousands. */
static uint32_t more_edges(uint32_t capacity)
{
	enum { FEW = 16 };

	return capacity < FEW ? capacity + 2 : capacity * 3 / 2;
}

static struct unit_edge *append_edge(struct unit *unit, enum dependency kind, struct unit *other)
{
	if (unit->edge_count == unit->edge_capacity) {
		unit->edge_capacity = more_edges(unit->edge_capacity);
		unit->edges = mem_resize(unit->edges, unit->edge_capacity, sizeof(*unit->edges));
	}
	unit->edges[unit->edge_count] = (struct unit_edge){.kind = kind, .unit = other};
	return &unit->edges[unit->edge_count++];
}

static struct unit_edge *make_edge(struct unit *unit, enum dependency kind, struct unit *other)
{
	struct unit_edge *back = append_edge(other, dependency_inverse(kind), unit);
	struct unit_edge *edge = append_edge(unit, kind, other);

	back->back = unit->edge_count - 1;
	edge->back = other->edge_count - 1;
	return edge;
}

/* ---- targets ---- */

/* By rule a target comes after all that it pulls in.  That gives way where the other is to come after the target, or
 * wants nothing by rule. */
static bool is_rule_of_target(const struct unit *unit, const struct unit_edge *edge)
{
	return edge->kind == DEPENDENCY_AFTER && edge->owners == MINE_BY_RULE && unit->config &&
	       unit->config->type == UNIT_TARGET;
}

/* `after`: an edge of what comes after. */
static void judge(struct unit_edge *after)
{
	struct unit *unit = other_end(after)->unit;
	const struct unit_config *other = after->unit->config;
	bool overruled = false;

	if (is_rule_of_target(unit, after)) {
		const struct unit_edge *opposite = find_edge(unit, DEPENDENCY_BEFORE, after->unit);

		overruled =
			(opposite && opposite->owners) || (other && other->no_default_dependencies);
	}
	after->overruled = other_end(after)->overruled = overruled;
}

/* Who asks for an order has changed: that says something about the opposite order, too. */
static void judge_both(struct unit_edge *edge)
{
	if (edge->kind != DEPENDENCY_AFTER && edge->kind != DEPENDENCY_BEFORE)
		return;
	struct unit_edge *after = edge->kind == DEPENDENCY_AFTER ? edge : other_end(edge);
	judge(after);
	if (!after->unit->config || after->unit->config->type != UNIT_TARGET)
		return;
	struct unit_edge *opposite =
		find_edge(after->unit, DEPENDENCY_AFTER, other_end(after)->unit);
	if (opposite)
		judge(opposite);
}

static void set_owners(struct unit_edge *edge, int owners)
{
	struct unit_edge *back = other_end(edge);

	edge->owners = (uint8_t)owners;
	back->owners = (uint8_t)((owners & ALL_MINE) << 2 | (owners & ALL_THEIRS) >> 2);
	edge->implicit = back->implicit = !(owners & (MINE | THEIRS));
	judge_both(edge);
}

/* `unit` asks for the edge.  What names itself asks for nothing. */
static void ask_for_edge(struct unit *unit, enum dependency kind, struct unit *other, int owner)
{
	if (unit == other)
		return;
	struct unit_edge *edge = find_edge(unit, kind, other);
	if (!edge)
		edge = make_edge(unit, kind, other);
	set_owners(edge, edge->owners | owner);
}

static void remove_end(struct unit *unit, uint32_t at)
{
	uint32_t last = --unit->edge_count;

	if (at == last)
		return;
	unit->edges[at] = unit->edges[last];
	other_end(&unit->edges[at])->back = at;
}

static void remove_edge(struct unit *unit, uint32_t at)
{
	struct unit *other = unit->edges[at].unit;
	uint32_t back = unit->edges[at].back;

	remove_end(unit, at);
	remove_end(other, back);
}

/* The unit's config says whether it wants anything by rule. */
static void judge_targets(struct unit *unit)
{
	for (size_t i = 0; i < unit->edge_count; i++)
		if (unit->edges[i].kind == DEPENDENCY_BEFORE &&
		    unit->edges[i].owners == THEIRS_BY_RULE)
			judge(other_end(&unit->edges[i]));
}

/* The files of `unit` say nothing any more. */
static void drop_own_edges(struct unit *unit)
{
	for (uint32_t i = unit->edge_count; i-- > 0;) {
		if (!unit_edge_is_mine(&unit->edges[i]))
			continue;
		set_owners(&unit->edges[i], unit->edges[i].owners & ALL_THEIRS);
		if (!unit->edges[i].owners)
			remove_edge(unit, i);
	}
}

static void make_own_edges(struct unit_set *set, struct unit *unit)
{
	const struct unit_config *config = unit->config;

	for (size_t i = 0; i < config->dependency_count; i++) {
		const struct unit_dependency *wanted = &config->dependencies[i];

		ask_for_edge(unit, wanted->kind, unit_set_get(set, wanted->name),
			     wanted->implicit ? MINE_BY_RULE : MINE);
	}
}

/* ---- the set ---- */

static void add_item(struct unit ***items, size_t *count, size_t *capacity, struct unit *unit)
{
	if (*count == *capacity) {
		*capacity = *capacity ? 2 * *capacity : 64;
		*items = mem_resize(*items, *capacity, sizeof(**items));
	}
	(*items)[(*count)++] = unit;
}

static void remove_item(struct unit_set *set, const struct unit *unit)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set->items[i] != unit)
			continue;
		set->items[i] = set->items[--set->count];
		return;
	}
}

static void enter(struct unit_set *set, const char *name, struct unit *unit)
{
	set->by_name.borrows_keys = true;
	map_put(&set->by_name, name_pool_get(name), unit);
}

static struct unit *add_unit(struct unit_set *set, const char *name, bool owns_name)
{
	struct unit *unit = mem_new(struct unit);

	unit->name = name;
	unit->owns_name = owns_name;
	set->by_name.borrows_keys = true;
	map_put(&set->by_name, name, unit);
	add_item(&set->items, &set->count, &set->capacity, unit);
	return unit;
}

struct unit *unit_set_find(const struct unit_set *set, const char *name)
{
	return map_get(&set->by_name, name);
}

struct unit *unit_set_get(struct unit_set *set, const char *name)
{
	struct unit *unit = unit_set_find(set, name);

	return unit ? unit : add_unit(set, name_pool_get(name), false);
}

struct unit *unit_set_get_passing(struct unit_set *set, const char *name)
{
	struct unit *unit = unit_set_find(set, name);

	return unit ? unit : add_unit(set, str_dup(name), true);
}

static bool is_idle(const struct unit *unit)
{
	enum active_state state = unit_active_state(unit);

	return (state == UNIT_INACTIVE || state == UNIT_FAILED) && !unit->job && !unit->runtime;
}

static bool has_file(const struct unit *unit)
{
	return unit->config && unit->config->load != LOAD_NOT_FOUND;
}

static void free_unit(struct unit *unit)
{
	unit_config_free(unit->config);
	free(unit->edges);
	free(unit->job);
	drop_seen(unit);
	packed_record_fini(&unit->status_kept);
	if (unit->owns_name)
		free((char *)(uintptr_t)unit->name);
	free(unit);
}

/* ---- aliases ---- */

/* All that others say of `stub` they say of `unit` from now on. */
static void move_edges(struct unit *stub, struct unit *unit)
{
	while (stub->edge_count) {
		struct unit_edge edge = stub->edges[stub->edge_count - 1];
		enum dependency kind = dependency_inverse(edge.kind);

		remove_edge(stub, stub->edge_count - 1);
		if (edge.owners & THEIRS)
			ask_for_edge(edge.unit, kind, unit, MINE);
		if (edge.owners & THEIRS_BY_RULE)
			ask_for_edge(edge.unit, kind, unit, MINE_BY_RULE);
	}
}

static void take_name(struct unit_set *set, const char *name, struct unit *unit)
{
	struct unit *stub = unit_set_find(set, name);

	if (stub == unit)
		return;
	if (stub && (has_file(stub) || !is_idle(stub)))
		return; /* a unit of its own, for as long as it lives */
	enter(set, name, unit);
	if (!stub || !str_equal(stub->name, name))
		return; /* it was another's alias */
	drop_own_edges(stub);
	move_edges(stub, unit);
	remove_item(set, stub);
	add_item(&set->merged, &set->merged_count, &set->merged_capacity, stub);
	stub->merged = unit;
}

/* Whoever named the alias gets what the name means now. */
static void remake_edges_to(struct unit_set *set, struct unit *unit)
{
	struct {
		struct unit **items;
		size_t count, capacity;
	} askers = {0};

	for (size_t i = 0; i < unit->edge_count; i++)
		if (unit_edge_is_theirs(&unit->edges[i]))
			vector_add(&askers, unit->edges[i].unit);
	for (size_t i = 0; i < askers.count; i++) {
		drop_own_edges(askers.items[i]);
		make_own_edges(set, askers.items[i]);
	}
	vector_fini(&askers);
}

static void drop_aliases(struct unit_set *set, struct unit *unit, const struct unit_config *next)
{
	bool dropped = false;

	for (size_t i = 0; unit->config && i < unit->config->aliases.count; i++) {
		const char *alias = unit->config->aliases.items[i];

		if (strings_contain(&next->aliases, alias) || unit_set_find(set, alias) != unit)
			continue;
		map_remove(&set->by_name, alias);
		dropped = true;
	}
	if (dropped)
		remake_edges_to(set, unit);
}

struct unit *unit_set_config(struct unit_set *set, struct unit *unit, struct unit_config *config)
{
	const char *asked = unit->name;

	if (!str_equal(unit->name, config->name))
		unit = unit_set_get(set, config->name);
	drop_own_edges(unit);
	drop_aliases(set, unit, config);
	unit_config_free(unit->config);
	unit->config = config;
	take_name(set, asked, unit);
	for (size_t i = 0; i < config->aliases.count; i++)
		take_name(set, config->aliases.items[i], unit);
	make_own_edges(set, unit);
	judge_targets(unit);
	return unit;
}

static bool is_named(const struct unit *unit)
{
	for (size_t i = 0; i < unit->edge_count; i++)
		if (unit_edge_is_theirs(&unit->edges[i]))
			return true;
	return false;
}

bool unit_set_drop(struct unit_set *set, struct unit *unit)
{
	if (has_file(unit) || !is_idle(unit) || unit->merged || is_named(unit))
		return false;
	drop_own_edges(unit);
	map_remove(&set->by_name, unit->name);
	remove_item(set, unit);
	free_unit(unit);
	return true;
}

void unit_set_fini(struct unit_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		free_unit(set->items[i]);
	for (size_t i = 0; i < set->merged_count; i++)
		free_unit(set->merged[i]);
	free(set->items);
	free(set->merged);
	map_fini(&set->by_name);
	*set = (struct unit_set){0};
}
