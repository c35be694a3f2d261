/* From dockerd's flags to the networks that every host has.
 *
 * The network `bridge` keeps what was chosen for it (device and subnet) until a setting says otherwise,
 * so that containers keep their neighbourhood over restarts.  Its subnet is, in this order: --bip, what
 * its device has already, what it had before, the first of the pools that no route of the host leads
 * to. */
#include "network/host_facts.h"
#include "network/networks.h"

#include "base/id.h"
#include "base/time.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MTU_DEFAULT	1500
#define DOCKER_BRIDGE	"docker0"
#define DOCKER_DATA	"/var/lib/docker"
#define OWN_BRIDGE	"wherry%u"
#define OWN_BRIDGES_MAX 1000

void network_settings_init(struct network_settings *settings)
{
	*settings = (struct network_settings){
		.icc = true, .masquerade = true, .forward = true, .firewall = true};
}

/* ---- names ---- */

/* docker0 belongs to dockerd where that is or was; the next names to other daemons of ours. */
static char *choose_bridge(void)
{
	if (!device_exists(DOCKER_BRIDGE) && access(DOCKER_DATA, F_OK) != 0)
		return str_dup(DOCKER_BRIDGE);
	for (unsigned i = 0; i < OWN_BRIDGES_MAX; i++) {
		scoped_free char *name = str_format(OWN_BRIDGE, i);

		if (!device_exists(name))
			return take(name);
	}
	return str_format(OWN_BRIDGE, 0u);
}

/* One table for each bridge, so that daemons on one host never touch each other's. */
static char *choose_table(const char *bridge)
{
	if (!bridge || str_equal(bridge, DOCKER_BRIDGE))
		return str_dup("wherry");
	if (str_starts_with(bridge, "wherry"))
		return str_dup(bridge);
	return str_format("wherry-%s", bridge);
}

/* ---- the predefined networks ---- */

static struct network *find_named(const struct networks *n, const char *name)
{
	for (size_t i = 0; i < n->list.count; i++)
		if (str_equal(n->list.items[i]->spec.name, name))
			return n->list.items[i];
	return NULL;
}

static struct network *find_or_make(struct networks *n, const char *name,
				    const struct network_driver *driver)
{
	struct network *network = find_named(n, name);
	char id[ID_SIZE];

	if (network)
		return network;
	network = mem_new(struct network);
	id_new(id);
	network->driver = driver;
	network->unsaved = true;
	network->spec.id = str_dup(id);
	network->spec.name = str_dup(name);
	network->spec.driver = str_dup(driver->name);
	network->spec.created_ns = time_now_ns();
	pairs_set_empty(&network->spec.options);
	pairs_set_empty(&network->spec.labels);
	vector_add(&n->list, network);
	return network;
}

/* ---- subnets ---- */

static struct network_pool *pool_at(struct network_spec *spec, size_t index)
{
	while (spec->pools.count <= index)
		record_list_add(&network_pool_type, &spec->pools);
	return RECORD_AT(spec->pools, struct network_pool, index);
}

static void set_pool(struct network_pool *pool, const struct subnet *subnet,
		     const struct address *gateway)
{
	char text[ADDRESS_TEXT_SIZE];

	free(pool->subnet);
	pool->subnet = subnet_text(subnet);
	str_replace(&pool->gateway, address_text(gateway, text));
}

static bool set_pool_from(struct network_pool *pool, const char *text, const char *flag,
			  struct error *err)
{
	struct address gateway;
	struct subnet subnet;

	if (!subnet_parse(text, &subnet, &gateway) || gateway.family != AF_INET)
		return error_set(err, ERROR_INVALID, "invalid value '%s' for %s", text, flag);
	set_pool(pool, &subnet, &gateway);
	return true;
}

static bool take_templates(struct networks *n, const struct network_settings *settings,
			   struct error *err)
{
	for (size_t i = 0; i < settings->pools.count; i++) {
		struct pool_template template;

		if (!pool_template_parse(settings->pools.items[i], &template, err))
			return false;
		vector_add(&n->templates, template);
	}
	return true;
}

/* The default bridge comes before all others, but for those of an earlier daemon. */
static bool set_pool_from_templates(struct networks *n, struct network_pool *pool,
				    struct error *err)
{
	struct subnet subnet;
	struct address gateway;

	if (!networks_choose_subnet(n, AF_INET, &subnet, err))
		return false;
	gateway = subnet_at(&subnet, 1);
	set_pool(pool, &subnet, &gateway);
	return true;
}

static bool choose_subnet(struct networks *n, struct network_spec *spec,
			  const struct network_settings *settings, struct error *err)
{
	scoped_free char *existing = device_address(spec->bridge);
	struct network_pool *pool = pool_at(spec, 0);

	if (settings->bip)
		return set_pool_from(pool, settings->bip, "--bip", err);
	if (existing)
		return set_pool_from(pool, existing, "--bridge", err);
	return pool->subnet || set_pool_from_templates(n, pool, err);
}

static bool choose_ranges(struct network_spec *spec, const struct network_settings *settings,
			  struct error *err)
{
	struct subnet subnet;
	struct address gateway;

	str_replace(&pool_at(spec, 0)->range, settings->fixed_cidr);
	spec->ipv6 = settings->fixed_cidr6 != NULL;
	if (!spec->ipv6) {
		if (spec->pools.count > 1)
			record_fini(&network_pool_type, pool_at(spec, 1));
		spec->pools.count = 1;
		return true;
	}
	if (!subnet_parse(settings->fixed_cidr6, &subnet, NULL) || subnet.base.family != AF_INET6)
		return error_set(err, ERROR_INVALID, "invalid value '%s' for --fixed-cidr-v6",
				 settings->fixed_cidr6);
	gateway = subnet_at(&subnet, 1);
	set_pool(pool_at(spec, 1), &subnet, &gateway);
	return true;
}

/* As `network inspect` shows them. */
static void set_options(struct network_spec *spec)
{
	scoped_free char *mtu = str_format("%d", spec->mtu);
	const struct pair options[] = {
		{"com.docker.network.bridge.default_bridge", "true"},
		{"com.docker.network.bridge.enable_icc", spec->icc ? "true" : "false"},
		{"com.docker.network.bridge.enable_ip_masquerade",
		 spec->masquerade ? "true" : "false"},
		{"com.docker.network.bridge.host_binding_ipv4", "0.0.0.0"},
		{"com.docker.network.bridge.name", spec->bridge},
		{"com.docker.network.driver.mtu", mtu},
	};

	for (size_t i = 0; i < array_length(options); i++)
		pairs_set(&spec->options, options[i].name, options[i].value);
}

static bool choose_device(struct network_spec *spec, const char *asked, struct error *err)
{
	if (asked && !device_name_is_sound(asked))
		return error_set(err, ERROR_INVALID, "invalid value '%s' for --bridge", asked);
	if (asked && !str_equal(asked, spec->bridge)) {
		record_list_fini(&network_pool_type, &spec->pools);
		str_replace(&spec->bridge, asked);
	} else if (!spec->bridge) {
		spec->bridge = choose_bridge();
	}
	return true;
}

static bool make_bridge_network(struct networks *n, const struct network_settings *settings,
				struct error *err)
{
	struct network *network = find_or_make(n, "bridge", &network_bridge_driver);
	struct network_spec *spec = &network->spec;

	if (!choose_device(spec, settings->bridge, err) || !choose_subnet(n, spec, settings, err) ||
	    !choose_ranges(spec, settings, err))
		return false;
	spec->mtu = settings->mtu > 0 ? settings->mtu : MTU_DEFAULT;
	spec->icc = settings->icc;
	spec->masquerade = settings->masquerade;
	set_options(spec);
	network->unsaved = true;
	return true;
}

/* --bridge=none: its record stays for the day that the setting goes. */
static void leave_out_bridge_network(struct networks *n)
{
	for (size_t i = 0; i < n->list.count; i++) {
		if (!str_equal(n->list.items[i]->spec.name, "bridge"))
			continue;
		network_free(n->list.items[i]);
		vector_remove(&n->list, i);
		return;
	}
}

/* ---- all of it ---- */

/* 0.0.0.0 is dockerd's own default and means all addresses of both families. */
static bool apply_default_host(struct networks *n, const char *text, struct error *err)
{
	if (str_is_empty(text) || str_equal(text, "0.0.0.0") ||
	    address_parse(text, &n->default_host))
		return true;
	return error_set(err, ERROR_INVALID, "invalid value '%s' for --ip", text);
}

static const char *gateway_of(const struct network *bridge)
{
	return bridge ? RECORD_AT(bridge->spec.pools, struct network_pool, 0)->gateway : NULL;
}

bool networks_apply_settings(struct networks *n, const struct network_settings *settings,
			     struct error *err)
{
	bool with_bridge = !str_equal(settings->bridge, "none");
	uint16_t first, last;

	if (!with_bridge)
		leave_out_bridge_network(n);
	if (!apply_default_host(n, settings->default_host_ip, err) ||
	    !take_templates(n, settings, err) ||
	    (with_bridge && !make_bridge_network(n, settings, err)))
		return false;
	n->mtu = settings->mtu > 0 ? settings->mtu : MTU_DEFAULT;
	find_or_make(n, "host", &network_host_driver);
	find_or_make(n, "none", &network_null_driver);

	struct network *bridge = with_bridge ? find_named(n, "bridge") : NULL;
	n->default_network = bridge;
	n->worker = str_dup(settings->worker);
	n->nft = str_dup(settings->nft ? settings->nft : "nft");
	n->table = settings->table ? str_dup(settings->table)
				   : choose_table(bridge ? bridge->spec.bridge : NULL);
	n->host_gateway = str_dup_or_null(settings->host_gateway ? settings->host_gateway
								 : gateway_of(bridge));
	n->forward = settings->forward;
	n->forward_no_drop = settings->forward_no_drop;
	n->firewall_on = settings->firewall;
	n->past_firewall = settings->past_firewall;
	ephemeral_range(&first, &last);
	port_table_init(&n->ports, first, last);
	return true;
}
