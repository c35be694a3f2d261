/* The model: records of networks, and who has which address. */
#include "network/networks.h"

#include "base/id.h"
#include "base/log.h"
#include "base/time.h"
#include "os/process.h"

#include <errno.h>
#include <string.h>

#define NETWORK_PREFIX "network/"

static const struct network_driver *const drivers[] = {
	&network_bridge_driver,
	&network_host_driver,
	&network_null_driver,
};

/* ---- records ---- */

#define FIELD(tag, name, kind, member) RECORD_FIELD(struct network_spec, tag, name, kind, member)

static const struct record_field pool_fields[] = {
	RECORD_FIELD(struct network_pool, 1, "Subnet", RECORD_STRING, subnet),
	RECORD_FIELD(struct network_pool, 2, "IPRange", RECORD_STRING, range),
	RECORD_FIELD(struct network_pool, 3, "Gateway", RECORD_STRING, gateway),
};
const struct record_type network_pool_type = RECORD_TYPE(struct network_pool, pool_fields);

static const struct record_field spec_fields[] = {
	FIELD(1, "Id", RECORD_STRING, id),
	FIELD(2, "Name", RECORD_STRING, name),
	FIELD(3, "Driver", RECORD_STRING, driver),
	FIELD(4, "Created", RECORD_I64, created_ns),
	FIELD(5, "Internal", RECORD_BOOL, internal),
	FIELD(6, "EnableIPv6", RECORD_BOOL, ipv6),
	RECORD_NESTED(struct network_spec, 7, "Pools", RECORD_LIST, pools, 0, &network_pool_type),
	FIELD(8, "Bridge", RECORD_STRING, bridge),
	FIELD(9, "Mtu", RECORD_I32, mtu),
	FIELD(10, "Icc", RECORD_BOOL, icc),
	FIELD(11, "Masquerade", RECORD_BOOL, masquerade),
	FIELD(12, "Options", RECORD_PAIRS, options),
	FIELD(13, "Labels", RECORD_PAIRS, labels),
};
const struct record_type network_spec_type = RECORD_TYPE(struct network_spec, spec_fields);

void network_free(struct network *network)
{
	if (!network)
		return;
	if (network->driver && network->driver->close)
		network->driver->close(network);
	record_fini(&network_spec_type, &network->spec);
	free(network);
}
scoped_define(network);

static const struct network_driver *find_driver(const char *name)
{
	for (size_t i = 0; i < array_length(drivers); i++)
		if (str_equal(drivers[i]->name, name))
			return drivers[i];
	return NULL;
}

static bool load_record(void *data, const char *key, const void *value, size_t size)
{
	struct networks *n = data;
	scoped(network) struct network *network = mem_new(struct network);
	struct error err;

	if (!record_decode(&network_spec_type, value, size, &network->spec, &err)) {
		log_error("a network's record cannot be read", &err, "key=%s", key);
		return true;
	}
	network->driver = find_driver(network->spec.driver);
	if (network->driver)
		vector_add(&n->list, take(network));
	return true;
}

static bool load_guard(void *data, const char *key, const void *value, size_t size)
{
	struct networks *n = data;
	const char *boot = process_boot_id();

	n->guarded = size == strlen(boot) && memcmp(value, boot, size) == 0;
	return true;
}

static void save(struct networks *n, struct network *network)
{
	scoped_free char *key = str_format(NETWORK_PREFIX "%s", network->spec.id);
	scoped_buffer struct buffer value = {0};

	record_encode(&network_spec_type, &network->spec, &value);
	store_put(n->store, key, value.data, value.size, STORE_SURVIVES_POWER_CUT, NULL, NULL);
	network->unsaved = false;
}

void networks_save(struct networks *n)
{
	for (size_t i = 0; i < n->list.count; i++)
		if (n->list.items[i]->unsaved)
			save(n, n->list.items[i]);
}

/* ---- opening and closing ---- */

static bool open_drivers(struct networks *n, struct error *err)
{
	for (size_t i = 0; i < n->list.count; i++) {
		struct network *network = n->list.items[i];

		if (network->driver->open && !network->driver->open(network, err))
			return error_prefix(err, "network '%s'", network->spec.name);
	}
	return true;
}

struct networks *networks_open(uv_loop_t *loop, struct store *store,
			       const struct network_settings *settings, struct error *err)
{
	struct networks *n = mem_new(struct networks);

	n->loop = loop;
	n->store = store;
	uv_timer_init(loop, &n->retry);
	uv_unref((uv_handle_t *)&n->retry);
	n->retry.data = n;
	if (store_each(store, NETWORK_PREFIX, load_record, n, err) &&
	    store_each(store, NETWORK_GUARD_KEY, load_guard, n, err) &&
	    networks_apply_settings(n, settings, err) && open_drivers(n, err))
		return n;
	networks_close(n);
	return NULL;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void networks_close(struct networks *n)
{
	if (!n)
		return;
	job_cancel(n->job);
	job_cancel(n->forgetting);
	firewall_close(n->firewall);
	for (size_t i = 0; i < n->list.count; i++)
		network_free(n->list.items[i]);
	vector_fini(&n->list);
	map_fini(&n->endpoints);
	port_table_fini(&n->ports);
	strings_fini(&n->warnings);
	vector_fini(&n->waiters);
	vector_fini(&n->deferred);
	record_list_fini(&plan_flow_type, &n->to_forget);
	free(n->worker);
	free(n->nft);
	free(n->table);
	free(n->host_gateway);
	uv_close((uv_handle_t *)&n->retry, on_closed);
}

/* ---- looking ---- */

size_t networks_count(const struct networks *n)
{
	return n->list.count;
}

struct network *networks_at(const struct networks *n, size_t index)
{
	return n->list.items[index];
}

const struct network_spec *network_get_spec(const struct network *network)
{
	return &network->spec;
}

size_t network_endpoint_count(const struct network *network)
{
	return network->endpoints;
}

static bool has_name(const struct network *network, const char *reference)
{
	return str_equal(network->spec.name, reference);
}

static bool has_id(const struct network *network, const char *reference)
{
	return str_equal(network->spec.id, reference);
}

static bool has_prefix(const struct network *network, const char *reference)
{
	return *reference && str_starts_with(network->spec.id, reference);
}

struct network *networks_find(struct networks *n, const char *reference, struct error *err)
{
	bool (*const matches[])(const struct network *, const char *) = {has_name, has_id,
									 has_prefix};

	for (size_t i = 0; i < array_length(matches); i++)
		for (size_t j = 0; j < n->list.count; j++)
			if (matches[i](n->list.items[j], reference))
				return n->list.items[j];
	error_set(err, ERROR_NOT_FOUND, "network %s not found", reference);
	return NULL;
}

const char *networks_host_gateway(const struct networks *n)
{
	return n->host_gateway;
}

/* ---- modes ---- */

#define CONTAINER_PREFIX "container:"

static bool parse_container_mode(const char *name, struct network_mode *out, struct error *err)
{
	if (!*name)
		return error_set(
			err, ERROR_INVALID,
			"invalid network mode: invalid container format container:<name|id>");
	*out = (struct network_mode){NETWORK_MODE_CONTAINER, name, NAMESPACE_JOIN};
	return true;
}

bool network_mode_parse(const struct networks *n, const char *text, struct network_mode *out,
			struct error *err)
{
	bool is_default = str_is_empty(text) || str_equal(text, "default");

	if (is_default)
		text = n->default_network ? n->default_network->spec.name : "none";
	if (str_starts_with(text, CONTAINER_PREFIX))
		return parse_container_mode(text + strlen(CONTAINER_PREFIX), out, err);
	*out = (struct network_mode){NETWORK_MODE_NETWORK, text, NAMESPACE_NEW};
	if (str_equal(text, "none"))
		out->kind = NETWORK_MODE_NONE;
	if (str_equal(text, "host"))
		*out = (struct network_mode){NETWORK_MODE_HOST, text, NAMESPACE_HOST};
	return true;
}

/* ---- endpoints ---- */

static void hold(struct networks *n, struct network *network, const struct endpoint_spec *endpoint)
{
	map_put(&n->endpoints, endpoint->endpoint_id, network);
	network->endpoints++;
}

bool network_allocate(struct networks *n, struct network *network,
		      const struct endpoint_request *request, struct endpoint_spec *out,
		      struct error *err)
{
	char id[ID_SIZE];

	if (!network->driver->allocate)
		return error_set(err, ERROR_INVALID, "network '%s' has no endpoints",
				 network->spec.name);
	if (network == n->default_network && (request->address || request->address6))
		return error_set(
			err, ERROR_INVALID,
			"user specified IP address is supported on user defined networks only");
	if (!network->driver->allocate(network, request, out, err))
		return false;
	id_new(id);
	out->endpoint_id = str_dup(id);
	out->network_id = str_dup(network->spec.id);
	out->network_name = str_dup(network->spec.name);
	out->name = str_dup(request->name ? request->name : "eth0");
	hold(n, network, out);
	return true;
}

static struct network *network_of(struct networks *n, const struct endpoint_spec *endpoint)
{
	for (size_t i = 0; i < n->list.count; i++)
		if (str_equal(n->list.items[i]->spec.id, endpoint->network_id))
			return n->list.items[i];
	return NULL;
}

void network_adopt(struct networks *n, const struct endpoint_spec *endpoint)
{
	struct network *network = network_of(n, endpoint);

	if (!network || !network->driver->adopt || map_get(&n->endpoints, endpoint->endpoint_id))
		return;
	network->driver->adopt(network, endpoint);
	hold(n, network, endpoint);
}

void network_release(struct networks *n, const struct endpoint_spec *endpoint)
{
	struct network *network =
		endpoint->endpoint_id ? map_remove(&n->endpoints, endpoint->endpoint_id) : NULL;

	if (!network)
		return;
	network->driver->release(network, endpoint);
	network->endpoints--;
}
