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

#include "base/id.h"
#include "base/log.h"
#include "base/memory.h"
#include "engine/group.h"
#include "engine/handover.h"
#include "engine/link.h"
#include "engine/names.h"
#include "engine/run_network.h"

#define SHIM_VERSION_NEEDED 2 /* that knows SHIM_PORTS_ASK */

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

static bool is_same_run(const struct container *c, const struct container_run *run)
{
	return c->run && c->run == run && run->started && !run->ended && run->peer;
}

static void hold(struct container *c, bool held)
{
	if (!c->extension)
		c->extension = mem_new(struct extension);
	c->extension->hold = held;
}

/* What it held for a moment. */
static void drop_copies(struct container_run *run)
{
	shim_peer_ask(run->peer, SHIM_PORTS_DROP, NULL, NULL, NULL, NULL);
}

static bool refuse_ended(const struct container *c, struct error *err)
{
	return error_set(err, ERROR_CONFLICT, "container %s is not running", c->name);
}

/* ---- what must hold ---- */

static bool is_up(const struct container *c)
{
	return c->run && is_same_run(c, c->run);
}

static bool check_running(const struct container *c, struct error *err)
{
	if (!is_up(c))
		return refuse_ended(c, err);
	if (c->run->shim_version < SHIM_VERSION_NEEDED)
		return error_set(
			err, ERROR_CONFLICT,
			"container %s was started by an older daemon, which could not hand "
			"ports over: restart it",
			c->name);
	return true;
}

static bool check_held(const struct container *new, const struct container *old, struct error *err)
{
	if (!container_is_held(new))
		return error_set(err, ERROR_CONFLICT,
				 "container %s holds nothing back: it was not created with "
				 "Wherry.Hold, or took over before",
				 new->name);
	if (old && container_is_held(old))
		return error_set(err, ERROR_CONFLICT,
				 "container %s holds back what it has: there is nothing to take",
				 old->name);
	return true;
}

static bool check_networks(const struct container *new, const struct container *old,
			   struct error *err)
{
	for (size_t i = 0; i < old->networks.count; i++)
		if (!record_map_get(&endpoint_settings_type, &new->networks,
				    old->networks.names[i]))
			return error_set(err, ERROR_CONFLICT,
					 "container %s is not on network %s, as container %s is",
					 new->name, old->networks.names[i], old->name);
	return true;
}

static bool match_ports(const struct container *new, const struct container *old,
			struct record_list *out, struct error *err)
{
	struct wanted_ports wanted = {0};
	bool has_way_in = gateway_endpoint(&new->run->plan.endpoints), ok;

	if (!run_wanted_ports(new, &wanted, err))
		return false;
	if (!has_way_in)
		wanted.count = 0;
	ok = handover_match(&old->run->plan.published, wanted.items, wanted.count, out, err);
	vector_fini(&wanted);
	return ok || error_prefix(err, "container %s cannot take over from container %s", new->name,
				  old->name);
}

static bool check(struct takeover *self, struct error *err)
{
	struct container *new = self->op.container, *old = self->old;

	if (!check_running(new, err) || !check_running(old, err) || !check_held(new, old, err) ||
	    !check_networks(new, old, err) || !match_ports(new, old, &self->published, err))
		return false;
	self->from = old->run;
	self->to = new->run;
	record_list_copy(&published_port_type, &old->run->plan.published, &self->held);
	return true;
}

/* ---- names ---- */

static void add_names(struct endpoint_settings *to, const struct endpoint_settings *from,
		      const char *short_id)
{
	for (size_t i = 0; i < from->dns_names.count; i++)
		if (!str_equal(from->dns_names.items[i], short_id) &&
		    !strings_contain(&to->dns_names, from->dns_names.items[i]))
			strings_add(&to->dns_names, from->dns_names.items[i]);
}

/* Also the old one's own name leads to the new one, until either is renamed. */
static void take_names(struct container *new, const struct container *old)
{
	scoped_free char *short_id = str_dup_n(old->id, ID_SHORT_LENGTH);

	for (size_t i = 0; i < old->networks.count; i++) {
		struct endpoint_settings *to = record_map_get(
			&endpoint_settings_type, &new->networks, old->networks.names[i]);
		const struct endpoint_settings *from =
			RECORD_AT(old->networks, struct endpoint_settings, i);

		if (to && from->dns_names.count)
			add_names(to, from, short_id);
	}
}

static void show_names(struct container *new, struct container *old)
{
	links_lead_to(old, new);
	links_tell_address(new);
	links_open_ports(new->engine);
	names_refresh(new); /* it is on all networks of the old one */
}

/* ---- what follows from the decision ---- */

static void save_plan(struct container_run *run)
{
	struct error err;

	if (!run_save_plan(run, &err))
		log_warning("cannot write what a run holds", &err, "id=%s", run->container->id);
}

/* The new one's plan is written first: what stands in both is the new one's. */
static void move_plans(struct container_run *from, struct container_run *to,
		       struct record_list *published)
{
	record_list_fini(&published_port_type, &to->plan.published);
	to->plan.published = *published;
	*published = (struct record_list){0};
	save_plan(to);
	container_show_ports(to->container, &to->plan.published);
	if (!from)
		return;
	record_list_fini(&published_port_type, &from->plan.published);
	save_plan(from);
	container_show_ports(from->container, &from->plan.published);
}

static void end_taking(struct container *c)
{
	c->taking = false;
	container_save(c, STORE_SURVIVES_KILL, NULL, NULL);
}

static void on_dropped(void *data, const struct error *err)
{
	struct takeover *self = data;
	struct container *new = self->op.container;
	scoped_pairs struct pairs more = {0};

	(void)err; /* it may have ended meanwhile */
	end_taking(new);
	pairs_set(&more, "from", self->old->id);
	log_info("container took over", "id=%s name=%s from=%s", new->id, new->name, self->old->id);
	engine_publish_container(self->op.engine, new, "takeover", &more);
	finish(self, NULL);
}

static void apply(struct takeover *self)
{
	struct container *new = self->op.container, *old = self->old;
	bool old_runs = is_same_run(old, self->from);
	struct record_list relays = {0};

	ports_hand_over(self->op.engine->parts.networks, &self->held, &self->published,
			gateway_endpoint(&self->to->plan.endpoints), &relays);
	show_names(new, old);
	move_plans(old_runs ? self->from : NULL, self->to, &self->published);
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

static void decide(struct container *new, struct container *old)
{
	hold(new, false);
	hold(old, true);
	str_replace(&new->took_from, old->id);
	new->taking = true;
	take_names(new, old);
}

static void take_decision_back(struct container *new, struct container *old)
{
	hold(new, true);
	hold(old, false);
	str_replace(&new->took_from, NULL);
	new->taking = false;
	container_name_endpoints(new);
}

static void on_taken_back(void *data, const struct error *err)
{
	struct takeover *self = data;
	struct error failure;

	(void)err;
	refuse_ended(self->op.container, &failure);
	finish(self, &failure);
}

static void on_decided(void *data, const struct error *err)
{
	struct takeover *self = data;
	struct container *new = self->op.container;
	bool new_runs = is_same_run(new, self->to);

	if (!err && new_runs) {
		apply(self);
		return;
	}
	take_decision_back(new, self->old);
	if (new_runs)
		drop_copies(self->to);
	names_refresh(self->old);
	if (err)
		finish(self, err);
	else
		save_both(self, on_taken_back);
}

static void decide_and_record(struct takeover *self)
{
	decide(self->op.container, self->old);
	save_both(self, on_decided);
}

/* ---- copies of the sockets ---- */

static void on_given(void *data, const struct error *err)
{
	struct takeover *self = data;
	struct error failure = {0};

	if (err && is_same_run(self->op.container, self->to))
		drop_copies(self->to);
	if (err) {
		refuse_ended(self->op.container, &failure);
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

	drop_copies(to); /* of an attempt before this one */
	run_send_sockets(to, self->from->copies.items, self->from->copies.count);
	shim_peer_ask(to->peer, SHIM_SIGNAL, &shim_number_type, &none, on_given, self);
}

static void on_asked(void *data, const struct error *err)
{
	struct takeover *self = data;
	struct error failure = {0};
	bool old_runs = is_same_run(self->old, self->from);

	if (err || !old_runs)
		refuse_ended(self->old, &failure);
	else if (!is_same_run(self->op.container, self->to))
		refuse_ended(self->op.container, &failure);
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

static void on_released(void *data, const struct error *err)
{
	struct takeover *self = data;

	if (err)
		hold(self->op.container, true);
	names_refresh(self->op.container);
	finish(self, err);
}

static bool check_alone(const struct container *new, struct error *err)
{
	return is_up(new) ? check_held(new, NULL, err) : refuse_ended(new, err);
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
	save_plan(new->run);
	container_show_ports(new, &new->run->plan.published);
	hold(new, false);
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

/* ---- a daemon that comes back ---- */

/* What the new one carries has to be told again: nobody knows whether it was. */
static void tell_relays_again(struct container_run *run)
{
	struct record_list relays = {0};

	for (size_t i = 0; i < run->plan.published.count; i++) {
		const struct published_port *port =
			RECORD_AT(run->plan.published, struct published_port, i);
		struct relay_spec *relay;

		if (!port->relayed)
			continue;
		relay = record_list_add(&relay_spec_type, &relays);
		relay->socket = (int32_t)i;
		relay->protocol = port->protocol;
		relay->port = port->container_port;
		relay->paused = port->standby;
		relay->address = str_dup(port->address);
	}
	run_tell_relays(run, &relays);
}

static void hand_over_again(struct container *new, struct container *old)
{
	struct record_list published = {0}, relays = {0}, held = {0};
	struct error err;

	record_list_copy(&published_port_type, &old->run->plan.published, &held);
	if (!match_ports(new, old, &published, &err)) {
		log_error("cannot finish a takeover", &err, "id=%s", new->id);
	} else {
		ports_hand_over(new->engine->parts.networks, &held, &published,
				gateway_endpoint(&new->run->plan.endpoints), &relays);
		move_plans(old->run, new->run, &published);
	}
	record_list_fini(&published_port_type, &held);
	record_list_fini(&published_port_type, &published);
	record_list_fini(&relay_spec_type, &relays);
}

static bool has_shim(const struct container *c)
{
	return c->run && c->run->peer && !c->run->ended;
}

static void resume(struct container *new)
{
	struct container *old = engine_by_id(new->engine, new->took_from);
	bool old_has = old && has_shim(old) && old->run->plan.published.count > 0;

	log_info("finishing a takeover", "id=%s from=%s", new->id, new->took_from);
	if (!has_shim(new) && old_has) {
		take_decision_back(new, old);
		container_save(old, STORE_SURVIVES_KILL, NULL, NULL);
	} else if (has_shim(new) && old) {
		if (old_has)
			hand_over_again(new, old);
		links_lead_to(old, new);
		tell_relays_again(new->run);
		if (has_shim(old))
			drop_copies(old->run);
	}
	end_taking(new);
}

void takeovers_resume(struct engine *engine)
{
	for (struct container *c = engine_first(engine); c; c = engine_next(c)) {
		if (c->taking)
			resume(c);
		else if (container_is_held(c) && has_shim(c) && c->run->plan.published.count == 0)
			drop_copies(c->run); /* the daemon was killed before it was decided */
	}
}
