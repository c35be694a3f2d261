/* The copy of the host's rules for our own table. */
#include "network/host_rules_safe.h"
#include "network/host_rules_text.h"

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
	host_text_ranges(list, family, out);
	buffer_add_text(out, " } ");
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
		host_text_ports(rule, out);
		buffer_add_text(out, " } ");
	}
	if (rule->sources.count)
		add_address_match(copy, &rule->sources, rule->not_sources, family, true);
	if (rule->destinations.count)
		add_address_match(copy, &rule->destinations, rule->not_destinations, family, false);
	if (rule->devices.count) {
		buffer_format(out, "iifname %s{ ", rule->not_devices ? "!= " : "");
		host_text_devices(&rule->devices, true, out);
		buffer_add_text(out, " } ");
	}
	if (rule->limit)
		buffer_format(out, "%s ", rule->limit);
}

/* A foreign goto does not come back to its chain: what stands behind that chain is said at once. */
static void add_rule(const struct copy *copy, const struct host_chain *chain,
		     const struct host_rule *rule, int family)
{
	enum host_verdict verdict = host_rule_verdict(copy->table, rule, HOST_INPUT);
	size_t target = host_table_index(copy->table, rule->target);
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

		if (!host_rule_is_possible(rule, HOST_INPUT) || (!rule->tcp && !rule->udp))
			continue;
		if (!names_addresses(rule))
			add_rule(copy, chain, rule, 0);
		for (size_t f = 0; f < array_length(families) && names_addresses(rule); f++)
			if (host_rule_fits_family(rule, families[f]))
				add_rule(copy, chain, rule, families[f]);
	}
}

static void copy_base(const struct host_table *table, const struct host_chain *base, size_t number,
		      struct buffer *out)
{
	scoped_free bool *wanted = mem_zeroed(table->chains.count, sizeof(*wanted));
	struct copy copy = {table, number, base, wanted, out};

	host_table_mark_reached(table, base, wanted);
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
