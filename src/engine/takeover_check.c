#include "engine/handover.h"
#include "engine/run_network.h"
#include "engine/takeover_private.h"

#define SHIM_VERSION_NEEDED 2 /* that knows SHIM_PORTS_ASK */

bool takeover_refuse_ended(const struct container *c, struct error *err)
{
	return error_set(err, ERROR_CONFLICT, "container %s is not running", c->name);
}

bool takeover_is_same_run(const struct container *c, const struct container_run *run)
{
	return c->run && c->run == run && run->started && !run->ended && run->peer;
}

/* ---- what must hold ---- */

bool takeover_is_up(const struct container *c)
{
	return c->run && takeover_is_same_run(c, c->run);
}

static bool check_running(const struct container *c, struct error *err)
{
	if (!takeover_is_up(c))
		return takeover_refuse_ended(c, err);
	if (c->run->shim_version < SHIM_VERSION_NEEDED)
		return error_set(
			err, ERROR_CONFLICT,
			"container %s was started by an older daemon, which could not hand "
			"ports over: restart it",
			c->name);
	return true;
}

bool takeover_check_held(const struct container *new, const struct container *old,
			 struct error *err)
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

bool takeover_match_ports(const struct container *new, const struct container *old,
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

bool takeover_check(const struct container *new, const struct container *old,
		    struct record_list *published, struct error *err)
{
	return check_running(new, err) && check_running(old, err) &&
	       takeover_check_held(new, old, err) && check_networks(new, old, err) &&
	       takeover_match_ports(new, old, published, err);
}
