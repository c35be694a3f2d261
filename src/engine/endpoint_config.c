/* What a container may ask of a network, and what it is called there. */
#include "engine/engine_private.h"

#include "base/id.h"
#include "base/memory.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static bool is_address(const char *text)
{
	unsigned char bytes[16];

	return inet_pton(strchr(text, ':') ? AF_INET6 : AF_INET, text, bytes) == 1;
}

static bool is_mac(const char *text)
{
	unsigned byte;
	int used;

	for (int i = 0; i < 6; i++, text += used)
		if (sscanf(text, i ? ":%2x%n" : "%2x%n", &byte, &used) != 1)
			return false;
	return *text == 0;
}

static void add_name(struct strings *names, const char *name)
{
	if (!str_is_empty(name) && !strings_contain(names, name))
		strings_add(names, name);
}

static bool asks_address(const struct endpoint_settings *asked)
{
	return asked->ipam_config && (!str_is_empty(asked->ipam_config->ipv4_address) ||
				      !str_is_empty(asked->ipam_config->ipv6_address));
}

static void check_predefined(const struct endpoint_settings *asked, struct strings *wrong)
{
	if (asks_address(asked))
		strings_add(wrong, "user specified IP address is supported on user defined "
				   "networks only");
	if (asked->aliases.count > 0)
		strings_add(wrong, "network-scoped alias is supported only for containers in user "
				   "defined networks");
}

static void check_addresses(const struct network_spec *spec, const struct endpoint_settings *asked,
			    struct strings *wrong)
{
	const struct endpoint_ipam *ipam = asked->ipam_config;
	struct error err;

	if (!ipam)
		return;
	if (!network_spec_may_give(spec, AF_INET, ipam->ipv4_address, &err))
		strings_add(wrong, err.text);
	if (!network_spec_may_give(spec, AF_INET6, ipam->ipv6_address, &err))
		strings_add(wrong, err.text);
	for (size_t i = 0; i < ipam->link_local_ips.count; i++)
		if (!is_address(ipam->link_local_ips.items[i]))
			strings_format(wrong, "invalid link-local IP address: %s",
				       ipam->link_local_ips.items[i]);
}

bool endpoint_settings_check(struct engine *engine, const char *name,
			     const struct endpoint_settings *asked, struct error *err)
{
	struct network *network = networks_find(engine->parts.networks, name, &(struct error){0});
	scoped_strings struct strings wrong = {0};
	scoped_free char *joined = NULL;

	if (network && network_is_predefined(network_get_spec(network)))
		check_predefined(asked, &wrong);
	else if (network)
		check_addresses(network_get_spec(network), asked, &wrong);
	if (!str_is_empty(asked->mac_address) && !is_mac(asked->mac_address))
		strings_format(&wrong, "invalid MAC address: %s", asked->mac_address);
	if (wrong.count == 0)
		return true;
	joined = strings_join(&wrong, "\n");
	return error_set(err, ERROR_INVALID, "invalid endpoint settings:\n%s", joined);
}

/* By these the others of a network find it: its name, what it is called there, its short id, its
 * hostname.  The predefined networks know no names. */
void endpoint_settings_name(const struct container *c, const char *name,
			    struct endpoint_settings *settings)
{
	struct network *network =
		networks_find(c->engine->parts.networks, name, &(struct error){0});
	scoped_free char *short_id = str_dup_n(c->id, ID_SHORT_LENGTH);
	const char *own[] = {short_id, c->config.hostname};

	strings_fini(&settings->dns_names);
	if (network && network_is_predefined(network_get_spec(network)))
		return;
	strings_add(&settings->dns_names, c->name);
	for (size_t i = 0; i < settings->aliases.count; i++)
		add_name(&settings->dns_names, settings->aliases.items[i]);
	for (size_t i = 0; i < array_length(own); i++)
		add_name(&settings->dns_names, own[i]);
}

void container_name_endpoints(struct container *c)
{
	for (size_t i = 0; i < c->networks.count; i++)
		endpoint_settings_name(c, c->networks.names[i],
				       RECORD_AT(c->networks, struct endpoint_settings, i));
}

void endpoint_settings_take(struct endpoint_settings *to, const struct endpoint_settings *asked)
{
	struct endpoint_settings wanted = {0};

	record_copy(&endpoint_settings_type, asked, &wanted);
	record_fini(&endpoint_settings_type, to);
	to->ipam_config = take(wanted.ipam_config);
	to->links = wanted.links;
	to->aliases = wanted.aliases;
	to->driver_opts = wanted.driver_opts;
	if (!str_is_empty(wanted.mac_address)) /* clients send "" for none */
		to->wanted_mac_address = take(wanted.mac_address);
	str_replace(&to->mac_address, to->wanted_mac_address);
	wanted.links = wanted.aliases = (struct strings){0};
	wanted.driver_opts = (struct pairs){0};
	record_fini(&endpoint_settings_type, &wanted);
}
