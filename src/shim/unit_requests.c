/* What the daemon may ask of a unit's shim. */
#include "shim/unit.h"

#include "base/log.h"

#include "shim/unit_containers.h"
#include "shim/unit_listen.h"

static struct unit_shim *unit_of(const struct control *c)
{
	return control_owner(c);
}

static void handle_start(struct control *c, const void *record, struct message *m)
{
	unit_begin(unit_of(c), record, m);
}

static void handle_stop(struct control *c, const void *record, struct message *m)
{
	const struct unit_stop *stop = record;
	struct unit_shim *u = unit_of(c);

	unit_group_thaw(u); /* a frozen process heeds no signal but the last */
	UNIT_EVENT(u, EVENT_STOP, .restarting = stop->restarting);
	unit_tell_status(u, true);
}

static void handle_reload(struct control *c, const void *record, struct message *m)
{
	unit_group_thaw(unit_of(c)); /* its commands would be frozen as well */
	UNIT_EVENT(unit_of(c), EVENT_RELOAD);
}

static void handle_signal(struct control *c, const void *record, struct message *m)
{
	struct error err;

	control_reply(c, unit_signal(unit_of(c), record, &err), &err);
}

static void handle_rotate(struct control *c, const void *record, struct message *m)
{
	unit_journal_rotate(&unit_of(c)->journal);
}

static void handle_plan(struct control *c, const void *record, struct message *m)
{
	const struct unit_plan *plan = record;
	struct unit_shim *u = unit_of(c);
	struct error err;

	unit_group_outdate(u, &plan->plan);
	record_fini(&execution_plan_type, &u->start.plan);
	record_copy(&execution_plan_type, &plan->plan, &u->start.plan);
	if (!unit_take_user(u, &err)) /* then its commands fail: nobody has that name */
		log_error("a unit has no user", &err, "unit=%s", u->start.plan.unit);
}

static void handle_adopt(struct control *c, const void *record, struct message *m)
{
	struct error err;
	bool added = unit_containers_add(unit_of(c), record, &err);

	unit_tell_status(unit_of(c), false);
	control_reply(c, added, &err);
}

static void handle_container_gone(struct control *c, const void *record, struct message *m)
{
	unit_containers_gone(unit_of(c), record);
}

static void handle_containers_stopped(struct control *c, const void *record, struct message *m)
{
	unit_containers_stopped(unit_of(c));
}

static void handle_extend(struct control *c, const void *record, struct message *m)
{
	const struct shim_number *number = record;

	UNIT_EVENT(unit_of(c), EVENT_PULLING, .us = number->value);
}

static void handle_hello(struct control *c, const void *record, struct message *m)
{
	struct unit_shim *u = unit_of(c);

	control_is_daemon(c);
	unit_tell_status(u, true);
	unit_containers_ask_again(u);
	unit_ask_again(u);
	unit_listen_again(u);
}

static void handle_ran(struct control *c, const void *record, struct message *m)
{
	const struct shim_number *number = record;

	unit_ask_answered(unit_of(c), number->value);
}

static void handle_release(struct control *c, const void *record, struct message *m)
{
	unit_release(unit_of(c));
}

static void handle_sockets(struct control *c, const void *record, struct message *m)
{
	unit_listen_give(unit_of(c));
}

static void handle_arm(struct control *c, const void *record, struct message *m)
{
	UNIT_EVENT(unit_of(c), EVENT_ARM);
}

static const struct control_handler handlers[] = {
	[UNIT_START] = {&unit_start_type, 0, handle_start},
	[UNIT_STOP] = {&unit_stop_type, 0, handle_stop},
	[UNIT_RELOAD] = {NULL, 0, handle_reload},
	[UNIT_SIGNAL] = {&unit_signal_type, 0, handle_signal},
	[UNIT_PLAN] = {&unit_plan_type, 0, handle_plan},
	[UNIT_ADOPT] = {&unit_container_type, 0, handle_adopt},
	[UNIT_CONTAINER_GONE] = {&unit_container_gone_type, 0, handle_container_gone},
	[UNIT_CONTAINERS_STOPPED] = {NULL, 0, handle_containers_stopped},
	[UNIT_EXTEND] = {&shim_number_type, 0, handle_extend},
	[UNIT_HELLO] = {NULL, 0, handle_hello},
	[UNIT_RELEASE] = {NULL, 0, handle_release},
	[UNIT_SOCKETS] = {NULL, 0, handle_sockets},
	[UNIT_ARM] = {NULL, 0, handle_arm},
	[UNIT_ROTATE] = {NULL, 0, handle_rotate},
	[UNIT_RAN] = {&shim_number_type, 0, handle_ran},
};

/* Nothing that runs waits for a daemon. */
static void daemon_gone(void *owner)
{
}

const struct control_requests unit_requests = {.handlers = handlers,
					       .handler_count = array_length(handlers),
					       .reply = UNIT_REPLY,
					       .daemon_gone = daemon_gone};
