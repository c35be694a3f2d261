/* Ending a container: stop, restart, kill.  All of them wait for the exit, which exit.c records and
 * tells; none of them holds the container meanwhile, so a kill reaches one that is being stopped. */
#include "engine/engine_private.h"

#include "base/log.h"
#include "base/memory.h"
#include "engine/deadline.h"

#include <errno.h>
#include <signal.h>

struct stop_operation {
	struct operation op;
	struct stop_options options;
	bool restart;
	bool keeps;  /* counted in the container's restarts_by_hand */
	int signal;  /* kill: what is sent */
	char *typed; /* kill */
	struct deadline *deadline;
};

static struct stop_operation *stop_of(struct operation *op)
{
	return (struct stop_operation *)op;
}

/* Who restarts a container that removes itself wants to have it afterwards. */
static void keep(struct operation *op)
{
	stop_of(op)->keeps = true;
	op->container->restarts_by_hand++;
}

static void keep_no_more(struct operation *op)
{
	if (stop_of(op)->keeps)
		op->container->restarts_by_hand--;
	stop_of(op)->keeps = false;
}

static void fini_stop(struct operation *op)
{
	keep_no_more(op);
	deadline_cancel(&stop_of(op)->deadline);
	free(stop_of(op)->typed);
}

static void tell_kill(struct container *c, int signal)
{
	scoped_free char *number = str_format("%d", signal);
	scoped_pairs struct pairs more = {0};

	pairs_set(&more, "signal", number);
	engine_publish_container(c->engine, c, "kill", &more);
}

/* ---- sending a signal, thawing what is frozen first ---- */

static void after_thaw(void *data, const struct error *err)
{
	struct container *c = data;

	if (err)
		log_warning("cannot thaw a container", err, "id=%s", c->id);
	if (container_is_live(c))
		container_signal(c, SIGKILL, NULL, NULL);
	container_unref(c);
}

void container_kill(struct container *c)
{
	tell_kill(c, SIGKILL);
	if (c->state == CONTAINER_PAUSED)
		container_freeze(c, false, after_thaw, container_ref(c));
	else
		container_signal(c, SIGKILL, NULL, NULL);
}

/* ---- stop ---- */

static void stopped(struct operation *op, const struct error *err);

static void give_up(void *data)
{
	struct operation *op = data;
	struct error err;

	stop_of(op)->deadline = NULL;
	list_remove(&op->link); /* it waits for the exit no more */
	error_set(&err, ERROR_SYSTEM,
		  "cannot stop container: %s: tried to kill container, but did not receive an exit "
		  "event",
		  op->container->id);
	operation_finish(op, &err);
}

static void kill_it(void *data)
{
	struct operation *op = data;

	stop_of(op)->deadline =
		deadline_start(op->engine->parts.loop, KILL_PATIENCE_MS, give_up, op);
	if (container_is_live(op->container))
		container_kill(op->container);
}

/* As long as nobody lives, where it is longer than can be told. */
static uint64_t milliseconds(int64_t seconds)
{
	return seconds < INT64_MAX / 1000 ? (uint64_t)seconds * 1000 : INT64_MAX;
}

static void send_stop_signal(struct operation *op)
{
	struct container *c = op->container;
	const struct stop_options *options = &stop_of(op)->options;
	int signal = options->signal ? options->signal : container_stop_signal(c);
	int64_t timeout =
		options->timeout.given ? options->timeout.value : container_stop_timeout(c);

	tell_kill(c, signal);
	container_leave_service(c);
	container_signal(c, signal, NULL, NULL);
	if (timeout >= 0)
		stop_of(op)->deadline =
			deadline_start(op->engine->parts.loop, milliseconds(timeout), kill_it, op);
}

static void ended_meanwhile(struct operation *op, const struct error *err)
{
	op->run(op);
}

static void stop_thawed(void *data, const struct error *err)
{
	struct operation *op = data;

	if (err && err->os == ESRCH && container_is_live(op->container))
		operation_wait_exit(op, ended_meanwhile);
	else if (err && err->os != ESRCH)
		operation_finish(op, err);
	else
		op->run(op);
}

static void after_restart(struct operation *op, const struct error *err)
{
	if (!err)
		engine_publish_container(op->engine, op->container, "restart", NULL);
	operation_finish(op, err);
}

/* Another operation may have it, or have had it meanwhile. */
static void start_again(struct operation *op)
{
	struct container *c = op->container;
	struct error err;

	op->run = start_again;
	if (!operation_claim(op))
		return;
	if (container_is_ending(c)) {
		operation_wait_exit(op, ended_meanwhile);
		return;
	}
	if (container_is_running(c)) { /* somebody was faster */
		operation_finish(op, NULL);
		return;
	}
	if (!container_may_start(c, false, &err)) {
		operation_finish(op, &err);
		return;
	}
	keep_no_more(op);
	c->stopped_by_hand = false;
	c->restart_count = c->restart_delay_ms = 0;
	container_start(op, after_restart);
}

/* Called at the exit too, then with what is recorded by now. */
static void stopped(struct operation *op, const struct error *err)
{
	(void)err;
	deadline_cancel(&stop_of(op)->deadline);
	engine_publish_container(op->engine, op->container, "stop", NULL);
	if (stop_of(op)->restart)
		start_again(op);
	else
		operation_finish(op, NULL);
}

/* What follows from an end that no new start follows; somebody may have started it meanwhile, or be removing it. */
static void on_called_off(void *data, const struct error *err)
{
	struct operation *op = data;
	struct container *c = op->container;
	bool rests = c->state == CONTAINER_EXITED && !c->run;

	if (rests && c->host_config.auto_remove)
		container_remove_by_itself(c);
	else if (rests)
		owner_tell_gone(c);
	operation_finish(op, err);
}

/* A pending restart is called off; there is nothing to wait for. */
static void stop_restarting(struct operation *op)
{
	struct container *c = op->container;

	deadline_cancel(&c->restart_due);
	c->stopped_by_hand = true;
	container_set_state(c, CONTAINER_EXITED);
	if (stop_of(op)->restart) {
		start_again(op);
		return;
	}
	pending_answer_exit(c);
	container_save(c, STORE_SURVIVES_KILL, on_called_off, op);
}

/* It was to be started by its project. */
static void stop_due(struct operation *op)
{
	struct container *c = op->container;

	c->due = false;
	c->stopped_by_hand = true;
	pending_answer_exit(c);
	container_save(c, STORE_SURVIVES_KILL, operation_stored, op);
}

static void run_stop(struct operation *op)
{
	struct container *c = op->container;
	struct error err;

	if (!operation_wait_turn(op))
		return;
	if (c->state == CONTAINER_PAUSED) {
		container_freeze(c, false, stop_thawed, op);
	} else if (container_is_live(c)) {
		c->stopped_by_hand = true;
		if (stop_of(op)->restart)
			keep(op);
		operation_wait_exit(op, stopped);
		send_stop_signal(op);
	} else if (c->state == CONTAINER_RESTARTING) {
		stop_restarting(op);
	} else if (container_is_ending(c)) {
		operation_wait_exit(op, stopped);
	} else if (stop_of(op)->restart) {
		start_again(op);
	} else if (c->due) {
		stop_due(op);
	} else {
		error_set(&err, ERROR_UNCHANGED, "container %s is not running", c->id);
		operation_finish(op, &err);
	}
}

static void begin_stop(struct engine *engine, struct container *c,
		       const struct stop_options *options, bool restart, engine_done *done,
		       void *data)
{
	struct stop_operation *self = operation_new(sizeof(*self), engine, c, run_stop);

	self->op.fini = fini_stop;
	self->options = *options;
	self->restart = restart;
	operation_begin(self, done, data);
}

void engine_stop(struct engine *engine, struct container *c, const struct stop_options *options,
		 engine_done *done, void *data)
{
	begin_stop(engine, c, options, false, done, data);
}

void engine_restart(struct engine *engine, struct container *c, const struct stop_options *options,
		    engine_done *done, void *data)
{
	begin_stop(engine, c, options, true, done, data);
}

/* ---- renewing what is unhealthy ---- */

static void ended(struct operation *op, const struct error *err)
{
	operation_finish(op, err);
}

/* The daemon may die from here on: the exit is followed by a start in every case. */
static void wish_recorded(void *data, const struct error *err)
{
	struct operation *op = data;

	if (err || op->container->state != CONTAINER_RUNNING) {
		op->container->restart_wanted = false;
		operation_finish(op, err);
		return;
	}
	operation_wait_exit(op, ended);
	send_stop_signal(op);
}

static void run_renew(struct operation *op)
{
	struct container *c = op->container;

	if (!operation_wait_turn(op))
		return;
	if (c->state != CONTAINER_RUNNING || c->restart_wanted) { /* ended, or asked for already */
		operation_finish(op, NULL);
		return;
	}
	c->restart_wanted = true;
	container_save(c, STORE_SURVIVES_KILL, wish_recorded, op);
}

void container_renew(struct container *c)
{
	struct stop_operation *self = operation_new(sizeof(*self), c->engine, c, run_renew);

	self->op.fini = fini_stop;
	operation_begin(self, NULL, NULL);
}

/* ---- kill ---- */

static void refuse_kill(struct operation *op)
{
	struct container *c = op->container;
	const char *typed = stop_of(op)->typed;
	struct error err;

	if (c->state == CONTAINER_RESTARTING)
		error_set(&err, ERROR_CONFLICT,
			  "cannot kill container: %s: Container %s is restarting, wait until the "
			  "container is running",
			  typed, c->id);
	else
		error_set(&err, ERROR_CONFLICT,
			  "cannot kill container: %s: container %s is not running", typed, c->id);
	operation_finish(op, &err);
}

static void signalled(void *data, const struct error *err)
{
	struct operation *op = data;

	if (err && err->os != ESRCH)
		operation_finish(op, err);
	else
		container_save(op->container, STORE_SURVIVES_KILL, operation_stored, op);
}

/* Signals that are meant to end it rest the restart policy; others (HUP, USR1) do not. */
static bool means_end(const struct container *c, int signal)
{
	return signal == SIGKILL || signal == container_stop_signal(c);
}

static void run_kill(struct operation *op)
{
	struct container *c = op->container;
	int signal = stop_of(op)->signal;

	if (!operation_wait_turn(op))
		return;
	if (!container_is_live(c)) {
		refuse_kill(op);
		return;
	}
	if (means_end(c, signal))
		c->stopped_by_hand = true;
	if (signal == SIGKILL) {
		operation_wait_exit(op, ended);
		stop_of(op)->deadline =
			deadline_start(op->engine->parts.loop, KILL_PATIENCE_MS, give_up, op);
		container_kill(c);
		return;
	}
	tell_kill(c, signal);
	container_signal(c, signal, signalled, op);
}

void engine_kill(struct engine *engine, struct container *c, const char *typed, int signal,
		 engine_done *done, void *data)
{
	struct stop_operation *self = operation_new(sizeof(*self), engine, c, run_kill);

	self->op.fini = fini_stop;
	self->signal = signal;
	self->typed = str_dup(typed ? typed : c->id);
	operation_begin(self, done, data);
}
