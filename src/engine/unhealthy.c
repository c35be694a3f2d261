#include "engine/unhealthy.h"

static const char *const names[] = {
	[UNHEALTHY_NONE] = "none",
	[UNHEALTHY_RESTART] = "restart",
	[UNHEALTHY_STOP] = "stop",
	[UNHEALTHY_KILL] = "kill",
};

bool unhealthy_action_from_name(const char *name, enum unhealthy_action *action)
{
	*action = UNHEALTHY_NONE;
	for (size_t i = 0; !str_is_empty(name) && i < array_length(names); i++) {
		if (!str_equal(names[i], name))
			continue;
		*action = (enum unhealthy_action)i;
		return true;
	}
	return str_is_empty(name);
}

const char *unhealthy_action_name(enum unhealthy_action action)
{
	return names[action];
}

bool unhealthy_check(const char *name, struct error *err)
{
	enum unhealthy_action unused;

	if (unhealthy_action_from_name(name, &unused))
		return true;
	return error_set(err, ERROR_INVALID,
			 "invalid on-unhealthy action: unknown action '%s'; use one of 'none', "
			 "'restart', 'stop', or 'kill'",
			 name);
}

enum unhealthy_action unhealthy_decide(const char *wanted, enum health_state state,
				       int64_t exit_code)
{
	enum unhealthy_action action;

	if (state != HEALTH_UNHEALTHY || exit_code == 0 ||
	    !unhealthy_action_from_name(wanted, &action))
		return UNHEALTHY_NONE;
	return action;
}
