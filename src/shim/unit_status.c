#include "shim/unit.h"

#include "base/log.h"
#include "base/time.h"
#include "os/file.h"
#include "os/process.h"
#include "shim/unit_containers.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { PROCESSES_LIMIT = 64, WARNINGS_LIMIT = 32, WAITING_LIMIT = 32 };

void unit_warn(struct unit_shim *u, const char *format, ...)
{
	scoped_buffer struct buffer text = {0};
	va_list args;

	va_start(args, format);
	buffer_format_v(&text, format, args);
	va_end(args);
	if (u->status.warnings.count < WARNINGS_LIMIT &&
	    !strings_contain(&u->status.warnings, text.data)) {
		strings_add(&u->status.warnings, text.data);
		unit_journal_say(&u->journal, 4, text.data);
	}
}

/* ---- a cycle ---- */

/* Moments live on; what happened in the former cycle does not. */
void unit_status_begin(struct unit_shim *u)
{
	struct execution_status *s = &u->status;

	record_list_fini(&execution_process_type, &s->processes);
	record_fini(&execution_process_type, &s->main);
	strings_fini(&s->warnings);
	str_replace(&s->status_text, NULL);
	str_replace(&s->container, NULL);
	str_replace(&s->main_name, NULL);
	str_replace(&s->control_name, NULL);
	str_replace(&s->invocation_id, u->start.invocation_id);
	s->notify_errno = 0;
	s->connections = 0;
	if (!s->boot_id)
		s->boot_id = str_dup(process_boot_id());
	s->shim_pid = getpid();
	process_start_time(getpid(), &s->shim_start_time);
}

static bool is_up(enum active_state state)
{
	return state == UNIT_ACTIVE || state == UNIT_RELOADING;
}

static bool is_down(enum active_state state)
{
	return state == UNIT_INACTIVE || state == UNIT_FAILED;
}

void unit_status_entered(struct unit_shim *u, enum sub_state before)
{
	struct execution_status *s = &u->status;
	enum active_state from = sub_state_active(before), to = sub_state_active(u->machine.sub);
	int64_t now = time_now_ns(), monotonic = time_monotonic_ns();
	struct {
		bool happened;
		int64_t *at, *at_monotonic;
	} moments[] = {
		{true, &s->changed_ns, &s->changed_monotonic_ns},
		{!is_up(from) && is_up(to), &s->active_enter_ns, &s->active_enter_monotonic_ns},
		{is_up(from) && !is_up(to), &s->active_exit_ns, &s->active_exit_monotonic_ns},
		{!is_down(from) && is_down(to), &s->inactive_enter_ns,
		 &s->inactive_enter_monotonic_ns},
		{is_down(from) && !is_down(to), &s->inactive_exit_ns,
		 &s->inactive_exit_monotonic_ns},
	};

	for (size_t i = 0; i < array_length(moments); i++) {
		if (!moments[i].happened)
			continue;
		*moments[i].at = now;
		*moments[i].at_monotonic = monotonic;
	}
}

/* A oneshot may have any number of commands: the last ones are of interest. */
int64_t unit_status_spawned(struct unit_shim *u, const struct execution_process *process)
{
	struct record_list *list = &u->status.processes;

	if (list->count >= PROCESSES_LIMIT) {
		record_list_remove(&execution_process_type, list, 0);
		u->main.record--;
		u->control.record--;
	}
	*(struct execution_process *)record_list_add(&execution_process_type, list) = *process;
	return (int64_t)list->count - 1;
}

/* ---- telling ---- */

static void read_name(pid_t pid, char **out)
{
	scoped_free char *path = str_format("/proc/%d/comm", pid);
	scoped_buffer struct buffer text = {0};
	struct error gone;

	if (pid == 0 || !file_read(AT_FDCWD, path, 64, &text, &gone) || !text.data)
		return;
	text.data[strcspn(text.data, "\n")] = '\0';
	str_replace(out, text.data);
}

static void fill(struct unit_shim *u)
{
	struct execution_status *s = &u->status;
	const struct machine *m = &u->machine;

	s->sub = (int32_t)m->sub;
	s->result = (int32_t)m->result;
	s->reload_result = (int32_t)m->reload_result;
	s->job_done = m->job_done;
	s->main_known = m->main_known;
	s->main_pid = m->main_alive ? u->main.pid : 0;
	s->main_start_time = m->main_alive ? u->main.start_time : 0;
	s->control_pid = m->control_alive ? u->control.pid : 0;
	strings_fini(&s->containers);
	unit_containers_list(u, &s->containers);
	read_name((pid_t)s->main_pid, &s->main_name);
	read_name((pid_t)s->control_pid, &s->control_name);
}

static void write_state(struct unit_shim *u, const struct buffer *bytes)
{
	struct file_content content = {.data = bytes->data, .size = bytes->size, .mode = 0600};
	struct error err;

	if (u->run_folder >= 0 && !file_replace(u->run_folder, SHIM_STATE, &content, &err))
		log_error("cannot write into the run folder", &err, "unit=%s", u->start.plan.unit);
}

/* A service that says more than the daemon takes makes it see less, not more. */
void unit_tell_status(struct unit_shim *u, bool anyway)
{
	struct buffer bytes = {0};
	bool changed;

	u->status_waits = !anyway && controls_waiting(&u->controls) >= WAITING_LIMIT;
	if (u->status_waits)
		return;
	fill(u);
	record_encode(&execution_status_type, &u->status, &bytes);
	changed = bytes.size != u->told.size || memcmp(bytes.data, u->told.data, bytes.size) != 0;
	unit_journal_flush(&u->journal); /* who hears of it may look there */
	if (changed)
		write_state(u, &bytes);
	if (changed || anyway)
		controls_tell(&u->controls, UNIT_STATUS, &execution_status_type, &u->status);
	buffer_fini(&u->told);
	u->told = bytes;
}
