/* GET /wherry/ports: who can reach each published port, and which rule decides.  Our own, not Docker's. */
#include "door/docker/handlers.h"
#include "format/json.h"
#include "format/port.h"
#include "network/address.h"
#include "network/host_rules.h"
#include "network/network_plan.h"

#include <netinet/in.h>

/* One published port of a container. */
struct port_view {
	char *container, *name, *type, *host_ip, *reach;
	int32_t private_port, public_port;
	struct record_list rules; /* struct port_rule */
};
#define T struct port_view
static const struct record_field port_view_fields[] = {
	RECORD_FIELD(T, 1, "Container", RECORD_STRING, container),
	RECORD_FIELD(T, 2, "Name", RECORD_STRING, name),
	RECORD_FIELD(T, 3, "PrivatePort", RECORD_I32, private_port),
	RECORD_FIELD(T, 4, "Type", RECORD_STRING, type),
	RECORD_FIELD(T, 5, "HostIp", RECORD_STRING, host_ip),
	RECORD_FIELD(T, 6, "HostPort", RECORD_I32, public_port),
	RECORD_FIELD(T, 7, "Reach", RECORD_STRING, reach),
	RECORD_NESTED(T, 8, "Rules", RECORD_LIST, rules, RECORD_EMPTY_LIST, &port_rule_type),
};
static const struct record_type port_view_type = RECORD_TYPE(T, port_view_fields);
#undef T

struct ports_view {
	bool respected;		  /* the host's own rules are in force */
	struct record_list ports; /* struct port_view */
	struct strings warnings;
};
#define T struct ports_view
static const struct record_field ports_view_fields[] = {
	RECORD_FIELD(T, 1, "FirewallRespected", RECORD_BOOL, respected),
	RECORD_NESTED(T, 2, "Ports", RECORD_LIST, ports, RECORD_EMPTY_LIST, &port_view_type),
	RECORD_FIELD_FLAGS(T, 3, "Warnings", RECORD_STRINGS, warnings, RECORD_EMPTY_LIST),
};
static const struct record_type ports_view_type = RECORD_TYPE(T, ports_view_fields);
#undef T

static void view_free(void *data)
{
	record_fini(&ports_view_type, data);
	free(data);
}

/* ---- what is published ---- */

static void add_port(const struct container *c, const char *port,
		     const struct port_binding *binding, struct record_list *ports)
{
	struct port_view *view = record_list_add(&port_view_type, ports);
	uint16_t first = 0, last = 0;
	struct error ignored;
	int protocol = IPPROTO_TCP;

	port_spec_parse(port, &protocol, &first, &last, &ignored);
	view->container = str_dup(c->id);
	view->name = str_dup(c->name);
	view->private_port = first;
	view->type = str_dup(port_protocol_name(protocol));
	view->host_ip = str_dup_or_null(binding->host_ip);
	if (port_range_parse(binding->host_port, &first, &last, &ignored))
		view->public_port = first;
}

static void add_container(const struct container *c, struct record_list *ports)
{
	for (size_t i = 0; container_is_live(c) && i < c->ports.count; i++) {
		const struct record_list *bindings = RECORD_AT(c->ports, struct record_list, i);

		for (size_t j = 0; j < bindings->count; j++)
			add_port(c, c->ports.names[i], RECORD_AT(*bindings, struct port_binding, j),
				 ports);
	}
}

static bool add_wanted(struct call *call, struct record_list *ports, struct error *err)
{
	struct engine *engine = call_engine(call);
	const char *wanted = call_query(call, "container");
	const struct container *c;

	if (str_is_empty(wanted)) {
		for (c = engine_first(engine); c; c = engine_next(c))
			add_container(c, ports);
		return true;
	}
	c = engine_find(engine, wanted, err);
	if (c)
		add_container(c, ports);
	return c;
}

/* ---- who reaches it ---- */

static void describe(struct port_view *view, const struct port_reach *reach, bool respected)
{
	static const char *const words[] = {
		[HOST_REACH_ALL] = "anybody",
		[HOST_REACH_SOME] = "some",
		[HOST_REACH_NONE] = "this host",
	};
	struct address host;

	if (address_parse(view->host_ip, &host) && address_is_loopback(&host)) {
		view->reach = str_dup("this host");
		return;
	}
	if (!respected) {
		view->reach = str_dup("anybody");
		return;
	}
	view->reach = str_dup(words[reach->reach]);
	record_list_copy(&port_rule_type, &reach->rules, &view->rules);
}

static void on_asked(void *data, const struct network_report *report, const struct error *err)
{
	struct call *call = data;
	struct ports_view *view = call->state;

	if (err && call_is_open(call)) {
		call_fail(call, err);
	} else if (call_is_open(call)) {
		for (size_t i = 0; i < view->ports.count && i < report->ports.count; i++)
			describe(RECORD_AT(view->ports, struct port_view, i),
				 RECORD_AT(report->ports, struct port_reach, i), view->respected);
		view->warnings = strings_copy(&report->warnings);
		call_answer_record(call, 200, &ports_view_type, view);
	}
	call_drop(call);
}

static void describe_way(struct call *call, const struct port_view *port, struct plan_port *plan)
{
	struct error gone;
	const struct container *c = engine_find(call_engine(call), port->container, &gone);

	if (c)
		container_describe_port(c, plan);
}

void serve_ports(struct call *call)
{
	struct ports_view *view = mem_new(struct ports_view);
	struct networks *networks = call_parts(call)->networks;
	struct record_list asked = {0};
	struct error err;

	call->state = view;
	call->fini = view_free;
	view->respected = networks_respect_firewall(networks);
	if (!add_wanted(call, &view->ports, &err)) {
		call_fail(call, &err);
		return;
	}
	for (size_t i = 0; i < view->ports.count; i++) {
		const struct port_view *port = RECORD_AT(view->ports, struct port_view, i);
		struct plan_port *plan = record_list_add(&plan_port_type, &asked);

		plan->protocol = str_equal(port->type, "udp") ? IPPROTO_UDP : IPPROTO_TCP;
		plan->port = port->public_port;
		plan->host_ip = str_dup_or_null(port->host_ip);
		describe_way(call, port, plan);
	}
	networks_ask_ports(networks, &asked, on_asked, call_hold(call));
	record_list_fini(&plan_port_type, &asked);
}
