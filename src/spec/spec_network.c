/* -p, --expose, --network and what belongs to it. */
#include "format/json.h"
#include "format/mount_option.h"
#include "format/port.h"
#include "spec/document.h"
#include "spec/endpoint.h"
#include "spec/spec.h"

#include <ctype.h>

/* ---- ports ---- */

static void expose(json_t *config, int protocol, unsigned port)
{
	scoped_free char *name = str_format("%u/%s", port, port_protocol_name(protocol));

	json_object_set_new(json_object_get(config, "ExposedPorts"), name, json_object());
}

static void bind_port(json_t *bindings, const struct publish *publish)
{
	scoped_free char *name =
		str_format("%u/%s", publish->port, port_protocol_name(publish->protocol));
	json_t *list = json_object_get(bindings, name);

	if (!list)
		json_object_set_new(bindings, name, list = json_array());
	json_array_append_new(list, json_pack("{s:s, s:s}", "HostIp", publish->host_ip, "HostPort",
					      publish->host_port));
}

static bool expose_range(json_t *config, const char *text, struct error *err)
{
	struct error cause;
	uint16_t first, last;
	int protocol;

	if (strchr(text, ':'))
		return error_set(err, ERROR_INVALID, "invalid port format for --expose: %s", text);
	if (!port_spec_parse(text, &protocol, &first, &last, &cause))
		return error_set(err, ERROR_INVALID,
				 "invalid range format for --expose: %s, error: %s", text,
				 cause.text);
	for (unsigned port = first; port <= last; port++)
		expose(config, protocol, port);
	return true;
}

bool spec_set_ports(const struct spec *spec, json_t *config, json_t *host, struct error *err)
{
	scoped_publish_list struct publish_list list = {0};
	json_t *bindings = json_object();

	json_object_set_new(host, "PortBindings", bindings);
	json_object_set_new(config, "ExposedPorts", json_object());
	for (size_t i = 0; i < spec->publish.count; i++)
		if (!publish_parse(spec->publish.items[i], &list, err))
			return false;
	for (size_t i = 0; i < list.count; i++) {
		expose(config, list.items[i].protocol, list.items[i].port);
		bind_port(bindings, &list.items[i]);
	}
	for (size_t i = 0; i < spec->expose.count; i++)
		if (!expose_range(config, spec->expose.items[i], err))
			return false;
	if (!json_object_size(json_object_get(config, "ExposedPorts")))
		json_object_del(config, "ExposedPorts");
	return true;
}

/* ---- networks ---- */

static bool is_user_defined(const char *network)
{
	static const char *const others[] = {"default", "bridge", "host", "none"};

	for (size_t i = 0; i < array_length(others); i++)
		if (strcmp(others[i], network) == 0)
			return false;
	return !str_starts_with(network, "container:");
}

/* The long form: name=n,alias=a,ip=1.2.3.4,driver-opt=k=v */
static bool set_endpoint_field(struct endpoint *endpoint, const char *field, struct error *err)
{
	const struct {
		const char *name;
		const struct option_kind *kind;
		void *at;
	} fields[] = {
		{"name=", &option_string, &endpoint->network},
		{"alias=", &option_list, &endpoint->aliases},
		{"ip=", &option_string, &endpoint->ip},
		{"ip6=", &option_string, &endpoint->ip6},
		{"mac-address=", &option_string, &endpoint->mac_address},
		{"link-local-ip=", &option_list, &endpoint->link_local},
		{"driver-opt=", &option_map, &endpoint->driver_options},
		{"gw-priority=", &option_number, &endpoint->priority},
	};

	for (size_t i = 0; i < array_length(fields); i++)
		if (str_starts_with(field, fields[i].name))
			return fields[i].kind->set(fields[i].at, field + strlen(fields[i].name),
						   err);
	if (!strchr(field, '='))
		return error_set(err, ERROR_INVALID, "invalid field value '%s'", field);
	return error_set(err, ERROR_INVALID, "invalid field key %.*s", (int)strcspn(field, "="),
			 field);
}

static bool parse_endpoint(struct endpoint *endpoint, const char *text, struct error *err)
{
	scoped_strings struct strings fields = {0};

	if (!strchr(text, '=')) {
		str_replace(&endpoint->network, text);
		return true;
	}
	if (!csv_split(text, &fields, err))
		return false;
	for (size_t i = 0; i < fields.count; i++)
		if (!set_endpoint_field(endpoint, fields.items[i], err))
			return false;
	return endpoint->network ||
	       error_set(err, ERROR_INVALID, "network name/id is not specified");
}

/* As options: what is wrong with their form is said before anything else. */
static bool add_network(void *field, const char *text, struct error *err)
{
	scoped_endpoint struct endpoint endpoint = {0};

	if (!parse_endpoint(&endpoint, text, err))
		return false;
	strings_add(field, text);
	return true;
}

static bool add_link(void *field, const char *text, struct error *err)
{
	scoped_strings struct strings parts = strings_split(text, ':');

	if (parts.count > 2 || !*text)
		return error_set(err, ERROR_INVALID, "bad format for links: %s", text);
	strings_add(field, text);
	return true;
}

const struct option_kind option_network = {"network", add_network, option_free_list, NULL};
const struct option_kind option_link = {"list", add_link, option_free_list, NULL};

static bool is_mac_address(const char *text)
{
	size_t length = strlen(text);

	for (size_t i = 0; i < length; i++)
		if (i % 3 == 2 ? !strchr(":-", text[i]) : !isxdigit((unsigned char)text[i]))
			return false;
	return length == 17;
}

/* The options that stand beside --network belong to the first one. */
static void add_loose_options(const struct spec *spec, struct endpoint *endpoint)
{
	for (size_t i = 0; i < spec->network_aliases.count; i++)
		strings_add(&endpoint->aliases, spec->network_aliases.items[i]);
	for (size_t i = 0; i < spec->link_local_ips.count; i++)
		strings_add(&endpoint->link_local, spec->link_local_ips.items[i]);
	for (size_t i = 0; is_user_defined(endpoint->network) && i < spec->links.count; i++)
		strings_add(&endpoint->links, spec->links.items[i]);
	if (spec->ip)
		str_replace(&endpoint->ip, spec->ip);
	if (spec->ip6)
		str_replace(&endpoint->ip6, spec->ip6);
	if (spec->mac_address)
		str_replace(&endpoint->mac_address, spec->mac_address);
}

static bool check_endpoint(const struct endpoint *endpoint, struct error *err)
{
	if (endpoint->aliases.count && !is_user_defined(endpoint->network))
		return error_set(err, ERROR_INVALID,
				 "network-scoped aliases are only supported for "
				 "user-defined networks");
	if (endpoint->mac_address && !is_mac_address(endpoint->mac_address))
		return error_set(err, ERROR_INVALID, "%s is not a valid mac address",
				 endpoint->mac_address);
	return true;
}

static bool add_endpoint(const struct spec *spec, const char *text, bool first, json_t *host,
			 json_t *endpoints, struct error *err)
{
	scoped_endpoint struct endpoint endpoint = {0};

	if (!parse_endpoint(&endpoint, text, err))
		return false;
	if (first) {
		doc_set_text(host, "NetworkMode", endpoint.network);
		add_loose_options(spec, &endpoint);
	}
	if (!check_endpoint(&endpoint, err))
		return false;
	if (json_object_get(endpoints, endpoint.network))
		return error_set(err, ERROR_INVALID, "network \"%s\" is specified multiple times",
				 endpoint.network);
	json_t *json = endpoint_to_json(&endpoint);
	if (json_object_size(json) || !first || spec->networks.count > 1)
		json_object_set(endpoints, endpoint.network, json);
	json_decref(json);
	return true;
}

/* Networks of users go together with one another alone. */
static bool check_kinds(const json_t *endpoints, const char *first, struct error *err)
{
	bool user = is_user_defined(first), other = !user;
	const char *name;
	json_t *ignored;

	json_object_foreach ((json_t *)endpoints, name, ignored) {
		user |= is_user_defined(name);
		other |= !is_user_defined(name);
	}
	return !user || !other ||
	       error_set(
		       err, ERROR_INVALID,
		       "conflicting options: cannot attach both user-defined and non-user-defined "
		       "network-modes");
}

bool spec_set_networks(const struct spec *spec, json_t *host, json_t *body, struct error *err)
{
	scoped_json json_t *endpoints = json_object();

	if (!spec->networks.count && !add_endpoint(spec, "default", true, host, endpoints, err))
		return false;
	for (size_t i = 0; i < spec->networks.count; i++)
		if (!add_endpoint(spec, spec->networks.items[i], i == 0, host, endpoints, err))
			return false;
	if (!check_kinds(endpoints, doc_text(host, "NetworkMode"), err))
		return false;
	if (json_object_size(endpoints))
		json_object_set_new(body, "NetworkingConfig",
				    json_pack("{s:O}", "EndpointsConfig", endpoints));
	doc_set_list(host, "Links", &spec->links, false);
	return true;
}
