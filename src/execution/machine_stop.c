/* From the first signal to the end.  Each of these states waits for processes with a deadline:
 *
 *	stop-sigterm, stop-sigkill	-> (containers) -> stop-post
 *	stop-post			-> final-sigterm
 *	final-sigterm, final-sigkill	-> over
 *
 * and is left at once when there is nobody to wait for. */
#include "execution/machine_private.h"

static bool is_final(enum sub_state sub)
{
	return sub == SUB_FINAL_WATCHDOG || sub == SUB_FINAL_SIGTERM || sub == SUB_FINAL_SIGKILL;
}

static bool is_before_post(enum sub_state sub)
{
	return sub == SUB_STOP_WATCHDOG || sub == SUB_STOP_SIGTERM || sub == SUB_STOP_SIGKILL;
}

bool machine_is_stopping(const struct machine *m)
{
	return is_final(m->sub) || is_before_post(m->sub) || m->sub == SUB_STOP ||
	       m->sub == SUB_STOP_PRE || m->sub == SUB_STOP_POST;
}

static enum sub_state stronger(const struct machine *m, enum sub_state sub)
{
	if (m->plan->no_sigkill || sub == SUB_STOP_SIGKILL || sub == SUB_FINAL_SIGKILL)
		return SUB_STATES;
	return is_final(sub) ? SUB_FINAL_SIGKILL : SUB_STOP_SIGKILL;
}

/* ---- containers ---- */

/* What a oneshot has started in the background outlives it, as long as nobody stops the unit. */
static bool containers_go(const struct machine *m)
{
	if (!m->event.containers || m->plan->kill_mode == KILL_PROCESS ||
	    m->plan->kill_mode == KILL_NONE)
		return false;
	return m->was_stopped || m->plan->kind != EXECUTION_SERVICE ||
	       m->plan->type != SERVICE_ONESHOT || m->result != RESULT_SUCCESS;
}

static void ask_to_stop_containers(struct machine *m)
{
	if (m->asked)
		return;
	m->asked = true;
	machine_act(m, ACTION_STOP_CONTAINERS)->us = m->plan->timeout_stop_us;
}

static bool wait_for_containers(struct machine *m)
{
	if (!containers_go(m))
		return false;
	ask_to_stop_containers(m);
	m->waits = true;
	machine_set_deadline(m, m->plan->timeout_stop_us);
	return true;
}

/* ---- going on ---- */

void machine_enter_dead(struct machine *m, enum execution_result result)
{
	machine_fail(m, result);
	machine_over(m);
}

static void go_on_from(struct machine *m, enum sub_state sub)
{
	if (is_final(sub))
		machine_enter_dead(m, RESULT_SUCCESS);
	else
		machine_enter_stop_post(m, RESULT_SUCCESS);
}

void machine_enter_signal(struct machine *m, enum sub_state sub, enum execution_result result)
{
	enum sub_state next = stronger(m, sub);

	machine_fail(m, result);
	if (machine_kill(m, sub)) {
		machine_enter(m, sub);
		machine_set_deadline(m, machine_stop_timeout(m, sub));
	} else if (next != SUB_STATES) {
		machine_enter_signal(m, next, RESULT_SUCCESS);
	} else {
		if (!is_final(sub))
			machine_enter(m, sub);
		go_on_from(m, sub);
	}
}

void machine_enter_stop_post(struct machine *m, enum execution_result result)
{
	machine_fail(m, result);
	if (wait_for_containers(m))
		return;
	m->waits = false;
	if (m->plan->kind == EXECUTION_SOCKET)
		machine_act(m, ACTION_CLOSE_SOCKETS); /* ExecStopPost= finds nobody listening */
	if (!machine_run(m, EXECUTION_STOP_POST, SUB_STOP_POST, m->plan->timeout_stop_us))
		machine_enter_signal(m, SUB_FINAL_SIGTERM, RESULT_SUCCESS);
}

/* ---- events ---- */

enum sub_state machine_signal_of_mode(const struct machine *m, int32_t mode)
{
	if (mode == TIMEOUT_ABORT)
		return SUB_STOP_WATCHDOG;
	return mode == TIMEOUT_KILL && !m->plan->no_sigkill ? SUB_STOP_SIGKILL : SUB_STOP_SIGTERM;
}

static void time_is_up(struct machine *m)
{
	enum sub_state next = stronger(m, m->sub);

	machine_say(m, m->sub == SUB_STOP || m->sub == SUB_STOP_PRE ? SAY_STOP_TIMEOUT
								    : SAY_KILL_TIMEOUT);
	if (m->sub == SUB_STOP || m->sub == SUB_STOP_PRE) {
		machine_enter_signal(m, machine_signal_of_mode(m, m->plan->timeout_stop_mode),
				     RESULT_TIMEOUT);
	} else if (m->sub == SUB_STOP_POST) {
		machine_enter_signal(m, SUB_FINAL_SIGTERM, RESULT_TIMEOUT);
	} else if (next != SUB_STATES) {
		if (is_before_post(m->sub) && containers_go(m))
			ask_to_stop_containers(m);
		machine_enter_signal(m, next, RESULT_TIMEOUT);
	} else {
		machine_fail(m, RESULT_TIMEOUT);
		go_on_from(m, m->sub);
	}
}

static void go_on_without_containers(struct machine *m)
{
	m->event.containers = false;
	if (m->main_is_container)
		m->main_alive = m->main_is_container = false;
	machine_enter_stop_post(m, RESULT_SUCCESS);
}

/* The engine did not come: the shim ends their control groups by itself. */
static void deadline_passed(struct machine *m)
{
	if (!m->waits) {
		time_is_up(m);
		return;
	}
	machine_fail(m, RESULT_TIMEOUT);
	machine_act(m, ACTION_END_CONTAINERS);
	go_on_without_containers(m);
}

void machine_somebody_ended(struct machine *m, enum execution_result result)
{
	machine_fail(m, result);
	if (!machine_is_quiet(m))
		return;
	if (m->sub == SUB_STOP_POST) {
		if (m->event.kind == EVENT_EXITED)
			machine_enter_signal(m, SUB_FINAL_SIGTERM, RESULT_SUCCESS);
	} else if (!m->waits) {
		go_on_from(m, m->sub);
	}
}

static void command_ended(struct machine *m)
{
	enum execution_result result = machine_command_result(m, false);
	bool of_phase = m->sub == SUB_STOP || m->sub == SUB_STOP_PRE || m->sub == SUB_STOP_POST;

	machine_fail(m, result);
	if (of_phase && result == RESULT_SUCCESS && machine_run_next(m))
		return;
	if (m->sub == SUB_STOP || m->sub == SUB_STOP_PRE)
		machine_enter_signal(m, SUB_STOP_SIGTERM, RESULT_SUCCESS);
	else
		machine_somebody_ended(m, RESULT_SUCCESS);
}

static void spawn_failed(struct machine *m)
{
	if (m->sub == SUB_STOP_POST)
		machine_enter_signal(m, SUB_FINAL_SIGTERM, m->event.result);
	else
		machine_enter_signal(m, SUB_STOP_SIGTERM, m->event.result);
}

static void containers_went(struct machine *m)
{
	if (!m->waits || (m->event.kind == EVENT_CONTAINER_GONE && m->event.containers))
		return;
	go_on_without_containers(m);
}

/* Each of these phases waits for all, so signals sent to others end here as well. */
static void group_is_empty(struct machine *m)
{
	if (m->sub != SUB_STOP && m->sub != SUB_STOP_PRE && m->sub != SUB_STOP_POST)
		machine_somebody_ended(m, RESULT_SUCCESS);
}

static void killed_for_memory(struct machine *m)
{
	bool mild = m->sub == SUB_STOP_WATCHDOG || m->sub == SUB_STOP_SIGTERM;

	machine_say(m, SAY_OOM);
	if (m->plan->oom_policy == OOM_CONTINUE)
		return;
	if (mild && !m->waits)
		machine_enter_signal(m, SUB_STOP_SIGKILL, RESULT_OOM_KILL);
	else
		machine_fail(m, RESULT_OOM_KILL);
}

void machine_stop_event(struct machine *m)
{
	switch ((int)m->event.kind) {
	case EVENT_EXITED:
		if (m->event.control)
			command_ended(m);
		break;
	case EVENT_SPAWN_FAILED:
		spawn_failed(m);
		break;
	case EVENT_DEADLINE:
		deadline_passed(m);
		break;
	case EVENT_EMPTY:
		group_is_empty(m);
		break;
	case EVENT_CONTAINER_GONE:
	case EVENT_CONTAINERS_STOPPED:
		containers_went(m);
		break;
	case EVENT_OOM:
		killed_for_memory(m);
		break;
	case EVENT_EXTEND:
		machine_act(m, ACTION_EXTEND)->us = m->event.us;
		break;
	default:
		break;
	}
}
