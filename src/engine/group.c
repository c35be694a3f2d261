#include "engine/group.h"

#include "base/log.h"
#include "engine/names.h"
#include "engine/run_network.h"

const char *group_of_ports(const struct container *c)
{
	const struct container_group *group = c->extension ? c->extension->group : NULL;

	return group && group->balance ? group->name : NULL;
}

static bool has_ports(const struct container *c, const char *group)
{
	return c->run && !c->run->ended && c->run->plan.published.count > 0 &&
	       str_equal(group_of_ports(c), group);
}

static void tell(struct container *c, struct record_list *relays)
{
	struct error err;

	if (relays->count && !run_save_plan(c->run, &err)) /* what its shim was told last */
		log_warning("cannot write what a run holds", &err, "id=%s", c->id);
	run_tell_relays(c->run, relays);
}

static void stand_by(struct container *c, bool standby)
{
	struct record_list relays = {0};

	ports_stand_by(c->engine->parts.networks, &c->run->plan.published, standby, &relays);
	tell(c, &relays);
}

static void name_deputies(struct container *c)
{
	struct record_list relays = {0};

	ports_name_deputies(c->engine->parts.networks, &c->run->plan.published, &relays);
	tell(c, &relays);
}

static void refresh_ports(const struct container *c)
{
	const char *group = group_of_ports(c);
	bool anybody = false;

	if (!group)
		return;
	for (struct container *m = engine_first(c->engine); m; m = engine_next(m))
		anybody |= has_ports(m, group) && container_can_serve(m);
	for (struct container *m = engine_first(c->engine); m; m = engine_next(m))
		if (has_ports(m, group))
			stand_by(m, anybody && !container_can_serve(m));
	for (struct container *m = engine_first(c->engine); m; m = engine_next(m))
		if (has_ports(m, group))
			name_deputies(m);
}

/* ---- addresses ---- */

static const char *group_of_addresses(const struct container *c)
{
	const struct container_group *group = c->extension ? c->extension->group : NULL;

	return group && group->vip ? group->name : NULL;
}

static const struct endpoint_settings *settings_on(const struct container *c, const char *network)
{
	return record_map_get(&endpoint_settings_type, &c->networks, network);
}

/* What another of the group has there; NULL: none has any. */
static const char *address_of_others(const struct container *c, const char *network)
{
	const char *group = group_of_addresses(c);

	for (const struct container *m = engine_first(c->engine); m; m = engine_next(m)) {
		const struct endpoint_settings *settings = settings_on(m, network);

		if (m != c && str_equal(group_of_addresses(m), group) && settings &&
		    !str_is_empty(settings->vip))
			return settings->vip;
	}
	return NULL;
}

/* Names are known on networks of users alone, so nobody else needs an address. */
static void take_address(struct container *c, const char *network,
			 struct endpoint_settings *settings)
{
	const char *others = address_of_others(c, network);
	scoped_free char *taken = NULL;
	struct error err;

	if (settings->aliases.count == 0 || settings->dns_names.count == 0)
		return;
	taken = network_take_shared(c->engine->parts.networks, network,
				    others ? others : settings->vip, &err);
	if (!taken)
		log_warning("a group has no address of its own", &err, "id=%s network=%s", c->id,
			    network);
	str_replace(&settings->vip, taken);
}

void group_take_addresses(struct container *c)
{
	if (!group_of_addresses(c))
		return;
	for (size_t i = 0; i < c->networks.count; i++)
		take_address(c, c->networks.names[i],
			     RECORD_AT(c->networks, struct endpoint_settings, i));
}

void group_leave(struct container *c)
{
	if (!group_of_addresses(c))
		return;
	for (size_t i = 0; i < c->networks.count; i++) {
		const struct endpoint_settings *settings =
			RECORD_AT(c->networks, struct endpoint_settings, i);

		if (!str_is_empty(settings->vip) && !address_of_others(c, c->networks.names[i]))
			network_drop_shared(c->engine->parts.networks, c->networks.names[i],
					    settings->vip);
	}
}

static const char *present_address(const struct container *c, const char *network)
{
	for (size_t i = 0; i < c->run->plan.endpoints.count; i++) {
		const struct endpoint_spec *endpoint =
			RECORD_AT(c->run->plan.endpoints, struct endpoint_spec, i);

		if (str_equal(endpoint->network_name, network))
			return endpoint->address;
	}
	return NULL;
}

static bool is_there(const struct container *c, const char *group)
{
	return c->run && !c->run->ended && c->run->named && !container_is_held(c) &&
	       str_equal(group_of_addresses(c), group);
}

static void add_members(const struct container *c, const char *network, bool only_serving,
			struct strings *out)
{
	const char *group = group_of_addresses(c);

	for (const struct container *m = engine_first(c->engine); m; m = engine_next(m)) {
		const char *address = is_there(m, group) ? present_address(m, network) : NULL;

		if (address && (!only_serving || container_can_serve(m)))
			strings_add(out, address);
	}
}

static void refresh_addresses(const struct container *c)
{
	for (size_t i = 0; group_of_addresses(c) && i < c->networks.count; i++) {
		const struct endpoint_settings *settings =
			RECORD_AT(c->networks, struct endpoint_settings, i);
		scoped_strings struct strings members = {0};

		if (str_is_empty(settings->vip))
			continue;
		add_members(c, c->networks.names[i], true, &members);
		if (members.count == 0)
			add_members(c, c->networks.names[i], false, &members);
		network_share(c->engine->parts.networks, c->networks.names[i], settings->vip,
			      &members);
	}
}

static bool has_address(const struct container *c)
{
	for (size_t i = 0; i < c->networks.count; i++)
		if (RECORD_AT(c->networks, struct endpoint_settings, i)->vip)
			return true;
	return false;
}

/* ---- both ---- */

void group_refresh(const struct container *c)
{
	refresh_ports(c);
	refresh_addresses(c);
}

/* Addresses of those that do not run are theirs, too. */
void groups_refresh(struct engine *engine)
{
	for (struct container *c = engine_first(engine); c; c = engine_next(c))
		if (c->run || has_address(c))
			group_take_addresses(c);
	for (struct container *c = engine_first(engine); c; c = engine_next(c))
		group_refresh(c);
}

void engine_network_is_up(struct engine *engine)
{
	if (networks_take_turns(engine->parts.networks))
		return;
	groups_refresh(engine);
	for (struct container *c = engine_first(engine); c; c = engine_next(c))
		names_refresh(c);
}

void container_serving_changed(struct container *c)
{
	names_refresh(c);
	group_refresh(c);
}
