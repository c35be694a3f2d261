/* What a run takes from the networks, addresses and ports, and how it gives them back. */
#include "engine/run_network.h"

#include "base/log.h"
#include "base/memory.h"
#include "engine/group.h"
#include "engine/link.h"
#include "engine/names.h"
#include "format/port.h"
#include "network/namespace.h"
#include "network/network_plan.h"
#include "os/fd.h"
#include "os/file.h"

#define PORTS_MOST 4096 /* published by one container */

/* ---- addresses ---- */

static void show_endpoint(struct endpoint_settings *settings, const struct endpoint_spec *spec)
{
	str_replace(&settings->network_id, spec->network_id);
	str_replace(&settings->endpoint_id, spec->endpoint_id);
	str_replace(&settings->gateway, spec->gateway);
	str_replace(&settings->ip_address, spec->address);
	settings->ip_prefix_len = spec->prefix;
	str_replace(&settings->ipv6_gateway, spec->gateway6);
	str_replace(&settings->global_ipv6_address, spec->address6);
	settings->global_ipv6_prefix_len = spec->prefix6;
	str_replace(&settings->mac_address, spec->mac);
}

static void hide_endpoint(struct endpoint_settings *settings)
{
	static const struct endpoint_spec nothing;
	scoped_free char *network_id = settings->network_id;

	settings->network_id = NULL;
	show_endpoint(settings, &nothing);
	settings->network_id = take(network_id);
	str_replace(&settings->mac_address, settings->wanted_mac_address);
}

/* The devices inside are counted by their prefix: the lowest number that is free. */
static char *free_device_name(const struct record_list *endpoints, const char *prefix)
{
	for (size_t number = 0;; number++) {
		scoped_free char *name = str_format("%s%zu", prefix ? prefix : "eth", number);
		bool taken = false;

		for (size_t i = 0; i < endpoints->count; i++)
			taken |= str_equal(RECORD_AT(*endpoints, struct endpoint_spec, i)->name,
					   name);
		if (!taken)
			return take(name);
	}
}

struct endpoint_spec *run_take_endpoint(struct container_run *run, const char *network_name,
					struct endpoint_settings *settings, struct error *err)
{
	struct container *c = run->container;
	struct networks *networks = c->engine->parts.networks;
	struct network *network = networks_find(networks, network_name, err);
	const struct endpoint_ipam *ipam = settings->ipam_config;
	struct record_list *endpoints = &run->plan.endpoints;
	struct endpoint_spec *spec;

	if (!network)
		return NULL;
	scoped_free char *name = free_device_name(endpoints, network_get_spec(network)->interface);
	struct endpoint_request request = {
		.container_id = c->id, .mac = settings->wanted_mac_address, .name = name};

	if (ipam) {
		request.address = str_is_empty(ipam->ipv4_address) ? NULL : ipam->ipv4_address;
		request.address6 = str_is_empty(ipam->ipv6_address) ? NULL : ipam->ipv6_address;
		request.link_local = &ipam->link_local_ips;
	}
	spec = record_list_add(&endpoint_spec_type, endpoints);
	if (network_allocate(networks, network, &request, spec, err)) {
		show_endpoint(settings, spec);
		return spec;
	}
	record_list_remove(&endpoint_spec_type, endpoints, endpoints->count - 1);
	return NULL;
}

static bool allocate_all(struct container_run *run, struct error *err)
{
	const struct record_map *networks = &run->container->networks;

	for (size_t i = 0; i < networks->count; i++)
		if (!run_take_endpoint(run, networks->names[i],
				       RECORD_AT(*networks, struct endpoint_settings, i), err))
			return false;
	gateways_mark(&run->plan.endpoints);
	return true;
}

/* `host` and `none` have an id to show and nothing to allocate. */
static void show_predefined(struct container_run *run)
{
	struct container *c = run->container;
	struct error unused;

	for (size_t i = 0; i < c->networks.count; i++) {
		struct network *network =
			networks_find(c->engine->parts.networks, c->networks.names[i], &unused);
		struct endpoint_settings *settings =
			RECORD_AT(c->networks, struct endpoint_settings, i);

		if (network)
			str_replace(&settings->network_id, network_get_spec(network)->id);
	}
}

/* ---- ports ---- */

static bool want(struct wanted_ports *wanted, const char *port, const struct port_binding *binding,
		 struct error *err)
{
	struct port_request request = {.host_ip = binding ? binding->host_ip : NULL};
	uint16_t first, last;

	if (!port_spec_parse(port, &request.protocol, &first, &last, err))
		return false;
	if (binding && !str_is_empty(binding->host_port) &&
	    !port_range_parse(binding->host_port, &request.first, &request.last, err))
		return false;
	for (unsigned number = first; number <= last; number++) {
		if (wanted->count == PORTS_MOST)
			return error_set(err, ERROR_INVALID, "more than %d published ports",
					 PORTS_MOST);
		request.container_port = (uint16_t)number;
		vector_add(wanted, request);
	}
	return true;
}

static bool want_bindings(struct wanted_ports *wanted, const struct record_map *bindings,
			  struct error *err)
{
	for (size_t i = 0; i < bindings->count; i++) {
		const struct record_list *list = RECORD_AT(*bindings, struct record_list, i);

		for (size_t b = 0; b < list->count; b++)
			if (!want(wanted, bindings->names[i],
				  RECORD_AT(*list, struct port_binding, b), err))
				return false;
	}
	return true;
}

static bool want_exposed(struct wanted_ports *wanted, const struct container *c, struct error *err)
{
	const struct record_map *bindings = &c->host_config.port_bindings;
	const struct strings *exposed = &c->config.exposed_ports;

	for (size_t i = 0; c->host_config.publish_all_ports && i < exposed->count; i++)
		if (!record_map_get(&record_list_of, bindings, exposed->items[i]) &&
		    !want(wanted, exposed->items[i], NULL, err))
			return false;
	return true;
}

bool run_wanted_ports(const struct container *c, struct wanted_ports *out, struct error *err)
{
	if (want_bindings(out, &c->host_config.port_bindings, err) && want_exposed(out, c, err))
		return true;
	vector_fini(out);
	return false;
}

static void show_port(struct record_map *shown, const struct published_port *port)
{
	scoped_free char *name =
		str_format("%d/%s", port->container_port, port_protocol_name(port->protocol));
	struct record_list *list = record_map_add(&record_list_of, shown, name);
	struct port_binding *binding = record_list_add(&port_binding_type, list);

	binding->host_ip = str_dup(port->host_ip);
	binding->host_port = str_format("%d", port->host_port);
}

/* What is only exposed is shown too, with nothing behind it. */
void container_show_ports(struct container *c, const struct record_list *published)
{
	record_map_of_lists_fini(&port_binding_type, &c->ports);
	for (size_t i = 0; i < published->count; i++) {
		const struct published_port *port = RECORD_AT(*published, struct published_port, i);

		if (!port->parked)
			show_port(&c->ports, port);
	}
	for (size_t i = 0; i < c->config.exposed_ports.count; i++)
		record_map_add(&record_list_of, &c->ports, c->config.exposed_ports.items[i]);
}

static bool reserve(struct container_run *run, struct ports *ports, struct error *err)
{
	struct container *c = run->container;
	struct wanted_ports wanted = {0};
	bool ok = run_wanted_ports(c, &wanted, err);
	struct port_reservation reservation = {
		.name = c->name,
		.group = group_of_ports(c),
		.endpoint = gateway_endpoint(&run->plan.endpoints),
		.requests = wanted.items,
		.count = wanted.count,
	};

	/* Without a way out there is no way in either. */
	if (ok && wanted.count > 0 && reservation.endpoint)
		ok = ports_reserve(c->engine->parts.networks, &reservation, ports, err);
	vector_fini(&wanted);
	return ok;
}

bool run_take_network(struct container_run *run, const struct network_mode *mode,
		      struct ports *ports, struct error *err)
{
	struct container *c = run->container;

	show_predefined(run);
	if (mode->kind != NETWORK_MODE_NETWORK)
		return true;
	if (!allocate_all(run, err))
		return false;
	if (run->plan.endpoints.count > 0 && !container_is_held(c) && !reserve(run, ports, err))
		return false;
	run->plan.published = ports->published;
	ports->published = (struct record_list){0};
	container_show_ports(c, &run->plan.published);
	names_note(run);
	group_take_addresses(c);
	names_show(run);
	group_refresh(c);
	if (!container_is_held(c))
		links_tell_address(c);
	links_open_ports(c->engine);
	return true;
}

/* ---- changes while it runs ---- */

bool run_save_plan(struct container_run *run, struct error *err)
{
	scoped_fd int folder = folder_open(run->container->engine->runs, run->container->id, err);
	scoped_buffer struct buffer bytes = {0};
	struct file_content content = {.mode = 0600};

	if (folder < 0)
		return false;
	record_encode(&run_plan_type, &run->plan, &bytes);
	content.data = bytes.data;
	content.size = bytes.size;
	return file_replace(folder, RUN_PLAN, &content, err);
}

void run_tell_relays(struct container_run *run, struct record_list *relays)
{
	struct shim_relays message = {*relays};

	if (relays->count && run->peer)
		shim_peer_send(run->peer, SHIM_RELAYS, &shim_relays_type, &message, NULL, 0);
	record_list_fini(&relay_spec_type, relays);
}

static void on_published_late(void *data, const struct error *err)
{
	struct container *c = data;

	if (err)
		log_error("cannot publish ports", err, "id=%s", c->id);
	container_unref(c);
}

bool run_take_ports(struct container_run *run, struct error *err)
{
	struct container *c = run->container;
	scoped_ports struct ports ports = {0};

	if (!reserve(run, &ports, err))
		return false;
	run_send_ports(run, &ports);
	run_tell_relays(run, &ports.relays);
	run->plan.published = ports.published;
	ports.published = (struct record_list){0};
	if (run->plan.published.count)
		ports_publish(c->engine->parts.networks, &run->plan.published, on_published_late,
			      container_ref(c));
	return true;
}

/* It had no way in when it started. */
static void reserve_late(struct container_run *run)
{
	struct error err;

	if (!run_take_ports(run, &err))
		log_error("cannot publish ports", &err, "id=%s", run->container->id);
}

/* Does anything lead to this endpoint already? */
static bool leads_to(const struct record_list *published, const struct endpoint_spec *endpoint)
{
	for (size_t i = 0; i < published->count; i++) {
		const struct published_port *port = RECORD_AT(*published, struct published_port, i);

		if (port->parked ? endpoint != NULL
				 : !endpoint || (!str_equal(port->address, endpoint->address) &&
						 !str_equal(port->address, endpoint->address6)))
			return false;
	}
	return true;
}

void run_move_ports(struct container_run *run)
{
	const struct endpoint_spec *to = gateway_endpoint(&run->plan.endpoints);
	struct record_list *published = &run->plan.published, relays = {0};

	if (published->count == 0 && to) {
		if (!container_is_held(run->container))
			reserve_late(run);
	} else if (!leads_to(published, to)) {
		ports_move(run->container->engine->parts.networks, published, to, &relays);
		run_tell_relays(run, &relays);
	}
	container_show_ports(run->container, published);
}

void run_send_sockets(struct container_run *run, const int *sockets, size_t count)
{
	for (size_t sent = 0; run->peer && sent < count; sent += MESSAGE_FDS) {
		size_t rest = count - sent;

		shim_peer_send(run->peer, SHIM_PORTS, NULL, NULL, sockets + sent,
			       rest < MESSAGE_FDS ? rest : MESSAGE_FDS);
	}
}

void run_send_ports(struct container_run *run, const struct ports *ports)
{
	run_send_sockets(run, ports->sockets, ports->socket_count);
}

void run_show_network(struct container_run *run)
{
	struct container *c = run->container;

	for (size_t i = 0; i < run->plan.endpoints.count; i++) {
		const struct endpoint_spec *spec =
			RECORD_AT(run->plan.endpoints, struct endpoint_spec, i);
		struct endpoint_settings *settings =
			record_map_get(&endpoint_settings_type, &c->networks, spec->network_name);

		if (settings)
			show_endpoint(settings, spec);
	}
	if (run->plan.endpoints.count > 0)
		container_show_ports(c, &run->plan.published);
}

/* ---- what is behind a port ---- */

static const char *bridge_of(const struct container_run *run, const char *address)
{
	for (size_t i = 0; i < run->plan.endpoints.count; i++) {
		const struct endpoint_spec *spec =
			RECORD_AT(run->plan.endpoints, struct endpoint_spec, i);

		if (str_equal(spec->address, address) || str_equal(spec->address6, address))
			return spec->bridge;
	}
	return NULL;
}

void container_describe_port(const struct container *c, struct plan_port *port)
{
	for (size_t i = 0; c->run && i < c->run->plan.published.count; i++) {
		const struct published_port *published =
			RECORD_AT(c->run->plan.published, struct published_port, i);

		if (published->relayed || published->parked ||
		    published->protocol != port->protocol || published->host_port != port->port ||
		    !str_equal(published->host_ip, port->host_ip))
			continue;
		port->container_port = published->container_port;
		str_replace(&port->address, published->address);
		str_replace(&port->bridge, bridge_of(c->run, published->address));
	}
}

/* ---- giving it back ---- */

void run_open_netns(struct container_run *run)
{
	struct error ended;

	for (size_t i = 0; run->netns < 0 && i < run->plan.endpoints.count; i++)
		if (endpoint_is_macvlan(RECORD_AT(run->plan.endpoints, struct endpoint_spec, i)))
			run->netns =
				namespace_open(run->container->pid, run->start_time, &ended);
}

static void free_addresses(struct container_run *run)
{
	struct networks *networks = run->container->engine->parts.networks;

	for (size_t i = 0; i < run->plan.endpoints.count; i++)
		network_release(networks, RECORD_AT(run->plan.endpoints, struct endpoint_spec, i));
}

static void on_links_cut(void *data, const struct error *err)
{
	struct container_run *run = data;

	if (err)
		log_warning("a link that has ended may hold its address", err, "id=%s",
			    run->container->id);
	free_addresses(run);
	run->cutting = false;
	run_check_ended(run);
}

/* Macvlans, which hold their address until then. */
static void begin_cut(struct container_run *run)
{
	scoped_fd int netns = take_fd(run->netns);

	run->cutting = true;
	networks_cut_links(run->container->engine->parts.networks, &run->plan.endpoints, netns,
			   on_links_cut, run);
}

void run_free_network(struct container_run *run)
{
	struct container *c = run->container;
	struct networks *networks = c->engine->parts.networks;

	names_hide(run);
	ports_release(networks, &run->plan.published);
	if (run->netns >= 0)
		begin_cut(run);
	else
		free_addresses(run);
	for (size_t i = 0; i < c->networks.count; i++)
		hide_endpoint(RECORD_AT(c->networks, struct endpoint_settings, i));
	record_map_of_lists_fini(&port_binding_type, &c->ports);
	group_refresh(c);
	links_open_ports(c->engine);
}
