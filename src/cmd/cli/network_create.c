/* network create.  Each --ip-range, --gateway and --aux-address goes to the subnet that it lies in. */
#include "cmd/cli/api.h"
#include "format/json.h"
#include "spec/spec.h"

#include <arpa/inet.h>
#include <stdio.h>

struct create {
	bool attachable, config_only, ingress, internal;
	int8_t ipv4, ipv6;
	char *config_from, *driver, *ipam_driver, *scope;
	struct pairs aux_addresses, ipam_options, options;
	struct strings gateways, ip_ranges, subnets, labels;
};

#define AT(field) offsetof(struct create, field)

static const struct option options[] = {
	{0, "attachable", &option_switch, AT(attachable),
	 .help = "Containers may be connected by hand"},
	{0, "aux-address", &option_map, AT(aux_addresses),
	 .help = "Address that somebody else on the network has: NAME=IP"},
	{0, "config-from", &option_string, AT(config_from),
	 .help = "Network whose configuration is taken over"},
	{0, "config-only", &option_switch, AT(config_only),
	 .help = "Make only a configuration for other networks"},
	{'d', "driver", &option_string, AT(driver), .initial = "bridge",
	 .help = "Driver of the network"},
	{0, "gateway", &option_words, AT(gateways), .help = "Address of a subnet's gateway"},
	{0, "ingress", &option_switch, AT(ingress), .help = "Make a swarm's routing mesh"},
	{0, "internal", &option_switch, AT(internal), .help = "Let nothing out of the network"},
	{0, "ip-range", &option_words, AT(ip_ranges),
	 .help = "Part of a subnet from which containers get addresses"},
	{0, "ipam-driver", &option_string, AT(ipam_driver), .initial = "default",
	 .help = "Driver that gives addresses"},
	{0, "ipam-opt", &option_map, AT(ipam_options), .help = "Option of that driver: NAME=VALUE"},
	{0, "ipv4", &option_choice, AT(ipv4), .help = "Give IPv4 addresses (default true)"},
	{0, "ipv6", &option_choice, AT(ipv6), .help = "Give IPv6 addresses"},
	{0, "label", &option_label, AT(labels), .help = "Label the network: NAME[=VALUE]"},
	{'o', "opt", &option_map, AT(options), .help = "Option of the driver: NAME=VALUE"},
	{0, "scope", &option_string, AT(scope), .help = "Scope of the network"},
	{0, "subnet", &option_words, AT(subnets), .help = "Subnet: ADDRESS/LENGTH"},
};

/* ---- addresses as text, as far as sorting them needs it ---- */

struct range {
	int family;
	unsigned char bytes[16];
	unsigned prefix;
};

static bool parse_address(const char *text, struct range *out)
{
	*out = (struct range){.family = strchr(text, ':') ? AF_INET6 : AF_INET};
	out->prefix = out->family == AF_INET ? 32 : 128;
	return inet_pton(out->family, text, out->bytes) == 1;
}

/* With a length, or the whole address. */
static bool parse_range(const char *text, struct range *out)
{
	size_t length = strcspn(text, "/");
	scoped_free char *address = str_dup_n(text, length);
	uint64_t prefix;

	if (!parse_address(address, out))
		return false;
	if (!text[length])
		return true;
	if (!parse_u64(text + length + 1, &prefix) || prefix > out->prefix)
		return false;
	out->prefix = (unsigned)prefix;
	return true;
}

/* Whether the address that `text` begins with lies in the subnet. */
static bool lies_in(const char *subnet, const char *text)
{
	struct range outer, inner;
	unsigned bits;

	if (!parse_range(subnet, &outer) || !parse_range(text, &inner) ||
	    outer.family != inner.family)
		return false;
	bits = outer.prefix % 8;
	unsigned char mask = (unsigned char)(0xff00 >> bits);
	return memcmp(outer.bytes, inner.bytes, outer.prefix / 8) == 0 &&
	       (!bits ||
		((outer.bytes[outer.prefix / 8] ^ inner.bytes[outer.prefix / 8]) & mask) == 0);
}

/* ---- the subnets ---- */

static json_t *subnet_of(const json_t *subnets, const char *text)
{
	size_t i;
	json_t *subnet;

	json_array_foreach (subnets, i, subnet)
		if (lies_in(doc_text(subnet, "Subnet"), text))
			return subnet;
	return NULL;
}

static bool add_subnet(json_t *subnets, const char *text, struct error *err)
{
	size_t i;
	json_t *other, *subnet;

	json_array_foreach (subnets, i, other)
		if (lies_in(doc_text(other, "Subnet"), text) ||
		    lies_in(text, doc_text(other, "Subnet")))
			return error_set(err, ERROR_INVALID,
					 "multiple overlapping subnet configuration is not "
					 "supported");
	subnet = json_object();
	doc_set_text(subnet, "Subnet", text);
	json_array_append_new(subnets, subnet);
	return true;
}

/* What a subnet has at most one of, in the words of its errors. */
struct single {
	const char *member, *name, *plural, *place;
};

static bool add_single(json_t *subnets, const struct single *single, const char *text,
		       struct error *err)
{
	json_t *subnet = subnet_of(subnets, text);
	const char *other = doc_text(subnet, single->member);

	if (!subnet)
		return error_set(err, ERROR_INVALID, "no matching subnet for %s %s", single->name,
				 text);
	if (*other)
		return error_set(
			err, ERROR_INVALID, "cannot configure multiple %s (%s, %s) %s subnet (%s)",
			single->plural, text, other, single->place, doc_text(subnet, "Subnet"));
	doc_set_text(subnet, single->member, text);
	return true;
}

static bool add_auxiliary(json_t *subnets, const struct pair *pair, struct error *err)
{
	json_t *subnet = subnet_of(subnets, pair->value);
	json_t *addresses = json_object_get(subnet, "AuxiliaryAddresses");

	if (!subnet)
		return error_set(err, ERROR_INVALID, "no matching subnet for aux-address %s",
				 pair->value);
	if (!addresses)
		json_object_set_new(subnet, "AuxiliaryAddresses", addresses = json_object());
	doc_set_text(addresses, pair->name, pair->value);
	return true;
}

static bool add_subnets(const struct create *create, json_t *subnets, struct error *err)
{
	static const struct single range = {"IPRange", "range", "ranges", "on the same"};
	static const struct single gateway = {"Gateway", "gateway", "gateways", "for the same"};

	if (create->subnets.count < create->ip_ranges.count ||
	    create->subnets.count < create->gateways.count)
		return error_set(err, ERROR_INVALID,
				 "every ip-range or gateway must have a corresponding subnet");
	for (size_t i = 0; i < create->subnets.count; i++)
		if (!add_subnet(subnets, create->subnets.items[i], err))
			return false;
	for (size_t i = 0; i < create->ip_ranges.count; i++)
		if (!add_single(subnets, &range, create->ip_ranges.items[i], err))
			return false;
	for (size_t i = 0; i < create->gateways.count; i++)
		if (!add_single(subnets, &gateway, create->gateways.items[i], err))
			return false;
	for (size_t i = 0; i < create->aux_addresses.count; i++)
		if (!add_auxiliary(subnets, &create->aux_addresses.items[i], err))
			return false;
	return true;
}

/* ---- the request ---- */

static void set_choice(json_t *body, const char *name, int8_t choice)
{
	if (choice)
		json_object_set_new(body, name, json_boolean(choice > 0));
}

static json_t *make_body(const struct create *create, const char *name, struct error *err)
{
	scoped_json json_t *body = json_object();
	json_t *ipam = json_object(), *subnets = json_array();

	json_object_set_new(body, "IPAM", ipam);
	json_object_set_new(ipam, "Config", subnets);
	if (!add_subnets(create, subnets, err))
		return NULL;
	doc_set_text(ipam, "Driver", create->ipam_driver);
	doc_set_map(ipam, "Options", &create->ipam_options, true);
	doc_set_text(body, "Name", name);
	doc_set_text(body, "Driver", create->driver);
	doc_set_text(body, "Scope", create->scope ? create->scope : "");
	set_choice(body, "EnableIPv4", create->ipv4);
	set_choice(body, "EnableIPv6", create->ipv6);
	json_object_set_new(body, "Internal", json_boolean(create->internal));
	json_object_set_new(body, "Attachable", json_boolean(create->attachable));
	json_object_set_new(body, "Ingress", json_boolean(create->ingress));
	json_object_set_new(body, "ConfigOnly", json_boolean(create->config_only));
	if (!str_is_empty(create->config_from))
		json_object_set_new(body, "ConfigFrom",
				    json_pack("{s:s}", "Network", create->config_from));
	doc_set_map(body, "Options", &create->options, true);
	doc_set_labels(body, &create->labels);
	return take(body);
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	scoped_target struct target target = target_format("/networks/create");
	struct error err;
	scoped_json json_t *body = make_body(fields, arguments->items[0], &err);
	struct api_request request = {.method = "POST", .target = &target, .body = body};
	scoped_json json_t *answer = NULL;

	if (!body || !api_call(cli, &request, &answer, &err))
		return cli_fail(cli, &err);
	printf("%s\n", doc_text(answer, "Id"));
	return 0;
}

const struct command network_create = {
	.summary = "Create a network",
	.usage = "[OPTIONS] NETWORK",
	.least = 1,
	.most = 1,
	.size = sizeof(struct create),
	.options = {OPTION_SET(options)},
	.run = run,
};
