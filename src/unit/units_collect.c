/* Units that were made for one connection, and scopes, are forgotten when they are over and nothing
 * has failed: a busy socket would leave thousands behind, and a service whose container
 * restarts. */
#include "unit/units_private.h"

#include "base/log.h"
#include "os/file.h"

struct removal {
	struct work work;
	int folder; /* borrowed from units, which are referred to */
	struct units *units;
	const char *name; /* interned */
};

static void run(struct work *work)
{
	struct removal *removal = container_of(work, struct removal, work);
	struct error err;

	tree_remove(removal->folder, removal->name, &err);
}

static void done(struct work *work, bool closing)
{
	struct removal *removal = container_of(work, struct removal, work);

	(void)closing;
	units_unref(removal->units);
	free(removal);
}

static void remove_folder(struct units *units, const char *name)
{
	struct removal *removal = mem_new(struct removal);

	removal->folder = units->folder;
	removal->name = name;
	removal->units = units;
	units->references++;
	work_begin(&removal->work, units->engine, run, done);
}

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

void collect_later(struct units *units)
{
	units->passing = true;
	job_turn(units);
}

static void drop(struct units *units, struct unit *unit)
{
	stop_looking(units, unit);
	unit_runtime_free(unit->runtime);
	unit_set_drop(&units->set, unit_set_config(&units->set, unit, no_config(unit)));
}

/* ---- connections ---- */

static bool is_over(const struct unit_runtime *runtime)
{
	return runtime && runtime->for_connection && !runtime->peer && !runtime->restart &&
	       !runtime->unit->job && runtime->unit->sub == SUB_DEAD;
}

static void collect_connection(struct units *units, struct unit *unit)
{
	const char *name = unit->name; /* interned */

	drop(units, unit);
	remove_folder(units, name);
}

/* A batch that is being read has names of units, and somebody may wait for this one. */
static bool is_occupied(const struct units *units)
{
	return units->loading.running || units->looking;
}

void unit_collect(struct unit_runtime *runtime)
{
	struct units *units = runtime->units;

	if (!is_over(runtime))
		return;
	if (is_occupied(units))
		collect_later(units);
	else
		collect_connection(units, runtime->unit);
}

/* ---- all that was to be later ---- */

static bool is_passing(const struct unit *unit)
{
	return unit->config && unit->config->transient && unit->sub == SUB_DEAD && !unit->job;
}

void collect_passing(struct units *units)
{
	struct unit_set *set = &units->set;

	if (!units->passing || is_occupied(units))
		return;
	units->passing = false;
	for (size_t i = set->count; i-- > 0;) {
		struct unit *unit = set->items[i];

		if (is_over(unit->runtime))
			collect_connection(units, unit);
		else if (is_passing(unit))
			drop(units, unit);
	}
}
