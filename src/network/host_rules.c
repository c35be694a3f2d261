#include "network/host_rules.h"

#include <ctype.h>
#include <string.h>

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

/* ---- building ---- */

struct host_table *host_rules_add_table(struct host_rules *rules, int family, char *title)
{
	struct host_table table = {.title = title, .family = family};

	vector_add(rules, table);
	return &rules->items[rules->count - 1];
}

const struct host_chain *host_table_find(const struct host_table *table, const char *name)
{
	for (size_t i = 0; i < table->chains.count; i++)
		if (str_equal(table->chains.items[i].name, name))
			return &table->chains.items[i];
	return NULL;
}

size_t host_table_index(const struct host_table *table, const char *name)
{
	const struct host_chain *chain = name ? host_table_find(table, name) : NULL;

	return chain ? (size_t)(chain - table->chains.items) : SIZE_MAX;
}

struct host_chain *host_table_chain(struct host_table *table, const char *name)
{
	const struct host_chain *found = host_table_find(table, name);
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
		range = (struct host_address_range){subnet.base, subnet_last(&subnet)};
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
