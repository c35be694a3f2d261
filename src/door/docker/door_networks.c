/* Networks: list and inspect. */
#include "base/time.h"
#include "door/docker/filters.h"
#include "door/docker/handlers.h"
#include "format/json.h"

#define F      RECORD_FIELD
#define FLAGS  RECORD_FIELD_FLAGS
#define NESTED RECORD_NESTED
#define TEXT   RECORD_EMPTY_STRING
#define LIST   RECORD_EMPTY_LIST

/* ---- views ---- */

struct pool_view {
	char *subnet, *range, *gateway;
	struct pairs aux;
};
#define T struct pool_view
static const struct record_field pool_view_fields[] = {
	FLAGS(T, 1, "Subnet", RECORD_STRING, subnet, RECORD_OMIT_EMPTY),
	FLAGS(T, 2, "IPRange", RECORD_STRING, range, RECORD_OMIT_EMPTY),
	FLAGS(T, 3, "Gateway", RECORD_STRING, gateway, RECORD_OMIT_EMPTY),
	FLAGS(T, 4, "AuxiliaryAddresses", RECORD_PAIRS, aux, RECORD_OMIT_EMPTY),
};
static const struct record_type pool_view_type = RECORD_TYPE(T, pool_view_fields);
#undef T

struct ipam_view {
	char *driver;
	struct pairs options;
	struct record_list config; /* struct pool_view */
};
#define T struct ipam_view
static const struct record_field ipam_view_fields[] = {
	F(T, 1, "Driver", RECORD_STRING, driver),
	F(T, 2, "Options", RECORD_PAIRS, options),
	NESTED(T, 3, "Config", RECORD_LIST, config, LIST, &pool_view_type),
};
static const struct record_type ipam_view_type = RECORD_TYPE(T, ipam_view_fields);
#undef T

struct config_from {
	char *network;
};
static const struct record_field config_from_fields[] = {
	FLAGS(struct config_from, 1, "Network", RECORD_STRING, network, TEXT),
};
static const struct record_type config_from_type =
	RECORD_TYPE(struct config_from, config_from_fields);

struct member_view {
	char *name, *endpoint_id, *mac, *address, *address6;
};
#define T struct member_view
static const struct record_field member_view_fields[] = {
	FLAGS(T, 1, "Name", RECORD_STRING, name, TEXT),
	FLAGS(T, 2, "EndpointID", RECORD_STRING, endpoint_id, TEXT),
	FLAGS(T, 3, "MacAddress", RECORD_STRING, mac, TEXT),
	FLAGS(T, 4, "IPv4Address", RECORD_STRING, address, TEXT),
	FLAGS(T, 5, "IPv6Address", RECORD_STRING, address6, TEXT),
};
static const struct record_type member_view_type = RECORD_TYPE(T, member_view_fields);
#undef T

/* Borrowed from the specification but for ipam.config, containers and created. */
struct network_view {
	char *name, *id, *created, *scope, *driver;
	bool ipv6;
	struct ipam_view ipam;
	bool internal, attachable, ingress;
	struct config_from config_from;
	bool config_only;
	struct record_map containers; /* struct member_view */
	struct pairs options, labels;
};
#define T struct network_view
static const struct record_field network_view_fields[] = {
	F(T, 1, "Name", RECORD_STRING, name),
	F(T, 2, "Id", RECORD_STRING, id),
	F(T, 3, "Created", RECORD_STRING, created),
	F(T, 4, "Scope", RECORD_STRING, scope),
	F(T, 5, "Driver", RECORD_STRING, driver),
	F(T, 6, "EnableIPv6", RECORD_BOOL, ipv6),
	NESTED(T, 7, "IPAM", RECORD_STRUCT, ipam, 0, &ipam_view_type),
	F(T, 8, "Internal", RECORD_BOOL, internal),
	F(T, 9, "Attachable", RECORD_BOOL, attachable),
	F(T, 10, "Ingress", RECORD_BOOL, ingress),
	NESTED(T, 11, "ConfigFrom", RECORD_STRUCT, config_from, 0, &config_from_type),
	F(T, 12, "ConfigOnly", RECORD_BOOL, config_only),
	NESTED(T, 13, "Containers", RECORD_MAP, containers, LIST, &member_view_type),
	FLAGS(T, 14, "Options", RECORD_PAIRS, options, LIST),
	FLAGS(T, 15, "Labels", RECORD_PAIRS, labels, LIST),
};
static const struct record_type network_view_type = RECORD_TYPE(T, network_view_fields);
#undef T

static char *with_prefix(const char *address, int64_t prefix)
{
	return str_is_empty(address) ? NULL : str_format("%s/%lld", address, (long long)prefix);
}

static void add_member(const struct container *c, const struct endpoint_settings *e,
		       struct record_map *members)
{
	struct member_view *member = record_map_add(&member_view_type, members, c->id);

	member->name = str_dup(c->name);
	member->endpoint_id = str_dup_or_null(e->endpoint_id);
	member->mac = str_dup_or_null(e->mac_address);
	member->address = with_prefix(e->ip_address, e->ip_prefix_len);
	member->address6 = with_prefix(e->global_ipv6_address, e->global_ipv6_prefix_len);
}

/* The containers that run in it. */
static void add_members(struct engine *engine, const char *name, struct record_map *members)
{
	for (const struct container *c = engine_first(engine); c; c = engine_next(c)) {
		const struct endpoint_settings *e =
			record_map_get(&endpoint_settings_type, &c->networks, name);

		if (e && container_is_live(c))
			add_member(c, e, members);
	}
}

static void add_pools(const struct network_spec *spec, struct record_list *config)
{
	for (size_t i = 0; i < spec->pools.count; i++) {
		const struct network_pool *pool = RECORD_AT(spec->pools, struct network_pool, i);
		struct pool_view *view = record_list_add(&pool_view_type, config);

		view->subnet = str_dup_or_null(pool->subnet);
		view->range = str_dup_or_null(pool->range);
		view->gateway = str_dup_or_null(pool->gateway);
		view->aux = pairs_copy(&pool->aux);
	}
}

/* `engine` NULL: without the containers, as lists have been since 1.28. */
static void write_network(const struct network *network, struct engine *engine, struct buffer *json)
{
	const struct network_spec *spec = network_get_spec(network);
	char created[TIME_TEXT_SIZE];
	struct network_view view = {
		.name = spec->name,
		.id = spec->id,
		.created = (char *)(uintptr_t)time_to_text(spec->created_ns, created),
		.scope = "local",
		.driver = spec->driver,
		.ipv6 = spec->ipv6,
		.ipam = {.driver = "default", .options = spec->ipam_options},
		.internal = spec->internal,
		.attachable = spec->attachable,
		.options = spec->options,
		.labels = spec->labels,
	};

	add_pools(spec, &view.ipam.config);
	if (engine)
		add_members(engine, spec->name, &view.containers);
	record_write_json(&network_view_type, &view, RECORD_FOR_API, json);
	record_list_fini(&pool_view_type, &view.ipam.config);
	record_map_fini(&member_view_type, &view.containers);
}

/* ---- list ---- */

static bool passes(const struct filters *filters, const struct network *network)
{
	const struct network_spec *spec = network_get_spec(network);
	bool unused = network_endpoint_count(network) == 0 && !network_is_predefined(spec);
	bool wanted = unused;
	struct error ignored;

	filters_bool(filters, "dangling", &wanted, &ignored);
	return wanted == unused && filters_exact(filters, "driver", spec->driver) &&
	       filters_prefix(filters, "id", spec->id) &&
	       filters_labels(filters, "label", &spec->labels) &&
	       filters_pattern(filters, "name", spec->name) &&
	       filters_exact(filters, "scope", "local") &&
	       filters_exact(filters, "type", network_is_predefined(spec) ? "builtin" : "custom");
}

static void write_list(const struct networks *networks, const struct filters *filters,
		       struct buffer *json)
{
	buffer_add_char(json, '[');
	for (size_t i = 0; i < networks_count(networks); i++) {
		const struct network *network = networks_at(networks, i);

		if (!passes(filters, network))
			continue;
		if (json->size > 1)
			buffer_add_char(json, ',');
		write_network(network, NULL, json);
	}
	buffer_add_char(json, ']');
}

void serve_network_list(struct call *call)
{
	scoped_buffer struct buffer json = {0};
	scoped_filters struct filters filters = {0};
	struct error err;
	bool ignored;

	if (!filters_parse(call_query(call, "filters"), &filters, &err) ||
	    !filters_check(&filters, "dangling driver id label name scope type", &err) ||
	    !filters_bool(&filters, "dangling", &ignored, &err)) {
		call_fail(call, &err);
		return;
	}
	write_list(call_parts(call)->networks, &filters, &json);
	call_answer_json(call, 200, &json);
}

void serve_network_inspect(struct call *call)
{
	scoped_buffer struct buffer json = {0};
	struct error err;
	const struct network *network =
		networks_find(call_parts(call)->networks, call->arguments[0], &err);

	if (!network) {
		call_fail(call, &err);
		return;
	}
	write_network(network, call_engine(call), &json);
	call_answer_json(call, 200, &json);
}
