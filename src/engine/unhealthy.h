/* What becomes of a container whose health check fails: our own option, HostConfig.OnUnhealthy or the
 * label UNHEALTHY_LABEL (docs/decisions).  A pure decision. */
#pragma once

#include "engine/container.h"

#define UNHEALTHY_LABEL "wherry.on-unhealthy"

enum unhealthy_action {
	UNHEALTHY_NONE,
	UNHEALTHY_RESTART, /* ended politely, and started again after the pause of the back-off */
	UNHEALTHY_STOP,	   /* as `stop` does: it stays down */
	UNHEALTHY_KILL,	   /* as a crash: its restart policy decides */
};

/* NULL and "" are none. */
bool unhealthy_action_from_name(const char *name, enum unhealthy_action *action);
const char *unhealthy_action_name(enum unhealthy_action action);

/* ERROR_INVALID for what is none of them. */
bool unhealthy_check(const char *name, struct error *err);

/* A probe has just ended with this code and left the container in this state.  Each failed probe
 * asks, not only the first: an action that was lost with a daemon, or wanted only since an update,
 * comes with the next one. */
enum unhealthy_action unhealthy_decide(const char *wanted, enum health_state state,
				       int64_t exit_code);
