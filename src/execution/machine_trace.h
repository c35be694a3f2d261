/* For the tests of the machine: a unit in words, and what a machine does as one line of text. */
#pragma once

#include "base/test.h"
#include "execution/exit_rule.h"
#include "execution/machine.h"

struct trace {
	struct execution_plan plan;
	struct machine machine;
	bool others, containers; /* in each event */
};

static const char *const trace_phases[] = {"cond",   "pre",  "start",	"post",
					   "reload", "stop", "stoppost"};
static const char *const trace_texts[SAY_TEXTS] = {
	[SAY_STARTING] = "starting",
	[SAY_STARTED] = "started",
	[SAY_FINISHED] = "finished",
	[SAY_SKIPPED] = "skipped",
	[SAY_START_FAILED] = "start-failed",
	[SAY_STOPPING] = "stopping",
	[SAY_STOPPED] = "stopped",
	[SAY_RELOADING] = "reloading",
	[SAY_RELOADED] = "reloaded",
	[SAY_RELOAD_FAILED] = "reload-failed",
	[SAY_DEACTIVATED] = "deactivated",
	[SAY_FAILED] = "failed",
	[SAY_START_TIMEOUT] = "start-timeout",
	[SAY_STOP_TIMEOUT] = "stop-timeout",
	[SAY_KILL_TIMEOUT] = "kill-timeout",
	[SAY_RUNTIME_LIMIT] = "runtime-limit",
	[SAY_RELOAD_TIMEOUT] = "reload-timeout",
	[SAY_WATCHDOG] = "watchdog",
	[SAY_OOM] = "oom",
	[SAY_CONTAINER_IS_MAIN] = "container-is-main",
};

static inline void trace_kill(const struct machine_action *a, struct buffer *out)
{
	buffer_format(out, "kill:%s%s%s:%s%s", a->who & KILL_WHO_MAIN ? "m" : "",
		      a->who & KILL_WHO_CONTROL ? "c" : "", a->who & KILL_WHO_OTHERS ? "o" : "",
		      exit_signal_name(a->signal), a->hangup ? "+HUP" : "");
}

static inline void trace_action(const struct machine_action *a, struct buffer *out)
{
	static const char *const plain[] = {

		[ACTION_END_CONTAINERS] = "end-containers",
		[ACTION_TAKE_CONTAINER] = "take-container",
		[ACTION_OPEN_SOCKETS] = "open",
		[ACTION_WATCH_SOCKETS] = "watch",
		[ACTION_CLOSE_SOCKETS] = "close",
		[ACTION_CLEAN] = "clean",
		[ACTION_FIND_MAIN] = "find-main",
	};

	switch ((int)a->kind) {
	case ACTION_SPAWN:
		buffer_format(out, "%s%u%s", trace_phases[a->phase], a->index, a->main ? "m" : "");
		break;
	case ACTION_KILL:
		trace_kill(a, out);
		break;
	case ACTION_DEADLINE:
		buffer_format(out, "@%lld", (long long)a->us / 1000000);
		break;
	case ACTION_EXTEND:
		buffer_format(out, "extend:%lld", (long long)a->us / 1000000);
		break;
	case ACTION_WATCHDOG:
		buffer_format(out, "watchdog:%lld", (long long)a->us / 1000000);
		break;
	case ACTION_STOP_CONTAINERS:
		buffer_format(out, "stop-containers:%lld", (long long)a->us / 1000000);
		break;
	case ACTION_SAY:
		buffer_format(out, "'%s", trace_texts[a->text]);
		break;
	default:
		buffer_format(out, "%s%s", plain[a->kind], a->wait ? "+wait" : "");
		break;
	}
}

/* "starting @90 pre0": all that the machine does at this event. */
static inline char *trace_event(struct trace *t, struct machine_event event)
{
	struct machine_actions actions = {0};
	struct buffer text = {0};

	event.others = t->others;
	event.containers = t->containers;
	machine_handle(&t->machine, &event, &actions);
	for (size_t i = 0; i < actions.count; i++) {
		if (i)
			buffer_add_char(&text, ' ');
		trace_action(&actions.items[i], &text);
	}
	vector_fini(&actions);
	return buffer_take(&text);
}

/* Who is not spoken of is as he was: events are written with their fields. */
#define on(t, expected, expected_sub, ...)                                                         \
	do {                                                                                       \
		scoped_free char *trace_ = trace_event(t, (struct machine_event){__VA_ARGS__});    \
		assert_string_equal(trace_, expected);                                             \
		assert_string_equal(sub_state_name((t)->machine.sub), expected_sub);               \
	} while (0)

/* The same of an event that begins a command: it is forked, which is no news. */
#define spawns(t, expected, expected_sub, ...)                                                     \
	do {                                                                                       \
		on(t, expected, expected_sub, __VA_ARGS__);                                        \
		on(t, "", expected_sub, EVENT_SPAWNED);                                            \
	} while (0)

static inline struct execution_command *trace_add(struct trace *t, enum execution_phase phase)
{
	struct execution_command *c =
		record_list_add(&execution_command_type, &t->plan.commands[phase]);

	c->path = str_dup("/bin/x");
	strings_add(&c->args, "x");
	return c;
}

static inline void trace_begin(struct trace *t, enum service_type type, const char *phases)
{
	scoped_strings struct strings names = strings_split(phases, ' ');

	*t = (struct trace){0};
	execution_plan_init(&t->plan, "u.service");
	t->plan.type = (int32_t)type;
	for (size_t i = 0; i < names.count; i++)
		for (int p = 0; p < EXECUTION_PHASES; p++)
			if (str_equal(names.items[i], trace_phases[p]))
				trace_add(t, (enum execution_phase)p);
	machine_init(&t->machine, &t->plan);
}

static inline void trace_end(struct trace *t)
{
	record_fini(&execution_plan_type, &t->plan);
}

#define TRACE(type, phases)                                                                        \
	scoped_with(trace_end) struct trace t;                                                     \
	trace_begin(&t, type, phases)

/* To the main process of a simple service, without a word. */
static inline void run_simple(struct trace *t)
{
	free(trace_event(t, (struct machine_event){EVENT_START}));
	free(trace_event(t, (struct machine_event){EVENT_SPAWNED}));
	assert_int_equal(t->machine.sub, SUB_RUNNING);
}

#define START		 EVENT_START
#define SPAWNED		 EVENT_SPAWNED
#define MAIN_EXITS(code) EVENT_EXITED, .end = PROCESS_EXITED, .status = code
#define MAIN_DIES(sig)	 EVENT_EXITED, .end = PROCESS_KILLED, .status = sig
#define EXITS(code)	 EVENT_EXITED, .control = true, .end = PROCESS_EXITED, .status = code
#define DIES(sig)	 EVENT_EXITED, .control = true, .end = PROCESS_KILLED, .status = sig
/* The same unit once more, before its first start. */
#define TRACE_AGAIN(t) machine_init(&(t)->machine, &(t)->plan)
#define result_is(t, expected)                                                                     \
	assert_string_equal(execution_result_name((t)->machine.result), expected)
