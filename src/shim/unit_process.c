/* The main and the control process: their births and their ends. */
#include "shim/unit.h"

#include "base/time.h"
#include "execution/exit_rule.h"
#include "execution/start.h"
#include "os/process.h"
#include "shim/unit_containers.h"
#include "shim/unit_store.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- what a process is told ---- */

static void set_number(struct pairs *out, const char *name, long long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", value);
	pairs_set(out, name, text);
}

static void tell_end(const struct unit_shim *u, struct pairs *out)
{
	const struct execution_process *main = &u->status.main;
	scoped_free char *status = NULL;

	pairs_set(out, "SERVICE_RESULT", execution_result_name(u->machine.result));
	if (main->end == PROCESS_RUNS)
		return;
	status = main->end == PROCESS_EXITED ? str_format("%d", main->status)
					     : str_dup(exit_signal_name(main->status));
	pairs_set(out, "EXIT_CODE", process_end_name((enum process_end)main->end));
	pairs_set(out, "EXIT_STATUS", status);
}

static bool tells_main(enum execution_phase phase)
{
	return phase == EXECUTION_START_POST || phase == EXECUTION_RELOAD ||
	       phase == EXECUTION_STOP || phase == EXECUTION_STOP_POST;
}

static void describe(const struct unit_shim *u, enum execution_phase phase, struct pairs *out)
{
	const struct execution_plan *plan = &u->start.plan;

	for (size_t i = 0; i < u->start.environment.count; i++)
		pairs_set(out, u->start.environment.items[i].name,
			  u->start.environment.items[i].value);
	if (plan->pid_file)
		pairs_set(out, "PIDFILE", plan->pid_file);
	if (plan->notify_access != NOTIFY_NONE && u->notify.path)
		pairs_set(out, "NOTIFY_SOCKET", u->notify.path);
	if (phase == EXECUTION_START && plan->watchdog_us > 0)
		set_number(out, "WATCHDOG_USEC", plan->watchdog_us);
	if (tells_main(phase) && u->machine.main_alive && u->main.pid)
		set_number(out, "MAINPID", u->main.pid);
	if (phase == EXECUTION_STOP || phase == EXECUTION_STOP_POST)
		tell_end(u, out);
}

/* ---- birth ---- */

static void forget_report(struct unit_shim *u, struct unit_process *p)
{
	if (p->report.fd < 0)
		return;
	loop_watch(&u->loop, &p->report, 0);
	close_fd(&p->report.fd);
}

void unit_forget_process(struct unit_shim *u, struct unit_process *p)
{
	forget_report(u, p);
	if (p->foreign.fd >= 0) {
		loop_watch(&u->loop, &p->foreign, 0);
		close_fd(&p->foreign.fd);
	}
	*p = (struct unit_process){.report.fd = -1, .foreign.fd = -1, .record = -1};
}

/* Why it never became its program; what follows from it comes with its exit code. */
static void tell_failure(struct unit_shim *u, const struct unit_process *p, int code,
			 const struct error *err)
{
	char text[ERROR_TEXT_SIZE];
	const char *step = exit_status_name(code);

	unit_say(u, 3, "%s: Failed at step %s: %s", u->start.plan.unit, step ? step : "?",
		 error_text(err, text, sizeof(text)));
}

static void read_report(struct unit_shim *u, struct unit_process *p)
{
	struct error err;
	int code;
	enum start_report said;

	if (p->report.fd < 0)
		return;
	said = start_read_report(p->report.fd, &code, &err);
	if (said == START_PENDING)
		return;
	forget_report(u, p);
	if (said == START_FAILED)
		tell_failure(u, p, code, &err);
	else if (p == &u->main)
		UNIT_EVENT(u, EVENT_EXECUTED);
}

static void main_reports(struct source *source, uint32_t events)
{
	struct unit_process *p = container_of(source, struct unit_process, report);

	read_report(container_of(p, struct unit_shim, main), p);
}

static void control_reports(struct source *source, uint32_t events)
{
	struct unit_process *p = container_of(source, struct unit_process, report);

	read_report(container_of(p, struct unit_shim, control), p);
}

static const struct execution_command *command_of(const struct unit_shim *u,
						  const struct machine_action *a)
{
	return RECORD_AT(u->start.plan.commands[a->phase], struct execution_command, a->index);
}

/* Its name in the journal: the program's, or the one that is asked for. */
static const char *identifier_of(const struct unit_shim *u, const struct execution_command *c)
{
	const char *name = u->start.plan.context.syslog_identifier;
	const char *slash = c->path ? strrchr(c->path, '/') : NULL;

	if (!str_is_empty(name))
		return name;
	return slash ? slash + 1 : c->path ? c->path : "";
}

static bool wants_journal(const struct execution_context *c)
{
	return c->out == OUTPUT_JOURNAL || c->err == OUTPUT_JOURNAL;
}

static bool start(struct unit_shim *u, const struct machine_action *a, struct started *out,
		  struct error *err)
{
	const struct execution_command *command = command_of(u, a);
	scoped_pairs struct pairs environment = {0};
	scoped_with(unit_descriptors_fini) struct unit_descriptors sockets = {0};
	scoped_fd int journal = -1;
	struct start how = {.plan = &u->start.plan,
			    .command = command,
			    .phase = a->phase,
			    .cgroup = u->group.made ? &u->group.own : NULL,
			    .invocation_id = u->start.invocation_id,
			    .environment = &environment,
			    .docker = u->start.docker,
			    .private_tmp = u->secret.tmp,
			    .private_var_tmp = u->secret.var_tmp,
			    .credentials = u->secret.credentials,
			    .network = u->secret.network,
			    .filters = {u->filters[0], u->filters[1]}};

	describe(u, a->phase, &environment);
	if (a->phase == EXECUTION_START)
		unit_store_gather(u, &sockets);
	how.sockets = (struct start_sockets){sockets.fds, &sockets.names};
	if (u->journal.writer && wants_journal(&u->start.plan.context)) {
		journal = unit_outputs_open(&u->outputs, identifier_of(u, command), err);
		if (journal < 0)
			return false;
	}
	how.journal = journal;
	return start_process(&how, out, err);
}

static void note_birth(struct unit_shim *u, const struct machine_action *a,
		       const struct started *started)
{
	struct unit_process *p = a->main ? &u->main : &u->control;
	struct execution_process record = {.phase = (int32_t)a->phase,
					   .index = (int32_t)a->index,
					   .pid = started->pid,
					   .started_ns = time_now_ns(),
					   .ignored = command_of(u, a)->ignore_failure};

	unit_forget_process(u, p);
	p->pid = started->pid;
	process_start_time(p->pid, &p->start_time);
	p->phase = (int32_t)a->phase;
	p->record = unit_status_spawned(u, &record);
	p->report = (struct source){.fd = started->report,
				    .ready = a->main ? main_reports : control_reports};
	loop_watch(&u->loop, &p->report, EPOLLIN);
	if (!a->main)
		return;
	record_fini(&execution_process_type, &u->status.main);
	record_copy(&execution_process_type, &record, &u->status.main);
}

void unit_spawn_process(struct unit_shim *u, const struct machine_action *a)
{
	struct started started;
	struct error err;
	char text[ERROR_TEXT_SIZE];

	if (start(u, a, &started, &err)) {
		close_fd(&started.pidfd);
		note_birth(u, a, &started);
		UNIT_EVENT(u, EVENT_SPAWNED);
		return;
	}
	unit_say(u, 3, "%s: %s cannot be started: %s", u->start.plan.unit,
		 execution_phase_key(a->phase), error_text(&err, text, sizeof(text)));
	UNIT_EVENT(u, EVENT_SPAWN_FAILED, .result = RESULT_RESOURCES);
}

void unit_spawn(struct unit_shim *u, const struct machine_action *a)
{
	if (unit_ask(u, a))
		UNIT_EVENT(u, EVENT_SPAWNED);
	else
		unit_spawn_process(u, a);
}

/* ---- ends ---- */

static void note_end(struct unit_shim *u, const struct unit_process *p, bool control,
		     const struct machine_event *event)
{
	struct execution_process *record =
		p->record >= 0 ? RECORD_AT(u->status.processes, struct execution_process,
					   (size_t)p->record)
			       : NULL;
	struct execution_process end = {.pid = p->pid, .phase = p->phase};

	if (record)
		end = *record;
	end.end = event->end;
	end.status = event->status;
	end.ended_ns = time_now_ns();
	if (record)
		*record = end;
	if (!control)
		u->status.main = end;
	unit_say_end(u, control, &end);
}

/* What a process has said before its end is heard before it. */
void unit_process_ended(struct unit_shim *u, struct unit_process *p, int32_t end, int32_t status)
{
	bool control = p == &u->control;
	struct machine_event event = {
		.kind = EVENT_EXITED, .control = control, .end = end, .status = status};

	unit_notify_drain(u);
	unit_outputs_drain(&u->outputs);
	unit_check_oom(u);
	read_report(u, p);
	unit_containers_describe(u, control, &event);
	note_end(u, p, control, &event);
	unit_forget_process(u, p);
	unit_event(u, &event);
}

static int32_t end_of(const siginfo_t *info)
{
	if (info->si_code == CLD_EXITED)
		return PROCESS_EXITED;
	return info->si_code == CLD_DUMPED ? PROCESS_DUMPED : PROCESS_KILLED;
}

void unit_reap(struct unit_shim *u)
{
	for (;;) {
		siginfo_t info = {0};

		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
			return;
		u->group_may_be_empty = true;
		if (info.si_pid == u->main.pid && !u->machine.main_is_container)
			unit_process_ended(u, &u->main, end_of(&info), info.si_status);
		else if (info.si_pid == u->control.pid)
			unit_process_ended(u, &u->control, end_of(&info), info.si_status);
	}
}
