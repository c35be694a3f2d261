/* Addresses that groups of containers share.  The host has them, on the network's own bridge, so that it
 * answers for them; the table leads on what is sent there. */
#include "network/networks.h"

#include "base/log.h"
#include "network/network_elements.h"
#include "network/network_host.h"

static struct network *find(struct networks *n, const char *name)
{
	return networks_find(n, name, &(struct error){0});
}

static struct shared_address *find_shared(struct network *network, const struct address *address)
{
	for (size_t i = 0; i < network->shared.count; i++)
		if (address_equal(&network->shared.items[i].address, address))
			return &network->shared.items[i];
	return NULL;
}

static void on_built(void *data, const struct error *err)
{
	struct networks *n = data;

	if (err)
		log_error("cannot set a group's address up", err, "table=%s", n->table);
}

/* Before the first table nobody needs to be told. */
static void rebuild(struct networks *n)
{
	if (n->built_ns)
		networks_rebuild(n, on_built, n);
}

static bool choose(struct network *network, const char *asked, struct address *out,
		   struct error *err)
{
	struct address_pool *pool = &network->pools[0];

	if (asked && address_parse(asked, out) && address_pool_claim_any(pool, out))
		return true;
	return address_pool_take(pool, out) ||
	       error_set(err, ERROR_SYSTEM,
			 "no available IPv4 addresses on this network's address pools: %s (%s)",
			 network->spec.name, network->spec.id);
}

static void add(struct networks *n, struct network *network, const struct address *address)
{
	struct shared_address shared = {.address = *address};
	char text[ADDRESS_TEXT_SIZE];
	scoped_free char *whole = str_format("%s/32", address_text(address, text));

	for (size_t i = 0; i < network->dropped.count; i++)
		if (str_equal(network->dropped.items[i], whole))
			strings_remove(&network->dropped, i--);
	if (!network->mac)
		network->mac = network_mac_of(network_pool_spec(network, 0)->gateway);
	vector_add(&network->shared, shared);
	rebuild(n);
}

static bool refuse_shared(const struct networks *n, const struct network *network,
			  struct error *err)
{
	const char *why = NULL;

	if (!n->firewall_on)
		why = "the firewall is not the daemon's";
	else if (n->no_turns)
		why = "this kernel cannot take turns (CONFIG_NFT_NUMGEN)";
	else if (!network->driver->rules)
		why = "its driver is not bridge";
	else if (!network_has_pool(network, 0))
		why = "it has no IPv4, and they are IPv4's alone";
	return !why ||
	       error_set(err, ERROR_UNSUPPORTED, "network %s cannot have addresses of groups: %s",
			 network->spec.name, why);
}

char *network_take_shared(struct networks *n, const char *name, const char *asked,
			  struct error *err)
{
	struct network *network = networks_find(n, name, err);
	char text[ADDRESS_TEXT_SIZE];
	struct address address;

	if (!network)
		return NULL;
	if (!refuse_shared(n, network, err))
		return NULL;
	if (asked && address_parse(asked, &address) && find_shared(network, &address))
		return str_dup(asked);
	if (!choose(network, asked, &address, err))
		return NULL;
	add(n, network, &address);
	return str_dup(address_text(&address, text));
}

static void set_members(struct shared_address *shared, const struct strings *members)
{
	struct address address;

	vector_fini(&shared->members);
	for (size_t i = 0; i < members->count; i++)
		if (address_parse(members->items[i], &address))
			vector_add(&shared->members, address);
}

void network_share(struct networks *n, const char *name, const char *text,
		   const struct strings *members)
{
	struct network *network = find(n, name);
	struct table_change change = {.networks = n};
	struct element_list selves = {0};
	struct shared_address *shared;
	struct address address;
	struct error err;

	if (!network || !address_parse(text, &address))
		return;
	shared = find_shared(network, &address);
	if (!shared || n->no_turns)
		return;
	elements_of_shared(shared, &change.before);
	set_members(shared, members);
	elements_of_shared(shared, &change.after);
	for (size_t i = 0; i < shared->members.count; i++)
		vector_add(&selves, element_of_self(&shared->members.items[i]));
	if ((n->firewall &&
	     !networks_change_elements(n, ELEMENT_ADD, selves.items, selves.count, &err)) ||
	    !table_change_make(&change, &err))
		log_error("cannot balance a group's address", &err, "address=%s", text);
	vector_fini(&selves);
}

static void drop(struct network *network, size_t index)
{
	struct address address = network->shared.items[index].address;
	char text[ADDRESS_TEXT_SIZE];

	vector_fini(&network->shared.items[index].members);
	vector_remove(&network->shared, index);
	address_pool_give_back(&network->pools[0], &address);
	strings_format(&network->dropped, "%s/32", address_text(&address, text));
}

void network_drop_shared(struct networks *n, const char *name, const char *text)
{
	struct network *network = find(n, name);
	struct address address;

	if (!network || !address_parse(text, &address))
		return;
	for (size_t i = 0; i < network->shared.count; i++) {
		if (!address_equal(&network->shared.items[i].address, &address))
			continue;
		drop(network, i);
		rebuild(n);
		return;
	}
}

void networks_drop_all_shared(struct networks *n)
{
	for (size_t i = 0; i < n->list.count; i++)
		while (n->list.items[i]->shared.count > 0)
			drop(n->list.items[i], 0);
}

bool networks_take_turns(const struct networks *n)
{
	return !n->no_turns;
}
