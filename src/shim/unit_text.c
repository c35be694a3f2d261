/* What a unit's journal says of it, in systemd's words where people search for them. */
#include "shim/unit.h"

#include "execution/exit_rule.h"

enum { SAY_NOTICE = 5, SAY_INFO = 6, SAY_WARNING = 4, SAY_ERROR = 3 };

void unit_say(struct unit_shim *u, int priority, const char *format, ...)
{
	scoped_buffer struct buffer text = {0};
	va_list args;

	va_start(args, format);
	buffer_format_v(&text, format, args);
	va_end(args);
	unit_journal_say(&u->journal, priority, text.data ? text.data : "");
}

/* D is the description, N the unit's name, R the result. */
static const struct {
	int priority;
	const char *text;
} texts[SAY_TEXTS] = {
	[SAY_STARTING] = {SAY_INFO, "Starting D..."},
	[SAY_STARTED] = {SAY_INFO, "Started D."},
	[SAY_FINISHED] = {SAY_INFO, "Finished D."},
	[SAY_SKIPPED] = {SAY_INFO, "N: Skipped due to 'exec-condition'."},
	[SAY_START_FAILED] = {SAY_ERROR, "Failed to start D."},
	[SAY_STOPPING] = {SAY_INFO, "Stopping D..."},
	[SAY_STOPPED] = {SAY_INFO, "Stopped D."},
	[SAY_RELOADING] = {SAY_INFO, "Reloading D..."},
	[SAY_RELOADED] = {SAY_INFO, "Reloaded D."},
	[SAY_RELOAD_FAILED] = {SAY_ERROR, "Reload failed for D."},
	[SAY_DEACTIVATED] = {SAY_INFO, "N: Deactivated successfully."},
	[SAY_FAILED] = {SAY_WARNING, "N: Failed with result 'R'."},
	[SAY_START_TIMEOUT] = {SAY_WARNING, "N: The start took too long. Terminating."},
	[SAY_STOP_TIMEOUT] = {SAY_WARNING, "N: The stop commands took too long. Terminating."},
	[SAY_KILL_TIMEOUT] = {SAY_WARNING,
			      "N: Processes are still there when the time is up. Killing."},
	[SAY_RUNTIME_LIMIT] = {SAY_WARNING, "N: RuntimeMaxSec is reached. Stopping."},
	[SAY_RELOAD_TIMEOUT] = {SAY_WARNING, "N: The reload took too long. Killing its process."},
	[SAY_WATCHDOG] = {SAY_ERROR, "N: No sign of life within WatchdogSec. Killing."},
	[SAY_OOM] = {SAY_ERROR, "N: A process of this unit was killed for lack of memory."},
	[SAY_CONTAINER_IS_MAIN] = {SAY_INFO, "N: The main process has ended, its container goes on "
					     "as the main process."},
};

static void add_word(struct unit_shim *u, char c, struct buffer *out)
{
	const struct execution_plan *plan = &u->start.plan;

	if (c == 'D')
		buffer_add_text(out, plan->description ? plan->description : plan->unit);
	else if (c == 'N')
		buffer_add_text(out, plan->unit);
	else
		buffer_add_text(out, execution_result_name(u->machine.result));
}

/* A letter that stands alone is one of the words. */
static bool is_word(const char *text, const char *at)
{
	bool begins = at == text || at[-1] == ' ' || at[-1] == '\'';

	return strchr("DNR", *at) && begins && (!at[1] || strchr(".':", at[1]));
}

void unit_say_text(struct unit_shim *u, enum machine_text text)
{
	scoped_buffer struct buffer out = {0};
	const char *from = texts[text].text;

	for (const char *at = from; *at; at++) {
		if (is_word(from, at))
			add_word(u, *at, &out);
		else
			buffer_add_char(&out, *at);
	}
	unit_journal_say(&u->journal, texts[text].priority, out.data);
}

/* Where the journal speaks of an end, codes of init scripts have names too. */
static const char *meaning_of(int32_t code)
{
	static const char *const scripts[] = {
		[2] = "INVALIDARGUMENT", [3] = "NOTIMPLEMENTED", [4] = "NOPERMISSION",
		[5] = "NOTINSTALLED",	 [6] = "NOTCONFIGURED",	 [7] = "NOTRUNNING",
	};
	const char *name = exit_status_name(code);

	if (!name && code > 0 && (size_t)code < array_length(scripts))
		name = scripts[code];
	return name ? name : "n/a";
}

void unit_say_end(struct unit_shim *u, bool control, const struct execution_process *process)
{
	const char *name = u->start.plan.unit;
	const char *who = control ? "Control" : "Main";
	bool clean = exit_is_clean(&u->start.plan.success, (enum process_end)process->end,
				   process->status, !control);
	int priority = clean || process->ignored ? SAY_INFO : SAY_NOTICE;

	if (clean && process->end == PROCESS_EXITED)
		return;
	if (process->end == PROCESS_EXITED)
		unit_say(u, priority, "%s: %s process exited, code=exited, status=%d/%s", name, who,
			 process->status, meaning_of(process->status));
	else
		unit_say(u, priority, "%s: %s process exited, code=%s, status=%d/%s", name, who,
			 process_end_name((enum process_end)process->end), process->status,
			 exit_signal_name(process->status));
}
