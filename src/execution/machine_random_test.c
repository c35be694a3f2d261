/* A world of processes that do what they like, for the machine: whatever happens, two commands never run at
 * once, a unit that is not settled always waits for something, and a stop ends.  The seed of a failure is
 * printed. */
#include "execution/machine_trace.h"

#include <signal.h>

struct world {
	struct trace t;
	uint64_t random;
	bool main, control, main_is_container;
	int others, containers;
	bool may_be_empty, deadline, asked, finds, stubborn; /* who ignores signals until SIGKILL */
	struct {
		struct machine_event *items;
		size_t count, capacity;
	} events; /* that actions have caused */
};

static uint32_t draw(struct world *w, uint32_t below)
{
	w->random = w->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(w->random >> 33) % below;
}

#define cause(w, ...) vector_add(&(w)->events, ((struct machine_event){__VA_ARGS__}))

/* ---- what actions do to it ---- */

static void spawn(struct world *w, const struct machine_action *a)
{
	if (draw(w, 20) == 0) {
		cause(w, EVENT_SPAWN_FAILED, .result = RESULT_RESOURCES);
		return;
	}
	if (w->control && (w->t.plan.kill_mode == KILL_NONE || w->t.plan.no_sigkill))
		w->others++; /* left to itself */
	else
		assert_false(a->main ? w->main && !w->main_is_container : w->control);
	if (a->main)
		w->main = true;
	else
		w->control = true;
	cause(w, EVENT_SPAWNED);
}

static bool obeys(struct world *w, const struct machine_action *a)
{
	return a->signal == SIGKILL || (!w->stubborn && draw(w, 2));
}

static void main_dies(struct world *w, int signal)
{
	bool client = draw(w, 2) && w->containers;

	w->main = false;
	cause(w, EVENT_EXITED, .end = PROCESS_KILLED, .status = signal, .was_client = client,
	      .container_lives = client && draw(w, 2));
}

static void control_dies(struct world *w, int signal)
{
	w->control = false;
	cause(w, EVENT_EXITED, .control = true, .end = PROCESS_KILLED, .status = signal);
}

static void kill_some(struct world *w, const struct machine_action *a)
{
	if ((a->who & KILL_WHO_MAIN) && w->main && obeys(w, a))
		main_dies(w, a->signal);
	if ((a->who & KILL_WHO_CONTROL) && w->control &&
	    (obeys(w, a) || !w->t.machine.control_alive))
		control_dies(w, a->signal);
	if ((a->who & KILL_WHO_OTHERS) && obeys(w, a))
		w->others = 0;
	w->may_be_empty = true;
}

static void do_action(struct world *w, const struct machine_action *a)
{
	switch ((int)a->kind) {
	case ACTION_SPAWN:
		spawn(w, a);
		break;
	case ACTION_KILL:
		kill_some(w, a);
		break;
	case ACTION_DEADLINE:
		w->deadline = a->us > 0;
		break;
	case ACTION_FIND_MAIN:
		w->finds = a->wait;
		if (!a->wait)
			cause(w, EVENT_MAIN_UNKNOWN);
		w->may_be_empty = true;
		break;
	case ACTION_STOP_CONTAINERS:
		w->asked = true;
		break;
	case ACTION_END_CONTAINERS:
		w->containers = 0;
		w->main = w->main && !w->main_is_container;
		w->main_is_container = false;
		break;
	case ACTION_TAKE_CONTAINER:
		w->main = w->main_is_container = true;
		break;
	case ACTION_OPEN_SOCKETS:
		if (draw(w, 5))
			cause(w, EVENT_SOCKETS_OPEN);
		else
			cause(w, EVENT_SOCKETS_FAILED);
		break;
	case ACTION_CLEAN:
		w->asked = w->finds = false;
		break;
	default:
		break;
	}
}

static void handle(struct world *w, struct machine_event event)
{
	struct machine_actions actions = {0};

	event.others = w->others > 0;
	event.containers = w->containers > 0;
	machine_handle(&w->t.machine, &event, &actions);
	for (size_t i = 0; i < actions.count; i++)
		do_action(w, &actions.items[i]);
	vector_fini(&actions);
}

static bool is_empty(const struct world *w)
{
	return !w->others && (!w->main || w->main_is_container) && !w->control;
}

/* As in the shim, the group is looked at when all events are handled. */
static void tell(struct world *w, struct machine_event event)
{
	vector_add(&w->events, event);
	for (size_t i = 0; i < w->events.count; i++) {
		struct machine_event present = w->events.items[i];

		assert_true(w->events.count < 1000);
		handle(w, present);
		if (i + 1 == w->events.count && w->may_be_empty) {
			w->may_be_empty = false;
			if (is_empty(w) && !machine_is_over(&w->t.machine))
				cause(w, EVENT_EMPTY);
		}
	}
	w->events.count = 0;
}

/* ---- what happens by itself ---- */

static void a_process_ends(struct world *w, bool control)
{
	bool client = !control && w->containers && draw(w, 2);
	struct machine_event event = {.kind = EVENT_EXITED,
				      .control = control,
				      .end = draw(w, 4) ? PROCESS_EXITED : PROCESS_KILLED,
				      .was_client = client,
				      .container_lives = client && draw(w, 2)};

	event.status = event.end == PROCESS_KILLED ? SIGSEGV
		       : draw(w, 3)		   ? 0
		       : draw(w, 2)		   ? 1
						   : 125;
	if (control)
		w->control = false;
	else
		w->main = false;
	if (draw(w, 4) == 0)
		w->others++;
	w->may_be_empty = true;
	tell(w, event);
}

static void a_container_goes(struct world *w)
{
	bool main = w->main_is_container;

	w->containers--;
	if (main)
		w->main = w->main_is_container = false;
	tell(w, (struct machine_event){.kind = EVENT_CONTAINER_GONE,
				       .main = main,
				       .status = draw(w, 2) ? 0 : 137});
}

static void something_happens(struct world *w)
{
	static const enum machine_event_kind said[] = {
		EVENT_READY, EVENT_RELOADING, EVENT_STOPPING, EVENT_WATCHDOG,
		EVENT_OOM,   EVENT_RELOAD,    EVENT_EXECUTED, EVENT_TRIGGERED,
		EVENT_ARM,   EVENT_EXTEND,    EVENT_PULLING};

	switch (draw(w, 8)) {
	case 0:
		if (w->main && !w->main_is_container)
			a_process_ends(w, false);
		break;
	case 1:
	case 2:
		if (w->control)
			a_process_ends(w, true);
		break;
	case 3:
		w->others = (int)draw(w, 2);
		w->may_be_empty = true;
		tell(w, (struct machine_event){.kind = EVENT_EXTEND, .us = 1});
		break;
	case 4:
		if (w->containers)
			a_container_goes(w);
		else if ((w->main || w->control) && draw(w, 3) == 0)
			w->containers++;
		break;
	case 5:
		if (w->finds) {
			w->finds = false;
			w->main = true;
			tell(w, (struct machine_event){.kind = EVENT_MAIN_FOUND});
		}
		break;
	default:
		tell(w, (struct machine_event){.kind = said[draw(w, 11)], .us = 1000});
	}
}

/* Only what must not be left out: ends of processes that obey, answers, deadlines. */
static void time_passes(struct world *w)
{
	if (w->asked && draw(w, 2)) {
		w->asked = false;
		w->containers = 0;
		w->main = w->main && !w->main_is_container;
		w->main_is_container = false;
		tell(w, (struct machine_event){.kind = EVENT_CONTAINERS_STOPPED});
	} else if (w->control && draw(w, 2)) {
		a_process_ends(w, true);
	} else if (w->deadline) {
		w->deadline = false;
		tell(w, (struct machine_event){.kind = EVENT_DEADLINE});
	}
}

/* ---- what always holds ---- */

static bool is_settled(const struct world *w)
{
	enum sub_state sub = w->t.machine.sub;

	return machine_is_over(&w->t.machine) || sub == SUB_RUNNING || sub == SUB_EXITED ||
	       sub == SUB_LISTENING || sub == SUB_MOUNTED;
}

static void check(const struct world *w)
{
	if (!is_settled(w) && !w->deadline && !w->main && !w->control)
		fail_msg("stuck in %s", sub_state_name(w->t.machine.sub));
	if (machine_is_over(&w->t.machine))
		assert_false(w->deadline);
}

/* ---- the whole ---- */

static void make_plan(struct world *w)
{
	static const char *const phases[] = {"start",
					     "pre start",
					     "cond pre start post reload stop stoppost",
					     "start start stop",
					     "start post stoppost",
					     "pre start reload stop"};
	struct execution_plan *p = &w->t.plan;

	trace_begin(&w->t, (enum service_type)draw(w, SERVICE_IDLE + 1), phases[draw(w, 6)]);
	p->kind = draw(w, 4) ? EXECUTION_SERVICE : (int32_t)draw(w, 3);
	if (p->type != SERVICE_ONESHOT && p->kind == EXECUTION_SERVICE)
		while (p->commands[EXECUTION_START].count > 1)
			record_list_remove(&execution_command_type, &p->commands[EXECUTION_START],
					   0);
	p->kill_mode = (int32_t)draw(w, 4);
	p->remain_after_exit = draw(w, 3) == 0;
	p->no_sigkill = draw(w, 6) == 0;
	p->oom_policy = (int32_t)draw(w, 3);
	p->watchdog_us = draw(w, 2) ? 1000000 : 0;
	p->pid_file = draw(w, 3) ? NULL : str_dup("/run/x.pid");
	p->timeout_start_mode = (int32_t)draw(w, 3);
	p->timeout_stop_mode = (int32_t)draw(w, 3);
	p->socket.accept = draw(w, 2);
	w->stubborn = draw(w, 3) == 0;
}

static uint64_t last_seed;

static void live(uint64_t seed)
{
	struct world w = {.random = seed};

	last_seed = seed;
	make_plan(&w);
	for (int life = 0; life < 3; life++) {
		w.main = w.control = w.main_is_container = w.asked = w.finds = false;
		w.others = w.containers = 0;
		tell(&w, (struct machine_event){.kind = EVENT_START});
		for (int i = 0; i < 60 && !machine_is_over(&w.t.machine); i++) {
			check(&w);
			if (draw(&w, 4))
				something_happens(&w);
			else if (!is_settled(&w))
				time_passes(&w);
		}
		tell(&w, (struct machine_event){.kind = EVENT_STOP, .restarting = draw(&w, 2)});
		for (int i = 0; i < 200 && !is_settled(&w); i++) {
			check(&w);
			time_passes(&w);
		}
		check(&w);
		if (!machine_is_over(&w.t.machine) && w.t.plan.kind != EXECUTION_MOUNT)
			fail_msg("a stop does not end: %s", sub_state_name(w.t.machine.sub));
		machine_init(&w.t.machine, &w.t.plan);
	}
	vector_fini(&w.events);
	trace_end(&w.t);
}

static int say_seed(void **state)
{
	print_message("# last seed: %llu\n", (unsigned long long)last_seed);
	return 0;
}

static void whatever_happens_a_unit_waits_for_something_and_ends(void **state)
{
	for (uint64_t seed = 1; seed <= 5000; seed++)
		live(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(whatever_happens_a_unit_waits_for_something_and_ends,
					  say_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
