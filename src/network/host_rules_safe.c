/* Rules that are not understood in full, and rules that say nothing about what is published. */
#include "network/host_rules_safe.h"

/* What comes in leaves by no device: whoever asks for one does not find it. */
bool host_rule_is_possible(const struct host_rule *rule, enum host_hook hook)
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
			rule->target ? host_table_find(table, rule->target) : NULL;

		if (!host_rule_is_possible(rule, hook))
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
	const struct host_chain *chain = name ? host_table_find(table, name) : NULL;

	return chain && may_refuse_from(table, chain, hook, seen);
}

static bool has_family(const struct host_addresses *list, int family)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].first.family == family)
			return true;
	return list->count == 0;
}

bool host_rule_fits_family(const struct host_rule *rule, int family)
{
	return (!rule->family || rule->family == family) && has_family(&rule->sources, family) &&
	       has_family(&rule->destinations, family);
}

enum host_verdict host_rule_verdict(const struct host_table *table, const struct host_rule *rule,
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
	if (!rule->unknown || !host_rule_is_possible(rule, HOST_INPUT) ||
	    host_rule_verdict(table, rule, HOST_INPUT) == HOST_CONTINUE)
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

void host_table_mark_reached(const struct host_table *table, const struct host_chain *chain,
			     bool *reached)
{
	for (size_t i = 0; i < chain->rules.count; i++) {
		size_t target = host_table_index(table, chain->rules.items[i].target);

		if (target == SIZE_MAX || reached[target])
			continue;
		reached[target] = true;
		host_table_mark_reached(table, &table->chains.items[target], reached);
	}
}

static void warn_of_table(const struct host_table *table, struct strings *warnings)
{
	scoped_free bool *reached = mem_zeroed(table->chains.count, sizeof(*reached));

	for (size_t i = 0; i < table->chains.count; i++)
		if (table->chains.items[i].at[HOST_INPUT]) {
			reached[i] = true;
			host_table_mark_reached(table, &table->chains.items[i], reached);
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
