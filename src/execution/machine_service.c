/* Services: condition, start-pre, start, start-post, running or exited, reload, stop. */
#include "execution/machine_private.h"

#include "execution/exit_rule.h"

#include <signal.h>

static void enter_start_pre(struct machine *m);
static void enter_running(struct machine *m, enum execution_result result);

static int64_t start_timeout(const struct machine *m)
{
	return m->plan->timeout_start_us;
}

static bool is_starting(const struct machine *m)
{
	return m->sub == SUB_CONDITION || m->sub == SUB_START_PRE || m->sub == SUB_START ||
	       m->sub == SUB_START_POST;
}

static bool notifies(const struct machine *m)
{
	return m->plan->type == SERVICE_NOTIFY || m->plan->type == SERVICE_NOTIFY_RELOAD;
}

/* ---- start ---- */

static void enter_start_post(struct machine *m)
{
	if (!machine_run(m, EXECUTION_START_POST, SUB_START_POST, start_timeout(m)))
		enter_running(m, RESULT_SUCCESS);
}

static void enter_start(struct machine *m)
{
	if (!machine_run(m, EXECUTION_START, SUB_START, start_timeout(m)))
		enter_start_post(m);
}

static void enter_start_pre(struct machine *m)
{
	if (!machine_run(m, EXECUTION_START_PRE, SUB_START_PRE, start_timeout(m)))
		enter_start(m);
}

static void start_service(struct machine *m)
{
	if (!machine_run(m, EXECUTION_CONDITION, SUB_CONDITION, start_timeout(m)))
		enter_start_pre(m);
}

/* ---- running ---- */

static void enter_stop(struct machine *m, enum execution_result result)
{
	machine_fail(m, result);
	if (!machine_run(m, EXECUTION_STOP, SUB_STOP, m->plan->timeout_stop_us))
		machine_enter_signal(m, SUB_STOP_SIGTERM, RESULT_SUCCESS);
}

/* Whoever is not known may be any of the group. */
static bool is_alive(const struct machine *m)
{
	return m->main_known ? m->main_alive : m->event.others;
}

static void enter_running(struct machine *m, enum execution_result result)
{
	machine_fail(m, result);
	if (m->result != RESULT_SUCCESS) {
		machine_enter_signal(m, SUB_STOP_SIGTERM, RESULT_SUCCESS);
	} else if (is_alive(m)) {
		machine_enter(m, SUB_RUNNING);
		machine_set_deadline(m, m->plan->runtime_max_us);
		machine_start_done(m);
	} else if (m->plan->remain_after_exit) {
		machine_enter(m, SUB_EXITED);
		machine_set_deadline(m, 0);
		machine_start_done(m);
	} else {
		enter_stop(m, RESULT_SUCCESS);
	}
}

/* ---- reload ---- */

static void end_reload(struct machine *m, enum execution_result result)
{
	m->reload_result = result;
	m->ready_comes = false;
	if (m->job == MACHINE_RELOADS) {
		m->job = MACHINE_IDLE;
		machine_say(m, result == RESULT_SUCCESS ? SAY_RELOADED : SAY_RELOAD_FAILED);
	}
	enter_running(m, RESULT_SUCCESS);
}

/* notify-reload: the signal first, then the commands, then READY=1. */
static bool signal_for_reload(struct machine *m)
{
	struct machine_action *action;

	if (m->plan->type != SERVICE_NOTIFY_RELOAD || !m->main_alive)
		return false;
	action = machine_act(m, ACTION_KILL);
	action->who = KILL_WHO_MAIN;
	action->signal = SIGHUP;
	m->ready_comes = true;
	return true;
}

static void reload(struct machine *m)
{
	bool signalled;

	if (m->sub != SUB_RUNNING && m->sub != SUB_EXITED)
		return;
	m->job = MACHINE_RELOADS;
	m->reload_result = RESULT_SUCCESS;
	machine_say(m, SAY_RELOADING);
	signalled = signal_for_reload(m);
	if (machine_run(m, EXECUTION_RELOAD, SUB_RELOAD, start_timeout(m)))
		return;
	if (!signalled) {
		end_reload(m, RESULT_SUCCESS);
		return;
	}
	machine_enter(m, SUB_RELOAD);
	machine_set_deadline(m, start_timeout(m));
}

/* ---- ends of processes ---- */

static bool was_ended_with_its_container(int32_t code)
{
	return code == 128 + SIGINT || code == 128 + SIGKILL || code == 128 + SIGTERM;
}

/* The client of a container that ends 125 has lost its daemon, and knows nothing of the container. */
static void believe_the_container(struct machine *m)
{
	struct machine_event *e = &m->event;

	if (e->was_client && e->container_gone && e->end == PROCESS_EXITED && e->status == 125)
		e->status = e->container_code;
}

static enum execution_result main_result(struct machine *m)
{
	const struct machine_event *e = &m->event;
	bool daemon = m->plan->type != SERVICE_ONESHOT;
	const struct record_list *start = &m->plan->commands[EXECUTION_START];
	uint32_t index = m->phase == EXECUTION_START ? m->index : (uint32_t)start->count - 1;

	believe_the_container(m);
	if (index < start->count &&
	    RECORD_AT(*start, struct execution_command, index)->ignore_failure)
		return RESULT_SUCCESS;
	if (e->was_client && m->was_stopped && e->end == PROCESS_EXITED &&
	    was_ended_with_its_container(e->status))
		return RESULT_SUCCESS;
	return exit_result(&m->plan->success, (enum process_end)e->end, e->status, daemon);
}

/* `docker run -d`, or a client that was killed: the container goes on. */
static bool take_container(struct machine *m)
{
	const struct machine_event *e = &m->event;
	bool lost = e->status == 125 && e->end == PROCESS_EXITED && !e->container_gone;

	if (!e->was_client || !(e->container_lives || lost) || machine_is_stopping(m) ||
	    m->plan->type == SERVICE_ONESHOT || m->plan->kill_mode == KILL_PROCESS ||
	    m->plan->kill_mode == KILL_NONE)
		return false;
	m->main_known = m->main_alive = m->main_is_container = true;
	machine_act(m, ACTION_TAKE_CONTAINER);
	machine_say(m, SAY_CONTAINER_IS_MAIN);
	return true;
}

static void main_ended_in_start(struct machine *m, enum execution_result result)
{
	if (m->plan->type == SERVICE_ONESHOT) {
		if (result == RESULT_SUCCESS && machine_run_next(m))
			return;
		if (result == RESULT_SUCCESS)
			enter_start_post(m);
		else
			machine_enter_signal(m, SUB_STOP_SIGTERM, result);
	} else if (notifies(m)) {
		if (result != RESULT_SUCCESS)
			machine_enter_signal(m, SUB_STOP_SIGTERM, result);
		else if (!m->event.others || m->plan->notify_access == NOTIFY_MAIN)
			machine_enter_signal(m, SUB_STOP_SIGTERM, RESULT_PROTOCOL);
	} else {
		enter_running(m, result);
	}
}

static void main_ended(struct machine *m)
{
	enum execution_result result;

	if (take_container(m))
		return;
	result = main_result(m);
	machine_fail(m, result);
	if (m->sub == SUB_START)
		main_ended_in_start(m, result);
	else if (m->sub == SUB_RUNNING)
		enter_running(m, result);
	else if (m->sub == SUB_RELOAD && m->ready_comes && !m->control_alive)
		end_reload(m, RESULT_PROTOCOL);
	else if (machine_is_stopping(m) && m->sub != SUB_STOP)
		machine_somebody_ended(m, result);
	/* else a command runs, and what it says comes first */
}

static enum execution_result condition_result(const struct machine *m)
{
	enum execution_result result = machine_command_result(m, false);

	return result == RESULT_EXIT_CODE && m->event.status < 255 ? RESULT_EXEC_CONDITION : result;
}

/* `docker run -d` of what has ended before its client did. */
static bool was_all_there_is(const struct machine_event *e)
{
	return e->was_client && e->container_gone && e->container_decides && !e->others;
}

static void container_was_main(struct machine *m)
{
	enum execution_result result =
		exit_result(&m->plan->success, PROCESS_EXITED, m->event.container_code, true);

	m->main_known = true;
	machine_act(m, ACTION_TAKE_CONTAINER);
	machine_fail(m, result);
	if (result != RESULT_SUCCESS)
		machine_enter_signal(m, SUB_STOP_SIGTERM, result);
	else
		enter_start_post(m);
}

static void forking_parent_ended(struct machine *m, enum execution_result result)
{
	if (result != RESULT_SUCCESS) {
		machine_enter_signal(m, SUB_STOP_SIGTERM, result);
	} else if (m->event.was_client && m->event.container_lives) {
		m->main_known = m->main_alive = m->main_is_container = true;
		machine_act(m, ACTION_TAKE_CONTAINER);
		enter_start_post(m);
	} else if (was_all_there_is(&m->event)) {
		container_was_main(m);
	} else {
		/* ExecStartPost= may be who writes it */
		machine_act(m, ACTION_FIND_MAIN)->wait =
			m->plan->pid_file && !machine_has(m, EXECUTION_START_POST);
	}
}

static void start_post_ended(struct machine *m)
{
	if (m->plan->type == SERVICE_FORKING && m->plan->pid_file && !m->main_known)
		machine_act(m, ACTION_FIND_MAIN)->wait = true;
	else
		enter_running(m, RESULT_SUCCESS);
}

static void reload_command_ended(struct machine *m, enum execution_result result)
{
	if (result == RESULT_SUCCESS && m->plan->pid_file)
		machine_act(m, ACTION_FIND_MAIN);
	if (result == RESULT_SUCCESS && m->ready_comes && m->main_alive)
		return; /* READY=1 is still to come */
	end_reload(m, result);
}

static void control_ended(struct machine *m)
{
	enum execution_result result =
		m->sub == SUB_CONDITION ? condition_result(m) : machine_command_result(m, false);

	if (m->sub != SUB_RELOAD)
		machine_fail(m, result);
	if (result == RESULT_SUCCESS && m->sub != SUB_RUNNING && machine_run_next(m))
		return;
	if (m->sub == SUB_RELOAD)
		reload_command_ended(m, result);
	else if (m->sub == SUB_START)
		forking_parent_ended(m, result);
	else if (is_starting(m) && result != RESULT_SUCCESS)
		machine_enter_signal(m, SUB_STOP_SIGTERM, result);
	else if (m->sub == SUB_CONDITION)
		enter_start_pre(m);
	else if (m->sub == SUB_START_PRE)
		enter_start(m);
	else if (m->sub == SUB_START_POST)
		start_post_ended(m);
}

/* ---- other events ---- */

static void spawned(struct machine *m)
{
	if (m->sub != SUB_START)
		return;
	if (m->plan->type == SERVICE_SIMPLE || m->plan->type == SERVICE_IDLE)
		enter_start_post(m);
	else if (m->plan->type == SERVICE_DBUS)
		machine_enter_signal(m, SUB_STOP_SIGTERM, RESULT_PROTOCOL); /* there is no bus */
}

static void executed(struct machine *m)
{
	if (m->sub == SUB_START && m->plan->type == SERVICE_EXEC)
		enter_start_post(m);
}

static void spawn_failed(struct machine *m)
{
	if (m->sub == SUB_RELOAD)
		end_reload(m, m->event.result);
	else
		machine_enter_signal(m, SUB_STOP_SIGTERM, m->event.result);
}

static void main_found(struct machine *m)
{
	if (m->plan->type != SERVICE_FORKING || m->control_alive)
		return;
	if (m->sub == SUB_START)
		enter_start_post(m);
	else if (m->sub == SUB_START_POST)
		enter_running(m, RESULT_SUCCESS);
}

static void main_unknown(struct machine *m)
{
	if (m->sub != SUB_START)
		return;
	m->main_known = false;
	enter_start_post(m);
}

static void ready(struct machine *m)
{
	if (m->sub == SUB_START && notifies(m))
		enter_start_post(m);
	else if (m->sub == SUB_RELOAD && m->ready_comes && !m->control_alive)
		end_reload(m, RESULT_SUCCESS);
	else
		m->ready_comes = false;
}

static void reloading(struct machine *m)
{
	if (m->sub != SUB_RUNNING)
		return;
	m->ready_comes = true;
	machine_enter(m, SUB_RELOAD);
	machine_set_deadline(m, start_timeout(m));
}

static void stopping(struct machine *m)
{
	if (m->sub != SUB_RUNNING && m->sub != SUB_RELOAD)
		return;
	machine_enter(m, SUB_STOP_SIGTERM);
	machine_set_deadline(m, m->plan->timeout_stop_us);
}

static void deadline_passed(struct machine *m)
{
	if (m->sub == SUB_RUNNING) {
		machine_say(m, SAY_RUNTIME_LIMIT);
		enter_stop(m, RESULT_TIMEOUT);
	} else if (m->sub == SUB_RELOAD) {
		machine_say(m, SAY_RELOAD_TIMEOUT);
		if (m->control_alive) {
			struct machine_action *action = machine_act(m, ACTION_KILL);

			action->who = KILL_WHO_CONTROL;
			action->signal = SIGKILL;
			m->control_alive = false;
		}
		end_reload(m, RESULT_TIMEOUT);
	} else if (is_starting(m)) {
		machine_say(m, SAY_START_TIMEOUT);
		machine_enter_signal(m, machine_signal_of_mode(m, m->plan->timeout_start_mode),
				     RESULT_TIMEOUT);
	}
}

static void watchdog_barked(struct machine *m)
{
	machine_say(m, SAY_WATCHDOG);
	machine_enter_signal(m, SUB_STOP_WATCHDOG, RESULT_WATCHDOG);
}

static void group_is_empty(struct machine *m)
{
	bool nobody = machine_is_quiet(m) && !m->main_alive;

	if (m->sub == SUB_RUNNING && !m->main_is_container)
		enter_running(m, RESULT_SUCCESS);
	else if (m->sub == SUB_START && notifies(m) && nobody && m->main_known)
		machine_enter_stop_post(m, RESULT_PROTOCOL);
	else if ((m->sub == SUB_START || m->sub == SUB_START_POST) && m->plan->pid_file && nobody)
		machine_enter_stop_post(m, RESULT_PROTOCOL); /* nobody will ever write it */
}

static void killed_for_memory(struct machine *m)
{
	machine_say(m, SAY_OOM);
	if (m->plan->oom_policy == OOM_CONTINUE)
		return;
	if (m->sub == SUB_RUNNING || m->sub == SUB_EXITED)
		enter_stop(m, RESULT_OOM_KILL);
	else
		machine_enter_signal(m, SUB_STOP_SIGTERM, RESULT_OOM_KILL);
}

static void container_gone(struct machine *m)
{
	if (!m->event.main || !m->main_is_container)
		return;
	m->main_alive = m->main_is_container = false;
	m->event.was_client = true;
	m->event.container_lives = false;
	m->event.container_gone = true;
	m->event.container_code = m->event.status;
	m->event.end = PROCESS_EXITED;
	main_ended(m);
}

static void extend(struct machine *m)
{
	machine_act(m, ACTION_EXTEND)->us = m->event.us;
}

static void pulling(struct machine *m)
{
	if (is_starting(m))
		extend(m);
}

static void stop(struct machine *m)
{
	bool runs = m->sub == SUB_RUNNING || m->sub == SUB_EXITED;

	m->was_stopped = true;
	m->restarting = m->event.restarting;
	m->job = MACHINE_STOPS;
	machine_say(m, SAY_STOPPING);
	if (machine_is_stopping(m))
		return;
	if (runs)
		enter_stop(m, RESULT_SUCCESS);
	else
		machine_enter_signal(m, SUB_STOP_SIGTERM, RESULT_SUCCESS);
}

static void (*const handlers[EVENT_KINDS])(struct machine *) = {
	[EVENT_RELOAD] = reload,
	[EVENT_SPAWNED] = spawned,
	[EVENT_SPAWN_FAILED] = spawn_failed,
	[EVENT_EXECUTED] = executed,
	[EVENT_EXITED] = control_ended,
	[EVENT_MAIN_FOUND] = main_found,
	[EVENT_MAIN_UNKNOWN] = main_unknown,
	[EVENT_DEADLINE] = deadline_passed,
	[EVENT_WATCHDOG] = watchdog_barked,
	[EVENT_READY] = ready,
	[EVENT_RELOADING] = reloading,
	[EVENT_STOPPING] = stopping,
	[EVENT_EXTEND] = extend,
	[EVENT_PULLING] = pulling,
	[EVENT_EMPTY] = group_is_empty,
	[EVENT_OOM] = killed_for_memory,
};

static void handle_service(struct machine *m)
{
	bool ends = machine_is_stopping(m);

	switch ((int)m->event.kind) {
	case EVENT_STOP:
		stop(m);
		return;
	case EVENT_EXITED:
		if (!m->event.control) {
			main_ended(m);
			return;
		}
		break;
	case EVENT_CONTAINER_GONE:
		container_gone(m);
		break;
	default:
		break;
	}
	if (ends || (machine_is_stopping(m) && m->event.kind == EVENT_CONTAINER_GONE)) {
		machine_stop_event(m);
		return;
	}
	if (handlers[m->event.kind])
		handlers[m->event.kind](m);
}

const struct machine_kind machine_service = {start_service, handle_service};
