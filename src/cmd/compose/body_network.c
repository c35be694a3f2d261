/* Namespaces, networks and ports of a container. */
#include "cmd/compose/body_part.h"
#include "format/json.h"
#include "format/port.h"

/* ---- namespaces of others ---- */

/* "service:x" is the container of x. */
static bool resolve_mode(struct body *body, const struct node *node, const char *attribute,
			 char **mode, struct error *err)
{
	const struct body_request *request = body->request;
	const char *id;

	if (!str_starts_with(node->text, "service:")) {
		*mode = str_dup(node->text);
		return true;
	}
	id = request->id_of ? request->id_of(request->data, node->text + strlen("service:")) : NULL;
	if (!id)
		return body_refuse(body, node, err, attribute,
				   "no container of service %s is there",
				   node->text + strlen("service:"));
	*mode = str_format("container:%s", id);
	return true;
}

bool body_set_namespaces(struct body *body, struct error *err)
{
	static const struct {
		const char *attribute, *member;
	} rows[] = {
		{"ipc", "IpcMode"},
		{"pid", "PidMode"},
		{"uts", "UTSMode"},
		{"cgroup", "CgroupnsMode"},
		{"network_mode", "NetworkMode"},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		const struct node *node = node_get(body->node, rows[i].attribute);
		scoped_free char *mode = NULL;

		if (!node || node->kind == NODE_NULL || !*node->text)
			continue;
		if (!resolve_mode(body, node, rows[i].attribute, &mode, err))
			return false;
		doc_set_text(body->host, rows[i].member, mode);
	}
	return true;
}

/* ---- links ---- */

static void add_names_by_scale(const struct body_request *request, const struct service *service,
			       struct strings *names)
{
	for (unsigned number = 1; service && number <= service->scale; number++)
		strings_take(names, project_container_name(request->project, service, number));
}

/* A container answers to the alias, to its name without the project, and to its name. */
static void add_link(const struct body_request *request, const char *container, const char *alias,
		     struct strings *links)
{
	size_t project = strlen(request->project->name);
	bool prefixed = strncmp(container, request->project->name, project) == 0 &&
			(container[project] == '-' || container[project] == '_');

	strings_format(links, "%s:%s", container, alias);
	if (prefixed)
		strings_format(links, "%s:%s", container, container + project + 1);
	strings_format(links, "%s:%s", container, container);
}

static void add_service_link(const struct body_request *request, const char *text,
			     struct strings *links)
{
	size_t length = strcspn(text, ":");
	scoped_free char *name = str_dup_n(text, length);
	scoped_strings struct strings containers = {0};

	if (request->names_of)
		request->names_of(request->data, name, &containers);
	if (!containers.count)
		add_names_by_scale(request, project_service(request->project, name), &containers);
	for (size_t i = 0; i < containers.count; i++)
		add_link(request, containers.items[i], text[length] ? text + length + 1 : name,
			 links);
}

static json_t *links_of(const struct body *body)
{
	scoped_strings struct strings links = {0};
	json_t *list = json_array();

	node_each(item, node_get(body->node, "links"))
		add_service_link(body->request, item->value->text, &links);
	node_each(item, node_get(body->node, "external_links"))
	{
		const char *text = item->value->text;

		strings_format(&links, "%s%s%s", text, strchr(text, ':') ? "" : ":",
			       strchr(text, ':') ? "" : text);
	}
	for (size_t i = 0; i < links.count; i++)
		json_array_append_new(list, json_string(links.items[i]));
	return list;
}

/* ---- networks ---- */

struct membership {
	const char *key;
	const struct resource *network;
	const struct node *node; /* NULL: nothing is said of it */
	int64_t priority;
};

struct memberships {
	struct membership *items;
	size_t count, capacity;
};

static void memberships_fini(struct memberships *memberships)
{
	vector_fini(memberships);
}

static int by_priority(const void *a, const void *b)
{
	const struct membership *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	return strcmp(x->key, y->key);
}

/* The primary one is the first. */
static bool collect(const struct body *body, struct memberships *out, struct error *err)
{
	const struct node *networks = node_get(body->node, "networks");

	node_each(member, networks)
	{
		struct membership membership = {
			.key = member->key,
			.network = body_resource(&body->request->project->networks, member->key),
			.node = member->value->kind == NODE_MAP ? member->value : NULL,
			.priority = node_get_int(member->value, "priority", 0),
		};

		if (!membership.network)
			return body_refuse(body, member->value, err, "networks",
					   "undefined network %s", member->key);
		vector_add(out, membership);
	}
	if (out->count)
		qsort(out->items, out->count, sizeof(*out->items), by_priority);
	return true;
}

static void add_alias(json_t *aliases, const char *alias)
{
	size_t i;
	json_t *item;

	json_array_foreach (aliases, i, item)
		if (strcmp(json_string_value(item), alias) == 0)
			return;
	json_array_append_new(aliases, json_string(alias));
}

static json_t *aliases_of(const struct body *body, const struct membership *membership)
{
	const struct body_request *request = body->request;
	json_t *aliases = json_array();

	/* Its own name, which every daemon knows, is to lead to it alone. */
	if (request->project->style == COMPOSE_V2 && !body_shares_address(body))
		add_alias(aliases, request->final_name ? request->final_name : request->name);
	if (request->use_aliases) {
		add_alias(aliases, request->service->name);
		node_each(item, node_get(membership->node, "aliases"))
			add_alias(aliases, item->value->text);
	}
	return aliases;
}

/* The name of the interface is an option of the driver. */
static void set_driver_options(const struct body *body, const struct membership *membership,
			       json_t *endpoint)
{
	json_t *options = body_map(node_get(membership->node, "driver_opts"));
	const struct node *name = node_get(membership->node, "interface_name");

	if (name && name->kind == NODE_TEXT && *name->text) {
		if (body_api_has(body, "1.49"))
			doc_set_text(options, "com.docker.network.endpoint.ifname", name->text);
		else
			body_warn(body, name, "networks.interface_name",
				  "is ignored: the daemon knows it from API version 1.49 on");
	}
	body_set_given(endpoint, "DriverOpts", options);
}

static const struct node *mac_of(const struct body *body, const struct membership *membership,
				 bool primary)
{
	const struct node *own = node_get(membership->node, "mac_address");

	if (own && own->kind == NODE_TEXT && *own->text)
		return own;
	return primary ? node_get(body->node, "mac_address") : NULL;
}

static void set_mac(struct body *body, const struct membership *membership, bool primary,
		    json_t *endpoint)
{
	const struct node *mac = mac_of(body, membership, primary);

	if (!mac || mac->kind == NODE_NULL)
		return;
	if (body_api_has(body, "1.44"))
		doc_set_text(endpoint, "MacAddress", mac->text);
	else if (primary)
		doc_set_text(body->config, "MacAddress", mac->text);
	else
		body_warn(body, mac, "networks.mac_address",
			  "is ignored: the daemon knows it from API version 1.44 on");
}

static void set_gateway_priority(const struct body *body, const struct membership *membership,
				 json_t *endpoint)
{
	const struct node *priority = node_get(membership->node, "gw_priority");
	int64_t number;

	if (!priority || !body_number(priority, &number) || !number)
		return;
	if (body_api_has(body, "1.48"))
		json_object_set_new(endpoint, "GwPriority", json_integer(number));
	else
		body_warn(body, priority, "networks.gw_priority",
			  "is ignored: the daemon knows it from API version 1.48 on");
}

static bool set_endpoint(struct body *body, const struct membership *membership, bool primary,
			 json_t *endpoints, struct error *err)
{
	static const struct body_row address_rows[] = {
		{"ipv4_address", "IPv4Address", BODY_TEXT, NULL},
		{"ipv6_address", "IPv6Address", BODY_TEXT, NULL},
		{"link_local_ips", "LinkLocalIPs", BODY_LIST, NULL},
	};
	json_t *endpoint = json_object(), *addresses = json_object();

	json_object_set_new(endpoints, membership->network->name, endpoint);
	body_set_given(endpoint, "Aliases", aliases_of(body, membership));
	if (!body_set_rows(body, addresses, membership->node, address_rows,
			   array_length(address_rows), err)) {
		json_decref(addresses);
		return false;
	}
	body_set_given(endpoint, "IPAMConfig", addresses);
	body_set_given(endpoint, "Links", links_of(body));
	set_driver_options(body, membership, endpoint);
	set_mac(body, membership, primary, endpoint);
	set_gateway_priority(body, membership, endpoint);
	return true;
}

/* A mode of its own, or the bridge that all share: no names there, so links are those of old. */
static void set_without_networks(struct body *body)
{
	const struct node *mac = node_get(body->node, "mac_address");

	if (!json_object_get(body->host, "NetworkMode"))
		doc_set_text(body->host, "NetworkMode", "none");
	body_set_given(body->host, "Links", links_of(body));
	if (mac && mac->kind == NODE_TEXT)
		doc_set_text(body->config, "MacAddress", mac->text);
}

static void add_host(const struct node_member *host, json_t *list)
{
	node_each(address, host->value)
	{
		scoped_json json_t *holder = json_object();

		doc_set_format(holder, "text", "%s:%s", host->key, address->value->text);
		json_array_append(list, json_object_get(holder, "text"));
	}
}

static void set_extra_hosts(struct body *body)
{
	json_t *list = json_array();

	node_each(host, node_get(body->node, "extra_hosts")) add_host(host, list);
	body_set_given(body->host, "ExtraHosts", list);
}

static bool set_endpoints(struct body *body, const struct memberships *all, size_t first,
			  size_t last, json_t *endpoints, struct error *err)
{
	for (size_t i = first; i < last && i < all->count; i++)
		if (!set_endpoint(body, &all->items[i], i == 0, endpoints, err))
			return false;
	return true;
}

bool body_set_networks(struct body *body, struct error *err)
{
	scoped_with(memberships_fini) struct memberships all = {0};
	json_t *endpoints;

	set_extra_hosts(body);
	if (!collect(body, &all, err))
		return false;
	if (!all.count) {
		set_without_networks(body);
		return true;
	}
	doc_set_text(body->host, "NetworkMode", all.items[0].network->name);
	endpoints = json_object();
	json_object_set_new(body->config, "NetworkingConfig",
			    json_pack("{s:o}", "EndpointsConfig", endpoints));
	return set_endpoints(body, &all, 0, body_api_has(body, "1.44") ? all.count : 1, endpoints,
			     err);
}

json_t *body_of_connections(const struct body_request *request, struct error *err)
{
	scoped_with(memberships_fini) struct memberships all = {0};
	scoped_json json_t *config = json_object(), *host = json_object(),
			   *endpoints = json_object();
	struct body body = {request, request->service->node, config, host};

	if (body_api_has(&body, "1.44"))
		return take(endpoints);
	if (!collect(&body, &all, err) || !set_endpoints(&body, &all, 1, all.count, endpoints, err))
		return NULL;
	return take(endpoints);
}

/* ---- ports ---- */

static void set_binding(json_t *bindings, const char *port, const char *address,
			const char *published)
{
	json_t *list = json_object_get(bindings, port);

	if (!list)
		json_object_set_new(bindings, port, list = json_array());
	json_array_append_new(list,
			      json_pack("{s:s, s:s}", "HostIp", address, "HostPort", published));
}

static void set_port(const struct node *port, json_t *exposed, json_t *bindings)
{
	scoped_free char *name = str_format("%s/%s", node_get_text(port, "target", ""),
					    node_get_text(port, "protocol", "tcp"));

	json_object_set_new(exposed, name, json_object());
	set_binding(bindings, name, node_get_text(port, "host_ip", ""),
		    node_get_text(port, "published", ""));
}

/* "80", "53/udp", "8000-8010/tcp" */
static bool set_exposed(struct body *body, const struct node *node, json_t *exposed,
			struct error *err)
{
	uint16_t first, last;
	int protocol;
	struct error reason;

	if (!port_spec_parse(node->text, &protocol, &first, &last, &reason))
		return body_refuse(body, node, err, "expose", "%s", reason.text);
	for (unsigned port = first; port <= last; port++) {
		char name[32];

		snprintf(name, sizeof(name), "%u/%s", port, port_protocol_name(protocol));
		json_object_set_new(exposed, name, json_object());
	}
	return true;
}

bool body_set_ports(struct body *body, struct error *err)
{
	json_t *exposed = json_object(), *bindings = json_object();
	bool good = true;

	node_each(item, node_get(body->node, "expose")) good =
		good && set_exposed(body, item->value, exposed, err);
	if (body->request->publish)
		node_each(item, node_get(body->node, "ports"))
			set_port(item->value, exposed, bindings);
	body_set_given(body->config, "ExposedPorts", exposed);
	body_set_given(body->host, "PortBindings", bindings);
	return good;
}
