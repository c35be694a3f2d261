/* The names of config.h's enums. */
#include "base/memory.h"
#include "base/text.h"
#include "unit/config.h"

static const char *const types[UNIT_TYPES] = {
	[UNIT_SERVICE] = "service",	[UNIT_TARGET] = "target", [UNIT_SOCKET] = "socket",
	[UNIT_TIMER] = "timer",		[UNIT_PATH] = "path",	  [UNIT_MOUNT] = "mount",
	[UNIT_SLICE] = "slice",		[UNIT_SCOPE] = "scope",	  [UNIT_SWAP] = "swap",
	[UNIT_AUTOMOUNT] = "automount", [UNIT_DEVICE] = "device",
};

static const char *const load_states[LOAD_STATES] = {
	[LOAD_STUB] = "stub",	  [LOAD_LOADED] = "loaded", [LOAD_NOT_FOUND] = "not-found",
	[LOAD_MASKED] = "masked", [LOAD_ERROR] = "error",   [LOAD_BAD_SETTING] = "bad-setting",
};

static const struct {
	const char *name;
	enum dependency inverse;
} dependencies[DEPENDENCIES] = {
	[DEPENDENCY_REQUIRES] = {"Requires", DEPENDENCY_REQUIRED_BY},
	[DEPENDENCY_REQUISITE] = {"Requisite", DEPENDENCY_REQUISITE_OF},
	[DEPENDENCY_WANTS] = {"Wants", DEPENDENCY_WANTED_BY},
	[DEPENDENCY_BINDS_TO] = {"BindsTo", DEPENDENCY_BOUND_BY},
	[DEPENDENCY_PART_OF] = {"PartOf", DEPENDENCY_CONSISTS_OF},
	[DEPENDENCY_UPHOLDS] = {"Upholds", DEPENDENCY_UPHELD_BY},
	[DEPENDENCY_CONFLICTS] = {"Conflicts", DEPENDENCY_CONFLICTED_BY},
	[DEPENDENCY_BEFORE] = {"Before", DEPENDENCY_AFTER},
	[DEPENDENCY_AFTER] = {"After", DEPENDENCY_BEFORE},
	[DEPENDENCY_ON_FAILURE] = {"OnFailure", DEPENDENCY_ON_FAILURE_OF},
	[DEPENDENCY_ON_SUCCESS] = {"OnSuccess", DEPENDENCY_ON_SUCCESS_OF},
	[DEPENDENCY_PROPAGATES_STOP_TO] = {"PropagatesStopTo", DEPENDENCY_STOP_PROPAGATED_FROM},
	[DEPENDENCY_PROPAGATES_RELOAD_TO] = {"PropagatesReloadTo",
					     DEPENDENCY_RELOAD_PROPAGATED_FROM},
	[DEPENDENCY_TRIGGERS] = {"Triggers", DEPENDENCY_TRIGGERED_BY},
	[DEPENDENCY_REQUIRED_BY] = {"RequiredBy", DEPENDENCY_REQUIRES},
	[DEPENDENCY_REQUISITE_OF] = {"RequisiteOf", DEPENDENCY_REQUISITE},
	[DEPENDENCY_WANTED_BY] = {"WantedBy", DEPENDENCY_WANTS},
	[DEPENDENCY_BOUND_BY] = {"BoundBy", DEPENDENCY_BINDS_TO},
	[DEPENDENCY_CONSISTS_OF] = {"ConsistsOf", DEPENDENCY_PART_OF},
	[DEPENDENCY_UPHELD_BY] = {"UpheldBy", DEPENDENCY_UPHOLDS},
	[DEPENDENCY_CONFLICTED_BY] = {"ConflictedBy", DEPENDENCY_CONFLICTS},
	[DEPENDENCY_ON_FAILURE_OF] = {"OnFailureOf", DEPENDENCY_ON_FAILURE},
	[DEPENDENCY_ON_SUCCESS_OF] = {"OnSuccessOf", DEPENDENCY_ON_SUCCESS},
	[DEPENDENCY_STOP_PROPAGATED_FROM] = {"StopPropagatedFrom", DEPENDENCY_PROPAGATES_STOP_TO},
	[DEPENDENCY_RELOAD_PROPAGATED_FROM] = {"ReloadPropagatedFrom",
					       DEPENDENCY_PROPAGATES_RELOAD_TO},
	[DEPENDENCY_TRIGGERED_BY] = {"TriggeredBy", DEPENDENCY_TRIGGERS},
};

static const char *const modes[JOB_MODES] = {
	[JOB_REPLACE] = "replace",
	[JOB_REPLACE_IRREVERSIBLY] = "replace-irreversibly",
	[JOB_FAIL] = "fail",
	[JOB_ISOLATE] = "isolate",
	[JOB_FLUSH] = "flush",
	[JOB_IGNORE_DEPENDENCIES] = "ignore-dependencies",
	[JOB_IGNORE_REQUIREMENTS] = "ignore-requirements",
};

static int find(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (str_equal(names[i], name))
			return i;
	return -1;
}

const char *unit_type_name(enum unit_type type)
{
	return types[type];
}

bool unit_type_of_name(const char *name, enum unit_type *type)
{
	const char *dot = strrchr(name, '.');
	int found = dot && dot > name ? find(types, UNIT_TYPES, dot + 1) : -1;

	if (found < 0)
		return false;
	*type = found;
	return true;
}

const char *load_state_name(enum load_state state)
{
	return load_states[state];
}

const char *dependency_name(enum dependency kind)
{
	return dependencies[kind].name;
}

enum dependency dependency_inverse(enum dependency kind)
{
	return dependencies[kind].inverse;
}

const char *job_mode_name(enum job_mode mode)
{
	return modes[mode];
}

bool job_mode_from_name(const char *name, enum job_mode *mode)
{
	int found = find(modes, JOB_MODES, name);

	if (found < 0)
		return false;
	*mode = found;
	return true;
}
