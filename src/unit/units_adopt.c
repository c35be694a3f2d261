/* What an earlier daemon has left: shims (asked at once; whoever holds the run folder's socket is the shim),
 * states of units without processes, pending restarts, queued jobs.  The manager is ready when all shims
 * have answered, or when they have had their time. */
#include "unit/units_private.h"

#include "base/log.h"
#include "base/memory.h"
#include "os/file.h"
#include "unit/peer.h"

#include <fcntl.h>
#include <unistd.h>

#define PATIENCE_MS 10000
#define STATE_LIMIT (1 << 20)

/* ---- being ready ---- */

static void be_ready(struct units *units)
{
	struct units_ready *items = units->readies.items;
	size_t count = units->readies.count;

	if (units->adoption.done)
		return;
	units->adoption.done = true;
	scopes_compare(units);
	collect_all_later(units); /* what was over already */
	deadline_cancel(&units->adoption.patience);
	units->readies.items = NULL;
	vector_fini(&units->readies);
	for (size_t i = 0; i < count; i++)
		items[i].ready(items[i].data);
	free(items);
}

void units_adopt_answered(struct units *units)
{
	if (--units->adoption.waiting == 0)
		be_ready(units);
}

static void on_impatient(void *data)
{
	struct units *units = data;

	units->adoption.patience = NULL;
	if (systemd_is_handing(units)) { /* it reads thousands of files, and answers */
		units->adoption.patience =
			deadline_start(units->loop, PATIENCE_MS, on_impatient, units);
		return;
	}
	log_warning("shims of units do not answer", NULL, "count=%zu", units->adoption.waiting);
	be_ready(units);
}

void units_adopt_stop(struct units *units)
{
	deadline_cancel(&units->adoption.patience);
	vector_fini(&units->readies);
}

void units_when_ready(struct units *units, void (*ready)(void *data), void *data)
{
	struct units_ready item = {ready, data};

	if (units->adoption.done)
		ready(data);
	else
		vector_add(&units->readies, item);
}

/* ---- one unit ---- */

/* The last word of a shim that is not there any more. */
static void read_status(struct unit *unit, int folder)
{
	scoped_buffer struct buffer bytes = {0};
	struct execution_status status = {0};
	struct error err;

	if (file_read(folder, SHIM_STATE, STATE_LIMIT, &bytes, &err) &&
	    record_decode(&execution_status_type, bytes.data, bytes.size, &status, &err) &&
	    status.sub >= 0 && status.sub < SUB_STATES) {
		unit_set_status(unit, &status);
		return;
	}
	record_fini(&execution_status_type, &status);
}

/* The shim ended between its last word and ours. */
static bool has_ended(const struct unit *unit)
{
	const struct execution_status *status = unit_status(unit);

	return status && (status->sub == SUB_DEAD || status->sub == SUB_FAILED);
}

static bool is_under_way(const struct unit *unit)
{
	return unit->sub != SUB_DEAD && unit->sub != SUB_FAILED && unit->sub != SUB_AUTO_RESTART;
}

static void adopt_shim(struct unit_runtime *runtime, int folder)
{
	runtime->under_way = is_under_way(runtime->unit);
	if (service_adopt(runtime, folder)) {
		runtime->units->adoption.waiting++;
		return;
	}
	read_status(runtime->unit, folder);
	if (!runtime->under_way)
		return;
	if (has_ended(runtime->unit))
		service_ended(runtime);
	else
		service_lost(runtime);
}

static void adopt(struct units *units, struct unit *unit)
{
	struct error err;
	scoped_free char *path = unit_run_path(units, unit);
	scoped_fd int folder = folder_open(AT_FDCWD, path, &err);
	struct unit_runtime *runtime;
	enum job_type job;

	if (folder < 0 || !unit->config || unit->config->builtin)
		return;
	if (!unit_restore(units, unit, folder, &job)) {
		tree_remove(units->folder, unit->name, &err); /* of another boot */
		return;
	}
	const struct unit_kind *kind = unit_kind(unit);
	runtime = unit_runtime(units, unit);
	if (kind && kind->has_shim)
		adopt_shim(runtime, folder);
	if (unit->sub == SUB_AUTO_RESTART)
		restart_resume(runtime);
	if (kind && kind->resume)
		kind->resume(runtime);
	if (job < JOB_TYPES)
		job_restore(units, unit, job);
}

/* ---- all ---- */

void adopt_list(struct units *units)
{
	scoped_list DIR *list = folder_list(units->folder);

	if (!list)
		return;
	for (struct dirent *entry; (entry = folder_next(list));)
		if (*entry->d_name != '.') {
			unit_set_get(&units->set, entry->d_name);
			strings_add(&units->adoption.names, entry->d_name);
		}
	for (size_t i = 0; i < units->former.names.count; i++) {
		const char *name = units->former.names.items[i];

		unit_set_get(&units->set, name);
		if (!strings_contain(&units->adoption.names, name))
			strings_add(&units->adoption.names, name);
	}
}

void adopt_units(struct units *units)
{
	units->adoption.waiting++; /* ourselves */
	units->adoption.patience = deadline_start(units->loop, PATIENCE_MS, on_impatient, units);
	for (size_t i = 0; i < units->adoption.names.count; i++) {
		struct unit *unit = unit_set_find(&units->set, units->adoption.names.items[i]);

		if (unit && str_equal(unit->name, units->adoption.names.items[i]))
			adopt(units, unit);
	}
	strings_fini(&units->adoption.names);
	systemd_begin(units);
	units_adopt_answered(units);
}
