/* What a person is told of a port: each rule that decides, and about whom among those who come. */
#include "network/host_rules_safe.h"
#include "network/host_rules_text.h"

#include <netinet/in.h>
#include <string.h>

#define DEPTH_MAX 32	 /* of jumps; the kernel allows 16 */
#define STEPS_MAX 100000 /* rules that are looked at for one port */

void host_findings_fini(struct host_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		free(findings->items[i].who);
		free(findings->items[i].rule);
		free(findings->items[i].chain);
	}
	vector_fini(findings);
}

struct walk {
	const struct host_table *table;
	const struct host_port *port;
	struct host_findings *findings;
	const char *who; /* of the jumps until here; NULL: anybody */
	int depth;
	size_t *steps; /* taken so far */
};

static bool in_ports(const struct host_rule *rule, uint16_t port)
{
	for (size_t i = 0; i < rule->ports.count; i++)
		if (port >= rule->ports.items[i].first && port <= rule->ports.items[i].last)
			return true;
	return false;
}

static bool in_addresses(const struct host_addresses *list, const struct address *address)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].first.family == address->family &&
		    memcmp(list->items[i].first.bytes, address->bytes, 16) <= 0 &&
		    memcmp(list->items[i].last.bytes, address->bytes, 16) >= 0)
			return true;
	return false;
}

/* "eth*" are all that begin so. */
static bool in_devices(const struct strings *list, const char *device)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *star = strchr(list->items[i], '*');

		if (star ? strncmp(list->items[i], device, (size_t)(star - list->items[i])) == 0
			 : str_equal(list->items[i], device))
			return true;
	}
	return false;
}

/* Is the device asked for the host's own loopback, by which nobody comes from outside? */
static bool is_about_loopback(const struct host_rule *rule)
{
	return rule->devices.count == 1 && str_equal(rule->devices.items[0], "lo");
}

/* Of a port on all addresses it is not known to which one a client sends. */
static bool fits(const struct host_rule *rule, const struct host_port *port)
{
	if (!host_rule_is_possible(rule, port->hook) ||
	    !(port->protocol == IPPROTO_UDP ? rule->udp : rule->tcp) ||
	    !host_rule_fits_family(rule, port->host.family) ||
	    (is_about_loopback(rule) && !rule->not_devices))
		return false;
	if (rule->outs.count && port->out && in_devices(&rule->outs, port->out) == rule->not_outs)
		return false;
	if (rule->ports.count && in_ports(rule, port->port) == rule->not_ports)
		return false;
	return !rule->destinations.count || address_is_any(&port->host) ||
	       in_addresses(&rule->destinations, &port->host) != rule->not_destinations;
}

/* Who the rule is about among all who come to this port; NULL: everybody. */
static char *who_fits(const struct walk *walk, const struct host_rule *rule)
{
	scoped_buffer struct buffer out = {0};

	if (walk->who)
		buffer_add_text(&out, walk->who);
	if (rule->sources.count) {
		buffer_add_text(&out, out.size ? ", " : "");
		buffer_add_text(&out, rule->not_sources ? "all but " : "");
		host_text_ranges(&rule->sources, walk->port->host.family, &out);
	}
	if (rule->destinations.count && address_is_any(&walk->port->host)) {
		buffer_add_text(&out, out.size ? ", to " : "to ");
		buffer_add_text(&out, rule->not_destinations ? "all but " : "");
		host_text_ranges(&rule->destinations, walk->port->host.family, &out);
	}
	if (rule->devices.count && !is_about_loopback(rule)) {
		buffer_add_text(&out, out.size ? " on " : "on ");
		buffer_add_text(&out, rule->not_devices ? "all but " : "");
		host_text_devices(&rule->devices, false, &out);
	}
	if (rule->limit)
		buffer_format(&out, "%s(%s)", out.size ? " " : "", rule->limit);
	return out.size ? buffer_take(&out) : NULL;
}

static const char *verdict_word(enum host_verdict verdict)
{
	return verdict == HOST_ACCEPT ? "accept" : verdict == HOST_REJECT ? "reject" : "drop";
}

static char *rule_text(const struct host_rule *rule)
{
	scoped_buffer struct buffer out = {0};

	if (rule->text)
		return str_dup(rule->text);
	if (!(rule->tcp && rule->udp))
		buffer_format(&out, "%s ", rule->tcp ? "tcp" : "udp");
	if (rule->ports.count) {
		buffer_format(&out, "port %s", rule->not_ports ? "not " : "");
		host_text_ports(rule, &out);
		buffer_add_char(&out, ' ');
	}
	if (rule->sources.count) {
		buffer_format(&out, "from %s", rule->not_sources ? "all but " : "");
		host_text_ranges(&rule->sources, 0, &out);
		buffer_add_char(&out, ' ');
	}
	if (rule->devices.count) {
		buffer_format(&out, "on %s", rule->not_devices ? "all but " : "");
		host_text_devices(&rule->devices, false, &out);
		buffer_add_char(&out, ' ');
	}
	if (rule->outs.count) {
		buffer_format(&out, "leaving by %s", rule->not_outs ? "all but " : "");
		host_text_devices(&rule->outs, false, &out);
		buffer_add_char(&out, ' ');
	}
	buffer_format(&out, "%s%s%s", rule->limit ? rule->limit : "", rule->limit ? " " : "",
		      verdict_word(rule->verdict));
	return buffer_take(&out);
}

static void note(const struct walk *walk, char *who, bool allowed, char *rule, const char *chain)
{
	struct host_finding finding = {who ? who : str_dup("anybody"), allowed, rule,
				       str_format("%s, chain %s", walk->table->title, chain)};

	vector_add(walk->findings, finding);
}

static bool walk_chain(const struct walk *walk, const struct host_chain *chain);

/* Into another chain, for those whom the rule fits.  True: there it was decided about all of them. */
static bool follow(const struct walk *walk, const struct host_rule *rule, const char *who)
{
	const struct host_chain *chain = host_table_find(walk->table, rule->target);
	struct walk inner = *walk;

	inner.who = who;
	inner.depth++;
	return chain && inner.depth < DEPTH_MAX && walk_chain(&inner, chain);
}

/* True: nobody is left to be decided about in this chain. */
static bool apply(const struct walk *walk, const struct host_chain *chain,
		  const struct host_rule *rule, bool *left)
{
	enum host_verdict verdict = host_rule_verdict(walk->table, rule, walk->port->hook);
	scoped_free char *who = who_fits(walk, rule);
	bool everybody = str_equal(who, walk->who);

	switch (verdict) {
	case HOST_CONTINUE:
		return false;
	case HOST_ACCEPT:
	case HOST_DROP:
	case HOST_REJECT:
		note(walk, who ? str_dup(who) : NULL, verdict == HOST_ACCEPT, rule_text(rule),
		     chain->name);
		return everybody;
	case HOST_RETURN:
		*left = everybody;
		return everybody;
	case HOST_JUMP:
		return follow(walk, rule, who) && everybody;
	case HOST_GOTO:
		if (follow(walk, rule, who))
			return everybody;
		*left = everybody;
		return everybody;
	}
	return false;
}

static bool walk_chain(const struct walk *walk, const struct host_chain *chain)
{
	bool left = false;

	for (size_t i = 0; i < chain->rules.count && ++*walk->steps < STEPS_MAX; i++)
		if (fits(&chain->rules.items[i], walk->port) &&
		    apply(walk, chain, &chain->rules.items[i], &left))
			return !left;
	return false;
}

static enum host_reach reach_of(const struct host_findings *findings, size_t from)
{
	bool some = false, none = false;

	for (size_t i = from; i < findings->count; i++)
		*(findings->items[i].allowed ? &some : &none) = true;
	return !none ? HOST_REACH_ALL : some ? HOST_REACH_SOME : HOST_REACH_NONE;
}

static enum host_reach judge_base(const struct host_table *table, const struct host_chain *base,
				  const struct host_port *port, struct host_findings *findings)
{
	size_t steps = 0;
	struct walk walk = {.table = table, .port = port, .findings = findings, .steps = &steps};
	size_t from = findings->count;
	bool allowed = base->policy == HOST_ACCEPT;

	if (!walk_chain(&walk, base))
		note(&walk, str_dup(findings->count > from ? "anybody else" : "anybody"), allowed,
		     str_format("policy %s", verdict_word(base->policy)), base->name);
	return reach_of(findings, from);
}

enum host_reach host_rules_judge(const struct host_rules *rules, const struct host_port *port,
				 struct host_findings *findings)
{
	enum host_reach worst = HOST_REACH_ALL;

	for (size_t i = 0; i < rules->count; i++)
		for (size_t j = 0; j < rules->items[i].chains.count; j++) {
			const struct host_chain *chain = &rules->items[i].chains.items[j];
			enum host_reach reach;

			if (!chain->at[port->hook] ||
			    (rules->items[i].family && rules->items[i].family != port->host.family))
				continue;
			reach = judge_base(&rules->items[i], chain, port, findings);
			worst = reach > worst ? reach : worst;
		}
	return worst;
}
