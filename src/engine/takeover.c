/* Handing over: `new`, which was started with its ports and names held back, gets those of `old`.
 *
 * Until it is decided nothing changes but that the new one's shim holds copies of the sockets that the old
 * one's has: what is reserved stays reserved whoever of them ends first.  It is decided by one write of both
 * records: the new one is held no longer and says from whom it takes, the old one is held from now on.  Then
 * follow, in one turn of the loop, the firewall (one transaction), the plans of both runs, the names (one
 * file a network); then the old one's shim lets go of its sockets, and the new record says no more.
 *
 * A daemon that was killed in between leaves everything where it was, or a record that says from whom its
 * container takes: the next daemon then does all that follows again, before anybody else is let in.  Where
 * the new one has not outlived that, the old one gets everything back. */
#include "engine/takeover.h"

#include "base/log.h"
#include "engine/group.h"
#include "engine/link.h"
#include "engine/names.h"
#include "engine/run_network.h"
#include "engine/takeover_private.h"

struct takeover {
	struct operation op;	/* of the new one */
	struct container *old;	/* referred to; NULL: from nobody, the host's ports are free */
	struct operation *lock; /* claims the old one; NULL: not yet, or not any more */
	struct container_run *from,
		*to;		      /* borrowed, and looked at only where is_same_run says so */
	struct record_list held;      /* struct published_port: what the old one has, */
	struct record_list published; /* and what that is to be for the new one */
};

static struct takeover *takeover_of(struct operation *op)
{
	return (struct takeover *)op;
}

static void fini_takeover(struct operation *op)
{
	struct takeover *self = takeover_of(op);

	record_list_fini(&published_port_type, &self->held);
	record_list_fini(&published_port_type, &self->published);
	container_unref(self->old);
}

/* ---- the end ---- */

static void unlock(struct takeover *self)
{
	struct operation *lock = take(self->lock);

	if (lock)
		operation_finish(lock, NULL);
}

static void finish(struct takeover *self, const struct error *err)
{
	unlock(self);
	self->op.container->takes_over = false;
	operation_finish(&self->op, err);
}

static bool check(struct takeover *self, struct error *err)
{
	struct container *new = self->op.container, *old = self->old;

	if (!takeover_check(new, old, &self->published, err))
		return false;
	self->from = old->run;
	self->to = new->run;
	record_list_copy(&published_port_type, &old->run->plan.published, &self->held);
	return true;
}

/* ---- what follows from the decision ---- */

/* It has taken over, whatever becomes of the firewall; which is made again should it not stand. */
static void on_settled(void *data, const struct error *err)
{
	struct takeover *self = data;
	struct container *new = self->op.container;
	scoped_pairs struct pairs more = {0};

	if (err)
		log_error("ports that were handed over may not be reached", err, "id=%s", new->id);
	pairs_set(&more, "from", self->old->id);
	log_info("container took over", "id=%s name=%s from=%s", new->id, new->name, self->old->id);
	engine_publish_container(self->op.engine, new, "takeover", &more);
	finish(self, NULL);
}

static void on_dropped(void *data, const struct error *err)
{
	struct takeover *self = data;

	(void)err; /* it may have ended meanwhile */
	takeover_end(self->op.container);
	networks_when_settled(self->op.engine->parts.networks, on_settled, self);
}

static void apply(struct takeover *self)
{
	struct container *new = self->op.container, *old = self->old;
	bool old_runs = takeover_is_same_run(old, self->from);
	struct record_list relays = {0};

	ports_hand_over(self->op.engine->parts.networks, &self->held, &self->published,
			gateway_endpoint(&self->to->plan.endpoints), &relays);
	takeover_show_names(new, old);
	takeover_move_plans(old_runs ? self->from : NULL, self->to, &self->published);
	run_tell_relays(self->to, &relays);
	group_refresh(new);
	if (old_runs)
		shim_peer_ask(self->from->peer, SHIM_PORTS_DROP, NULL, NULL, on_dropped, self);
	else
		on_dropped(self, NULL);
}

/* ---- the decision ---- */

static void save_both(struct takeover *self, store_done *done)
{
	struct container *both[] = {self->op.container, self->old};

	containers_save(both, array_length(both), STORE_SURVIVES_KILL, done, self);
}

static void on_taken_back(void *data, const struct error *err)
{
	struct takeover *self = data;
	struct error failure;

	(void)err;
	takeover_refuse_ended(self->op.container, &failure);
	finish(self, &failure);
}

static void on_decided(void *data, const struct error *err)
{
	struct takeover *self = data;
	struct container *new = self->op.container;
	bool new_runs = takeover_is_same_run(new, self->to);

	if (!err && new_runs) {
		apply(self);
		return;
	}
	takeover_take_back(new, self->old);
	if (new_runs)
		takeover_drop_copies(self->to);
	names_refresh(self->old);
	if (err)
		finish(self, err);
	else
		save_both(self, on_taken_back);
}

static void decide_and_record(struct takeover *self)
{
	takeover_decide(self->op.container, self->old);
	save_both(self, on_decided);
}

/* ---- copies of the sockets ---- */

static void on_given(void *data, const struct error *err)
{
	struct takeover *self = data;
	struct error failure = {0};

	if (err && takeover_is_same_run(self->op.container, self->to))
		takeover_drop_copies(self->to);
	if (err) {
		takeover_refuse_ended(self->op.container, &failure);
		finish(self, &failure);
	} else {
		decide_and_record(self);
	}
}

/* The answer to the signal that is none tells that all before it has arrived. */
static void give(struct takeover *self)
{
	struct container_run *to = self->to;
	struct shim_number none = {0};

	takeover_drop_copies(to); /* of an attempt before this one */
	run_send_sockets(to, self->from->copies.items, self->from->copies.count);
	shim_peer_ask(to->peer, SHIM_SIGNAL, &shim_number_type, &none, on_given, self);
}

static void on_asked(void *data, const struct error *err)
{
	struct takeover *self = data;
	struct error failure = {0};
	bool old_runs = takeover_is_same_run(self->old, self->from);

	if (err || !old_runs)
		takeover_refuse_ended(self->old, &failure);
	else if (!takeover_is_same_run(self->op.container, self->to))
		takeover_refuse_ended(self->op.container, &failure);
	else if (self->from->copies.count != self->held.count)
		error_set(&failure, ERROR_SYSTEM, "container %s holds %zu of %zu published ports",
			  self->old->name, self->from->copies.count, self->held.count);
	else
		give(self);
	if (old_runs)
		run_close_copies(self->from);
	if (failure.kind != ERROR_NONE)
		finish(self, &failure);
}

/* ---- from nobody ---- */

/* What could not be published was said already. */
static void on_alone_settled(void *data, const struct error *err)
{
	(void)err;
	finish(data, NULL);
}

static void on_released(void *data, const struct error *err)
{
	struct takeover *self = data;

	if (err)
		takeover_hold(self->op.container, true);
	names_refresh(self->op.container);
	if (err)
		finish(self, err);
	else
		networks_when_settled(self->op.engine->parts.networks, on_alone_settled, self);
}

static bool check_alone(const struct container *new, struct error *err)
{
	return takeover_is_up(new) ? takeover_check_held(new, NULL, err)
				   : takeover_refuse_ended(new, err);
}

/* Ports come first: who is held and has ports was on its way to this. */
static void take_alone(struct takeover *self)
{
	struct container *new = self->op.container;
	struct error err;

	if (new->run && !container_is_held(new)) {
		finish(self, NULL); /* asked again */
		return;
	}
	if (!check_alone(new, &err) ||
	    (new->run->plan.published.count == 0 && gateway_endpoint(&new->run->plan.endpoints) &&
	     !run_take_ports(new->run, &err))) {
		finish(self, &err);
		return;
	}
	takeover_save_plan(new->run);
	container_show_ports(new, &new->run->plan.published);
	takeover_hold(new, false);
	links_tell_address(new);
	container_save(new, STORE_SURVIVES_KILL, on_released, self);
}

/* ---- the operation ---- */

static void begin(struct takeover *self)
{
	struct container *new = self->op.container, *old = self->old;
	struct error err;

	if (!container_is_held(new) && container_is_held(old) &&
	    str_equal(new->took_from, old->id)) {
		finish(self, NULL); /* asked again */
		return;
	}
	if (!check(self, &err)) {
		finish(self, &err);
	} else if (self->held.count == 0) {
		decide_and_record(self);
	} else {
		run_close_copies(self->from);
		shim_peer_ask(self->from->peer, SHIM_PORTS_ASK, NULL, NULL, on_asked, self);
	}
}

struct lock {
	struct operation op; /* of the old one */
	struct takeover *takeover;
};

static void run_lock(struct operation *op)
{
	if (operation_claim(op))
		begin(((struct lock *)op)->takeover);
}

/* It was removed before its turn came. */
static void on_lock_ended(void *data, const struct engine_result *result)
{
	struct takeover *self = data;

	if (!self->lock)
		return;
	self->lock = NULL;
	finish(self, result->err);
}

static void run_takeover(struct operation *op)
{
	struct takeover *self = takeover_of(op);
	struct error err;
	struct lock *lock;

	if (!operation_claim(op))
		return;
	if (!self->old) {
		take_alone(self);
		return;
	}
	if (self->old == op->container ||
	    self->old->takes_over) { /* each would wait for the other */
		error_set(&err, ERROR_CONFLICT, "container %s is taking over itself",
			  self->old->name);
		operation_finish(op, &err);
		return;
	}
	op->container->takes_over = true;
	lock = operation_new(sizeof(*lock), op->engine, self->old, run_lock);
	lock->takeover = self;
	self->lock = &lock->op;
	operation_begin(lock, on_lock_ended, self);
}

void engine_takeover(struct engine *engine, struct container *new, struct container *old,
		     engine_done *done, void *data)
{
	struct takeover *self = operation_new(sizeof(*self), engine, new, run_takeover);

	self->op.fini = fini_takeover;
	self->old = old ? container_ref(old) : NULL;
	operation_begin(self, done, data);
}
