/* A unit has changed: times are noted, its job may be over, others may have to follow, listeners are told; and
 * what a later daemon has to know is written into its run folder.
 *
 * What a shim knows of its unit it tells again; the record holds what only the manager knows: states of units
 * without processes, counters, a pending restart, the job. */
#include "unit/units_private.h"

#include "base/log.h"
#include "base/time.h"
#include "os/file.h"
#include "os/process.h"

#define RECORD_NAME  "unit"
#define RECORD_LIMIT 65536

/* ---- the record ---- */

struct unit_record {
	char *boot_id, *invocation_id;
	int32_t sub, result, job; /* job: enum job_type; -1: none */
	int64_t restarts, restart_at_ns;
	bool stopped_by_job, follows, condition_unmet, assert_unmet, handed;
	int64_t start_window_ns, start_count;
	int64_t trigger_us, trigger_realtime_us;
	struct buffer times; /* of int64_t */
};

static const struct record_field unit_record_fields[] = {
	RECORD_FIELD(struct unit_record, 1, "boot", RECORD_STRING, boot_id),
	RECORD_FIELD(struct unit_record, 2, "invocation", RECORD_STRING, invocation_id),
	RECORD_FIELD(struct unit_record, 3, "sub", RECORD_I32, sub),
	RECORD_FIELD(struct unit_record, 4, "result", RECORD_I32, result),
	RECORD_FIELD(struct unit_record, 5, "job", RECORD_I32, job),
	RECORD_FIELD(struct unit_record, 6, "restarts", RECORD_I64, restarts),
	RECORD_FIELD(struct unit_record, 7, "restart at", RECORD_I64, restart_at_ns),
	RECORD_FIELD(struct unit_record, 8, "stopped", RECORD_BOOL, stopped_by_job),
	RECORD_FIELD(struct unit_record, 9, "follows", RECORD_BOOL, follows),
	RECORD_FIELD(struct unit_record, 10, "start window", RECORD_I64, start_window_ns),
	RECORD_FIELD(struct unit_record, 14, "start count", RECORD_I64, start_count),
	RECORD_FIELD(struct unit_record, 15, "trigger", RECORD_I64, trigger_us),
	RECORD_FIELD(struct unit_record, 16, "trigger realtime", RECORD_I64, trigger_realtime_us),
	RECORD_FIELD(struct unit_record, 11, "times", RECORD_BYTES, times),
	RECORD_FIELD(struct unit_record, 12, "condition unmet", RECORD_BOOL, condition_unmet),
	RECORD_FIELD(struct unit_record, 13, "assert unmet", RECORD_BOOL, assert_unmet),
	RECORD_FIELD(struct unit_record, 17, "handed", RECORD_BOOL, handed),
};
static const struct record_type unit_record_type =
	RECORD_TYPE(struct unit_record, unit_record_fields);

/* Where a unit keeps its moments, in the order of the record. */
static const size_t moments[] = {
	offsetof(struct unit, changed_ns),
	offsetof(struct unit, active_enter_ns),
	offsetof(struct unit, active_exit_ns),
	offsetof(struct unit, inactive_enter_ns),
	offsetof(struct unit, inactive_exit_ns),
	offsetof(struct unit, changed_monotonic_ns),
	offsetof(struct unit, active_enter_monotonic_ns),
	offsetof(struct unit, active_exit_monotonic_ns),
	offsetof(struct unit, inactive_enter_monotonic_ns),
	offsetof(struct unit, inactive_exit_monotonic_ns),
};

static void write_moments(const struct unit *unit, struct buffer *out)
{
	for (size_t i = 0; i < array_length(moments); i++)
		buffer_add(out, (const char *)unit + moments[i], sizeof(int64_t));
}

static void read_moments(struct unit *unit, const struct buffer *bytes)
{
	for (size_t i = 0; i < array_length(moments) && (i + 1) * sizeof(int64_t) <= bytes->size;
	     i++)
		memcpy((char *)unit + moments[i], bytes->data + i * sizeof(int64_t),
		       sizeof(int64_t));
}

static void describe(const struct unit *unit, struct unit_record *record)
{
	const struct unit_runtime *runtime = unit->runtime;

	record->boot_id = str_dup(process_boot_id());
	record->invocation_id = str_dup(unit->invocation_id);
	record->sub = unit->sub;
	record->result = unit->result;
	record->job = unit->job ? unit->job->type : -1;
	record->restarts = unit->restarts;
	record->condition_unmet = !unit->condition_met;
	record->assert_unmet = !unit->assert_met;
	record->handed = unit_is_handed(unit);
	if (runtime) {
		record->restart_at_ns = runtime->restart_at_ns;
		record->stopped_by_job = runtime->stopped_by_job;
		record->trigger_us = runtime->trigger_us;
		record->trigger_realtime_us = runtime->trigger_realtime_us;
	}
	record->start_window_ns = unit->start_window_ns;
	record->start_count = unit->start_count;
	record->follows = unit->starts_with_bound;
	write_moments(unit, &record->times);
}

static uint64_t hash_of(const struct buffer *bytes)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < bytes->size; i++)
		hash = (hash ^ (unsigned char)bytes->data[i]) * 0x100000001b3;
	return hash;
}

static bool write_record(struct units *units, struct unit *unit, const struct buffer *bytes)
{
	struct file_content content = {bytes->data, bytes->size, 0600, false};
	struct error err;
	scoped_fd int folder = unit_run_folder(units, unit, &err);

	if (folder >= 0 && file_replace(folder, RECORD_NAME, &content, &err))
		return true;
	log_warning("cannot record a unit", &err, "name=%s", unit->name);
	return false;
}

/* A change that ends a job is two reasons to write one record. */
void unit_save(struct units *units, struct unit *unit)
{
	struct unit_record record = {0};
	scoped_buffer struct buffer bytes = {0};
	struct unit_runtime *runtime = unit->runtime;
	uint64_t hash;

	if (!unit->config || unit->config->builtin || unit->config->transient)
		return;
	describe(unit, &record);
	record_encode(&unit_record_type, &record, &bytes);
	record_fini(&unit_record_type, &record);
	hash = hash_of(&bytes);
	if (runtime && runtime->recorded == hash)
		return;
	if (!write_record(units, unit, &bytes))
		hash = 0;
	if (runtime)
		runtime->recorded = hash;
}

static void take_record(struct units *units, struct unit *unit, const struct unit_record *record)
{
	struct unit_runtime *runtime = unit_runtime(units, unit);

	unit->sub = (uint8_t)record->sub;
	unit->result = (uint8_t)record->result;
	unit->restarts = (uint32_t)record->restarts;
	unit->condition_met = !record->condition_unmet;
	unit->assert_met = !record->assert_unmet;
	runtime->restart_at_ns = record->restart_at_ns;
	runtime->stopped_by_job = record->stopped_by_job;
	runtime->trigger_us = record->trigger_us;
	runtime->trigger_realtime_us = record->trigger_realtime_us;
	unit->starts_with_bound = record->follows;
	unit->start_window_ns = record->start_window_ns;
	unit->start_count = (uint32_t)record->start_count;
	read_moments(unit, &record->times);
	if (record->invocation_id)
		snprintf(unit->invocation_id, sizeof(unit->invocation_id), "%s",
			 record->invocation_id);
}

bool unit_restore(struct units *units, struct unit *unit, int folder, enum job_type *job)
{
	struct unit_record record = {0};
	scoped_buffer struct buffer bytes = {0};
	struct error err;
	bool good = file_read(folder, RECORD_NAME, RECORD_LIMIT, &bytes, &err) &&
		    record_decode(&unit_record_type, bytes.data, bytes.size, &record, &err) &&
		    str_equal(record.boot_id, process_boot_id()) && record.sub >= 0 &&
		    record.sub < SUB_STATES;

	*job = JOB_TYPES;
	if (good && record.handed) { /* systemd says what became of it */
		if (units->systemd)
			unit_set_handed(units, unit);
	} else if (good) {
		take_record(units, unit, &record);
		if (record.job >= 0 && record.job < JOB_TYPES)
			*job = (enum job_type)record.job;
	}
	record_fini(&unit_record_type, &record);
	return good;
}

/* ---- moments ---- */

struct moment {
	int64_t realtime_ns, monotonic_ns;
};

static void note(int64_t *realtime, int64_t *monotonic, const struct moment *now)
{
	*realtime = now->realtime_ns;
	*monotonic = now->monotonic_ns;
}

static bool is_inactive(enum active_state state)
{
	return state == UNIT_INACTIVE || state == UNIT_FAILED;
}

static bool is_active(enum active_state state)
{
	return state == UNIT_ACTIVE || state == UNIT_RELOADING;
}

static void note_moments(struct unit *u, enum active_state before, enum active_state after,
			 const struct moment *now)
{
	note(&u->changed_ns, &u->changed_monotonic_ns, now);
	if (is_inactive(before) && !is_inactive(after))
		note(&u->inactive_exit_ns, &u->inactive_exit_monotonic_ns, now);
	else if (!is_inactive(before) && is_inactive(after))
		note(&u->inactive_enter_ns, &u->inactive_enter_monotonic_ns, now);
	if (!is_active(before) && is_active(after))
		note(&u->active_enter_ns, &u->active_enter_monotonic_ns, now);
	else if (is_active(before) && !is_active(after))
		note(&u->active_exit_ns, &u->active_exit_monotonic_ns, now);
}

/* ---- what follows ---- */

static bool is_about_an_end(const struct unit *unit, const struct unit *other)
{
	for (size_t i = 0; i < unit->edge_count; i++)
		if (unit->edges[i].unit == other && (unit->edges[i].kind == DEPENDENCY_ON_FAILURE ||
						     unit->edges[i].kind == DEPENDENCY_ON_SUCCESS))
			return true;
	return false;
}

static void follow_all(struct units *units, const struct consequences *all)
{
	for (size_t i = 0; i < all->count; i++)
		units_enqueue(units, all->items[i].unit, (enum job_type)all->items[i].type,
			      (enum job_mode)all->items[i].mode);
}

void unit_follow_job(struct units *units, struct unit *unit)
{
	enum active_state now = unit_active_state(unit);
	struct consequences all = {0};

	if (unit_is_handed(unit))
		return;
	decide_consequences(unit, now, now, false, &all);
	follow_all(units, &all);
	vector_fini(&all);
}

void unit_start_failed(struct units *units, struct unit *unit)
{
	struct consequences all = {0};

	if (!is_inactive(unit_active_state(unit)) || unit_is_handed(unit))
		return;
	decide_consequences(unit, UNIT_ACTIVATING, UNIT_FAILED, true, &all);
	for (size_t i = 0; i < all.count; i++)
		if (is_about_an_end(unit, all.items[i].unit))
			units_enqueue(units, all.items[i].unit, JOB_START,
				      (enum job_mode)all.items[i].mode);
	vector_fini(&all);
}

/* ---- the change ---- */

void unit_tell(struct units *units, struct unit *unit)
{
	for (struct units_listener *l = units->listeners, *next; l; l = next) {
		next = l->next;
		l->changed(l->data, unit);
	}
}

static bool has_stop_job(const struct unit *unit)
{
	return unit->job && unit->job->running &&
	       (unit->job->type == JOB_STOP || unit->job->type == JOB_RESTART);
}

static void set(struct unit *unit, enum sub_state sub, const struct moment *now)
{
	enum active_state before = unit_active_state(unit);

	if (unit->sub != sub)
		note_moments(unit, before, sub_state_active(sub), now);
	unit->sub = (uint8_t)sub;
}

static void tell_all(struct units *units, struct unit *unit)
{
	unit_tell(units, unit);
	timers_notice(units, unit);
	paths_notice(units, unit);
	sockets_notice(units, unit);
}

/* A unit that restarts by itself is down for its job, and for nobody else. */
void unit_change(struct units *units, struct unit *unit, const struct unit_change *change)
{
	enum active_state before = unit_active_state(unit);
	bool was_there = scope_owner_is_there(unit);
	struct moment now = {change->realtime_ns ? change->realtime_ns : time_now_ns(),
			     change->monotonic_ns ? change->monotonic_ns : time_monotonic_ns()};
	struct consequences all = {0};
	bool by_job = has_stop_job(unit);

	set(unit, change->sub, &now);
	unit->result = (uint8_t)change->result;
	unit->will_restart = change->will_restart;
	job_notice(units, unit, before);
	unit->will_restart = false;
	if (change->will_restart)
		set(unit, SUB_AUTO_RESTART, &now);
	unit_save(units, unit);
	if (before != unit_active_state(unit) && !unit_is_handed(unit))
		decide_consequences(unit, before, unit_active_state(unit), by_job, &all);
	follow_all(units, &all);
	vector_fini(&all);
	if (was_there != scope_owner_is_there(unit))
		scopes_follow(units, unit);
	tell_all(units, unit);
	collect_notice(units, unit);
}

void unit_set_sub(struct units *units, struct unit *unit, enum sub_state sub,
		  enum execution_result result)
{
	struct unit_change change = {.sub = sub, .result = result};

	unit_change(units, unit, &change);
}
