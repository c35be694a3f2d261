/* The model: records of networks, and who has which address. */
#include "network/networks.h"

#include "base/id.h"
#include "base/log.h"
#include "base/time.h"
#include "network/network_ask.h"
#include "network/network_links.h"
#include "os/process.h"

#include <errno.h>
#include <string.h>

#define NETWORK_PREFIX "network/"

static const struct network_driver *const drivers[] = {
	&network_bridge_driver, &network_macvlan_driver, &network_ipvlan_driver,
	&network_host_driver,	&network_null_driver,
};

/* ---- records ---- */

#define FIELD(tag, name, kind, member) RECORD_FIELD(struct network_spec, tag, name, kind, member)

static const struct record_field pool_fields[] = {
	RECORD_FIELD(struct network_pool, 1, "Subnet", RECORD_STRING, subnet),
	RECORD_FIELD(struct network_pool, 2, "IPRange", RECORD_STRING, range),
	RECORD_FIELD(struct network_pool, 3, "Gateway", RECORD_STRING, gateway),
	RECORD_FIELD(struct network_pool, 4, "AuxiliaryAddresses", RECORD_PAIRS, aux),
	RECORD_FIELD_FLAGS(struct network_pool, 5, "Automatic", RECORD_BOOL, automatic,
			   RECORD_STORED_ONLY),
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
	FIELD(14, "Attachable", RECORD_BOOL, attachable),
	FIELD(15, "Made", RECORD_BOOL, made),
	FIELD(16, "Mode", RECORD_STRING, mode),
	FIELD(17, "Interface", RECORD_STRING, interface),
	FIELD(18, "HostIp", RECORD_STRING, host_ip),
	FIELD(19, "Source", RECORD_STRING, source),
	FIELD(20, "Source6", RECORD_STRING, source6),
	FIELD(21, "IpamOptions", RECORD_PAIRS, ipam_options),
	FIELD(22, "Removing", RECORD_BOOL, removing),
};
const struct record_type network_spec_type = RECORD_TYPE(struct network_spec, spec_fields);

void network_free(struct network *network)
{
	if (!network)
		return;
	if (network->driver && network->driver->close)
		network->driver->close(network);
	record_fini(&network_spec_type, &network->spec);
	for (size_t i = 0; i < network->shared.count; i++)
		vector_fini(&network->shared.items[i].members);
	vector_fini(&network->shared);
	strings_fini(&network->dropped);
	for (struct map_slot *slot = map_first(&network->left); slot;
	     slot = map_next(&network->left, slot))
		free(slot->value);
	map_fini(&network->left);
	free(network->mac);
	free(network->creation);
	free(network->removal);
	free(network);
}
scoped_define(network);

const struct network_driver *network_driver_find(const char *name)
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
	network->driver = network_driver_find(network->spec.driver);
	if (network->driver && network->spec.removing)
		vector_add(&n->leaving, take(network));
	else if (network->driver)
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

static bool load_turns(void *data, const char *key, const void *value, size_t size)
{
	struct networks *n = data;
	const char *boot = process_boot_id();

	n->no_turns = size == strlen(boot) && memcmp(value, boot, size) == 0;
	return true;
}

static bool load_pass(void *data, const char *key, const void *value, size_t size)
{
	((struct networks *)data)->passes = true;
	return true;
}

static bool load_ula(void *data, const char *key, const void *value, size_t size)
{
	struct networks *n = data;
	scoped_free char *text = str_dup_n(value, size);

	(void)key;
	subnet_parse(text, &n->ula, NULL);
	return true;
}

void network_save(struct networks *n, struct network *network, store_done *done, void *data)
{
	scoped_free char *key = str_format(NETWORK_PREFIX "%s", network->spec.id);
	scoped_buffer struct buffer value = {0};

	record_encode(&network_spec_type, &network->spec, &value);
	store_put(n->store, key, value.data, value.size, STORE_SURVIVES_POWER_CUT, done, data);
	network->unsaved = false;
}

void network_forget(struct networks *n, const struct network *network)
{
	scoped_free char *key = str_format(NETWORK_PREFIX "%s", network->spec.id);

	store_delete(n->store, key, STORE_SURVIVES_KILL, NULL, NULL);
}

void networks_save(struct networks *n)
{
	for (size_t i = 0; i < n->list.count; i++)
		if (n->list.items[i]->unsaved)
			network_save(n, n->list.items[i], NULL, NULL);
}

/* ---- opening and closing ---- */

/* Records are read in the order of their keys; they are shown in that of their making. */
static int compare_ages(const void *a, const void *b)
{
	const struct network *const *x = a, *const *y = b;
	int64_t difference = (*x)->spec.created_ns - (*y)->spec.created_ns;

	return difference < 0 ? -1 : difference > 0;
}

/* One that cannot be used keeps nobody else from working, but for the one that all others need. */
static bool open_drivers(struct networks *n, struct error *err)
{
	for (size_t i = 0; i < n->list.count; i++) {
		struct network *network = n->list.items[i];

		if (!network->driver->open || network->driver->open(network, err))
			continue;
		error_prefix(err, "network '%s'", network->spec.name);
		if (network == n->default_network)
			return false;
		network->failure = *err;
		log_error("a network cannot be used", err, "id=%s", network->spec.id);
	}
	if (n->list.count > 1)
		qsort(n->list.items, n->list.count, sizeof(*n->list.items), compare_ages);
	return true;
}

struct networks *networks_open(uv_loop_t *loop, struct store *store,
			       const struct network_settings *settings, struct error *err)
{
	struct networks *n = mem_new(struct networks);

	n->loop = loop;
	n->store = store;
	list_init(&n->linking);
	list_init(&n->asking);
	uv_timer_init(loop, &n->foreign);
	uv_unref((uv_handle_t *)&n->foreign);
	n->foreign.data = n;
	uv_timer_init(loop, &n->retry);
	uv_unref((uv_handle_t *)&n->retry);
	n->retry.data = n;
	if (store_each(store, NETWORK_PREFIX, load_record, n, err) &&
	    store_each(store, NETWORK_GUARD_KEY, load_guard, n, err) &&
	    store_each(store, NETWORK_PASS_KEY, load_pass, n, err) &&
	    store_each(store, NETWORK_TURNS_KEY, load_turns, n, err) &&
	    store_each(store, NETWORK_ULA_KEY, load_ula, n, err) &&
	    networks_apply_settings(n, settings, err) && open_drivers(n, err))
		return n;
	networks_close(n);
	return NULL;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void on_one_closed(uv_handle_t *handle)
{
	uv_close((uv_handle_t *)&((struct networks *)handle->data)->retry, on_closed);
}

static void network_list_fini(struct network_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		network_free(list->items[i]);
	vector_fini(list);
}

void network_list_remove(struct network_list *list, const struct network *network)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i] != network)
			continue;
		vector_remove(list, i);
		return;
	}
}

void networks_close(struct networks *n)
{
	if (!n)
		return;
	job_cancel(n->job);
	job_cancel(n->forgetting);
	networks_cancel_links(n);
	networks_cancel_asking(n);
	firewall_close(n->firewall);
	network_list_fini(&n->list);
	network_list_fini(&n->making);
	network_list_fini(&n->leaving);
	map_fini(&n->endpoints);
	vector_fini(&n->templates);
	port_table_fini(&n->ports);
	vector_fini(&n->openings);
	strings_fini(&n->warnings);
	vector_fini(&n->waiters);
	vector_fini(&n->deferred);
	record_list_fini(&plan_flow_type, &n->to_forget);
	free(n->worker);
	free(n->nft);
	free(n->table);
	free(n->host_gateway);
	free(n->host);
	uv_close((uv_handle_t *)&n->foreign, on_one_closed);
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

bool network_is_predefined(const struct network_spec *spec)
{
	return str_equal(spec->name, "bridge") || str_equal(spec->name, "host") ||
	       str_equal(spec->name, "none");
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

/* The names of links are seen by nobody but `ip link`; a name from the container's id would collide
 * with the link of its last run, which dies up to some milliseconds after its namespace. */
static char *random_link_name(void)
{
	unsigned char random[5];
	char hex[2 * sizeof(random) + 1];

	random_bytes(random, sizeof(random));
	hex_encode(random, sizeof(random), hex);
	return str_format("veth%s", hex);
}

/* The kernel takes a link away some time after its container's end. */
static void remember_left(struct network *network, const struct endpoint_spec *endpoint)
{
	const char *const keys[] = {endpoint->address, endpoint->address6, endpoint->mac};

	for (size_t i = 0; endpoint->outer && i < array_length(keys); i++)
		if (keys[i])
			free(map_put(&network->left, keys[i], str_dup(endpoint->outer)));
}

static void take_left(struct network *network, struct endpoint_spec *endpoint)
{
	const char *const keys[] = {endpoint->address, endpoint->address6, endpoint->mac};

	for (size_t i = 0; i < array_length(keys); i++) {
		char *outer = keys[i] ? map_remove(&network->left, keys[i]) : NULL;

		if (outer && !strings_contain(&endpoint->stale, outer))
			strings_take(&endpoint->stale, outer);
		else
			free(outer);
	}
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
	if (network->failure.kind != ERROR_NONE) {
		*err = network->failure;
		return false;
	}
	if (!network->driver->allocate(network, request, out, err))
		return false;
	id_new(id);
	out->endpoint_id = str_dup(id);
	out->network_id = str_dup(network->spec.id);
	out->network_name = str_dup(network->spec.name);
	out->name = str_dup(request->name ? request->name : "eth0");
	if (request->link_local)
		out->link_local = strings_copy(request->link_local);
	out->driver = str_dup(network->spec.driver);
	out->outer = random_link_name();
	take_left(network, out);
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
	remember_left(network, endpoint);
	network->endpoints--;
}
