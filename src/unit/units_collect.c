/* Units that were made for one connection, and scopes, are forgotten when they are over and nothing has failed: a busy
 * socket would leave thousands behind, and a service whose container restarts. */
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

void unit_collect(struct unit_runtime *runtime)
{
	struct units *units = runtime->units;
	struct unit *unit = runtime->unit;

	if (!runtime->for_connection || runtime->peer || runtime->restart || unit->job ||
	    unit->sub != SUB_DEAD || units->looking)
		return;
	stop_looking(units, unit);
	unit_runtime_free(runtime);
	remove_folder(units, unit->name);
	unit_set_drop(&units->set, unit_set_config(&units->set, unit, no_config(unit)));
}

/* ---- scopes ---- */

void collect_later(struct units *units)
{
	units->passing = true;
	job_turn(units);
}

static bool is_passing(const struct unit *unit)
{
	return unit->config && unit->config->transient && unit->sub == SUB_DEAD && !unit->job;
}

/* A batch that is being read has names of units. */
void collect_passing(struct units *units)
{
	struct unit_set *set = &units->set;

	if (!units->passing || units->loading.running || units->looking)
		return;
	units->passing = false;
	for (size_t i = set->count; i-- > 0;) {
		struct unit *unit = set->items[i];

		if (!is_passing(unit))
			continue;
		stop_looking(units, unit);
		unit_runtime_free(unit->runtime);
		unit_set_drop(set, unit_set_config(set, unit, no_config(unit)));
	}
}
