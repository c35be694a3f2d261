#include "execution/machine_private.h"

#include "execution/exit_rule.h"

#include <signal.h>

static const struct machine_kind *const kinds[] = {
	[EXECUTION_SERVICE] = &machine_service,
	[EXECUTION_SOCKET] = &machine_socket,
	[EXECUTION_MOUNT] = &machine_mount,
};

/* ---- telling ---- */

struct machine_action *machine_act(struct machine *m, enum machine_action_kind kind)
{
	struct machine_action action = {.kind = kind};

	vector_add(m->out, action);
	return &m->out->items[m->out->count - 1];
}

void machine_say(struct machine *m, enum machine_text text)
{
	machine_act(m, ACTION_SAY)->text = text;
}

void machine_set_deadline(struct machine *m, int64_t us)
{
	machine_act(m, ACTION_DEADLINE)->us = us > 0 ? us : 0;
}

/* ---- state ---- */

void machine_fail(struct machine *m, enum execution_result result)
{
	if (m->result == RESULT_SUCCESS)
		m->result = result;
}

static bool is_watched_in(enum sub_state sub)
{
	return sub == SUB_START_POST || sub == SUB_RUNNING || sub == SUB_RELOAD;
}

void machine_enter(struct machine *m, enum sub_state sub)
{
	bool watched = m->plan->kind == EXECUTION_SERVICE && m->plan->watchdog_us > 0 &&
		       is_watched_in(sub);

	if (watched != m->watched)
		machine_act(m, ACTION_WATCHDOG)->us = watched ? m->plan->watchdog_us : 0;
	m->watched = watched;
	m->sub = sub;
}

bool machine_is_over(const struct machine *m)
{
	return m->sub == SUB_DEAD || m->sub == SUB_FAILED;
}

bool machine_is_quiet(const struct machine *m)
{
	return (!m->main_alive || m->main_is_container) && !m->control_alive;
}

/* ---- commands ---- */

static const struct record_list *commands_of(const struct machine *m, enum execution_phase phase)
{
	return &m->plan->commands[phase];
}

bool machine_has(const struct machine *m, enum execution_phase phase)
{
	return commands_of(m, phase)->count > 0;
}

/* All but a forking service's have the process of ExecStart as their main one. */
static bool is_main(const struct machine *m, enum execution_phase phase)
{
	return phase == EXECUTION_START && m->plan->kind == EXECUTION_SERVICE &&
	       m->plan->type != SERVICE_FORKING;
}

static void spawn(struct machine *m)
{
	struct machine_action *action = machine_act(m, ACTION_SPAWN);

	action->phase = m->phase;
	action->index = m->index;
	action->main = is_main(m, m->phase);
	if (!action->main)
		m->control_alive =
			false; /* with KillMode=none a former one may be left to itself */
}

static int64_t phase_timeout(const struct machine *m, enum execution_phase phase)
{
	return phase == EXECUTION_STOP || phase == EXECUTION_STOP_POST ? m->plan->timeout_stop_us
								       : m->plan->timeout_start_us;
}

bool machine_run(struct machine *m, enum execution_phase phase, enum sub_state sub,
		 int64_t timeout_us)
{
	if (!machine_has(m, phase))
		return false;
	m->phase = phase;
	m->index = 0;
	machine_enter(m, sub);
	machine_set_deadline(m, timeout_us);
	spawn(m);
	return true;
}

bool machine_run_next(struct machine *m)
{
	if (m->index + 1 >= commands_of(m, m->phase)->count)
		return false;
	m->index++;
	machine_set_deadline(m, phase_timeout(m, m->phase));
	spawn(m);
	return true;
}

static bool ignores_failure(const struct machine *m)
{
	const struct record_list *list = commands_of(m, m->phase);

	return m->index < list->count &&
	       RECORD_AT(*list, struct execution_command, m->index)->ignore_failure;
}

enum execution_result machine_command_result(const struct machine *m, bool daemon)
{
	const struct machine_event *e = &m->event;

	if (ignores_failure(m))
		return RESULT_SUCCESS;
	return exit_result(&m->plan->success, (enum process_end)e->end, e->status, daemon);
}

/* ---- killing ---- */

static bool is_watchdog(enum sub_state sub)
{
	return sub == SUB_STOP_WATCHDOG || sub == SUB_FINAL_WATCHDOG;
}

static bool is_sigkill(enum sub_state sub)
{
	return sub == SUB_STOP_SIGKILL || sub == SUB_FINAL_SIGKILL;
}

static int signal_of(const struct machine *m, enum sub_state sub)
{
	const struct execution_plan *p = m->plan;

	if (is_watchdog(sub))
		return p->watchdog_signal ? p->watchdog_signal : SIGABRT;
	if (is_sigkill(sub))
		return p->final_kill_signal ? p->final_kill_signal : SIGKILL;
	if (m->restarting && p->restart_kill_signal)
		return p->restart_kill_signal;
	return p->kill_signal ? p->kill_signal : SIGTERM;
}

static bool kills_others(const struct machine *m, enum sub_state sub)
{
	return m->plan->kill_mode == KILL_CONTROL_GROUP ||
	       (m->plan->kill_mode == KILL_MIXED && is_sigkill(sub));
}

/* The first process of a container is the engine's to end. */
static unsigned whom(const struct machine *m, enum sub_state sub)
{
	unsigned who = 0;

	if (m->plan->kill_mode == KILL_NONE)
		return 0;
	if (m->main_alive && !m->main_is_container)
		who |= KILL_WHO_MAIN;
	if (m->control_alive)
		who |= KILL_WHO_CONTROL;
	if (m->event.others && kills_others(m, sub))
		who |= KILL_WHO_OTHERS;
	return who;
}

bool machine_kill(struct machine *m, enum sub_state sub)
{
	unsigned who = whom(m, sub);
	struct machine_action *action;

	if (!who)
		return false;
	action = machine_act(m, ACTION_KILL);
	action->who = who;
	action->signal = signal_of(m, sub);
	action->resume = action->signal != SIGKILL && action->signal != SIGCONT;
	action->hangup = action->resume && !is_watchdog(sub) && m->plan->send_sighup;
	return true;
}

int64_t machine_stop_timeout(const struct machine *m, enum sub_state sub)
{
	return is_watchdog(sub) && m->plan->timeout_abort_us ? m->plan->timeout_abort_us
							     : m->plan->timeout_stop_us;
}

/* ---- beginnings and ends ---- */

void machine_start_done(struct machine *m)
{
	if (m->job != MACHINE_STARTS)
		return;
	m->job = MACHINE_IDLE;
	m->job_done = true;
	machine_say(m, m->plan->type == SERVICE_ONESHOT && m->plan->kind == EXECUTION_SERVICE
			       ? SAY_FINISHED
			       : SAY_STARTED);
}

static void say_end(struct machine *m)
{
	bool failed = m->sub == SUB_FAILED;

	machine_say(m, failed ? SAY_FAILED : SAY_DEACTIVATED);
	if (m->job == MACHINE_STARTS && m->result == RESULT_EXEC_CONDITION) {
		m->job_done = true;
		machine_say(m, SAY_SKIPPED);
	} else if (m->job == MACHINE_STARTS && failed) {
		machine_say(m, SAY_START_FAILED);
	} else if (m->job == MACHINE_STARTS && !m->was_stopped) {
		machine_start_done(m);
	} else if (m->job == MACHINE_STOPS) {
		machine_say(m, SAY_STOPPED);
	}
}

void machine_over(struct machine *m)
{
	bool clean = m->result == RESULT_SUCCESS || m->result == RESULT_EXEC_CONDITION;

	machine_set_deadline(m, 0);
	machine_enter(m, clean ? SUB_DEAD : SUB_FAILED);
	say_end(m);
	machine_act(m, ACTION_CLEAN);
	m->job = MACHINE_IDLE;
	m->waits = m->asked = false;
}

static void start(struct machine *m)
{
	const struct execution_plan *plan = m->plan;
	struct machine_event event = m->event;
	struct machine_actions *out = m->out;

	if (!machine_is_over(m))
		return;
	machine_init(m, plan);
	m->event = event;
	m->out = out;
	m->job = MACHINE_STARTS;
	machine_say(m, SAY_STARTING);
	kinds[plan->kind]->start(m);
}

void machine_init(struct machine *machine, const struct execution_plan *plan)
{
	*machine = (struct machine){.plan = plan, .sub = SUB_DEAD};
}

/* Who lives is the same for all kinds; what follows is not. */
static void note_processes(struct machine *m)
{
	const struct machine_event *e = &m->event;

	switch ((int)e->kind) {
	case EVENT_SPAWNED:
		if (is_main(m, m->phase))
			m->main_known = m->main_alive = true;
		else
			m->control_alive = true;
		break;
	case EVENT_EXITED:
		if (e->control)
			m->control_alive = false;
		else
			m->main_alive = m->main_is_container = false;
		break;
	case EVENT_MAIN_FOUND:
		m->main_known = m->main_alive = true;
		m->main_is_container = false;
		break;
	default:
		break;
	}
}

/* One that was given up: it has been killed, and something else goes on. */
static bool is_forgotten(const struct machine *m)
{
	return m->event.kind == EVENT_EXITED && m->event.control && !m->control_alive;
}

void machine_handle(struct machine *m, const struct machine_event *event,
		    struct machine_actions *out)
{
	m->event = *event;
	m->out = out;
	if (event->kind == EVENT_START) {
		start(m);
	} else if (!machine_is_over(m) && !is_forgotten(m)) {
		note_processes(m);
		kinds[m->plan->kind]->handle(m);
	}
	m->out = NULL;
}
