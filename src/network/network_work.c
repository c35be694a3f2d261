/* The order is one of safety: the rules stand before anything can pass because of us.
 *
 *	table and bridges  at the same time: rules name devices whether they are there or not, and no
 *			   container is on one that is new or goes
 *	sysctls		   route_localnet (which the chain `raw` makes safe) and forwarding (which the
 *			   chains `into` and `router` hold in check) need the table
 *	others' rules	   looked at last, when the new state is there */
#include "network/network_work.h"

#include "network/conntrack.h"
#include "network/foreign_rules.h"
#include "network/forward_pass.h"
#include "network/host_bridge.h"
#include "network/host_facts.h"
#include "network/host_rules_read.h"
#include "network/links_change.h"
#include "network/nft_child.h"
#include "network/ruleset.h"

#include <netinet/in.h>

static void note_failure(struct network_report *report, const char *device, const struct error *err)
{
	struct failed_device *failed = record_list_add(&failed_device_type, &report->failed);

	failed->name = str_dup_or_null(device);
	failed->error_kind = (int32_t)err->kind;
	failed->error_os = err->os;
	failed->error = str_dup(err->text);
}

/* One that fails does not keep the others from working. */
static void change_devices(const struct network_plan *plan, struct network_rest *rest,
			   struct network_report *report)
{
	struct error err;

	for (size_t i = 0; i < plan->removed.count; i++) {
		struct device_removal *removal = NULL;

		if (!device_removal_begin(plan->removed.items[i], -1, &removal, &err))
			note_failure(report, plan->removed.items[i], &err);
		vector_add(&rest->removals, removal);
	}
	for (size_t i = 0; i < plan->bridges.count; i++) {
		const struct plan_bridge *bridge = RECORD_AT(plan->bridges, struct plan_bridge, i);

		if (!host_device_make(bridge, &err))
			note_failure(report, bridge->name, &err);
	}
}

static void wait_for_removals(const struct network_plan *plan, struct network_rest *rest,
			      struct network_report *report)
{
	struct error err;

	for (size_t i = 0; i < plan->removed.count; i++)
		if (!device_removal_wait_gone(rest->removals.items[i], &err))
			note_failure(report, plan->removed.items[i], &err);
}

/* ---- the table ---- */

/* The host's rules for the chain `host`; what is to be reported of them. */
static void read_host(const struct network_plan *plan, struct network_report *report)
{
	scoped_host_rules struct host_rules rules = {0};
	struct buffer text = {0};

	if (!plan->ask_host)
		return;
	/* The older kind of iptables changes without a word. */
	if (plan->host_known && !host_rules_are_silent()) {
		report->host = str_dup(plan->host_known);
		return;
	}
	host_rules_read(plan->nft, plan->table, HOST_INPUT, &rules);
	host_rules_render(&rules, plan->table, &text);
	host_rules_warn(&rules, &report->warnings);
	report->host = buffer_take(&text);
}

/* The rules of the host are copied in our words; should the kernel not take them, what they would have
 * said is not known, and nothing comes in. */
static bool load_closed(const struct network_plan *plan, const struct buffer *text,
			struct network_report *report, struct error *err)
{
	scoped_buffer struct buffer closed = {0};
	struct error why = *err;

	buffer_add(&closed, text->data, text->size);
	buffer_format(&closed, "add rule inet %s host drop\n", plan->table);
	if (!table_load(plan, closed.data, err))
		return false;
	strings_format(
		&report->warnings,
		"the host's firewall cannot be asked for published ports, which are closed to "
		"others therefore: %s",
		why.text);
	return true;
}

static void write_rules(const struct network_plan *plan, struct buffer *text)
{
	buffer_add_text(text, plan->ruleset);
	if (plan->guard)
		ruleset_render_guard(plan->table, text);
}

static bool begin_table(const struct network_plan *plan, const struct network_report *report,
			const struct buffer *text, struct network_rest *rest, struct error *err)
{
	scoped_buffer struct buffer whole = {0};

	buffer_add(&whole, text->data, text->size);
	if (report->host)
		buffer_add_text(&whole, report->host);
	rest->load = table_load_begin(plan, whole.data, err);
	return rest->load;
}

static bool finish_table(const struct network_plan *plan, const struct buffer *text,
			 struct network_rest *rest, struct network_report *report,
			 struct error *err)
{
	return table_load_wait(rest->load, err) ||
	       (!str_is_empty(report->host) && load_closed(plan, text, report, err));
}

static bool change_table_and_devices(const struct network_plan *plan, struct network_rest *rest,
				     struct network_report *report, struct error *err)
{
	scoped_buffer struct buffer text = {0};
	bool ok = true;

	if (plan->ruleset) {
		write_rules(plan, &text);
		ok = begin_table(plan, report, &text, rest, err);
	}
	change_devices(plan, rest, report);
	if (rest->load)
		ok = finish_table(plan, &text, rest, report, err);
	wait_for_removals(plan, rest, report);
	return ok;
}

/* A host whose /proc/sys cannot be written (a container) may have been prepared by somebody else, and
 * most of what containers do works without. */
static void set_sysctls(const struct network_plan *plan, struct strings *warnings)
{
	for (size_t i = 0; i < plan->bridges.count; i++) {
		const struct plan_bridge *bridge = RECORD_AT(plan->bridges, struct plan_bridge, i);
		struct error err;

		if (bridge->kind || !device_exists(bridge->name))
			continue;
		if (!host_bridge_set_sysctls(bridge->name, plan->ruleset != NULL, &err))
			strings_format(warnings,
				       "ports published on 127.0.0.1 may not be reached: %s",
				       err.text);
		if (plan->ruleset && bridge->apart &&
		    !host_bridge_answer_for_all(bridge->name, &err))
			strings_format(warnings, "linked containers may not be reached: %s",
				       err.text);
	}
}

static void forward(const struct network_plan *plan, struct strings *warnings)
{
	static const struct {
		int family;
		const char *name;
	} families[] = {{AF_INET, "IPv4"}, {AF_INET6, "IPv6"}};
	const bool wanted[] = {plan->forward, plan->forward6};

	for (size_t i = 0; i < 2; i++) {
		struct error err;

		if (wanted[i] && !host_forward(families[i].family, &err))
			strings_format(warnings, "%s forwarding is disabled: %s", families[i].name,
				       err.text);
	}
	if (!plan->forward && plan->bridges.count > 0 && !host_is_forwarding(AF_INET))
		strings_add(warnings, "IPv4 forwarding is disabled");
}

static void look_at_others(const struct network_plan *plan, struct strings *warnings)
{
	scoped_free const char **bridges = mem_zeroed(plan->bridges.count + 1, sizeof(*bridges));
	struct own_rules own = {.table = plan->table,
				.bridges = bridges,
				.ipv6 = plan->forward6,
				.relays4 = !plan->ruleset};

	for (size_t i = 0; i < plan->bridges.count; i++)
		bridges[i] = RECORD_AT(plan->bridges, struct plan_bridge, i)->name;
	if (plan->bridges.count > 0)
		foreign_rules_find(plan->nft, &own, warnings);
}

/* Bridges only: what is macvlan's is not forwarded by this host. */
static void pass_others(const struct network_plan *plan, struct network_report *report)
{
	scoped_free const char **bridges = mem_zeroed(plan->bridges.count + 1, sizeof(*bridges));
	struct forward_pass pass = {plan->nft, plan->table, bridges};
	size_t count = 0, warnings = report->warnings.count;

	for (size_t i = 0; plan->pass && i < plan->bridges.count; i++) {
		const struct plan_bridge *bridge = RECORD_AT(plan->bridges, struct plan_bridge, i);

		if (!bridge->kind)
			bridges[count++] = bridge->name;
	}
	if (plan->pass || plan->pass_off)
		forward_pass_set(&pass, &report->warnings);
	report->passes_gone = plan->pass_off && report->warnings.count == warnings;
}

static bool set_host_up(const struct network_plan *plan, struct network_rest *rest,
			struct network_report *report, struct error *err)
{
	read_host(plan, report);
	report->unchanged =
		plan->only_others || (plan->host_seen && str_equal(plan->host_seen, report->host));
	if (report->unchanged) {
		pass_others(plan, report);
		if (plan->look) /* what is forwarded has rules of its own */
			look_at_others(plan, &report->warnings);
		return true;
	}
	if (!change_table_and_devices(plan, rest, report, err)) {
		report->no_turns = plan->ruleset && !plan->no_turns && nft_lacks_turns(plan->nft);
		return false;
	}
	if (plan->no_turns)
		strings_add(&report->warnings,
			    "this kernel cannot take turns (CONFIG_NFT_NUMGEN): ports that a group "
			    "shares are carried by the shims, and groups have no addresses");
	set_sysctls(plan, &report->warnings);
	forward(plan, &report->warnings);
	pass_others(plan, report);
	if (plan->look)
		look_at_others(plan, &report->warnings);
	return true;
}

/* ---- who reaches a port ---- */

/* The stricter of what was found before and what the rules at one hook say. */
static void report_hook(const struct host_rules *rules, const struct host_port *port,
			struct port_reach *reach)
{
	struct host_findings findings = {0};
	int32_t found = (int32_t)host_rules_judge(rules, port, &findings);

	reach->reach = found > reach->reach ? found : reach->reach;
	for (size_t i = 0; i < findings.count; i++) {
		struct port_rule *rule = record_list_add(&port_rule_type, &reach->rules);

		rule->who = str_dup(findings.items[i].who);
		rule->allowed = findings.items[i].allowed;
		rule->rule = str_dup(findings.items[i].rule);
		rule->chain = str_dup(findings.items[i].chain);
	}
	host_findings_fini(&findings);
}

static void report_port(const struct host_rules *rules, const struct plan_port *port,
			struct network_report *report)
{
	struct port_reach *reach = record_list_add(&port_reach_type, &report->ports);
	struct host_port asked = {.protocol = port->protocol, .port = (uint16_t)port->port};
	struct host_port forwarded = {.protocol = port->protocol,
				      .port = (uint16_t)port->container_port,
				      .hook = HOST_FORWARD,
				      .out = port->bridge};

	if (address_parse(port->host_ip, &asked.host))
		report_hook(rules, &asked, reach);
	if (address_parse(port->address, &forwarded.host))
		report_hook(rules, &forwarded, reach);
}

static bool report_ports(const struct network_plan *plan, struct network_report *report)
{
	scoped_host_rules struct host_rules rules = {0};

	host_rules_read(plan->nft, plan->table, HOST_FORWARD, &rules);
	host_rules_warn(&rules, &report->warnings);
	for (size_t i = 0; i < plan->ports.count; i++)
		report_port(&rules, RECORD_AT(plan->ports, struct plan_port, i), report);
	look_at_others(plan, &report->warnings);
	return true;
}

static bool carry_out(const struct network_plan *plan, struct network_rest *rest,
		      struct network_report *report, struct error *err)
{
	if (plan->links)
		return links_change(plan->links, plan->again, &rest->removals, err);
	if (plan->list_host)
		return report_ports(plan, report);
	if (plan->flows.count > 0)
		return conntrack_forget(&plan->flows, err);
	return set_host_up(plan, rest, report, err);
}

void network_rest_end(struct network_rest *rest)
{
	table_load_end(rest->load);
	device_removals_end(&rest->removals);
}

void network_work(const struct network_plan *plan, struct network_report *report,
		  struct network_rest *rest)
{
	struct error err = {0};

	if (carry_out(plan, rest, report, &err))
		return;
	report->error_kind = (int32_t)err.kind;
	report->error_os = err.os;
	report->error = str_dup(err.text);
}
