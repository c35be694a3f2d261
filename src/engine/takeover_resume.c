/* A daemon that comes back and finds a container that was taking over. */
#include "base/log.h"
#include "engine/link.h"
#include "engine/run_network.h"
#include "engine/takeover.h"
#include "engine/takeover_private.h"

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
		relay->port = port->deputy ? port->deputy_port : port->container_port;
		relay->paused = port->standby;
		relay->address = str_dup(port->deputy ? port->deputy : port->address);
	}
	run_tell_relays(run, &relays);
}

static void hand_over_again(struct container *new, struct container *old)
{
	struct record_list published = {0}, relays = {0}, held = {0};
	struct error err;

	record_list_copy(&published_port_type, &old->run->plan.published, &held);
	if (!takeover_match_ports(new, old, &published, &err)) {
		log_error("cannot finish a takeover", &err, "id=%s", new->id);
	} else {
		ports_hand_over(new->engine->parts.networks, &held, &published,
				gateway_endpoint(&new->run->plan.endpoints), &relays);
		takeover_move_plans(old->run, new->run, &published);
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
		takeover_take_back(new, old);
		container_save(old, STORE_SURVIVES_KILL, NULL, NULL);
	} else if (has_shim(new) && old) {
		if (old_has)
			hand_over_again(new, old);
		links_lead_to(old, new);
		tell_relays_again(new->run);
		if (has_shim(old))
			takeover_drop_copies(old->run);
	}
	takeover_end(new);
}

void takeovers_resume(struct engine *engine)
{
	for (struct container *c = engine_first(engine); c; c = engine_next(c)) {
		if (c->taking)
			resume(c);
		else if (container_is_held(c) && has_shim(c) && c->run->plan.published.count == 0)
			takeover_drop_copies(
				c->run); /* the daemon was killed before it was decided */
	}
}
