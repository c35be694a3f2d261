#include "base/test.h"

#include "format/json.h"
#include "network/foreign_rules.h"

#define CHAIN(family, table, name, hook, policy)                                                   \
	"{\"chain\": {\"family\": \"" family "\", \"table\": \"" table "\", \"name\": \"" name     \
	"\", \"type\": \"filter\", \"hook\": \"" hook "\", \"prio\": 0, \"policy\": \"" policy     \
	"\"}}"
#define RULE(family, table, chain, statements)                                                     \
	"{\"rule\": {\"family\": \"" family "\", \"table\": \"" table "\", \"chain\": \"" chain    \
	"\", \"handle\": 2, \"expr\": [" statements "]}}"

static void judge(const char *items, bool ipv6, bool relays4, struct strings *warnings)
{
	static const char *const bridges[] = {"wherry0", NULL};
	struct own_rules own = {
		.table = "wherry", .bridges = bridges, .ipv6 = ipv6, .relays4 = relays4};
	scoped_free char *text = str_format("{\"nftables\": [%s]}", items);
	struct error err;
	json_t *listing = json_parse(text, strlen(text), &err);

	assert_non_null(listing);
	foreign_rules_judge(listing, &own, warnings);
	json_decref(listing);
}

static void chains_that_drop_are_named_and_others_are_not(void **state)
{
	static const struct {
		const char *items, *start; /* of the only warning; NULL: none */
		bool ipv6, relays4;
	} cases[] = {
		{CHAIN("ip", "filter", "FORWARD", "forward", "drop"),
		 "the firewall chain 'FORWARD' in table 'ip filter' drops what none"},
		{CHAIN("ip", "filter", "FORWARD", "forward", "accept"), NULL},
		{CHAIN("inet", "wherry", "forward", "forward", "drop"), NULL},
		{CHAIN("inet", "f", "fwd", "forward", "accept") "," RULE(
			 "inet", "f", "fwd",
			 "{\"counter\": {}}, {\"log\": null}, {\"reject\": {\"type\": \"icmpx\"}}"),
		 "the firewall chain 'fwd' in table 'inet f' ends in a rule"},
		{CHAIN("inet", "f", "fwd", "forward", "accept") "," RULE(
			 "inet", "f", "fwd", "{\"match\": {\"op\": \"==\"}}, {\"drop\": null}"),
		 NULL},
		{CHAIN("inet", "f", "fwd", "forward", "accept") "," RULE(
			 "inet", "f", "fwd", "{\"drop\": null}") "," RULE("inet", "f", "fwd",
									  "{\"accept\": null}"),
		 NULL},
		{CHAIN("ip", "filter", "FORWARD", "forward",
		       "accept") "," RULE("ip", "filter", "FORWARD",
					  "{\"xt\": {\"type\": \"target\", \"name\": \"REJECT\"}}"),
		 "the firewall chain 'FORWARD' in table 'ip filter' ends in a rule"},
		{CHAIN("ip", "filter", "FORWARD", "forward", "drop") "," RULE(
			 "ip", "filter", "FORWARD",
			 "{\"match\": {\"right\": \"wherry0\"}}, {\"accept\": null}"),
		 NULL},
		{CHAIN("ip", "filter", "FORWARD", "forward", "drop") "," RULE(
			 "ip", "filter", "FORWARD",
			 "{\"jump\": {\"target\": \"a\"}}") "," RULE("ip", "filter", "a",
								     "{\"goto\": {\"target\": "
								     "\"b\"}}") "," RULE("ip",
											 "filter",
											 "b",
											 "{\"match"
											 "\": "
											 "{\"right"
											 "\": "
											 "\"wherry0"
											 "\"}}, "
											 "{\"accept"
											 "\": "
											 "null}"),
		 NULL},
		{CHAIN("ip", "filter", "FORWARD", "forward", "drop") "," RULE(
			 "ip", "filter", "b",
			 "{\"match\": {\"right\": \"wherry0\"}}, {\"accept\": null}"),
		 "the firewall chain 'FORWARD' in table 'ip filter' drops what none"},
		{CHAIN("ip6", "filter", "FORWARD", "forward", "drop"), NULL},
		{CHAIN("ip6", "filter", "FORWARD", "forward", "drop"),
		 "the firewall chain 'FORWARD' in table 'ip6 filter'", .ipv6 = true},
		{CHAIN("ip", "filter", "INPUT", "input", "drop"), NULL},
		{CHAIN("ip", "filter", "INPUT", "input", "drop"),
		 "the firewall chain 'INPUT' in table 'ip filter'", .relays4 = true},
		{CHAIN("inet", "filter", "input", "input", "drop"),
		 "the firewall chain 'input' in table 'inet filter'"},
		{CHAIN("ip", "filter", "OUTPUT", "output", "drop"), NULL},
		{CHAIN("bridge", "filter", "forward", "forward", "drop"), NULL},
		{"{\"chain\": {\"family\": \"ip\", \"table\": \"t\", \"name\": \"plain\"}}", NULL},
		{"{\"metainfo\": {}}", NULL},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_strings struct strings warnings = {0};

		judge(cases[i].items, cases[i].ipv6, cases[i].relays4, &warnings);
		assert_int_equal(warnings.count, cases[i].start != NULL);
		if (cases[i].start)
			assert_true(str_starts_with(warnings.items[0], cases[i].start));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains_that_drop_are_named_and_others_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
