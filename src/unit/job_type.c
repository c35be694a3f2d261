#include "unit/job_type.h"

static const char *const type_names[JOB_TYPES] = {
	[JOB_START] = "start",
	[JOB_VERIFY] = "verify-active",
	[JOB_STOP] = "stop",
	[JOB_RELOAD] = "reload",
	[JOB_RESTART] = "restart",
	[JOB_NOP] = "nop",
	[JOB_TRY_RESTART] = "try-restart",
	[JOB_RELOAD_OR_START] = "reload-or-start",
	[JOB_TRY_RELOAD] = "try-reload",
};

static const char *const result_names[JOB_RESULTS] = {
	[JOB_DONE] = "done",
	[JOB_CANCELED] = "canceled",
	[JOB_TIMEOUT] = "timeout",
	[JOB_FAILED] = "failed",
	[JOB_DEPENDENCY] = "dependency",
	[JOB_SKIPPED] = "skipped",
	[JOB_INVALID] = "invalid",
	[JOB_ASSERT] = "assert",
	[JOB_UNSUPPORTED] = "unsupported",
};

/* Of the types up to JOB_RESTART.  What has no entry contradicts. */
#define BECOMES(type) (1 + (type))
static const uint8_t merged[JOB_NOP][JOB_NOP] = {
	[JOB_START] = {[JOB_START] = BECOMES(JOB_START),
		       [JOB_VERIFY] = BECOMES(JOB_START),
		       [JOB_RELOAD] = BECOMES(JOB_RELOAD_OR_START),
		       [JOB_RESTART] = BECOMES(JOB_RESTART)},
	[JOB_VERIFY] = {[JOB_START] = BECOMES(JOB_START),
			[JOB_VERIFY] = BECOMES(JOB_VERIFY),
			[JOB_RELOAD] = BECOMES(JOB_RELOAD),
			[JOB_RESTART] = BECOMES(JOB_RESTART)},
	[JOB_STOP] = {[JOB_STOP] = BECOMES(JOB_STOP)},
	[JOB_RELOAD] = {[JOB_START] = BECOMES(JOB_RELOAD_OR_START),
			[JOB_VERIFY] = BECOMES(JOB_RELOAD),
			[JOB_RELOAD] = BECOMES(JOB_RELOAD),
			[JOB_RESTART] = BECOMES(JOB_RESTART)},
	[JOB_RESTART] = {[JOB_START] = BECOMES(JOB_RESTART),
			 [JOB_VERIFY] = BECOMES(JOB_RESTART),
			 [JOB_RELOAD] = BECOMES(JOB_RESTART),
			 [JOB_RESTART] = BECOMES(JOB_RESTART)},
};

const char *job_type_name(enum job_type type)
{
	return type_names[type];
}

const char *job_result_name(enum job_result result)
{
	return result_names[result];
}

static bool is_active(const struct unit *unit)
{
	enum active_state state = unit_active_state(unit);

	return state == UNIT_ACTIVE || state == UNIT_RELOADING;
}

enum job_type job_type_collapse(enum job_type type, const struct unit *unit)
{
	switch (type) {
	case JOB_TRY_RESTART:
		return is_active(unit) || unit_active_state(unit) == UNIT_ACTIVATING ? JOB_RESTART
										     : JOB_NOP;
	case JOB_RELOAD_OR_START:
		return is_active(unit) ? JOB_RELOAD : JOB_START;
	case JOB_TRY_RELOAD:
		return is_active(unit) || unit_active_state(unit) == UNIT_ACTIVATING ? JOB_RELOAD
										     : JOB_NOP;
	case JOB_START:
	case JOB_VERIFY:
	case JOB_STOP:
	case JOB_RELOAD:
	case JOB_RESTART:
	case JOB_NOP:
	case JOB_TYPES:
		break;
	}
	return type;
}

bool job_types_merge(enum job_type a, enum job_type b, const struct unit *unit, enum job_type *out)
{
	if (a == JOB_NOP || b == JOB_NOP) {
		*out = a == JOB_NOP ? b : a;
		return true;
	}
	if (!merged[a][b])
		return false;
	*out = job_type_collapse(merged[a][b] - 1, unit);
	return true;
}

bool job_types_conflict(enum job_type a, enum job_type b)
{
	return a != JOB_NOP && b != JOB_NOP && !merged[a][b];
}

bool job_type_is_redundant(enum job_type type, const struct unit *unit)
{
	enum active_state state = unit_active_state(unit);

	switch (type) {
	case JOB_START:
	case JOB_VERIFY:
		return is_active(unit);
	case JOB_STOP:
		return state == UNIT_INACTIVE || state == UNIT_FAILED;
	case JOB_NOP:
		return true;
	case JOB_RELOAD:
	case JOB_RESTART:
	case JOB_TRY_RESTART:
	case JOB_RELOAD_OR_START:
	case JOB_TRY_RELOAD:
	case JOB_TYPES:
		break;
	}
	return false;
}

static bool can_reload(const struct unit *unit)
{
	struct execution_plan plan;

	if (!unit->config || !unit_config_plan(unit->config, &plan))
		return false;
	bool can = plan.commands[EXECUTION_RELOAD].count > 0 || plan.type == SERVICE_NOTIFY_RELOAD;
	record_fini(&execution_plan_type, &plan);
	return can;
}

bool job_type_applies(enum job_type type, const struct unit *unit)
{
	if (type == JOB_RELOAD)
		return can_reload(unit);
	if (unit->config && unit->config->transient && (type == JOB_START || type == JOB_RESTART))
		return false; /* nobody knows how */
	if (type == JOB_STOP || type == JOB_RESTART)
		return !unit->config || !unit->config->builtin;
	return true;
}

/* A restart begins with a stop. */
static bool stops(enum job_type type)
{
	return type == JOB_STOP || type == JOB_RESTART;
}

bool job_type_waits(enum job_type mine, enum job_type other, bool after)
{
	if (mine == JOB_NOP || other == JOB_NOP)
		return false;
	return after ? !stops(mine) : stops(other);
}
