/* Networks: create, remove, prune, connect and disconnect. */
#include "base/time.h"
#include "door/docker/filters.h"
#include "door/docker/handlers.h"
#include "format/json.h"

#define F      RECORD_FIELD
#define NESTED RECORD_NESTED

static void publish(struct call *call, const char *action, const char *id, const char *name,
		    const char *driver)
{
	scoped_pairs struct pairs attributes = {0};

	pairs_set(&attributes, "name", name);
	pairs_set(&attributes, "type", driver);
	engine_publish(call_engine(call), EVENT_NETWORK, action, id, &attributes);
}

/* ---- create ---- */

struct ipam_body {
	char *driver;
	struct pairs options;
	struct record_list config; /* struct network_pool */
};
#define T struct ipam_body
static const struct record_field ipam_body_fields[] = {
	F(T, 1, "Driver", RECORD_STRING, driver),
	F(T, 2, "Options", RECORD_PAIRS, options),
	NESTED(T, 3, "Config", RECORD_LIST, config, 0, &network_pool_type),
};
static const struct record_type ipam_body_type = RECORD_TYPE(T, ipam_body_fields);
#undef T

struct config_from_body {
	char *network;
};
static const struct record_field config_from_fields[] = {
	F(struct config_from_body, 1, "Network", RECORD_STRING, network),
};
static const struct record_type config_from_type =
	RECORD_TYPE(struct config_from_body, config_from_fields);

struct network_body {
	char *name, *driver, *scope;
	bool ipv6, internal, attachable, ingress, config_only;
	struct ipam_body ipam;
	struct config_from_body config_from;
	struct pairs options, labels;
};
#define T struct network_body
static const struct record_field network_body_fields[] = {
	F(T, 1, "Name", RECORD_STRING, name),
	F(T, 2, "Driver", RECORD_STRING, driver),
	F(T, 3, "Scope", RECORD_STRING, scope),
	F(T, 4, "EnableIPv6", RECORD_BOOL, ipv6),
	F(T, 5, "Internal", RECORD_BOOL, internal),
	F(T, 6, "Attachable", RECORD_BOOL, attachable),
	F(T, 7, "Ingress", RECORD_BOOL, ingress),
	F(T, 8, "ConfigOnly", RECORD_BOOL, config_only),
	NESTED(T, 9, "IPAM", RECORD_STRUCT, ipam, 0, &ipam_body_type),
	NESTED(T, 10, "ConfigFrom", RECORD_STRUCT, config_from, 0, &config_from_type),
	F(T, 11, "Options", RECORD_PAIRS, options),
	F(T, 12, "Labels", RECORD_PAIRS, labels),
};
static const struct record_type network_body_type = RECORD_TYPE(T, network_body_fields);
#undef T

static void on_created(void *data, struct network *network, const struct error *err)
{
	const struct network_spec *spec = err ? NULL : network_get_spec(network);
	scoped_buffer struct buffer json = {0};
	struct call *call = data;

	if (spec)
		publish(call, "create", spec->id, spec->name, spec->driver);
	if (call_is_open(call) && !spec) {
		call_fail(call, err);
	} else if (call_is_open(call)) {
		buffer_format(&json, "{\"Id\":\"%s\",\"Warning\":\"\"}", spec->id);
		call_answer_json(call, 201, &json);
	}
	call_drop(call);
}

static void create(struct call *call, const struct network_body *body)
{
	struct network_request request = {
		.name = body->name,
		.driver = body->driver,
		.scope = body->scope,
		.internal = body->internal,
		.ipv6 = body->ipv6,
		.attachable = body->attachable,
		.ingress = body->ingress,
		.config_only = body->config_only || !str_is_empty(body->config_from.network),
		.ipam_driver = body->ipam.driver,
		.ipam_options = &body->ipam.options,
		.options = &body->options,
		.labels = &body->labels,
		.pools = &body->ipam.config,
	};

	network_create(call_parts(call)->networks, &request, on_created, call_hold(call));
}

void serve_network_create(struct call *call)
{
	struct network_body body = {0};
	struct error err;

	if (call_read_body(call, &network_body_type, &body, &err))
		create(call, &body);
	else
		call_fail(call, &err);
	record_fini(&network_body_type, &body);
}

/* ---- remove ---- */

/* What the event tells of a network that is gone by then.  Belongs to the call's state. */
struct removal {
	struct call *call;
	struct removal *next;
	char *id, *name, *driver;
	void (*done)(struct removal *removal, const struct error *err);
};

static void removal_free(void *data)
{
	struct removal *removal = data;

	free(removal->id);
	free(removal->name);
	free(removal->driver);
	free(removal);
}

static void on_removed(void *data, const struct error *err)
{
	struct removal *removal = data;

	if (!err)
		publish(removal->call, "destroy", removal->id, removal->name, removal->driver);
	removal->done(removal, err);
	call_drop(removal->call);
}

static struct removal *removal_new(struct call *call, const struct network *network,
				   void (*done)(struct removal *removal, const struct error *err))
{
	const struct network_spec *spec = network_get_spec(network);
	struct removal *removal = mem_new(struct removal);

	*removal = (struct removal){.call = call,
				    .id = str_dup(spec->id),
				    .name = str_dup(spec->name),
				    .driver = str_dup(spec->driver),
				    .done = done};
	return removal;
}

static void removal_begin(struct removal *removal, struct network *network)
{
	call_hold(removal->call);
	network_remove(call_parts(removal->call)->networks, network, on_removed, removal);
}

static void answer_removed(struct removal *removal, const struct error *err)
{
	if (call_is_open(removal->call))
		call_answer(removal->call, 204, err);
}

void serve_network_remove(struct call *call)
{
	struct error err;
	struct network *network =
		networks_find(call_parts(call)->networks, call->arguments[0], &err);

	if (!network) {
		call_fail(call, &err);
		return;
	}
	call->state = removal_new(call, network, answer_removed);
	call->fini = removal_free;
	removal_begin(call->state, network);
}

/* ---- prune ---- */

struct prune {
	struct filters filters;
	int64_t until_ns;
	size_t pending;
	struct removal *removals; /* owned */
	struct strings names;	  /* of those that went */
};

static void prune_free(void *data)
{
	struct prune *prune = data;

	for (struct removal *next; prune->removals; prune->removals = next) {
		next = prune->removals->next;
		removal_free(prune->removals);
	}
	filters_fini(&prune->filters);
	strings_fini(&prune->names);
	free(prune);
}

static bool is_pruned(const struct prune *prune, const struct network *network)
{
	const struct network_spec *spec = network_get_spec(network);
	const struct strings *no = filters_values(&prune->filters, "label!");

	if (network_is_predefined(spec) || network_endpoint_count(network) > 0)
		return false;
	if (prune->until_ns && spec->created_ns > prune->until_ns)
		return false;
	if (no && no->count && filters_labels(&prune->filters, "label!", &spec->labels))
		return false;
	return filters_labels(&prune->filters, "label", &spec->labels);
}

static void answer_pruned(struct call *call)
{
	struct prune *prune = call->state;
	scoped_buffer struct buffer json = {0};
	scoped_pairs struct pairs attributes = {0};

	if (--prune->pending > 0)
		return;
	engine_end_prune(call_engine(call), PRUNE_NETWORKS);
	pairs_set(&attributes, "reclaimed", "0");
	engine_publish(call_engine(call), EVENT_NETWORK, "prune", "", &attributes);
	buffer_add_text(&json, "{\"NetworksDeleted\":");
	if (prune->names.count)
		json_write_strings(&json, &prune->names);
	else
		buffer_add_text(&json, "null");
	buffer_add_char(&json, '}');
	if (call_is_open(call))
		call_answer_json(call, 200, &json);
}

static void on_one_pruned(struct removal *removal, const struct error *err)
{
	struct prune *prune = removal->call->state;

	if (!err)
		strings_add(&prune->names, removal->name);
	answer_pruned(removal->call);
}

static void prune_all(struct call *call)
{
	struct networks *networks = call_parts(call)->networks;
	struct prune *prune = call->state;

	prune->pending = 1; /* ourselves */
	for (size_t i = networks_count(networks); i-- > 0;) {
		struct network *network = networks_at(networks, i);

		if (!is_pruned(prune, network))
			continue;
		prune->pending++;
		struct removal *removal = removal_new(call, network, on_one_pruned);
		removal->next = prune->removals;
		prune->removals = removal;
		removal_begin(removal, network);
	}
	answer_pruned(call);
}

static bool read_until(struct prune *prune, struct error *err)
{
	const struct strings *until = filters_values(&prune->filters, "until");

	if (!until || until->count == 0)
		return true;
	if (until->count > 1)
		return error_set(err, ERROR_INVALID, "more than one until filter specified");
	return moment_parse(until->items[0], time_now_ns(), &prune->until_ns, err);
}

void serve_network_prune(struct call *call)
{
	struct prune *prune = mem_new(struct prune);
	struct error err;

	call->state = prune;
	call->fini = prune_free;
	if (filters_parse(call_query(call, "filters"), &prune->filters, &err) &&
	    filters_check(&prune->filters, "label label! until", &err) && read_until(prune, &err) &&
	    engine_begin_prune(call_engine(call), PRUNE_NETWORKS, &err))
		prune_all(call);
	else
		call_fail(call, &err);
}

/* ---- connect, disconnect ---- */

struct connect_body {
	char *container;
	bool force;
	struct endpoint_settings *endpoint;
};
#define T struct connect_body
static const struct record_field connect_body_fields[] = {
	F(T, 1, "Container", RECORD_STRING, container),
	F(T, 2, "Force", RECORD_BOOL, force),
	NESTED(T, 3, "EndpointConfig", RECORD_POINTER, endpoint, 0, &endpoint_settings_type),
};
static const struct record_type connect_body_type = RECORD_TYPE(T, connect_body_fields);
#undef T

static void on_done(void *data, const struct engine_result *result)
{
	struct call *call = data;

	if (call_is_open(call))
		call_answer(call, 200, result->err);
	call_drop(call);
}

static struct container *find_container(struct call *call, struct connect_body *body,
					struct error *err)
{
	if (!call_read_body(call, &connect_body_type, body, err))
		return NULL;
	return engine_find(call_engine(call), body->container ? body->container : "", err);
}

void serve_network_connect(struct call *call)
{
	static const struct endpoint_settings nothing;
	struct connect_body body = {0};
	struct error err;
	struct container *c = find_container(call, &body, &err);

	if (c)
		engine_connect(call_engine(call), c, call->arguments[0],
			       body.endpoint ? body.endpoint : &nothing, on_done, call_hold(call));
	else
		call_fail(call, &err);
	record_fini(&connect_body_type, &body);
}

void serve_network_disconnect(struct call *call)
{
	struct connect_body body = {0};
	struct error err;
	struct container *c = find_container(call, &body, &err);

	if (c)
		engine_disconnect(call_engine(call), c, call->arguments[0], body.force, on_done,
				  call_hold(call));
	else
		call_fail(call, &err);
	record_fini(&connect_body_type, &body);
}
