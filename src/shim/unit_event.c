#include "shim/unit.h"

#include "base/time.h"
#include "shim/unit_containers.h"
#include "shim/unit_listen.h"

/* ---- what the machine asks for ---- */

static void do_deadline(struct unit_shim *u, const struct machine_action *a)
{
	loop_set_deadline(&u->loop, &u->phase, a->us ? time_monotonic_ns() + a->us * 1000 : 0);
}

static void do_extend(struct unit_shim *u, const struct machine_action *a)
{
	int64_t at = time_monotonic_ns() + a->us * 1000;

	if (u->phase.at && at > u->phase.at)
		loop_set_deadline(&u->loop, &u->phase, at);
}

static void do_watchdog(struct unit_shim *u, const struct machine_action *a)
{
	u->watchdog_us = a->us;
	loop_set_deadline(&u->loop, &u->watchdog, a->us ? time_monotonic_ns() + a->us * 1000 : 0);
}

static void do_find_main(struct unit_shim *u, const struct machine_action *a)
{
	unit_find_main(u, a->wait);
}

static void do_stop_containers(struct unit_shim *u, const struct machine_action *a)
{
	unit_containers_stop(u, a->us);
}

static void do_end_containers(struct unit_shim *u, const struct machine_action *a)
{
	unit_containers_end(u);
}

static void do_take_container(struct unit_shim *u, const struct machine_action *a)
{
	unit_containers_take(u);
}

static void do_open_sockets(struct unit_shim *u, const struct machine_action *a)
{
	unit_listen_open(u);
}

static void do_watch_sockets(struct unit_shim *u, const struct machine_action *a)
{
	unit_listen_watch(u);
}

static void do_close_sockets(struct unit_shim *u, const struct machine_action *a)
{
	unit_listen_close(u);
}

static void do_clean(struct unit_shim *u, const struct machine_action *a)
{
	unit_clean(u);
}

static void do_say(struct unit_shim *u, const struct machine_action *a)
{
	unit_say_text(u, a->text);
}

static void (*const doers[])(struct unit_shim *u, const struct machine_action *a) = {
	[ACTION_SPAWN] = unit_spawn,
	[ACTION_KILL] = unit_kill,
	[ACTION_DEADLINE] = do_deadline,
	[ACTION_EXTEND] = do_extend,
	[ACTION_WATCHDOG] = do_watchdog,
	[ACTION_FIND_MAIN] = do_find_main,
	[ACTION_STOP_CONTAINERS] = do_stop_containers,
	[ACTION_END_CONTAINERS] = do_end_containers,
	[ACTION_TAKE_CONTAINER] = do_take_container,
	[ACTION_OPEN_SOCKETS] = do_open_sockets,
	[ACTION_WATCH_SOCKETS] = do_watch_sockets,
	[ACTION_CLOSE_SOCKETS] = do_close_sockets,
	[ACTION_CLEAN] = do_clean,
	[ACTION_SAY] = do_say,
};

/* ---- handling ---- */

/* The daemon knows that it starts; of a simple service the next word is that it runs. */
static bool is_passing(const struct unit_shim *u, bool more)
{
	return more && u->machine.sub == SUB_START;
}

static void handle(struct unit_shim *u, struct machine_event *event, size_t index)
{
	struct machine_actions actions = {0};
	enum sub_state before = u->machine.sub;

	event->others = unit_has_others(u);
	event->containers = unit_containers_are_there(u);
	machine_handle(&u->machine, event, &actions);
	if (u->machine.sub != before)
		unit_status_entered(u, before);
	for (size_t i = 0; i < actions.count; i++)
		doers[actions.items[i].kind](u, &actions.items[i]);
	vector_fini(&actions);
	if (!is_passing(u, index + 1 < u->events.count))
		unit_tell_status(u, false);
}

void unit_event(struct unit_shim *u, const struct machine_event *event)
{
	vector_add(&u->events, *event);
	if (u->handling)
		return;
	u->handling = true;
	for (size_t i = 0; i < u->events.count; i++) {
		struct machine_event present = u->events.items[i];

		handle(u, &present, i);
	}
	u->events.count = 0;
	u->handling = false;
}
