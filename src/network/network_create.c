/* Networks of users: made and removed.  In both directions the record says what is meant before the
 * host is touched, so that a daemon that comes back finishes what was begun:
 *
 *	create	record -> device and rules -> seen by everybody -> answered
 *	remove	seen by nobody -> "removing" recorded -> device and rules go -> record goes -> answered
 * A create that fails goes the way of a removal. */
#include "network/network_host.h"
#include "network/network_request.h"

#include "base/id.h"
#include "base/log.h"
#include "base/time.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#define ULA_PREFIX  48
#define ULA_FIRST   0xfd
#define BRIDGE_NAME "br-%.12s"

/* ---- subnets ---- */

struct taken_subnets {
	struct subnet *items;
	size_t count, capacity;
};

static void add_taken(const struct network_list *list, struct taken_subnets *taken)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct network_spec *spec = &list->items[i]->spec;

		for (size_t j = 0; j < spec->pools.count; j++) {
			struct subnet subnet;

			if (subnet_parse(RECORD_AT(spec->pools, struct network_pool, j)->subnet,
					 &subnet, NULL))
				vector_add(taken, subnet);
		}
	}
}

static void need_ula(struct networks *n)
{
	scoped_free char *text = NULL;

	if (n->ula.base.family)
		return;
	n->ula = (struct subnet){.base.family = AF_INET6, .prefix = ULA_PREFIX};
	random_bytes(n->ula.base.bytes, ULA_PREFIX / 8);
	n->ula.base.bytes[0] = ULA_FIRST;
	text = subnet_text(&n->ula);
	store_put(n->store, NETWORK_ULA_KEY, text, strlen(text), STORE_SURVIVES_POWER_CUT, NULL,
		  NULL);
}

static struct pool_world look_around(struct networks *n, struct taken_subnets *taken,
				     const struct host_routes *routes)
{
	add_taken(&n->list, taken);
	add_taken(&n->making, taken);
	return (struct pool_world){.taken = taken->items,
				   .taken_count = taken->count,
				   .templates = n->templates.items,
				   .template_count = n->templates.count,
				   .ula = &n->ula,
				   .routes = routes};
}

bool networks_choose_subnet(struct networks *n, int family, struct subnet *out, struct error *err)
{
	scoped_host_routes struct host_routes routes = host_routes();
	struct taken_subnets taken = {0};
	struct pool_world world = look_around(n, &taken, &routes);
	struct pool_choice choice = {.family = family,
				     .templates = world.templates,
				     .template_count = world.template_count,
				     .routes = &routes,
				     .taken = taken.items,
				     .taken_count = taken.count};
	bool ok = pool_choose(&choice, out, err);

	vector_fini(&taken);
	return ok;
}

static bool take_pools(struct networks *n, const struct network_request *request,
		       struct network_spec *spec, struct error *err)
{
	scoped_host_routes struct host_routes routes = host_routes();
	struct taken_subnets taken = {0};
	struct pool_world world;
	bool ok;

	if (spec->ipv6)
		need_ula(n);
	world = look_around(n, &taken, &routes);
	ok = network_request_pools(request, &world, spec, err);
	vector_fini(&taken);
	return ok;
}

/* ---- names and devices ---- */

static bool refuse_name(const struct network_list *list, const char *name, struct error *err)
{
	for (size_t i = 0; i < list->count; i++)
		if (str_equal(list->items[i]->spec.name, name))
			return error_set(err, ERROR_CONFLICT, "network with name %s already exists",
					 name);
	return true;
}

static bool refuse_device(const struct network_list *list, const struct network_spec *spec,
			  struct error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct network_spec *other = &list->items[i]->spec;

		if (str_equal(spec->bridge, other->bridge) && spec->driver &&
		    str_equal(spec->driver, "bridge") && str_equal(other->driver, "bridge"))
			return error_set(err, ERROR_FORBIDDEN,
					 "cannot create network %s (%s): conflicts with network %s "
					 "(%s): networks have same bridge name",
					 spec->id, spec->bridge, other->id, other->bridge);
	}
	return true;
}

static bool take_device(struct networks *n, struct network_spec *spec, struct error *err)
{
	if (!spec->bridge && str_equal(spec->driver, "bridge"))
		spec->bridge = str_format(BRIDGE_NAME, spec->id);
	if (!refuse_device(&n->list, spec, err) || !refuse_device(&n->making, spec, err))
		return false;
	spec->made |= spec->bridge && !device_exists(spec->bridge);
	return true;
}

static bool make_spec(struct networks *n, const struct network_request *request,
		      struct network_spec *spec, struct error *err)
{
	char id[ID_SIZE];

	if (!network_request_check(request, err) || !refuse_name(&n->list, request->name, err) ||
	    !refuse_name(&n->making, request->name, err) ||
	    !network_request_read(request, spec, err))
		return false;
	id_new(id);
	spec->id = str_dup(id);
	spec->created_ns = time_now_ns();
	if (!spec->mtu)
		spec->mtu = n->mtu;
	return take_device(n, spec, err) && take_pools(n, request, spec, err);
}

/* ---- creating ---- */

struct creation {
	struct networks *networks;
	struct network *network;
	network_created *done;
	void *data;
	struct error failure;
};

static void on_undone(void *data, const struct error *err)
{
	struct creation *creation = data;

	(void)err;
	creation->done(creation->data, NULL, &creation->failure);
}

static void remove_traces(struct networks *n, struct network *network, network_done *done,
			  void *data);

static void give_up(struct creation *creation, const struct error *err)
{
	struct networks *n = creation->networks;

	creation->failure = *err;
	network_list_remove(&n->making, creation->network);
	remove_traces(n, creation->network, on_undone, creation);
}

static void on_made(void *data, const struct error *err)
{
	struct creation *creation = data;
	struct networks *n = creation->networks;
	struct network *network = creation->network;

	if (!err && network->failure.kind != ERROR_NONE)
		err = &network->failure;
	if (err) {
		struct error why = *err;

		give_up(creation, &why);
		return;
	}
	network_list_remove(&n->making, network);
	vector_add(&n->list, network);
	network->creation = NULL;
	creation->done(creation->data, network, NULL);
	free(creation);
}

static void on_recorded(void *data, const struct error *err)
{
	struct creation *creation = data;

	if (err)
		give_up(creation, err);
	else
		networks_rebuild(creation->networks, on_made, creation);
}

static struct network *new_network(struct networks *n, const struct network_request *request,
				   struct error *err)
{
	struct network *network = mem_new(struct network);

	if (make_spec(n, request, &network->spec, err)) {
		network->driver = network_driver_find(network->spec.driver);
		if (!network->driver->open || network->driver->open(network, err))
			return network;
	}
	network_free(network);
	return NULL;
}

/* What only adds records leaves the rest of the disk to those that end something. */
static bool has_room(const struct networks *n, struct error *err)
{
	if (!store_disk_is_full(n->store))
		return true;
	error_set(err, ERROR_SYSTEM, "cannot create a network");
	err->os = ENOSPC;
	return false;
}

void network_create(struct networks *n, const struct network_request *request,
		    network_created *done, void *data)
{
	struct creation *creation;
	struct network *network;
	struct error err;

	network = has_room(n, &err) ? new_network(n, request, &err) : NULL;
	if (!network) {
		done(data, NULL, &err);
		return;
	}
	creation = mem_new(struct creation);
	*creation =
		(struct creation){.networks = n, .network = network, .done = done, .data = data};
	network->creation = creation;
	vector_add(&n->making, network);
	network_save(n, network, on_recorded, creation);
}

/* ---- removing ---- */

struct removal {
	struct networks *networks;
	struct network *network;
	network_done *done;
	void *data;
};

/* What could not be removed now is tried again by the next worker, of this daemon or of another. */
static void on_removed(void *data, const struct error *err)
{
	struct removal *removal = data;
	struct networks *n = removal->networks;
	struct network *network = removal->network;

	if (!err && network->failure.kind != ERROR_NONE)
		err = &network->failure;
	if (err) {
		log_error("a network's device or rules stay for now", err, "id=%s",
			  network->spec.id);
	} else {
		network_forget(n, network);
		network_list_remove(&n->leaving, network);
	}
	removal->done(removal->data, NULL);
	if (!err) {
		network_free(network);
		return;
	}
	network->unawaited = true;
	free(take(network->removal));
	free(take(network->creation));
}

static void on_removal_recorded(void *data, const struct error *err)
{
	struct removal *removal = data;

	if (err)
		log_error("cannot record that a network goes", err, "id=%s",
			  removal->network->spec.id);
	networks_rebuild(removal->networks, on_removed, removal);
}

/* The network is in no list any more. */
static void remove_traces(struct networks *n, struct network *network, network_done *done,
			  void *data)
{
	struct removal *removal = mem_new(struct removal);

	*removal = (struct removal){.networks = n, .network = network, .done = done, .data = data};
	network->removal = removal;
	network->spec.removing = true;
	network->failure = (struct error){0};
	vector_add(&n->leaving, network);
	network_save(n, network, on_removal_recorded, removal);
}

static bool may_remove(const struct network *network, struct error *err)
{
	const struct network_spec *spec = &network->spec;

	if (network_is_predefined(spec))
		return error_set(err, ERROR_FORBIDDEN,
				 "%s is a pre-defined network and cannot be removed", spec->name);
	if (network->endpoints > 0)
		return error_set(err, ERROR_FORBIDDEN,
				 "error while removing network: network %s id %s has active "
				 "endpoints",
				 spec->name, spec->id);
	return true;
}

void network_remove(struct networks *n, struct network *network, network_done *done, void *data)
{
	struct error err;

	if (!may_remove(network, &err)) {
		done(data, &err);
		return;
	}
	network_list_remove(&n->list, network);
	remove_traces(n, network, done, data);
}
