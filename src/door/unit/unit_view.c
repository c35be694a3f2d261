/* Properties are tables: name, how its text is made, and what it is made from. */
#include "door/unit/unit_view.h"

#include "base/memory.h"
#include "format/json_write.h"
#include "format/time_span.h"
#include "unit/job_type.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* ---- rows ---- */

static const char *load_state(const struct unit *unit)
{
	return load_state_name(unit->config ? (enum load_state)unit->config->load : LOAD_STUB);
}

static const char *description(const struct unit *unit)
{
	return unit->config && unit->config->description ? unit->config->description : unit->name;
}

static void write_text(struct buffer *json, const char *name, const char *text)
{
	json_write_name(json, name);
	json_write_string(json, text ? text : "");
}

static void write_job(const struct job *job, struct buffer *json)
{
	json_write_name(json, "Job");
	if (!job) {
		buffer_add_text(json, "null");
		return;
	}
	buffer_format(json, "{\"Id\":%u,\"Type\":\"%s\",\"State\":\"%s\"}", job->id,
		      job_type_name(job->type), job->running ? "running" : "waiting");
}

void unit_view_write_row(const struct unit *unit, struct buffer *json)
{
	enum unit_type type = UNIT_SERVICE;

	unit_type_of_name(unit->name, &type);
	if (json->size && json->data[json->size - 1] != '[')
		buffer_add_char(json, ',');
	buffer_add_char(json, '{');
	write_text(json, "Id", unit->name);
	write_text(json, "Description", description(unit));
	write_text(json, "LoadState", load_state(unit));
	write_text(json, "ActiveState", active_state_name(unit_active_state(unit)));
	write_text(json, "SubState", sub_state_name(unit->sub));
	write_text(json, "Following", "");
	write_job(unit->job, json);
	write_text(json, "Type", unit_type_name(type));
	buffer_add_char(json, '}');
}

const char *unit_view_triggered(const struct unit *unit)
{
	for (size_t i = 0; i < unit->edge_count; i++)
		if (unit->edges[i].kind == DEPENDENCY_TRIGGERS)
			return unit->edges[i].unit->name;
	return "";
}

/* ---- texts of properties ---- */

static const char *yes_no(bool value)
{
	return value ? "yes" : "no";
}

static void write_flag(struct buffer *json, const char *name, bool value)
{
	write_text(json, name, yes_no(value));
}

static void write_i64(struct buffer *json, const char *name, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	write_text(json, name, text);
}

/* What is not known or has no limit. */
static void write_amount(struct buffer *json, const char *name, int64_t value)
{
	if (value < 0)
		write_text(json, name, "[not set]");
	else
		write_i64(json, name, value);
}

static void write_span(struct buffer *json, const char *name, int64_t us)
{
	scoped_free char *text = us ? time_span_format(us, 1) : str_dup("infinity");

	write_text(json, name, text);
}

static void write_span_or_zero(struct buffer *json, const char *name, int64_t us)
{
	scoped_free char *text = us ? time_span_format(us, 1) : str_dup("0");

	write_text(json, name, text);
}

/* NAME as people read it, NAMEMonotonic, and NAMEUSec for arithmetic. */
static void write_moment(struct buffer *json, const char *name, int64_t realtime_ns,
			 int64_t monotonic_ns)
{
	scoped_free char *text = realtime_ns ? time_stamp_format(realtime_ns / 1000) : str_dup("");
	scoped_free char *monotonic = str_format("%sMonotonic", name);
	scoped_free char *us = str_format("%sUSec", name);

	write_text(json, name, text);
	write_i64(json, monotonic, monotonic_ns / 1000);
	write_i64(json, us, realtime_ns / 1000);
}

static void write_list(struct buffer *json, const char *name, const struct strings *list)
{
	scoped_free char *text = list ? strings_join(list, " ") : str_dup("");

	write_text(json, name, text);
}

/* ---- the unit itself ---- */

static void write_edges(const struct unit *unit, enum dependency kind, struct buffer *json)
{
	scoped_buffer struct buffer text = {0};

	for (size_t i = 0; i < unit->edge_count; i++)
		if (unit->edges[i].kind == kind)
			buffer_format(&text, "%s%s", text.size ? " " : "",
				      unit->edges[i].unit->name);
	if (text.size)
		write_text(json, dependency_name(kind), text.data);
}

static void write_names(const struct unit *unit, struct buffer *json)
{
	scoped_buffer struct buffer names = {0};

	buffer_add_text(&names, unit->name);
	for (size_t i = 0; unit->config && i < unit->config->aliases.count; i++)
		buffer_format(&names, " %s", unit->config->aliases.items[i]);
	write_text(json, "Id", unit->name);
	write_text(json, "Names", names.data);
	for (int kind = 0; kind < DEPENDENCIES; kind++)
		write_edges(unit, (enum dependency)kind, json);
}

static void write_files(const struct unit *unit, const struct unit_facts *facts,
			struct buffer *json)
{
	const struct unit_config *c = unit->config;
	scoped_free char *path = c ? unit_config_path(c) : NULL;

	write_list(json, "Documentation", c ? &c->documentation : NULL);
	write_text(json, "Description", description(unit));
	write_text(json, "LoadState", load_state(unit));
	write_text(json, "ActiveState", active_state_name(unit_active_state(unit)));
	write_text(json, "SubState", sub_state_name(unit->sub));
	write_text(json, "FragmentPath", path);
	write_text(json, "SourcePath", c ? c->source_path : NULL);
	write_list(json, "DropInPaths", c ? &c->drop_ins : NULL);
	write_text(json, "UnitFileState", facts->file_state);
	write_text(json, "UnitFilePreset", facts->preset);
	write_text(json, "LoadError", c ? c->load_error : NULL);
}

static void write_moments(const struct unit *u, struct buffer *json)
{
	write_moment(json, "StateChangeTimestamp", u->changed_ns, u->changed_monotonic_ns);
	write_moment(json, "InactiveExitTimestamp", u->inactive_exit_ns,
		     u->inactive_exit_monotonic_ns);
	write_moment(json, "ActiveEnterTimestamp", u->active_enter_ns,
		     u->active_enter_monotonic_ns);
	write_moment(json, "ActiveExitTimestamp", u->active_exit_ns, u->active_exit_monotonic_ns);
	write_moment(json, "InactiveEnterTimestamp", u->inactive_enter_ns,
		     u->inactive_enter_monotonic_ns);
}

static void write_rules(const struct unit *unit, const struct unit_facts *facts,
			struct buffer *json)
{
	static const struct unit_config none = {.load = LOAD_NOT_FOUND};
	const struct unit_config *c = unit->config ? unit->config : &none;
	bool loaded = c->load == LOAD_LOADED;

	write_flag(json, "CanStart", loaded && !c->refuse_manual_start);
	write_flag(json, "CanStop", loaded && !c->refuse_manual_stop);
	write_flag(json, "CanReload", loaded && job_type_applies(JOB_RELOAD, unit));
	write_flag(json, "CanIsolate", loaded && c->allow_isolate);
	if (unit->job)
		write_i64(json, "Job", unit->job->id);
	write_flag(json, "StopWhenUnneeded", c->stop_when_unneeded);
	write_flag(json, "RefuseManualStart", c->refuse_manual_start);
	write_flag(json, "RefuseManualStop", c->refuse_manual_stop);
	write_flag(json, "AllowIsolate", c->allow_isolate);
	write_flag(json, "DefaultDependencies", !c->no_default_dependencies);
	write_text(json, "OnSuccessJobMode", job_mode_name(c->on_success_mode));
	write_text(json, "OnFailureJobMode", job_mode_name(c->on_failure_mode));
	write_flag(json, "IgnoreOnIsolate", c->ignore_on_isolate);
	write_flag(json, "NeedDaemonReload", facts->changed);
	write_flag(json, "Transient", c->transient);
	write_span(json, "JobTimeoutUSec", c->job_timeout_us);
	write_span(json, "JobRunningTimeoutUSec", c->job_running_timeout_us);
	write_flag(json, "ConditionResult", unit->condition_met && unit->inactive_exit_ns);
	write_flag(json, "AssertResult", unit->assert_met && unit->inactive_exit_ns);
	write_span_or_zero(json, "StartLimitIntervalUSec", c->start_limit_interval_us);
	write_i64(json, "StartLimitBurst", c->start_limit_burst);
	write_text(json, "CollectMode", c->collect_failed ? "inactive-or-failed" : "inactive");
	write_text(json, "InvocationID", unit->invocation_id);
}

/* ---- processes ---- */

static int32_t code_number(int32_t end)
{
	static const int32_t codes[] = {[PROCESS_RUNS] = 0,
					[PROCESS_EXITED] = CLD_EXITED,
					[PROCESS_KILLED] = CLD_KILLED,
					[PROCESS_DUMPED] = CLD_DUMPED};

	return end >= 0 && end < (int32_t)array_length(codes) ? codes[end] : 0;
}

char *unit_view_status_text(int32_t end, int32_t status)
{
	if (end == PROCESS_RUNS)
		return str_dup("");
	if (end != PROCESS_EXITED) {
		const char *name = sigabbrev_np(status);

		return name ? str_dup(name) : str_format("%d", status);
	}
	const char *name = exit_status_name(status);
	return name ? str_format("%d/%s", status, name) : str_format("%d", status);
}

/* Of a process only the wall clock was noted. */
static void write_process_moment(struct buffer *json, const char *name, int64_t realtime_ns,
				 const struct unit_facts *facts)
{
	write_moment(json, name, realtime_ns, realtime_ns ? realtime_ns + facts->monotonic_ns : 0);
}

static void write_main(const struct execution_status *s, const struct unit_facts *facts,
		       struct buffer *json)
{
	static const struct execution_status none = {0};

	if (!s)
		s = &none;
	write_i64(json, "MainPID", s->main_pid);
	write_i64(json, "ControlPID", s->control_pid);
	write_text(json, "StatusText", s->status_text);
	write_i64(json, "StatusErrno", s->notify_errno);
	write_text(json, "ReloadResult",
		   execution_result_name((enum execution_result)s->reload_result));
	write_i64(json, "NFileDescriptorStore", s->stored_descriptors);
	write_i64(json, "NAccepted", s->connections);
	write_process_moment(json, "ExecMainStartTimestamp", s->main.started_ns, facts);
	write_process_moment(json, "ExecMainExitTimestamp", s->main.ended_ns, facts);
	write_i64(json, "ExecMainPID", s->main.pid);
	write_i64(json, "ExecMainCode", code_number(s->main.end));
	write_i64(json, "ExecMainStatus", s->main.status);
}

static char *command_text(const struct execution_command *command)
{
	struct buffer text = {0};

	buffer_add_text(&text, command->path ? command->path : "");
	for (size_t i = 1; i < command->args.count; i++)
		buffer_format(&text, " %s", command->args.items[i]);
	return buffer_take(&text);
}

static const struct execution_process *process_of(const struct execution_status *status, int phase,
						  size_t index)
{
	for (size_t i = status ? status->processes.count : 0; i-- > 0;) {
		const struct execution_process *p =
			RECORD_AT(status->processes, struct execution_process, i);

		if (p->phase == phase && p->index == (int32_t)index)
			return p;
	}
	return NULL;
}

static void add_command(const struct execution_command *command,
			const struct execution_process *process, struct buffer *out)
{
	static const struct execution_process none = {0};
	scoped_free char *args = strings_join(&command->args, " ");

	if (!process)
		process = &none;
	scoped_free char *status = unit_view_status_text(process->end, process->status);
	scoped_free char *started = process->started_ns
					    ? time_stamp_format(process->started_ns / 1000)
					    : str_dup("n/a");
	scoped_free char *ended =
		process->ended_ns ? time_stamp_format(process->ended_ns / 1000) : str_dup("n/a");
	buffer_format(out,
		      "%s{ path=%s ; argv[]=%s ; ignore_errors=%s ; start_time=[%s] ; "
		      "stop_time=[%s] ; pid=%lld ; code=%s ; status=%s }",
		      out->size ? "\n" : "", command->path, args, yes_no(command->ignore_failure),
		      started, ended, (long long)process->pid,
		      process->end == PROCESS_RUNS
			      ? "(null)"
			      : process_end_name((enum process_end)process->end),
		      process->end == PROCESS_RUNS ? "0/0" : status);
}

static void write_commands(const struct execution_plan *plan, const struct execution_status *status,
			   struct buffer *json)
{
	for (int phase = 0; phase < EXECUTION_PHASES; phase++) {
		scoped_buffer struct buffer text = {0};

		for (size_t i = 0; i < plan->commands[phase].count; i++)
			add_command(RECORD_AT(plan->commands[phase], struct execution_command, i),
				    process_of(status, phase, i), &text);
		if (text.size)
			write_text(json, execution_phase_key((enum execution_phase)phase),
				   text.data);
	}
}

/* ---- the plan ---- */

static const char *name_in(const char *const *names, size_t count, int32_t value)
{
	return value >= 0 && (size_t)value < count ? names[value] : "";
}

#define NAME_IN(names, value) name_in(names, array_length(names), value)

static void write_service(const struct unit *unit, const struct execution_plan *plan,
			  struct buffer *json)
{
	static const char *const types[] = {"simple", "exec",	"forking",	 "oneshot",
					    "dbus",   "notify", "notify-reload", "idle"};
	static const char *const access[] = {"none", "main", "exec", "all"};
	static const char *const oom[] = {"stop", "continue", "kill"};
	static const char *const modes[] = {"terminate", "abort", "kill"};
	static const char *const restarts[] = {"no",	     "always",	    "on-success",
					       "on-failure", "on-abnormal", "on-abort",
					       "on-watchdog"};
	const struct restart_config *restart = unit->config->restart;

	write_text(json, "Type", NAME_IN(types, plan->type));
	write_text(json, "Restart", restart ? NAME_IN(restarts, restart->rule) : "no");
	write_text(json, "PIDFile", plan->pid_file);
	write_text(json, "NotifyAccess", NAME_IN(access, plan->notify_access));
	write_span_or_zero(json, "RestartUSec", restart ? restart->delay_us : 100000);
	write_span(json, "TimeoutStartUSec", plan->timeout_start_us);
	write_span(json, "TimeoutStopUSec", plan->timeout_stop_us);
	write_span(json, "TimeoutAbortUSec", plan->timeout_abort_us);
	write_text(json, "TimeoutStartFailureMode", NAME_IN(modes, plan->timeout_start_mode));
	write_text(json, "TimeoutStopFailureMode", NAME_IN(modes, plan->timeout_stop_mode));
	write_span(json, "RuntimeMaxUSec", plan->runtime_max_us);
	write_span_or_zero(json, "WatchdogUSec", plan->watchdog_us);
	write_flag(json, "RemainAfterExit", plan->remain_after_exit);
	write_flag(json, "GuessMainPID", !plan->no_guess_main_pid);
	write_text(json, "BusName", plan->bus_name);
	write_i64(json, "FileDescriptorStoreMax", plan->descriptor_store_max);
	write_text(json, "OOMPolicy", NAME_IN(oom, plan->oom_policy));
	write_i64(json, "NRestarts", unit->restarts);
}

static void write_limits(const struct execution_limits *l, struct buffer *json)
{
	const struct {
		const char *name;
		const struct optional_i64 *value;
	} rows[] = {
		{"CPUWeight", &l->cpu_weight},		{"IOWeight", &l->io_weight},
		{"MemoryMin", &l->memory_min},		{"MemoryLow", &l->memory_low},
		{"MemoryHigh", &l->memory_high},	{"MemoryMax", &l->memory_max},
		{"MemorySwapMax", &l->memory_swap_max}, {"TasksMax", &l->tasks_max},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		if (!rows[i].value->given)
			write_text(json, rows[i].name, i < 2 ? "[not set]" : "infinity");
		else if (rows[i].value->value < 0)
			write_text(json, rows[i].name, "infinity");
		else
			write_i64(json, rows[i].name, rows[i].value->value);
	}
	if (l->cpu_quota_us.given)
		write_span(json, "CPUQuotaPerSecUSec", l->cpu_quota_us.value);
	else
		write_text(json, "CPUQuotaPerSecUSec", "infinity");
	write_flag(json, "Delegate", l->delegate);
}

static void write_environment(const struct pairs *pairs, struct buffer *json)
{
	scoped_buffer struct buffer text = {0};

	for (size_t i = 0; i < pairs->count; i++) {
		const char *value = pairs->items[i].value ? pairs->items[i].value : "";
		const char *quote = strpbrk(value, " \t") ? "\"" : "";

		buffer_format(&text, "%s%s%s=%s%s", text.size ? " " : "", quote,
			      pairs->items[i].name, value, quote);
	}
	write_text(json, "Environment", text.data);
}

static void write_context(const struct execution_plan *plan, struct buffer *json)
{
	static const char *const kills[] = {"control-group", "mixed", "process", "none"};
	const struct execution_context *c = &plan->context;

	write_environment(&c->environment, json);
	write_list(json, "EnvironmentFiles", &c->environment_files);
	write_text(json, "WorkingDirectory", c->working_folder);
	write_text(json, "RootDirectory", c->root_folder);
	write_text(json, "User", c->user);
	write_text(json, "Group", c->group);
	write_flag(json, "DynamicUser", c->dynamic_user);
	write_list(json, "SupplementaryGroups", &c->supplementary_groups);
	write_text(json, "SyslogIdentifier", c->syslog_identifier);
	write_flag(json, "PrivateTmp", c->private_tmp);
	write_flag(json, "PrivateNetwork", c->private_network);
	write_flag(json, "NoNewPrivileges", c->no_new_privileges);
	write_text(json, "KillMode", NAME_IN(kills, plan->kill_mode));
	write_i64(json, "KillSignal", plan->kill_signal);
	write_i64(json, "FinalKillSignal", plan->final_kill_signal);
	write_flag(json, "SendSIGKILL", !plan->no_sigkill);
	write_flag(json, "SendSIGHUP", plan->send_sighup);
}

static void write_plan(const struct unit *unit, struct buffer *json)
{
	struct execution_plan plan;

	if (!unit->config || !unit_config_plan(unit->config, &plan))
		return;
	if (unit->config->type == UNIT_SERVICE)
		write_service(unit, &plan, json);
	write_commands(&plan, unit_status(unit), json);
	write_limits(&plan.limits, json);
	write_context(&plan, json);
	record_fini(&execution_plan_type, &plan);
}

/* ---- timers ---- */

static void write_stamp(struct buffer *json, const char *name, int64_t us)
{
	scoped_free char *text = us ? time_stamp_format(us) : str_dup("");

	write_text(json, name, text);
}

static void write_timer(const struct unit *unit, const struct unit_facts *facts,
			struct buffer *json)
{
	const struct timer_config *config = unit->config->timer;

	write_text(json, "Unit", unit_view_triggered(unit));
	write_stamp(json, "NextElapseUSecRealtime", facts->timer.next_us);
	write_stamp(json, "LastTriggerUSec", facts->timer.last_us);
	write_span_or_zero(json, "AccuracyUSec", config->accuracy_us);
	write_span_or_zero(json, "RandomizedDelayUSec", config->randomized_delay_us);
	write_flag(json, "FixedRandomDelay", config->fixed_random_delay);
	write_flag(json, "Persistent", config->persistent);
	write_flag(json, "RemainAfterElapse", !config->no_remain_after_elapse);
	write_flag(json, "OnClockChange", config->on_clock_change);
	write_flag(json, "OnTimezoneChange", config->on_timezone_change);
}

/* ---- together ---- */

static void write_group(const struct unit *unit, const struct unit_facts *facts,
			struct buffer *json)
{
	if (!unit->config ||
	    (unit->config->type != UNIT_SERVICE && unit->config->type != UNIT_SOCKET &&
	     unit->config->type != UNIT_MOUNT && unit->config->type != UNIT_SLICE &&
	     unit->config->type != UNIT_SCOPE))
		return;
	write_text(json, "Slice", unit->config->slice);
	write_text(json, "ControlGroup", facts->cgroup);
	write_text(json, "FreezerState", facts->frozen ? "frozen" : "running");
	write_amount(json, "MemoryCurrent", facts->memory);
	write_amount(json, "CPUUsageNSec", facts->cpu_ns);
	write_amount(json, "TasksCurrent", facts->tasks);
}

void unit_view_write_properties(const struct unit *unit, const struct unit_facts *facts,
				struct buffer *json)
{
	buffer_add_char(json, '{');
	write_names(unit, json);
	write_files(unit, facts, json);
	write_moments(unit, json);
	write_rules(unit, facts, json);
	if (unit->config && unit->config->load == LOAD_LOADED) {
		write_text(json, "Result", execution_result_name(unit->result));
		if (unit->config->type == UNIT_SERVICE)
			write_main(unit_status(unit), facts, json);
		if (unit->config->timer)
			write_timer(unit, facts, json);
		write_group(unit, facts, json);
		write_plan(unit, json);
	}
	buffer_add_char(json, '}');
	unit_rest(unit);
}

/* ---- GET /units/{name}: processes ---- */

static void write_process(const struct execution_plan *plan, const struct execution_process *p,
			  struct buffer *json)
{
	scoped_free char *text = unit_view_status_text(p->end, p->status);
	scoped_free char *command = NULL;

	if (p->phase < 0 || p->phase >= EXECUTION_PHASES)
		return;
	if (plan && p->index >= 0 && (size_t)p->index < plan->commands[p->phase].count)
		command = command_text(RECORD_AT(plan->commands[p->phase], struct execution_command,
						 (size_t)p->index));
	if (json->data[json->size - 1] != '[')
		buffer_add_char(json, ',');
	buffer_add_char(json, '{');
	write_text(json, "Phase", execution_phase_key((enum execution_phase)p->phase));
	write_text(json, "Command", command);
	json_write_name(json, "Pid");
	json_write_i64(json, p->pid);
	write_text(json, "Code",
		   p->end == PROCESS_RUNS ? "" : process_end_name((enum process_end)p->end));
	json_write_name(json, "Status");
	json_write_i64(json, p->status);
	write_text(json, "StatusText", text);
	json_write_name(json, "Running");
	buffer_add_text(json, p->end == PROCESS_RUNS ? "true" : "false");
	json_write_name(json, "Ignored");
	buffer_add_text(json, p->ignored ? "true" : "false");
	buffer_add_char(json, '}');
}

static void write_one(struct buffer *json, const char *member, const char *name, int64_t running,
		      const struct execution_process *p)
{
	json_write_name(json, member);
	if (!running && !p->pid) {
		buffer_add_text(json, "null");
		return;
	}
	scoped_free char *text = unit_view_status_text(p->end, p->status);
	buffer_add_char(json, '{');
	json_write_name(json, "Pid");
	json_write_i64(json, running ? running : p->pid);
	write_text(json, "Name", name);
	json_write_name(json, "Running");
	buffer_add_text(json, running ? "true" : "false");
	write_text(json, "Code",
		   running || p->end == PROCESS_RUNS ? ""
						     : process_end_name((enum process_end)p->end));
	json_write_name(json, "Status");
	json_write_i64(json, p->status);
	write_text(json, "StatusText", text);
	buffer_add_char(json, '}');
}

void unit_view_write_processes(const struct unit *unit, struct buffer *json)
{
	static const struct execution_status none = {0};
	static const struct execution_process nobody = {0};
	const struct execution_status *s = unit_status(unit) ? unit_status(unit) : &none;
	struct execution_plan plan = {0};
	bool has_plan = unit->config && unit_config_plan(unit->config, &plan);

	json_write_name(json, "Processes");
	buffer_add_char(json, '[');
	for (size_t i = 0; i < s->processes.count; i++)
		write_process(has_plan ? &plan : NULL,
			      RECORD_AT(s->processes, struct execution_process, i), json);
	buffer_add_char(json, ']');
	write_one(json, "Main", s->main_name, s->main_pid, &s->main);
	write_one(json, "Control", s->control_name, s->control_pid, &nobody);
	if (has_plan)
		record_fini(&execution_plan_type, &plan);
	unit_rest(unit);
}
