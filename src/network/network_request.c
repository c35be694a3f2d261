#include "network/network_request.h"

#include <ctype.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#define BRIDGE_OPTION "com.docker.network.bridge."
#define MTU_MOST      65535

/* ---- names and drivers ---- */

static const struct {
	const char *driver;
	enum error_kind kind;
	const char *text;
} other_drivers[] = {
	{"host", ERROR_FORBIDDEN, "only one instance of \"host\" network is allowed"},
	{"null", ERROR_FORBIDDEN, "only one instance of \"null\" network is allowed"},
	{"overlay", ERROR_UNAVAILABLE,
	 "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to "
	 "connect this node to swarm and try again."},
};

static bool check_driver(const char *driver, struct error *err)
{
	static const char *const ours[] = {"bridge", "macvlan", "ipvlan"};

	if (str_is_empty(driver))
		return true;
	for (size_t i = 0; i < array_length(ours); i++)
		if (str_equal(driver, ours[i]))
			return true;
	for (size_t i = 0; i < array_length(other_drivers); i++)
		if (str_equal(driver, other_drivers[i].driver))
			return error_set(err, other_drivers[i].kind, "%s", other_drivers[i].text);
	return error_set(err, ERROR_NOT_FOUND, "plugin \"%s\" not found", driver);
}

static bool is_blank(const char *text)
{
	return str_is_empty(text) || text[strspn(text, " \t\r\n\v\f")] == 0;
}

static bool check_name(const char *name, struct error *err)
{
	static const char *const predefined[] = {"bridge", "host", "none", "default"};

	if (is_blank(name))
		return error_set(err, ERROR_INVALID, "invalid name: name is empty");
	for (size_t i = 0; i < array_length(predefined); i++)
		if (str_equal(name, predefined[i]))
			return error_set(err, ERROR_FORBIDDEN,
					 "operation is not permitted on predefined %s network ",
					 name);
	if (str_starts_with(name, "container:") || strchr(name, '/'))
		return error_set(err, ERROR_INVALID, "invalid name: %s", name);
	return true;
}

static bool check_kind(const struct network_request *r, struct error *err)
{
	const char *what = r->ingress	    ? "an ingress network"
			   : r->config_only ? "a configuration-only network"
					    : NULL;

	if (what)
		return error_set(err, ERROR_UNSUPPORTED, "%s is not supported by this version",
				 what);
	if (!str_is_empty(r->scope) && !str_equal(r->scope, "local"))
		return error_set(err, ERROR_INVALID,
				 "the scope '%s' is not supported: this host is in no cluster",
				 r->scope);
	if (!str_is_empty(r->ipam_driver) && !str_equal(r->ipam_driver, "default"))
		return error_set(err, ERROR_NOT_FOUND, "plugin \"%s\" not found", r->ipam_driver);
	return true;
}

/* ---- IPAM, as it was typed: all that is wrong is told at once ---- */

static void check_in_subnet(const struct subnet *subnet, const char *text, const char *what,
			    struct strings *wrong)
{
	scoped_free char *shown = subnet_text(subnet);
	struct address address;

	if (str_is_empty(text))
		return;
	if (!address_parse(text, &address))
		strings_format(wrong, "invalid %s %s: invalid address", what, text);
	else if (address.family != subnet->base.family)
		strings_format(wrong, "invalid %s %s: parent subnet is an IPv%d block", what, text,
			       subnet->base.family == AF_INET ? 4 : 6);
	else if (!subnet_contains(subnet, &address))
		strings_format(wrong,
			       "invalid %s %s: parent subnet %s doesn't contain this address", what,
			       text, shown);
}

/* Has host bits, which belong to no block. */
static bool is_not_masked(const struct subnet *subnet, const struct address *written)
{
	return !address_equal(&subnet->base, written);
}

static void check_range(const struct subnet *subnet, const char *text, struct strings *wrong)
{
	scoped_free char *shown = subnet_text(subnet), *masked = NULL;
	struct address written;
	struct subnet range;

	if (str_is_empty(text))
		return;
	if (!subnet_parse(text, &range, &written)) {
		strings_format(wrong, "invalid ip-range %s: invalid CIDR block notation", text);
		return;
	}
	masked = subnet_text(&range);
	if (range.base.family != subnet->base.family)
		strings_format(wrong, "invalid ip-range %s: parent subnet is an IPv%d block", text,
			       subnet->base.family == AF_INET ? 4 : 6);
	else if (is_not_masked(&range, &written))
		strings_format(wrong, "invalid ip-range %s: it should be %s", text, masked);
	else if (range.prefix < subnet->prefix || !subnet_contains(subnet, &range.base))
		strings_format(wrong,
			       "invalid ip-range %s: parent subnet %s doesn't contain ip-range",
			       text, shown);
}

static bool needs_subnet(const struct network_pool *pool)
{
	return !str_is_empty(pool->range) || !str_is_empty(pool->gateway) || pool->aux.count > 0;
}

static void check_pool(const struct network_pool *pool, struct strings *wrong)
{
	scoped_free char *masked = NULL;
	struct address written;
	struct subnet subnet;

	if (str_is_empty(pool->subnet) && !needs_subnet(pool))
		return;
	if (str_is_empty(pool->subnet) || !subnet_parse(pool->subnet, &subnet, &written)) {
		strings_format(wrong, "invalid subnet %s: invalid CIDR block notation",
			       pool->subnet ? pool->subnet : "");
		return;
	}
	masked = subnet_text(&subnet);
	if (is_not_masked(&subnet, &written))
		strings_format(wrong, "invalid subnet %s: it should be %s", pool->subnet, masked);
	check_range(&subnet, pool->range, wrong);
	check_in_subnet(&subnet, pool->gateway, "gateway", wrong);
	for (size_t i = 0; i < pool->aux.count; i++)
		check_in_subnet(&subnet, pool->aux.items[i].value, "auxiliary address", wrong);
}

static bool check_ipam(const struct network_request *r, struct error *err)
{
	scoped_strings struct strings wrong = {0};
	scoped_free char *joined = NULL;

	for (size_t i = 0; r->pools && i < r->pools->count; i++)
		check_pool(RECORD_AT(*r->pools, struct network_pool, i), &wrong);
	if (wrong.count == 0)
		return true;
	joined = strings_join(&wrong, "\n");
	return error_set(err, ERROR_INVALID, "invalid network config:\n%s", joined);
}

bool network_request_check(const struct network_request *r, struct error *err)
{
	return check_name(r->name, err) && check_driver(r->driver, err) && check_kind(r, err) &&
	       check_ipam(r, err);
}

/* ---- options of the drivers ---- */

static bool parse_bool(const char *text, bool *out, struct error *err)
{
	static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
	static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False"};

	for (size_t i = 0; i < array_length(yes); i++) {
		if (!str_equal(text, yes[i]) && !str_equal(text, no[i]))
			continue;
		*out = str_equal(text, yes[i]);
		return true;
	}
	return error_set(err, ERROR_INVALID, "strconv.ParseBool: parsing \"%s\": invalid syntax",
			 text);
}

static bool take_device(struct network_spec *spec, const char *value, struct error *err)
{
	if (!device_name_is_sound(value))
		return error_set(err, ERROR_INVALID, "invalid device name '%s'", value);
	str_replace(&spec->bridge, value);
	return true;
}

static bool take_icc(struct network_spec *spec, const char *value, struct error *err)
{
	return parse_bool(value, &spec->icc, err);
}

static bool take_masquerade(struct network_spec *spec, const char *value, struct error *err)
{
	return parse_bool(value, &spec->masquerade, err);
}

static bool take_mtu(struct network_spec *spec, const char *value, struct error *err)
{
	int64_t mtu;

	if (!parse_i64(value, &mtu) || mtu < 0 || mtu > MTU_MOST)
		return error_set(err, ERROR_INVALID, "strconv.Atoi: parsing \"%s\": invalid syntax",
				 value);
	spec->mtu = (int32_t)mtu;
	return true;
}

static bool take_address(char **field, const char *value, int family, struct error *err)
{
	struct address address;

	if (!address_parse(value, &address) || address.family != family)
		return error_set(err, ERROR_INVALID, "invalid IP address: %s", value);
	str_replace(field, value);
	return true;
}

static bool take_host_ip(struct network_spec *spec, const char *value, struct error *err)
{
	return take_address(&spec->host_ip, value, AF_INET, err);
}

static bool take_source(struct network_spec *spec, const char *value, struct error *err)
{
	return take_address(&spec->source, value, AF_INET, err);
}

static bool take_source6(struct network_spec *spec, const char *value, struct error *err)
{
	return take_address(&spec->source6, value, AF_INET6, err);
}

/* The number that follows needs room. */
static bool take_interface(struct network_spec *spec, const char *value, struct error *err)
{
	if (!device_name_is_sound(value) || strlen(value) > 12)
		return error_set(err, ERROR_INVALID, "invalid interface prefix '%s'", value);
	str_replace(&spec->interface, value);
	return true;
}

static bool take_gateway_mode(struct network_spec *spec, const char *value, struct error *err)
{
	(void)spec;
	return str_is_empty(value) || str_equal(value, "nat") ||
	       error_set(err, ERROR_UNSUPPORTED,
			 "the gateway mode '%s' is not supported by this version", value);
}

static bool take_inhibit(struct network_spec *spec, const char *value, struct error *err)
{
	bool inhibit;

	(void)spec;
	return parse_bool(value, &inhibit, err) &&
	       (!inhibit || error_set(err, ERROR_UNSUPPORTED,
				      "a bridge without address (" BRIDGE_OPTION
				      "inhibit_ipv4) is not supported by this version"));
}

static bool take_mode(struct network_spec *spec, const char *value, struct error *err)
{
	static const char *const modes[] = {"bridge", "private", "vepa", "passthru"};

	for (size_t i = 0; i < array_length(modes); i++) {
		if (!str_equal(value, modes[i]))
			continue;
		str_replace(&spec->mode, value);
		return true;
	}
	return error_set(err, ERROR_INVALID,
			 "unknown macvlan mode '%s': it is bridge, private, vepa or passthru",
			 value);
}

/* Names that nobody knows are only shown, as they are to dockerd. */
static const struct {
	const char *driver, *name;
	bool (*read)(struct network_spec *spec, const char *value, struct error *err);
} options[] = {
	{"bridge", BRIDGE_OPTION "name", take_device},
	{"bridge", BRIDGE_OPTION "enable_icc", take_icc},
	{"bridge", BRIDGE_OPTION "enable_ip_masquerade", take_masquerade},
	{"bridge", BRIDGE_OPTION "host_binding_ipv4", take_host_ip},
	{"bridge", BRIDGE_OPTION "gateway_mode_ipv4", take_gateway_mode},
	{"bridge", BRIDGE_OPTION "gateway_mode_ipv6", take_gateway_mode},
	{"bridge", BRIDGE_OPTION "inhibit_ipv4", take_inhibit},
	{"bridge", "com.docker.network.host_ipv4", take_source},
	{"bridge", "com.docker.network.host_ipv6", take_source6},
	{NULL, "com.docker.network.driver.mtu", take_mtu},
	{NULL, "com.docker.network.container_iface_prefix", take_interface},
	{"macvlan", "parent", take_device},
	{"macvlan", "macvlan_mode", take_mode},
	{"macvlan", "mode", take_mode},
};

static bool take_option(struct network_spec *spec, const struct pair *option, struct error *err)
{
	const char *value = option->value ? option->value : "";

	for (size_t i = 0; i < array_length(options); i++)
		if (str_equal(option->name, options[i].name) &&
		    (!options[i].driver || str_equal(options[i].driver, spec->driver)))
			return options[i].read(spec, value, err) ||
			       error_prefix(err, "%s", option->name);
	return true;
}

static struct pairs given_pairs(const struct pairs *pairs)
{
	struct pairs out = pairs ? pairs_copy(pairs) : (struct pairs){0};

	if (!out.items)
		pairs_set_empty(&out);
	return out;
}

bool network_request_read(const struct network_request *r, struct network_spec *spec,
			  struct error *err)
{
	spec->name = str_dup(r->name);
	spec->driver = str_dup(str_is_empty(r->driver) ? "bridge" : r->driver);
	spec->internal = r->internal;
	spec->ipv6 = r->ipv6;
	spec->attachable = r->attachable;
	spec->icc = true;
	spec->masquerade = true;
	spec->options = given_pairs(r->options);
	spec->labels = given_pairs(r->labels);
	if (r->ipam_options && r->ipam_options->items)
		spec->ipam_options = pairs_copy(r->ipam_options);
	for (size_t i = 0; i < spec->options.count; i++)
		if (!take_option(spec, &spec->options.items[i], err))
			return false;
	if (str_equal(spec->driver, "macvlan") && !spec->mode)
		spec->mode = str_dup("bridge");
	return true;
}

/* ---- pools ---- */

/* What was asked for a family; NULL: nothing.  More than one subnet of a family fits no network here. */
static bool find_asked(const struct network_request *r, int family, const struct network_pool **out,
		       struct error *err)
{
	*out = NULL;
	for (size_t i = 0; r->pools && i < r->pools->count; i++) {
		const struct network_pool *pool = RECORD_AT(*r->pools, struct network_pool, i);
		struct subnet subnet;

		if (!subnet_parse(pool->subnet, &subnet, NULL) || subnet.base.family != family)
			continue;
		if (*out)
			return error_set(err, ERROR_INVALID,
					 "a network has one IPv%d subnet, '%s' is a second one",
					 family == AF_INET ? 4 : 6, pool->subnet);
		*out = pool;
	}
	return true;
}

static bool refuse_overlap(const struct pool_world *world, const struct subnet *subnet,
			   const char *device, struct error *err)
{
	bool overlaps = routes_are_near(world->routes, subnet, device);

	for (size_t i = 0; i < world->taken_count; i++)
		overlaps |= subnet_overlaps(&world->taken[i], subnet);
	return !overlaps || error_set(err, ERROR_FORBIDDEN,
				      "Pool overlaps with other one on this address space");
}

static bool choose(const struct pool_world *world, int family, struct subnet *out,
		   struct error *err)
{
	struct pool_choice choice = {.family = family,
				     .templates = world->templates,
				     .template_count = world->template_count,
				     .ula = world->ula,
				     .routes = world->routes,
				     .taken = world->taken,
				     .taken_count = world->taken_count};

	return pool_choose(&choice, out, err);
}

/* Its first free address, as dockerd would have it: of the range where there is one. */
static bool choose_gateway(struct network_pool *pool, const struct subnet *subnet,
			   struct error *err)
{
	struct subnet range = *subnet;
	struct address_pool addresses;
	struct address address;
	char text[ADDRESS_TEXT_SIZE];
	bool found;

	if (!str_is_empty(pool->gateway))
		return true;
	if (!str_is_empty(pool->range))
		subnet_parse(pool->range, &range, NULL);
	address_pool_init(&addresses, subnet, &range);
	for (size_t i = 0; i < pool->aux.count; i++)
		if (address_parse(pool->aux.items[i].value, &address))
			address_pool_claim(&addresses, &address);
	found = address_pool_take(&addresses, &address);
	address_pool_fini(&addresses);
	if (!found)
		return error_set(err, ERROR_INVALID, "no address is left for the gateway in '%s'",
				 pool->subnet);
	str_replace(&pool->gateway, address_text(&address, text));
	return true;
}

static bool add_pool(const struct network_request *r, const struct pool_world *world, int family,
		     struct network_spec *spec, struct error *err)
{
	const struct network_pool *asked;
	struct network_pool *pool;
	struct subnet subnet;

	/* A macvlan's containers are in the network of its parent. */
	const char *device = spec->bridge;

	if (!find_asked(r, family, &asked, err))
		return false;
	if (asked) {
		subnet_parse(asked->subnet, &subnet, NULL);
		if (!refuse_overlap(world, &subnet, device, err))
			return false;
	} else if (!choose(world, family, &subnet, err)) {
		return false;
	}
	pool = record_list_add(&network_pool_type, &spec->pools);
	if (asked) {
		record_copy(&network_pool_type, asked, pool);
	} else {
		pool->subnet = subnet_text(&subnet);
		pool->automatic = true;
	}
	return choose_gateway(pool, &subnet, err);
}

bool network_request_pools(const struct network_request *r, const struct pool_world *world,
			   struct network_spec *spec, struct error *err)
{
	return add_pool(r, world, AF_INET, spec, err) &&
	       (!spec->ipv6 || add_pool(r, world, AF_INET6, spec, err));
}
