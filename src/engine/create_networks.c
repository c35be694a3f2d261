#include "engine/create_private.h"

#include "base/memory.h"
#include "engine/link.h"

#define ENDPOINTS_API 44 /* before, one network */

/* What was asked for; what a network has given to somebody else before is not taken over. */
static void take_endpoint(struct container *c, const char *name,
			  const struct endpoint_settings *asked)
{
	struct endpoint_settings *settings =
		record_map_add(&endpoint_settings_type, &c->networks, name);

	if (!asked)
		return;
	endpoint_settings_take(settings, asked);
}

static const char *real_name(struct engine *engine, const char *reference)
{
	struct network *network =
		networks_find(engine->parts.networks, reference, &(struct error){0});

	return network ? network_get_spec(network)->name : reference;
}

static bool check_count(const struct create_operation *self, struct error *err)
{
	const struct record_map *endpoints = &self->networking.endpoints;
	struct strings names = {endpoints->names, endpoints->count};
	scoped_free char *joined = NULL;

	if (self->api_minor >= ENDPOINTS_API || endpoints->count <= 1)
		return true;
	joined = strings_join(&names, ", ");
	return error_set(err, ERROR_INVALID,
			 "Container cannot be connected to network endpoints: %s", joined);
}

static bool take_asked(struct operation *op, const char *first, struct error *err)
{
	struct create_operation *self = create_of(op);
	const struct record_map *asked = &self->networking.endpoints;

	for (size_t i = 0; i < asked->count; i++) {
		const struct endpoint_settings *settings =
			RECORD_AT(*asked, struct endpoint_settings, i);
		/* The docker command names the network by the mode it asked for. */
		const char *name = str_equal(asked->names[i], "default")
					   ? first
					   : real_name(op->engine, asked->names[i]);

		if (!endpoint_settings_check(op->engine, name, settings, err))
			return false;
		take_endpoint(self->made, name, settings);
	}
	return true;
}

/* That of older clients, which name no network with it: the first one's. */
static void take_mac_address(struct container *c)
{
	struct endpoint_settings *settings = RECORD_AT(c->networks, struct endpoint_settings, 0);

	if (!str_is_empty(c->config.mac_address) && str_is_empty(settings->wanted_mac_address))
		str_replace(&settings->wanted_mac_address, c->config.mac_address);
}

/* The network of the mode comes first, with what was said for it under any of its names. */
bool create_take_networks(struct operation *op, struct error *err)
{
	struct create_operation *self = create_of(op);
	struct container *c = self->made;
	struct network_mode mode;
	const char *first;

	if (!check_count(self, err) || !network_mode_parse(op->engine->parts.networks,
							   c->host_config.network_mode, &mode, err))
		return false;
	if (mode.kind == NETWORK_MODE_CONTAINER)
		return true;
	first = mode.kind == NETWORK_MODE_NETWORK ? real_name(op->engine, mode.name)
						  : c->host_config.network_mode;
	take_endpoint(c, first, NULL);
	if (!take_asked(op, first, err))
		return false;
	take_mac_address(c);
	container_name_endpoints(c);
	return true;
}

bool create_take_links(struct operation *op, struct error *err)
{
	return links_resolve(create_of(op)->made, err);
}
