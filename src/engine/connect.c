/* Connecting and disconnecting.  A container that does not run only has it recorded.  In one that runs a
 * worker makes or takes away the link, and what depends on its networks follows: the default route, where
 * published ports lead, its hosts file.
 *
 * A daemon that dies in between leaves a plan (the run folder's) and a record that differ: an endpoint
 * that stands in the plan alone was not connected yet, or not any more, and is taken away by the next
 * daemon.  So connecting writes plan, link, record; disconnecting record, link, plan.  So it does where no worker
 * lived to take a link away: who asks to connect or to disconnect once more has that done first. */
#include "base/log.h"
#include "base/memory.h"
#include "engine/link.h"
#include "engine/names.h"
#include "engine/run_network.h"
#include "network/network_plan.h"

#include <errno.h>
#include <net/if.h>

struct connect_operation {
	struct operation op;
	char *network;			   /* as it was typed */
	char *name;			   /* of the network */
	struct endpoint_settings settings; /* asked for; then also what was given */
	bool disconnect, force;
	bool leaves;	     /* the link is taken away: disconnected, or not connected after all */
	bool settle;	     /* what an earlier daemon has left; the record knows nothing of it */
	struct job *opening; /* owned: names for a shim that had none; NULL: not now */
	struct container_run *run; /* borrowed, and looked at only where is_same_run says so */
	struct error failure;	   /* of a link that could not be made */
};

static void fini_connect(struct operation *op)
{
	struct connect_operation *self = (struct connect_operation *)op;

	job_cancel(self->opening);
	free(self->network);
	free(self->name);
	record_fini(&endpoint_settings_type, &self->settings);
}

/* ---- what may not be ---- */

static bool refuse_host_and_none(const struct container *c, const char *name, struct error *err)
{
	const char *mode = c->host_config.network_mode;

	if (str_equal(name, "host") || str_equal(mode, "host"))
		return error_set(
			err, ERROR_INVALID,
			"container cannot be disconnected from host network or connected to "
			"host network");
	if (str_equal(name, "none") || str_equal(mode, "none"))
		return error_set(
			err, ERROR_INVALID,
			"container cannot be connected to multiple networks with one of the "
			"networks in private (none) mode");
	if (container_mode_target(mode))
		return error_set(
			err, ERROR_INVALID,
			"container sharing network namespace with another container or host "
			"cannot be connected to any other network");
	return true;
}

static bool is_up(const struct container *c)
{
	return c->run && c->run->started && !c->run->ended && c->pid > 0;
}

static size_t find_endpoint(const struct container_run *run, const char *network)
{
	const struct record_list *endpoints = &run->plan.endpoints;
	size_t i = 0;

	while (i < endpoints->count &&
	       !str_equal(RECORD_AT(*endpoints, struct endpoint_spec, i)->network_name, network))
		i++;
	return i;
}

/* Of one that runs: in the plan, whether it stands in the record or not. */
static bool has_link(const struct container *c, const char *network)
{
	return is_up(c) && find_endpoint(c->run, network) < c->run->plan.endpoints.count;
}

static bool refuse_twice(const struct connect_operation *self, struct error *err)
{
	const struct container *c = self->op.container;
	bool there = record_map_get(&endpoint_settings_type, &c->networks, self->name);

	if (self->disconnect && !there && !has_link(c, self->name))
		return error_set(err, ERROR_SYSTEM, "container %s is not connected to network %s",
				 c->id, self->network);
	if (!self->disconnect && there)
		return error_set(err, ERROR_FORBIDDEN,
				 "endpoint with name %s already exists in network %s", c->name,
				 self->name);
	return true;
}

/* The container is ours until the operation ends, so nobody starts it anew; but it may have ended. */
static bool is_same_run(const struct connect_operation *self)
{
	return is_up(self->op.container) && self->op.container->run == self->run;
}

/* ---- the record ---- */

static void on_saved(void *data, const struct error *err)
{
	struct connect_operation *self = data;
	struct container *c = self->op.container;

	if (!err && (self->disconnect || is_up(c)))
		events_tell_network(c, self->name, self->settings.network_id,
				    self->disconnect ? "disconnect" : "connect");
	operation_finish(&self->op, err);
}

/* `given`: with what the network gave to a container that runs. */
static void add_connected(struct connect_operation *self, bool given)
{
	struct container *c = self->op.container;
	struct endpoint_settings *settings =
		record_map_add(&endpoint_settings_type, &c->networks, self->name);

	if (given)
		record_copy(&endpoint_settings_type, &self->settings, settings);
	else
		endpoint_settings_take(settings, &self->settings);
	endpoint_settings_name(c, self->name, settings);
}

static void save_connected(struct connect_operation *self)
{
	container_save(self->op.container, STORE_SURVIVES_POWER_CUT, on_saved, self);
}

static void record_connected(struct connect_operation *self)
{
	add_connected(self, false);
	save_connected(self);
}

/* The record says it no more; the link still stands. */
static void hide_names(struct container *c, const char *network)
{
	size_t index = c->run ? find_endpoint(c->run, network) : 0;

	if (c->run && index < c->run->plan.endpoints.count)
		names_change(c, RECORD_AT(c->run->plan.endpoints, struct endpoint_spec, index));
}

static void forget_connected(struct connect_operation *self)
{
	struct container *c = self->op.container;
	const struct endpoint_settings *settings =
		record_map_get(&endpoint_settings_type, &c->networks, self->name);

	if (!settings)
		return;
	str_replace(&self->settings.network_id, settings->network_id);
	record_map_remove(&endpoint_settings_type, &c->networks, self->name);
	hide_names(c, self->name);
}

/* ---- a container that runs ---- */

/* The ways out before a change: the names of the devices that default routes lead to. */
struct ways_out {
	char *four, *six, *ports; /* owned */
};

static void ways_fini(struct ways_out *ways)
{
	free(ways->four);
	free(ways->six);
	free(ways->ports);
}

static struct endpoint_spec *endpoint_at(const struct record_list *endpoints, int index)
{
	return index < 0 ? NULL : RECORD_AT(*endpoints, struct endpoint_spec, index);
}

static struct ways_out find_ways(const struct record_list *endpoints)
{
	struct gateway_choice choice = gateways_choose(endpoints);
	const struct endpoint_spec *four = endpoint_at(endpoints, choice.four);
	const struct endpoint_spec *six = endpoint_at(endpoints, choice.six);
	const struct endpoint_spec *ports = gateway_endpoint(endpoints);

	return (struct ways_out){str_dup_or_null(four ? four->name : NULL),
				 str_dup_or_null(six ? six->name : NULL),
				 str_dup_or_null(ports ? ports->name : NULL)};
}

/* Routes are touched only where they change: a container may have made its own. */
static void plan_routes(const struct record_list *endpoints, const struct ways_out *before,
			struct plan_links *change)
{
	struct gateway_choice choice = gateways_choose(endpoints);
	const struct endpoint_spec *four = endpoint_at(endpoints, choice.four);
	const struct endpoint_spec *six = endpoint_at(endpoints, choice.six);

	if (four && !str_equal(four->name, before->four)) {
		change->gateway = four->gateway;
		change->device = four->name;
	}
	if (six && !str_equal(six->name, before->six)) {
		change->gateway6 = six->gateway6;
		change->device6 = six->name;
	}
}

/* The plan's endpoint `index` is added or removed. */
static void change_links(struct connect_operation *self, size_t index, struct ways_out *before,
			 network_done *done)
{
	struct container *c = self->op.container;
	struct record_list rest = {0};
	struct endpoint_spec moved = {0};
	struct record_list one = {&moved, 1};
	struct plan_links change = {.pid = c->pid, .start_time = self->run->start_time};

	record_copy(&endpoint_spec_type,
		    RECORD_AT(self->run->plan.endpoints, struct endpoint_spec, index), &moved);
	record_list_copy(&endpoint_spec_type, &self->run->plan.endpoints, &rest);
	if (self->leaves)
		record_list_remove(&endpoint_spec_type, &rest, index);
	moved.no_route = moved.no_route6 = true; /* routes are set apart */
	*(self->leaves ? &change.removed : &change.added) = one;
	plan_routes(&rest, before, &change);
	networks_change_links(c->engine->parts.networks, &change, done, self);
	record_fini(&endpoint_spec_type, &moved);
	record_list_fini(&endpoint_spec_type, &rest);
}

static void drop_endpoint(struct connect_operation *self)
{
	struct record_list *endpoints = &self->run->plan.endpoints;
	size_t index = find_endpoint(self->run, self->name);

	if (index == endpoints->count)
		return;
	network_release(self->op.engine->parts.networks,
			RECORD_AT(*endpoints, struct endpoint_spec, index));
	record_list_remove(&endpoint_spec_type, endpoints, index);
	gateways_mark(endpoints);
}

/* All that follows from the networks of a container that runs. */
static void follow(struct connect_operation *self)
{
	struct container_run *run = self->run;
	struct error err;

	run_open_netns(run);
	run_move_ports(run);
	names_change(run->container, NULL);
	links_tell_address(run->container);
	links_open_ports(run->container->engine);
	if (!run_save_plan(run, &err) || !run_rewrite_hosts(run, &err))
		log_warning("cannot write what a container's networks are", &err, "id=%s",
			    run->container->id);
}

static void finish_attach(struct connect_operation *self)
{
	if (is_same_run(self))
		follow(self);
	save_connected(self);
}

/* Without names it is connected all the same. */
static void on_opened(void *data, const struct buffer *answer, const struct error *err)
{
	struct connect_operation *self = data;
	struct error failure = err ? *err : (struct error){0};
	bool ok = !err && is_same_run(self);

	self->opening = NULL;
	if (ok) {
		self->run->plan.names = true;
		ok = run_rewrite_resolv_conf(self->run, &failure);
	}
	if (!ok && is_same_run(self))
		log_warning("names are not answered in a container", &failure, "id=%s",
			    self->op.container->id);
	finish_attach(self);
}

/* The first process is gone, and nobody here has heard of it: on a busy host that may last.  What was
 * asked for is done as in a container that has ended, when that is known. */
static bool has_met_the_end(const struct error *err)
{
	return err && err->os == ESRCH;
}

static void attach_to_ended(struct operation *op, const struct error *err)
{
	(void)err;
	record_connected((struct connect_operation *)op);
}

static void detached_by_end(struct operation *op, const struct error *err)
{
	on_saved(op, err);
}

static void drop_link(struct connect_operation *self)
{
	struct error unused;

	if (!is_same_run(self))
		return;
	drop_endpoint(self);
	run_save_plan(self->run, &unused);
}

static void give_up_attaching(struct connect_operation *self)
{
	drop_link(self);
	if (is_same_run(self) && has_met_the_end(&self->failure))
		operation_wait_exit(&self->op, attach_to_ended);
	else
		operation_finish(&self->op, &self->failure);
}

static void on_taken_back(void *data, const struct error *err)
{
	struct connect_operation *self = data;

	if (err && err->kind == ERROR_UNAVAILABLE)
		operation_finish(&self->op, &self->failure);
	else
		give_up_attaching(self);
}

/* A link of which nobody knows how far it was made, or taken away. */
static void take_back(struct connect_operation *self, network_done *done)
{
	scoped_with(ways_fini) struct ways_out before = find_ways(&self->run->plan.endpoints);

	self->leaves = true;
	change_links(self, find_endpoint(self->run, self->name), &before, done);
}

static void on_attached(void *data, const struct error *err)
{
	struct connect_operation *self = data;
	struct error failure;

	self->failure = err ? *err : (struct error){0};
	if (!is_same_run(self)) {
		record_connected(self);
	} else if (err && err->kind == ERROR_UNAVAILABLE) {
		take_back(self, on_taken_back);
	} else if (err) {
		give_up_attaching(self);
	} else {
		add_connected(self, true);
		if (names_are_missing(self->run))
			self->opening = names_open(self->run, on_opened, self, &failure);
		if (!self->opening)
			finish_attach(self);
	}
}

static void attach(struct connect_operation *self)
{
	struct container_run *run = self->run;
	scoped_with(ways_fini) struct ways_out before = find_ways(&run->plan.endpoints);
	struct error err;

	if (!run_take_endpoint(run, self->name, &self->settings, &err)) {
		operation_finish(&self->op, &err);
		return;
	}
	gateways_mark(&run->plan.endpoints);
	if (run_save_plan(run, &err)) {
		change_links(self, run->plan.endpoints.count - 1, &before, on_attached);
		return;
	}
	drop_endpoint(self);
	operation_finish(&self->op, &err);
}

static void on_repaired(void *data, const struct error *err)
{
	struct connect_operation *self = data;

	if (err)
		operation_finish(&self->op, err);
	else if (is_same_run(self))
		attach(self);
	else
		record_connected(self);
}

/* Somebody may have removed the bridge. */
static void attach_when_there(struct connect_operation *self)
{
	struct error err;
	const struct network *network =
		networks_find(self->op.engine->parts.networks, self->name, &err);
	const char *device = network ? network_get_spec(network)->bridge : NULL;

	if (!network)
		operation_finish(&self->op, &err);
	else if (device && if_nametoindex(device) == 0)
		networks_repair(self->op.engine->parts.networks, on_repaired, self);
	else
		attach(self);
}

static void on_remainder_gone(void *data, const struct error *err)
{
	struct connect_operation *self = data;

	if (err && err->kind == ERROR_UNAVAILABLE) {
		operation_finish(&self->op, err);
		return;
	}
	drop_link(self);
	self->leaves = false;
	if (is_same_run(self))
		attach_when_there(self);
	else
		record_connected(self);
}

static void on_detached(void *data, const struct error *err)
{
	struct connect_operation *self = data;

	if (is_same_run(self) && (!err || self->settle)) {
		drop_endpoint(self);
		follow(self);
	}
	if (self->settle)
		operation_finish(&self->op, NULL);
	else if (is_same_run(self) && has_met_the_end(err))
		operation_wait_exit(&self->op, detached_by_end);
	else
		on_saved(self, is_same_run(self) ? err : NULL);
}

static void on_disconnect_recorded(void *data, const struct error *err)
{
	struct connect_operation *self = data;
	size_t index = is_same_run(self) ? find_endpoint(self->run, self->name) : 0;

	if (err || !is_same_run(self) || index == self->run->plan.endpoints.count) {
		on_saved(self, err);
		return;
	}
	scoped_with(ways_fini) struct ways_out before = find_ways(&self->run->plan.endpoints);
	change_links(self, index, &before, on_detached);
}

/* ---- the operation ---- */

static void begin_change(struct connect_operation *self, const struct network *network)
{
	struct container *c = self->op.container;
	bool up = is_up(c);

	self->run = c->run;
	if (self->disconnect) {
		forget_connected(self);
		if (!self->settings.network_id && network)
			str_replace(&self->settings.network_id, network_get_spec(network)->id);
		container_save(c, STORE_SURVIVES_POWER_CUT, up ? on_disconnect_recorded : on_saved,
			       self);
	} else if (has_link(c, self->name)) {
		take_back(self, on_remainder_gone);
	} else if (up) {
		attach_when_there(self);
	} else {
		record_connected(self);
	}
}

static void run_connect(struct operation *op)
{
	struct connect_operation *self = (struct connect_operation *)op;
	struct network *network;
	struct error err;

	if (!operation_claim(op))
		return;
	if (self->settle) {
		self->run = op->container->run;
		on_disconnect_recorded(self, NULL);
		return;
	}
	network = networks_find(op->engine->parts.networks, self->network, &err);
	str_replace(&self->name, network ? network_get_spec(network)->name : self->network);
	if (!network && !(self->disconnect && self->force))
		operation_finish(op, &err);
	else if (refuse_host_and_none(op->container, self->name, &err) &&
		 endpoint_settings_check(op->engine, self->name, &self->settings, &err) &&
		 refuse_twice(self, &err))
		begin_change(self, network);
	else
		operation_finish(op, &err);
}

static struct connect_operation *new_connect(struct engine *engine, struct container *c,
					     const char *network)
{
	struct connect_operation *self = operation_new(sizeof(*self), engine, c, run_connect);

	self->op.fini = fini_connect;
	self->network = str_dup(network);
	return self;
}

void engine_connect(struct engine *engine, struct container *c, const char *network,
		    const struct endpoint_settings *settings, engine_done *done, void *data)
{
	struct connect_operation *self = new_connect(engine, c, network);

	if (settings)
		endpoint_settings_take(&self->settings, settings);
	operation_begin(self, done, data);
}

void engine_disconnect(struct engine *engine, struct container *c, const char *network, bool force,
		       engine_done *done, void *data)
{
	struct connect_operation *self = new_connect(engine, c, network);

	self->disconnect = self->leaves = true;
	self->force = force;
	operation_begin(self, done, data);
}

void run_settle_networks(struct container_run *run)
{
	struct container *c = run->container;

	for (size_t i = 0; i < run->plan.endpoints.count; i++) {
		const char *name =
			RECORD_AT(run->plan.endpoints, struct endpoint_spec, i)->network_name;
		struct connect_operation *self;

		if (record_map_get(&endpoint_settings_type, &c->networks, name))
			continue;
		self = new_connect(c->engine, c, name);
		self->disconnect = self->leaves = self->settle = true;
		self->name = str_dup(name);
		operation_begin(self, NULL, NULL);
	}
}
