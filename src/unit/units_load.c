/* Reading configs.  A batch is what has none yet, or is to be read again; a thread of the pool reads it, the
 * loop takes it and finds new names in it; so on until every unit that is known by name has a config.
 * Whoever asked for a unit hears of it then, so that its requirements are there too. */
#include "unit/units_private.h"

#include "base/log.h"
#include "base/time.h"
#include "format/unit_name.h"
#include "os/file.h"
#include "os/process.h"
#include "unit/host_specifiers.h"

#include <fcntl.h>

enum { FEW = 4, MANY = 1000 };

#define TURN_NS                                                                                    \
	(2 * NS_PER_MS) /* for the graph; then whoever asks something meanwhile is answered */

struct load_waiter {
	struct link link;
	const char *name; /* interned; NULL: all */
	bool started;	  /* a batch has begun since */
	units_loaded *loaded;
	units_all_loaded *done;
	void *data;
};

struct load_item {
	const char *name;	    /* interned */
	struct unit_config *config; /* owned */
	bool listed;
};

struct load_batch {
	struct work work;
	struct units *units;
	bool list;
	struct {
		struct load_item *items;
		size_t count, capacity;
	} names;
	size_t taken;	  /* of them, by the loop */
	struct error err; /* of the list */
	bool prepares;
	struct pairs specifiers;
	int64_t tasks_max;
};

static void begin_batch(struct units *units);
static void drop_unknown(struct units *units);

/* ---- in the pool ---- */

static struct unit_config *load_one(const struct load_context *context, const char *name)
{
	return builtin_real_name(name) ? builtin_load(context, name) : unit_load(context, name);
}

static void list_files(struct load_batch *batch)
{
	scoped_strings struct strings names = {0};

	if (!unit_list_own_files(batch->units->context.paths, &names, &batch->err))
		return;
	for (size_t i = 0; i < names.count; i++) {
		struct load_item item = {.name = name_pool_get(names.items[i]), .listed = true};

		if (unit_name_is_valid(item.name) && !unit_name_is_template(item.name))
			vector_add(&batch->names, item);
	}
}

/* For many units the folders are looked through once. */
static void read_batch(struct work *work)
{
	struct load_batch *batch = container_of(work, struct load_batch, work);
	struct load_context *all = &batch->units->context;

	if (batch->prepares) /* nobody else looks at it before the first batch is over */
		host_specifiers(&all->specifiers, &all->tasks_max_default);
	if (batch->list)
		list_files(batch);
	scoped(unit_listing) struct unit_listing *listing =
		batch->names.count > FEW ? unit_listing_read(all->paths) : NULL;
	struct load_context context = *all;
	context.listing = listing;
	for (size_t i = 0; i < batch->names.count; i++)
		batch->names.items[i].config = load_one(&context, batch->names.items[i].name);
}

/* ---- in the loop ---- */

static void free_batch(struct load_batch *batch)
{
	for (size_t i = 0; i < batch->names.count; i++)
		unit_config_free(batch->names.items[i].config);
	vector_fini(&batch->names);
	free(batch);
}

/* A unit that runs, and what it is to run has changed: limits may have. */
static bool may_have_new_limits(const struct unit *unit, const struct unit_config *config)
{
	const struct unit_config *before = unit->config;
	enum active_state state = unit_active_state(unit);

	if (!before || config->builtin || before->transient || state == UNIT_INACTIVE ||
	    state == UNIT_FAILED)
		return false;
	return config->slice_limits || !packed_record_is_equal(&before->plan, &config->plan);
}

/* An alias leads to the unit that it is a name of. */
static void take_config(struct units *units, struct load_item *item)
{
	struct unit *unit = unit_set_get(&units->set, item->name);

	if (unit->config && unit->config->transient) {
		unit_config_free(take(item->config)); /* it has come to be meanwhile */
		return;
	}
	bool was_there = unit->config, limits = may_have_new_limits(unit, item->config);

	for (size_t i = 0; i < item->config->warnings.count; i++)
		log_warning("unit file", NULL, "%s", item->config->warnings.items[i]);
	unit = unit_set_config(&units->set, unit, take(item->config));
	unit->stale = false;
	unit->listed |= item->listed;
	systemd_note(units, unit);
	if (unit->runtime)
		service_replan(unit->runtime);
	if (limits)
		units_limit(units, unit, NULL, NULL);
	if (was_there)
		unit_tell(units, unit);
	collect_notice(units, unit);
}

static bool is_wanting(const struct units *units)
{
	for (size_t i = 0; i < units->set.count; i++)
		if (!units->set.items[i]->config)
			return true;
	return false;
}

static void tell_waiter(struct units *units, struct load_waiter *waiter, bool closing)
{
	if (waiter->loaded)
		waiter->loaded(waiter->data,
			       closing ? NULL : unit_set_find(&units->set, waiter->name));
	else
		waiter->done(waiter->data, closing);
	free(waiter);
}

static void tell_waiters(struct units *units)
{
	struct link told;

	list_init(&told);
	list_each(link, &units->loading.waiters)
	{
		struct load_waiter *waiter = container_of(link, struct load_waiter, link);

		if (!waiter->started)
			continue;
		list_remove(&waiter->link);
		list_append(&told, &waiter->link);
	}
	while (!list_is_empty(&told)) {
		struct load_waiter *waiter = list_first(&told, struct load_waiter, link);

		list_remove(&waiter->link);
		tell_waiter(units, waiter, false);
	}
}

/* False: there are more, for another turn of the loop. */
static bool take_some(struct load_batch *batch)
{
	int64_t until = time_monotonic_ns() + TURN_NS;

	while (batch->taken < batch->names.count) {
		take_config(batch->units, &batch->names.items[batch->taken++]);
		if (time_monotonic_ns() >= until)
			break;
	}
	return batch->taken == batch->names.count;
}

/* The folders have been listed anew. */
static void forget_list(struct units *units)
{
	for (size_t i = 0; i < units->set.count; i++)
		units->set.items[i]->listed = false;
}

static void do_nothing(struct work *work)
{
}

static void batch_read(struct work *work, bool closing)
{
	struct load_batch *batch = container_of(work, struct load_batch, work);
	struct units *units = batch->units;

	if (closing) {
		free_batch(batch);
		units_unref(units);
		return;
	}
	units->prepared = true;
	if (batch->err.kind && !batch->taken)
		log_warning("cannot list unit files", &batch->err, "");
	else if (batch->list && !batch->taken)
		forget_list(units);
	if (!take_some(batch)) {
		work_begin(work, units->engine, do_nothing, batch_read);
		return;
	}
	units->references--;
	free_batch(batch);
	if (is_wanting(units) || !systemd_hand_over(units))
		loading_go_on(units);
}

void loading_go_on(struct units *units)
{
	units->loading.running = false;
	if (!is_wanting(units))
		tell_waiters(units);
	if (is_wanting(units) || units->loading.listing || units->loading.wanted.count ||
	    !list_is_empty(&units->loading.waiters))
		begin_batch(units);
	else
		drop_unknown(units);
	collect_passing(units); /* what had to wait for this */
}

/* Names that somebody has asked for and that nothing knows are forgotten, some at a time. */
static void drop_unknown(struct units *units)
{
	struct unit_set *set = &units->set;

	if (set->count < units->loading.kept + MANY || units->looked.count || units->looking)
		return;
	for (size_t i = set->count; i-- > 0;)
		if (set->items[i]->config && set->items[i]->config->load == LOAD_NOT_FOUND)
			unit_set_drop(set, set->items[i]);
	units->loading.kept = set->count;
}

static void add_name(struct load_batch *batch, const char *name)
{
	struct load_item item = {.name = name};

	vector_add(&batch->names, item);
}

static void begin_batch(struct units *units)
{
	struct load_batch *batch;

	if (units->loading.running)
		return;
	batch = mem_new(struct load_batch);
	batch->units = units;
	batch->prepares = !units->prepared;
	batch->list = units->loading.listing;
	for (size_t i = 0; i < units->set.count; i++)
		if (!units->set.items[i]->config)
			add_name(batch, units->set.items[i]->name);
	for (size_t i = 0; i < units->loading.wanted.count; i++)
		add_name(batch, units->loading.wanted.items[i]);
	units->loading.wanted.count = 0;
	units->loading.listing = false;
	units->loading.running = true;
	units->references++;
	list_each(link, &units->loading.waiters) container_of(link, struct load_waiter, link)
		->started = true;
	work_begin(&batch->work, units->engine, read_batch, batch_read);
}

/* ---- asking ---- */

void loading_init(struct units *units)
{
	list_init(&units->loading.waiters);
}

void loading_fini(struct units *units)
{
	while (!list_is_empty(&units->loading.waiters)) {
		struct load_waiter *waiter =
			list_first(&units->loading.waiters, struct load_waiter, link);

		list_remove(&waiter->link);
		tell_waiter(units, waiter, true);
	}
	vector_fini(&units->loading.wanted);
}

static struct load_waiter *add_waiter(struct units *units, void *data)
{
	struct load_waiter *waiter = mem_new(struct load_waiter);

	waiter->data = data;
	list_append(&units->loading.waiters, &waiter->link);
	return waiter;
}

/* Nothing of it is in use: the file counts as it is now, as if the unit had never been read. */
static bool is_at_rest(const struct unit *unit)
{
	const struct unit_runtime *runtime = unit->runtime;

	return !unit->job && unit_active_state(unit) == UNIT_INACTIVE &&
	       (!runtime || (!runtime->peer && !runtime->restart && !runtime->starting));
}

/* Does this edge lead to what a job of the unit cannot do without, or would start? */
static bool is_relied_on(const struct unit_edge *edge)
{
	switch (edge->kind) {
	case DEPENDENCY_REQUIRES:
	case DEPENDENCY_REQUISITE:
	case DEPENDENCY_BINDS_TO:
	case DEPENDENCY_WANTS:
	case DEPENDENCY_UPHOLDS:
	case DEPENDENCY_TRIGGERS:
		return true;
	default:
		return false;
	}
}

static bool is_among(struct unit *const *units, size_t count, const struct unit *unit)
{
	for (size_t i = 0; i < count; i++)
		if (units[i] == unit)
			return true;
	return false;
}

/* What was missing when somebody needed it may have been written since: no daemon-reload is asked for then.
 * Around a unit with very many others (a target) it is. */
static void want_missing(struct units *units, struct unit *unit)
{
	struct unit *near[64] = {unit};
	size_t count = 1;

	for (size_t at = 0; at < count; at++) {
		for (size_t i = 0; i < near[at]->edge_count; i++) {
			const struct unit_edge *edge = &near[at]->edges[i];

			if (count == array_length(near) || !is_relied_on(edge) ||
			    is_among(near, count, edge->unit))
				continue;
			near[count++] = edge->unit;
			if (edge->unit->config && edge->unit->config->load == LOAD_NOT_FOUND)
				vector_add(&units->loading.wanted, edge->unit->name);
		}
	}
}

void units_load(struct units *units, const char *name, units_loaded *done, void *data)
{
	const char *real = builtin_real_name(name);
	struct unit *unit = unit_set_get(&units->set, real ? real : name);
	struct load_waiter *waiter = add_waiter(units, data);

	waiter->name = unit->name;
	waiter->loaded = done;
	if (unit->config && !unit->config->builtin && !unit->config->transient &&
	    (unit->config->load != LOAD_LOADED || is_at_rest(unit)))
		vector_add(&units->loading.wanted, unit->name);
	want_missing(units, unit);
	begin_batch(units);
}

static void want_all(struct units *units)
{
	for (size_t i = 0; i < units->set.count; i++)
		if (units->set.items[i]->config && !units->set.items[i]->config->transient)
			vector_add(&units->loading.wanted, units->set.items[i]->name);
}

void units_load_all(struct units *units, bool again, units_all_loaded *done, void *data)
{
	add_waiter(units, data)->done = done;
	units->loading.listing = true;
	if (again)
		want_all(units);
	begin_batch(units);
}

struct reload {
	units_done *done;
	void *data;
	struct units *units;
};

void units_set_closing(struct error *err)
{
	error_set(err, ERROR_UNAVAILABLE, "the daemon ends");
}

static void reloaded(void *data, bool closing)
{
	struct reload *reload = data;
	struct error err;

	if (closing)
		units_set_closing(&err);
	else
		timers_reload(reload->units);
	if (reload->done)
		reload->done(reload->data, closing ? &err : NULL);
	free(reload);
}

void units_reload(struct units *units, units_done *done, void *data)
{
	struct reload *reload = mem_new(struct reload);

	*reload = (struct reload){done, data, units};
	units_load_all(units, true, reloaded, reload);
}
