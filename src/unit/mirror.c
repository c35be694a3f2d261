#include "unit/mirror.h"

#include "base/memory.h"

#include <signal.h>
#include <stdio.h>

static const struct {
	const char *active;
	enum sub_state nearest;
} actives[] = {
	{"inactive", SUB_DEAD},	    {"maintenance", SUB_DEAD},	{"activating", SUB_START},
	{"active", SUB_ACTIVE},	    {"refreshing", SUB_RELOAD}, {"reloading", SUB_RELOAD},
	{"deactivating", SUB_STOP}, {"failed", SUB_FAILED},
};

static enum sub_state nearest(const char *active)
{
	for (size_t i = 0; active && i < array_length(actives); i++)
		if (str_equal(actives[i].active, active))
			return actives[i].nearest;
	return SUB_DEAD;
}

enum sub_state mirror_sub(const char *active, const char *sub)
{
	enum sub_state fallback = nearest(active);

	for (int i = 0; sub && i < SUB_STATES; i++)
		if (str_equal(sub_state_name((enum sub_state)i), sub) &&
		    sub_state_active((enum sub_state)i) == sub_state_active(fallback))
			return (enum sub_state)i;
	return fallback;
}

enum execution_result mirror_result(const char *name)
{
	for (int i = 0; name && i < EXECUTION_RESULTS; i++)
		if (str_equal(execution_result_name((enum execution_result)i), name))
			return (enum execution_result)i;
	return RESULT_SUCCESS;
}

enum job_result mirror_job_result(const char *name)
{
	for (int i = 0; name && i < JOB_RESULTS; i++)
		if (str_equal(job_result_name((enum job_result)i), name))
			return (enum job_result)i;
	return JOB_FAILED;
}

const char *mirror_method(enum job_type type)
{
	static const char *const methods[JOB_TYPES] = {
		[JOB_START] = "StartUnit",
		[JOB_STOP] = "StopUnit",
		[JOB_RELOAD] = "ReloadUnit",
		[JOB_RESTART] = "RestartUnit",
		[JOB_TRY_RESTART] = "TryRestartUnit",
		[JOB_RELOAD_OR_START] = "ReloadOrRestartUnit",
		[JOB_TRY_RELOAD] = "ReloadOrTryRestartUnit",
	};

	return type < JOB_TYPES ? methods[type] : NULL;
}

static enum process_end end_of(int64_t code)
{
	return code == CLD_EXITED   ? PROCESS_EXITED
	       : code == CLD_KILLED ? PROCESS_KILLED
	       : code == CLD_DUMPED ? PROCESS_DUMPED
				    : PROCESS_RUNS;
}

void mirror_status(const struct bus_state *state, struct execution_status *out)
{
	out->sub = (int32_t)mirror_sub(state->active_state, state->sub_state);
	out->result = (int32_t)mirror_result(state->result);
	out->invocation_id = str_dup_or_null(state->invocation_id);
	out->main_pid = state->main_pid;
	out->control_pid = state->control_pid;
	out->main_known = state->main_pid > 0;
	out->status_text = str_dup_or_null(state->status_text);
	out->main.phase = EXECUTION_START;
	out->main.pid = state->main_last_pid;
	out->main.started_ns = state->main_started_us * 1000;
	out->main.ended_ns = state->main_ended_us * 1000;
	out->main.end = (int32_t)end_of(state->main_code);
	out->main.status = (int32_t)state->main_status;
}

void mirror_moments(const struct bus_state *s, struct unit *u)
{
	const struct {
		int64_t *to, from_us;
	} rows[] = {
		{&u->changed_ns, s->changed_us},
		{&u->changed_monotonic_ns, s->changed_monotonic_us},
		{&u->active_enter_ns, s->active_enter_us},
		{&u->active_enter_monotonic_ns, s->active_enter_monotonic_us},
		{&u->active_exit_ns, s->active_exit_us},
		{&u->active_exit_monotonic_ns, s->active_exit_monotonic_us},
		{&u->inactive_enter_ns, s->inactive_enter_us},
		{&u->inactive_enter_monotonic_ns, s->inactive_enter_monotonic_us},
		{&u->inactive_exit_ns, s->inactive_exit_us},
		{&u->inactive_exit_monotonic_ns, s->inactive_exit_monotonic_us},
	};

	for (size_t i = 0; i < array_length(rows); i++)
		if (rows[i].from_us)
			*rows[i].to = rows[i].from_us * 1000;
	if (s->invocation_id)
		snprintf(u->invocation_id, sizeof(u->invocation_id), "%s", s->invocation_id);
}
