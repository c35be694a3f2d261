/* The command of a [Container] is `docker run -d`, which the daemon can carry out by itself.  To the machine there
 * is a control process all the same: it ends well when the container runs, and is killed by not waiting for it any
 * more.  Where the daemon does not want to, the command is started in earnest. */
#include "shim/unit.h"

#include "shim/unit_containers.h"

#include <signal.h>

static void tell(struct unit_shim *u)
{
	const struct execution_command *command =
		RECORD_AT(u->start.plan.commands[u->asked.action.phase], struct execution_command,
			  u->asked.action.index);
	const struct unit_run run = {.words = command->args};

	controls_tell(&u->controls, UNIT_RUN, &unit_run_type, &run);
}

bool unit_ask(struct unit_shim *u, const struct machine_action *spawn)
{
	if (!u->start.plan.asks_for_container || spawn->phase != EXECUTION_START || spawn->main)
		return false;
	unit_forget_process(u, &u->control);
	u->asked.action = *spawn;
	u->asked.waits = u->asked.unknown = true;
	tell(u);
	return true;
}

static void end(struct unit_shim *u, int32_t how, int32_t status)
{
	struct machine_event event = {
		.kind = EVENT_EXITED, .control = true, .end = how, .status = status};

	unit_containers_describe(u, true, &event);
	u->asked.waits = false;
	unit_event(u, &event);
}

/* What has run by the last word of the former daemon is not run twice. */
void unit_ask_again(struct unit_shim *u)
{
	if (!u->asked.waits)
		return;
	u->asked.unknown = !unit_containers_have_run(u);
	if (!u->asked.unknown)
		end(u, PROCESS_EXITED, 0);
	else
		tell(u);
}

void unit_ask_answered(struct unit_shim *u, bool runs)
{
	if (!u->asked.waits)
		return;
	u->asked.unknown = false;
	if (runs) {
		end(u, PROCESS_EXITED, 0);
		return;
	}
	u->asked.waits = false;
	unit_spawn_process(u, &u->asked.action);
}

/* To stop waiting is no failure of anybody.  What is being made meanwhile is still to go: the daemon says when it
 * has, as with containers that run. */
void unit_ask_no_more(struct unit_shim *u, int signal)
{
	bool stops = sub_state_active(u->machine.sub) == UNIT_DEACTIVATING;

	if (!u->asked.waits || signal == 0 || signal == SIGCONT)
		return;
	end(u, stops ? PROCESS_EXITED : PROCESS_KILLED, stops ? 0 : signal);
}
