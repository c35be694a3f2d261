/* Units that have commands around something that is no process: listening sockets, a mount. */
#include "execution/machine_private.h"

static bool command_failed(struct machine *m)
{
	enum execution_result result = m->event.kind == EVENT_SPAWN_FAILED
					       ? m->event.result
					       : machine_command_result(m, false);

	if (result == RESULT_SUCCESS)
		return false;
	machine_enter_signal(m, SUB_STOP_SIGTERM, result);
	return true;
}

static void begin_stop(struct machine *m)
{
	m->was_stopped = true;
	m->restarting = m->event.restarting;
	m->job = MACHINE_STOPS;
	machine_say(m, SAY_STOPPING);
}

static void start_took_too_long(struct machine *m)
{
	machine_say(m, SAY_START_TIMEOUT);
	machine_enter_signal(m, SUB_STOP_SIGTERM, RESULT_TIMEOUT);
}

/* ---- sockets: start-pre, (open), start-post, listening, running, stop-pre ---- */

static void listen_now(struct machine *m)
{
	machine_enter(m, SUB_LISTENING);
	machine_set_deadline(m, 0);
	machine_act(m, ACTION_WATCH_SOCKETS);
	machine_start_done(m);
}

static void enter_socket_post(struct machine *m)
{
	if (!machine_run(m, EXECUTION_START_POST, SUB_START_POST, m->plan->timeout_start_us))
		listen_now(m);
}

static void open_sockets(struct machine *m)
{
	machine_enter(m, SUB_START_PRE);
	machine_act(m, ACTION_OPEN_SOCKETS);
}

static void start_socket(struct machine *m)
{
	if (!machine_run(m, EXECUTION_START_PRE, SUB_START_PRE, m->plan->timeout_start_us))
		open_sockets(m);
}

static void stop_socket(struct machine *m)
{
	bool listens = m->sub == SUB_LISTENING || m->sub == SUB_RUNNING;

	if (machine_is_stopping(m))
		return;
	begin_stop(m);
	if (!listens || !machine_run(m, EXECUTION_STOP, SUB_STOP_PRE, m->plan->timeout_stop_us))
		machine_enter_signal(m, SUB_STOP_SIGTERM, RESULT_SUCCESS);
}

static void socket_command_ended(struct machine *m)
{
	if (m->sub == SUB_STOP_PRE) {
		enum execution_result result = machine_command_result(m, false);

		machine_fail(m, result);
		if (result != RESULT_SUCCESS || !machine_run_next(m))
			machine_enter_signal(m, SUB_STOP_SIGTERM, RESULT_SUCCESS);
		return;
	}
	if (command_failed(m) || machine_run_next(m))
		return;
	if (m->sub == SUB_START_PRE)
		open_sockets(m);
	else if (m->sub == SUB_START_POST)
		listen_now(m);
}

static void handle_socket(struct machine *m)
{
	bool own = m->event.kind == EVENT_EXITED && m->event.control &&
		   (m->sub == SUB_STOP_PRE || !machine_is_stopping(m));

	if (m->event.kind == EVENT_STOP)
		stop_socket(m);
	else if (own)
		socket_command_ended(m);
	else if (machine_is_stopping(m))
		machine_stop_event(m);
	else if (m->event.kind == EVENT_SPAWN_FAILED)
		command_failed(m);
	else if (m->event.kind == EVENT_SOCKETS_OPEN)
		enter_socket_post(m);
	else if (m->event.kind == EVENT_SOCKETS_FAILED)
		machine_enter_signal(m, SUB_STOP_SIGTERM, RESULT_RESOURCES);
	else if (m->event.kind == EVENT_TRIGGERED && !m->plan->socket.accept)
		machine_enter(m, SUB_RUNNING);
	else if (m->event.kind == EVENT_ARM && m->sub == SUB_RUNNING)
		listen_now(m);
	else if (m->event.kind == EVENT_DEADLINE)
		start_took_too_long(m);
}

const struct machine_kind machine_socket = {start_socket, handle_socket};

/* ---- mounts: mounting, mounted, unmounting ---- */

static void enter_mounted(struct machine *m)
{
	machine_enter(m, SUB_MOUNTED);
	machine_set_deadline(m, 0);
	machine_start_done(m);
}

static void start_mount(struct machine *m)
{
	if (!machine_run(m, EXECUTION_START, SUB_MOUNTING, m->plan->timeout_start_us))
		enter_mounted(m);
}

static void stop_mount(struct machine *m)
{
	bool mounted = m->sub == SUB_MOUNTED;

	if (machine_is_stopping(m) || m->sub == SUB_UNMOUNTING)
		return;
	begin_stop(m);
	if (!mounted || !machine_run(m, EXECUTION_STOP, SUB_UNMOUNTING, m->plan->timeout_stop_us))
		machine_enter_signal(m, SUB_STOP_SIGTERM, RESULT_SUCCESS);
}

/* What cannot be unmounted (somebody is in it) is still there: the unit says so. */
static void unmount_ended(struct machine *m, bool failed)
{
	if (!failed && machine_run_next(m))
		return;
	if (failed) {
		m->job = MACHINE_IDLE;
		m->was_stopped = false;
		enter_mounted(m);
	} else {
		machine_enter_dead(m, RESULT_SUCCESS);
	}
}

static void mount_command_ended(struct machine *m)
{
	if (m->sub == SUB_UNMOUNTING)
		unmount_ended(m, machine_command_result(m, false) != RESULT_SUCCESS);
	else if (!command_failed(m) && !machine_run_next(m))
		enter_mounted(m);
}

static void handle_mount(struct machine *m)
{
	if (m->event.kind == EVENT_STOP)
		stop_mount(m);
	else if (machine_is_stopping(m))
		machine_stop_event(m);
	else if (m->event.kind == EVENT_EXITED && m->event.control)
		mount_command_ended(m);
	else if (m->event.kind == EVENT_SPAWN_FAILED && m->sub == SUB_UNMOUNTING)
		unmount_ended(m, true);
	else if (m->event.kind == EVENT_SPAWN_FAILED)
		command_failed(m);
	else if (m->event.kind == EVENT_DEADLINE && m->sub == SUB_UNMOUNTING)
		machine_enter_signal(m, SUB_STOP_SIGTERM, RESULT_TIMEOUT);
	else if (m->event.kind == EVENT_DEADLINE)
		start_took_too_long(m);
}

const struct machine_kind machine_mount = {start_mount, handle_mount};
