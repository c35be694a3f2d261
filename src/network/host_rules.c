#include "network/host_rules.h"

#include <ctype.h>
#include <netinet/in.h>
#include <string.h>

#define DEPTH_MAX 32	 /* of jumps; the kernel allows 16 */
#define STEPS_MAX 100000 /* rules that are looked at for one port */

/* ---- life ---- */

void host_rule_fini(struct host_rule *rule)
{
	vector_fini(&rule->ports);
	vector_fini(&rule->sources);
	vector_fini(&rule->destinations);
	strings_fini(&rule->devices);
	strings_fini(&rule->outs);
	free(rule->limit);
	free(rule->target);
	free(rule->text);
}

static void chain_fini(struct host_chain *chain)
{
	for (size_t i = 0; i < chain->rules.count; i++)
		host_rule_fini(&chain->rules.items[i]);
	vector_fini(&chain->rules);
	free(chain->name);
}

void host_rules_fini(struct host_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		struct host_table *table = &rules->items[i];

		for (size_t j = 0; j < table->chains.count; j++)
			chain_fini(&table->chains.items[j]);
		vector_fini(&table->chains);
		free(table->title);
	}
	vector_fini(rules);
}

void host_findings_fini(struct host_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		free(findings->items[i].who);
		free(findings->items[i].rule);
		free(findings->items[i].chain);
	}
	vector_fini(findings);
}

/* ---- building ---- */

struct host_table *host_rules_add_table(struct host_rules *rules, int family, char *title)
{
	struct host_table table = {.title = title, .family = family};

	vector_add(rules, table);
	return &rules->items[rules->count - 1];
}

static const struct host_chain *find_chain(const struct host_table *table, const char *name)
{
	for (size_t i = 0; i < table->chains.count; i++)
		if (str_equal(table->chains.items[i].name, name))
			return &table->chains.items[i];
	return NULL;
}

struct host_chain *host_table_chain(struct host_table *table, const char *name)
{
	const struct host_chain *found = find_chain(table, name);
	struct host_chain chain = {.policy = HOST_ACCEPT};

	if (found)
		return &table->chains.items[found - table->chains.items];
	chain.name = str_dup(name);
	vector_add(&table->chains, chain);
	return &table->chains.items[table->chains.count - 1];
}

struct host_rule *host_chain_add(struct host_chain *chain)
{
	struct host_rule rule = {.tcp = true, .udp = true};

	vector_add(&chain->rules, rule);
	return &chain->rules.items[chain->rules.count - 1];
}

static struct address last_of(const struct subnet *subnet)
{
	struct address out = subnet->base;

	for (size_t bit = (size_t)subnet->prefix; bit < 8 * address_size(&out); bit++)
		out.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return out;
}

bool host_add_addresses(struct host_addresses *list, const char *text)
{
	const char *dash = strchr(text, '-');
	scoped_free char *head = dash ? str_dup_n(text, (size_t)(dash - text)) : NULL;
	struct host_address_range range;
	struct subnet subnet;

	if (dash ? !address_parse(head, &range.first) || !address_parse(dash + 1, &range.last) ||
			    range.first.family != range.last.family ||
			    memcmp(range.first.bytes, range.last.bytes, 16) > 0
		 : !address_parse(text, &range.first)) {
		if (dash || !subnet_parse(text, &subnet, NULL))
			return false;
		range = (struct host_address_range){subnet.base, last_of(&subnet)};
	} else if (!dash) {
		range.last = range.first;
	}
	vector_add(list, range);
	return true;
}

/* It will stand in quotes. */
bool host_add_device(struct strings *list, const char *name)
{
	for (const char *c = name; *c; c++)
		if (!isgraph((unsigned char)*c) || strchr("\"\\{}", *c))
			return false;
	if (strlen(name) == 0 || strlen(name) > 15)
		return false;
	strings_add(list, name);
	return true;
}

/* ---- the safe side ---- */

/* What comes in leaves by no device: whoever asks for one does not find it. */
static bool is_possible(const struct host_rule *rule, enum host_hook hook)
{
	return !rule->never && !rule->never_at[hook] &&
	       (hook == HOST_FORWARD || rule->outs.count == 0 || rule->not_outs);
}

static bool may_refuse_from(const struct host_table *table, const struct host_chain *chain,
			    enum host_hook hook, bool *seen)
{
	seen[chain - table->chains.items] = true;
	for (size_t i = 0; i < chain->rules.count; i++) {
		const struct host_rule *rule = &chain->rules.items[i];
		const struct host_chain *next =
			rule->target ? find_chain(table, rule->target) : NULL;

		if (!is_possible(rule, hook))
			continue;
		if (rule->verdict == HOST_DROP || rule->verdict == HOST_REJECT)
			return true;
		if (next && !seen[next - table->chains.items] &&
		    may_refuse_from(table, next, hook, seen))
			return true;
	}
	return false;
}

static bool may_refuse(const struct host_table *table, const char *name, enum host_hook hook)
{
	scoped_free bool *seen = mem_zeroed(table->chains.count, sizeof(*seen));
	const struct host_chain *chain = name ? find_chain(table, name) : NULL;

	return chain && may_refuse_from(table, chain, hook, seen);
}

/* What the rule does to a packet of which all is known but what the rule asks for besides. */
static enum host_verdict safe_verdict(const struct host_table *table, const struct host_rule *rule,
				      enum host_hook hook)
{
	if (!rule->unknown)
		return rule->verdict;
	switch (rule->verdict) {
	case HOST_DROP:
	case HOST_REJECT:
		return rule->verdict;
	case HOST_JUMP:
	case HOST_GOTO:
		return may_refuse(table, rule->target, hook) ? HOST_DROP : HOST_CONTINUE;
	case HOST_CONTINUE:
	case HOST_ACCEPT:
	case HOST_RETURN:
		break;
	}
	return HOST_CONTINUE;
}

static void warn_of(const struct host_table *table, const struct host_chain *chain,
		    const struct host_rule *rule, struct strings *warnings)
{
	if (!rule->unknown || !is_possible(rule, HOST_INPUT) ||
	    safe_verdict(table, rule, HOST_INPUT) == HOST_CONTINUE)
		return;
	strings_format(warnings,
		       "a rule of the host's firewall is not understood in full, and closes "
		       "published ports that fit the rest of it: '%s' in chain %s of %s",
		       rule->text ? rule->text : "(no text)", chain->name, table->title);
}

bool host_rules_matter(const struct host_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		for (size_t j = 0; j < rules->items[i].chains.count; j++) {
			const struct host_chain *chain = &rules->items[i].chains.items[j];

			if (chain->at[HOST_INPUT] &&
			    (chain->policy == HOST_DROP ||
			     may_refuse(&rules->items[i], chain->name, HOST_INPUT)))
				return true;
		}
	return false;
}

static size_t chain_index(const struct host_table *table, const char *name)
{
	const struct host_chain *chain = name ? find_chain(table, name) : NULL;

	return chain ? (size_t)(chain - table->chains.items) : SIZE_MAX;
}

/* The chains that it jumps to, and these jump to. */
static void mark_reached(const struct host_table *table, const struct host_chain *chain,
			 bool *reached)
{
	for (size_t i = 0; i < chain->rules.count; i++) {
		size_t target = chain_index(table, chain->rules.items[i].target);

		if (target == SIZE_MAX || reached[target])
			continue;
		reached[target] = true;
		mark_reached(table, &table->chains.items[target], reached);
	}
}

static void warn_of_table(const struct host_table *table, struct strings *warnings)
{
	scoped_free bool *reached = mem_zeroed(table->chains.count, sizeof(*reached));

	for (size_t i = 0; i < table->chains.count; i++)
		if (table->chains.items[i].at[HOST_INPUT]) {
			reached[i] = true;
			mark_reached(table, &table->chains.items[i], reached);
		}
	for (size_t i = 0; i < table->chains.count; i++)
		for (size_t j = 0; reached[i] && j < table->chains.items[i].rules.count; j++)
			warn_of(table, &table->chains.items[i],
				&table->chains.items[i].rules.items[j], warnings);
}

void host_rules_warn(const struct host_rules *rules, struct strings *warnings)
{
	for (size_t i = 0; i < rules->count; i++)
		warn_of_table(&rules->items[i], warnings);
}

/* ---- as text ---- */

static char *range_text(const struct host_address_range *range)
{
	char first[ADDRESS_TEXT_SIZE], last[ADDRESS_TEXT_SIZE];
	int bits = range->first.family == AF_INET ? 32 : 128;

	address_text(&range->first, first);
	if (address_equal(&range->first, &range->last))
		return str_dup(first);
	for (int prefix = 0; prefix < bits; prefix++) {
		struct subnet subnet = {range->first, prefix};
		struct address end = last_of(&subnet);
		struct address head = range->first;

		subnet.base = head;
		if (address_equal(&end, &range->last) && subnet_contains(&subnet, &head)) {
			struct subnet parsed;
			scoped_free char *text = subnet_text(&subnet);

			if (subnet_parse(text, &parsed, NULL) && address_equal(&parsed.base, &head))
				return take(text);
		}
	}
	return str_format("%s-%s", first, address_text(&range->last, last));
}

/* Those of one family, or all; how many. */
static size_t add_ranges(const struct host_addresses *list, int family, struct buffer *out)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++) {
		scoped_free char *text = NULL;

		if (family && list->items[i].first.family != family)
			continue;
		text = range_text(&list->items[i]);
		buffer_format(out, "%s%s", count++ ? ", " : "", text);
	}
	return count;
}

static void add_devices(const struct strings *list, bool quoted, struct buffer *out)
{
	for (size_t i = 0; i < list->count; i++)
		buffer_format(out, quoted ? "%s\"%s\"" : "%s%s", i ? ", " : "", list->items[i]);
}

static void add_ports(const struct host_rule *rule, struct buffer *out)
{
	for (size_t i = 0; i < rule->ports.count; i++) {
		const struct host_port_range *range = &rule->ports.items[i];

		buffer_format(out, "%s%u", i ? ", " : "", range->first);
		if (range->last != range->first)
			buffer_format(out, "-%u", range->last);
	}
}

/* ---- our copy ---- */

/* One foreign base chain on its way into our table. */
struct copy {
	const struct host_table *table;
	size_t number;		       /* of the base chain, among all */
	const struct host_chain *base; /* whose policy is the last word */
	bool *wanted;		       /* by chain: it is jumped to */
	struct buffer *out;
};

/* Accepting ends this base chain alone: the next one has its say.  They all end in a verdict, so nothing
 * comes back from a goto. */
static void add_verdict(const struct copy *copy, enum host_verdict verdict)
{
	if (verdict == HOST_DROP)
		buffer_add_text(copy->out, "drop\n");
	else if (verdict == HOST_REJECT)
		buffer_add_text(copy->out, "reject\n");
	else
		buffer_format(copy->out, "goto host%zu\n", copy->number + 1);
}

static void add_address_match(const struct copy *copy, const struct host_addresses *list,
			      bool inverse, int family, bool source)
{
	const char *word = family == AF_INET ? "ip" : "ip6";
	struct buffer *out = copy->out;

	buffer_format(out, source ? "%s saddr %s{ " : "ct original %s daddr %s{ ", word,
		      inverse ? "!= " : "");
	add_ranges(list, family, out);
	buffer_add_text(out, " } ");
}

static bool has_family(const struct host_addresses *list, int family)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].first.family == family)
			return true;
	return list->count == 0;
}

/* A rule that names addresses is about their family alone; false: no packet of this one fits. */
static bool fits_family(const struct host_rule *rule, int family)
{
	return (!rule->family || rule->family == family) && has_family(&rule->sources, family) &&
	       has_family(&rule->destinations, family);
}

static bool names_addresses(const struct host_rule *rule)
{
	return rule->family || rule->sources.count || rule->destinations.count;
}

/* The conditions for one family (0: both alike). */
static void add_match(const struct copy *copy, const struct host_rule *rule, int family)
{
	struct buffer *out = copy->out;
	bool both = rule->tcp && rule->udp;

	buffer_add_text(out, "\t\t");
	if (family)
		buffer_format(out, "meta nfproto ipv%d ", family == AF_INET ? 4 : 6);
	if (!both || rule->ports.count)
		buffer_format(out, "meta l4proto %s ",
			      both	  ? "{ tcp, udp }"
			      : rule->tcp ? "tcp"
					  : "udp");
	if (rule->ports.count) {
		buffer_format(out, "ct original proto-dst %s{ ", rule->not_ports ? "!= " : "");
		add_ports(rule, out);
		buffer_add_text(out, " } ");
	}
	if (rule->sources.count)
		add_address_match(copy, &rule->sources, rule->not_sources, family, true);
	if (rule->destinations.count)
		add_address_match(copy, &rule->destinations, rule->not_destinations, family, false);
	if (rule->devices.count) {
		buffer_format(out, "iifname %s{ ", rule->not_devices ? "!= " : "");
		add_devices(&rule->devices, true, out);
		buffer_add_text(out, " } ");
	}
	if (rule->limit)
		buffer_format(out, "%s ", rule->limit);
}

/* A foreign goto does not come back to its chain: what stands behind that chain is said at once. */
static void add_rule(const struct copy *copy, const struct host_chain *chain,
		     const struct host_rule *rule, int family)
{
	enum host_verdict verdict = safe_verdict(copy->table, rule, HOST_INPUT);
	size_t target = chain_index(copy->table, rule->target);
	bool calls = verdict == HOST_JUMP || verdict == HOST_GOTO;

	if (verdict == HOST_CONTINUE || (calls && target == SIZE_MAX))
		return;
	if (calls) {
		add_match(copy, rule, family);
		buffer_format(copy->out, "jump host%zu_%zu\n", copy->number, target);
	}
	if (verdict == HOST_JUMP)
		return;
	add_match(copy, rule, family);
	if (verdict != HOST_GOTO && verdict != HOST_RETURN)
		add_verdict(copy, verdict);
	else if (chain == copy->base)
		add_verdict(copy, chain->policy);
	else
		buffer_add_text(copy->out, "return\n");
}

static void add_rules(const struct copy *copy, const struct host_chain *chain)
{
	static const int families[] = {AF_INET, AF_INET6};

	for (size_t i = 0; i < chain->rules.count; i++) {
		const struct host_rule *rule = &chain->rules.items[i];

		if (!is_possible(rule, HOST_INPUT) || (!rule->tcp && !rule->udp))
			continue;
		if (!names_addresses(rule))
			add_rule(copy, chain, rule, 0);
		for (size_t f = 0; f < array_length(families) && names_addresses(rule); f++)
			if (fits_family(rule, families[f]))
				add_rule(copy, chain, rule, families[f]);
	}
}

static void copy_base(const struct host_table *table, const struct host_chain *base, size_t number,
		      struct buffer *out)
{
	scoped_free bool *wanted = mem_zeroed(table->chains.count, sizeof(*wanted));
	struct copy copy = {table, number, base, wanted, out};

	mark_reached(table, base, wanted);
	for (size_t i = 0; i < table->chains.count; i++) {
		if (!wanted[i])
			continue;
		buffer_format(out, "\tchain host%zu_%zu {\n", number, i);
		add_rules(&copy, &table->chains.items[i]);
		buffer_add_text(out, "\t}\n");
	}
	buffer_format(out, "\tchain host%zu {\n", number);
	if (table->family)
		buffer_format(out, "\t\tmeta nfproto != ipv%d goto host%zu\n",
			      table->family == AF_INET ? 4 : 6, number + 1);
	add_rules(&copy, base);
	buffer_add_text(out, "\t\t");
	add_verdict(&copy, base->policy);
	buffer_add_text(out, "\t}\n");
}

static size_t count_bases(const struct host_rules *rules)
{
	size_t count = 0;

	for (size_t i = 0; i < rules->count; i++)
		for (size_t j = 0; j < rules->items[i].chains.count; j++)
			count += rules->items[i].chains.items[j].at[HOST_INPUT];
	return count;
}

void host_rules_render(const struct host_rules *rules, const char *table, struct buffer *out)
{
	size_t number = 0, count = count_bases(rules);

	if (count == 0)
		return;
	buffer_format(out, "table inet %s {\n\tchain host%zu {\n\t\taccept\n\t}\n", table, count);
	for (size_t i = 0; i < rules->count; i++)
		for (size_t j = 0; j < rules->items[i].chains.count; j++) {
			const struct host_chain *chain = &rules->items[i].chains.items[j];

			if (chain->at[HOST_INPUT])
				copy_base(&rules->items[i], chain, number++, out);
		}
	buffer_format(out, "}\nadd rule inet %s host goto host0\n", table);
}

/* ---- what a person is told ---- */

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
	if (!is_possible(rule, port->hook) || !(port->protocol == IPPROTO_UDP ? rule->udp : rule->tcp) ||
	    !fits_family(rule, port->host.family) ||
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
		add_ranges(&rule->sources, walk->port->host.family, &out);
	}
	if (rule->destinations.count && address_is_any(&walk->port->host)) {
		buffer_add_text(&out, out.size ? ", to " : "to ");
		buffer_add_text(&out, rule->not_destinations ? "all but " : "");
		add_ranges(&rule->destinations, walk->port->host.family, &out);
	}
	if (rule->devices.count && !is_about_loopback(rule)) {
		buffer_add_text(&out, out.size ? " on " : "on ");
		buffer_add_text(&out, rule->not_devices ? "all but " : "");
		add_devices(&rule->devices, false, &out);
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
		add_ports(rule, &out);
		buffer_add_char(&out, ' ');
	}
	if (rule->sources.count) {
		buffer_format(&out, "from %s", rule->not_sources ? "all but " : "");
		add_ranges(&rule->sources, 0, &out);
		buffer_add_char(&out, ' ');
	}
	if (rule->devices.count) {
		buffer_format(&out, "on %s", rule->not_devices ? "all but " : "");
		add_devices(&rule->devices, false, &out);
		buffer_add_char(&out, ' ');
	}
	if (rule->outs.count) {
		buffer_format(&out, "leaving by %s", rule->not_outs ? "all but " : "");
		add_devices(&rule->outs, false, &out);
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
	const struct host_chain *chain = find_chain(walk->table, rule->target);
	struct walk inner = *walk;

	inner.who = who;
	inner.depth++;
	return chain && inner.depth < DEPTH_MAX && walk_chain(&inner, chain);
}

/* True: nobody is left to be decided about in this chain. */
static bool apply(const struct walk *walk, const struct host_chain *chain,
		  const struct host_rule *rule, bool *left)
{
	enum host_verdict verdict = safe_verdict(walk->table, rule, walk->port->hook);
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
