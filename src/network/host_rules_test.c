#include "base/test.h"

#include "format/json.h"
#include "network/host_rules.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define HEAD "{\"nftables\":[{\"table\":{\"family\":\"inet\",\"name\":\"filter\"}},"
#define INPUT(policy)                                                                              \
	"{\"chain\":{\"family\":\"inet\",\"table\":\"filter\",\"name\":\"input\",\"type\":"        \
	"\"filter\",\"hook\":\"input\",\"prio\":0,\"policy\":\"" policy "\"}}"
#define RULE_IN(chain, expr)                                                                       \
	",{\"rule\":{\"family\":\"inet\",\"table\":\"filter\",\"chain\":\"" chain                  \
	"\",\"expr\":[" expr "]}}"
#define RULE(expr)     RULE_IN("input", expr)
#define MATCH(l, o, r) "{\"match\":{\"op\":\"" o "\",\"left\":" l ",\"right\":" r "}}"
#define PAYLOAD(p, f)  "{\"payload\":{\"protocol\":\"" p "\",\"field\":\"" f "\"}}"
#define TCP_PORT(o, r) MATCH(PAYLOAD("tcp", "dport"), o, r)
#define FROM(o, r)     MATCH(PAYLOAD("ip", "saddr"), o, r)
#define STATE(r)       MATCH("{\"ct\":{\"key\":\"state\"}}", "in", r)
#define ACCEPT	       ",{\"accept\":null}"
#define DROP	       ",{\"drop\":null}"

static void read_nft(struct host_rules *rules, const char *text)
{
	struct error err;
	scoped_json json_t *listing = json_parse(text, strlen(text), &err);

	assert_non_null(listing);
	host_rules_add_nft(rules, listing);
}

static enum host_reach judge(const struct host_rules *rules, const char *host, uint16_t number,
			     struct host_findings *findings)
{
	struct host_port port = {.protocol = IPPROTO_TCP, .port = number};

	assert_true(address_parse(host, &port.host));
	return host_rules_judge(rules, &port, findings);
}

static void what_nft_rules_say_of_a_port(void **state)
{
	static const struct {
		const char *rules;
		uint16_t port;
		enum host_reach reach;
	} cases[] = {
		{INPUT("accept"), 80, HOST_REACH_ALL},
		{INPUT("drop"), 80, HOST_REACH_NONE},
		{INPUT("drop") RULE(TCP_PORT("==", "80") ACCEPT), 80, HOST_REACH_ALL},
		{INPUT("drop") RULE(TCP_PORT("==", "80") ACCEPT), 81, HOST_REACH_NONE},
		{INPUT("drop") RULE(TCP_PORT("!=", "80") ACCEPT), 81, HOST_REACH_ALL},
		{INPUT("drop") RULE(TCP_PORT("==", "{\"set\":[22,{\"range\":[70,90]}]}") ACCEPT),
		 80, HOST_REACH_ALL},
		{INPUT("drop") RULE(FROM("==", "\"10.0.0.1\"") "," TCP_PORT("==", "80") ACCEPT), 80,
		 HOST_REACH_SOME},
		/* replies to what went out say nothing about who comes in */
		{INPUT("drop") RULE(STATE("[\"established\",\"related\"]") ACCEPT), 80,
		 HOST_REACH_NONE},
		{INPUT("accept") RULE(STATE("\"invalid\"") DROP), 80, HOST_REACH_ALL},
		{INPUT("drop") RULE("{\"vmap\":{\"key\":{\"ct\":{\"key\":\"state\"}},\"data\":{"
				    "\"set\":[[\"new\",{\"accept\":null}],[\"invalid\",{\"drop\":"
				    "null}]]}}}"),
		 80, HOST_REACH_ALL},
		{INPUT("drop") RULE_IN("web", TCP_PORT("==", "80") ACCEPT)
			 RULE("{\"jump\":{\"target\":\"web\"}}"),
		 80, HOST_REACH_ALL},
		{INPUT("drop") RULE_IN("web", TCP_PORT("==", "80") ",{\"return\":null}") RULE_IN(
			 "web", "{\"accept\":null}") RULE("{\"jump\":{\"target\":\"web\"}}"),
		 80, HOST_REACH_NONE},
		{INPUT("drop") ",{\"set\":{\"family\":\"inet\",\"table\":\"filter\",\"name\":"
			       "\"ok\","
			       "\"elem\":[80,81]}}" RULE(TCP_PORT("==", "\"@ok\"") ACCEPT),
		 81, HOST_REACH_ALL},
		/* what is not understood accepts nothing, and drops */
		{INPUT("drop") RULE("{\"xt\":{\"type\":\"match\",\"name\":\"recent\"}}" ACCEPT), 80,
		 HOST_REACH_NONE},
		{INPUT("accept") RULE("{\"xt\":{\"type\":\"match\",\"name\":\"recent\"}}" DROP), 80,
		 HOST_REACH_NONE},
		/* "new, but not SYN" is not about what begins as it should */
		{INPUT("accept") RULE(MATCH(
			 "{\"&\":[" PAYLOAD("tcp", "flags") ",[\"fin\",\"syn\",\"rst\",\"ack\"]]}",
			 "!=", "\"syn\"") DROP),
		 80, HOST_REACH_ALL},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_free char *text = str_format(HEAD "%s]}", cases[i].rules);
		scoped_host_rules struct host_rules rules = {0};
		struct host_findings findings = {0};
		enum host_reach reach;

		read_nft(&rules, text);
		reach = judge(&rules, "0.0.0.0", cases[i].port, &findings);
		host_findings_fini(&findings);
		if (reach != cases[i].reach)
			fail_msg("case %zu: %d", i, reach);
	}
}

static const char ufw[] =
	"*filter\n"
	":INPUT DROP [0:0]\n"
	":FORWARD DROP [0:0]\n"
	":ufw-before-input - [0:0]\n"
	":ufw-not-local - [0:0]\n"
	":ufw-user-input - [0:0]\n"
	":ufw-user-limit - [0:0]\n"
	":ufw-user-limit-accept - [0:0]\n"
	"-A INPUT -j ufw-before-input\n"
	"-A INPUT -j ufw-user-input\n"
	"-A ufw-before-input -i lo -j ACCEPT\n"
	"-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
	"-A ufw-before-input -m conntrack --ctstate INVALID -j DROP\n"
	"-A ufw-before-input -p icmp -m icmp --icmp-type 8 -j ACCEPT\n"
	"-A ufw-before-input -p udp -m udp --sport 67 --dport 68 -j ACCEPT\n"
	"-A ufw-before-input -j ufw-not-local\n"
	"-A ufw-not-local -m addrtype --dst-type LOCAL -j RETURN\n"
	"-A ufw-not-local -m limit --limit 3/min --limit-burst 10 -j RETURN\n"
	"-A ufw-not-local -j DROP\n"
	"-A ufw-user-input -p tcp -m tcp --dport 80 -j ACCEPT\n"
	"-A ufw-user-input -s 10.0.0.0/8 -p tcp -m multiport --dports 443,8000:8010 -j ACCEPT\n"
	"-A ufw-user-input ! -s 10.0.0.0/8 -i eth+ -p tcp -m tcp --dport 9000 -j ACCEPT\n"
	"-A ufw-user-input -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m recent --set "
	"--name DEFAULT --mask 255.255.255.255 --rsource\n"
	"-A ufw-user-input -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m recent --update "
	"--seconds 30 --hitcount 6 --name DEFAULT --mask 255.255.255.255 --rsource -j "
	"ufw-user-limit\n"
	"-A ufw-user-input -p tcp -m tcp --dport 22 -j ufw-user-limit-accept\n"
	"-A ufw-user-limit -m limit --limit 3/min -j LOG --log-prefix \"[UFW LIMIT BLOCK] \"\n"
	"-A ufw-user-limit -j REJECT --reject-with icmp-port-unreachable\n"
	"-A ufw-user-limit-accept -j ACCEPT\n"
	"COMMIT\n";

static void what_ufw_says_of_a_port(void **state)
{
	static const struct {
		uint16_t port;
		enum host_reach reach;
		const char *who, *rule; /* of the first finding */
	} cases[] = {
		{80, HOST_REACH_ALL, "anybody",
		 "-A ufw-user-input -p tcp -m tcp --dport 80 -j ACCEPT"},
		{81, HOST_REACH_NONE, "anybody", "policy drop"},
		{443, HOST_REACH_SOME, "10.0.0.0/8",
		 "-A ufw-user-input -s 10.0.0.0/8 -p tcp -m multiport --dports 443,8000:8010 -j "
		 "ACCEPT"},
		{8005, HOST_REACH_SOME, "10.0.0.0/8", NULL},
		{9000, HOST_REACH_SOME, "all but 10.0.0.0/8 on eth*", NULL},
		{22, HOST_REACH_NONE, "anybody", NULL}, /* a limit that we cannot keep */
	};
	scoped_host_rules struct host_rules rules = {0};
	scoped_strings struct strings warnings = {0};

	host_rules_add_save(&rules, AF_INET, ufw, "iptables");
	assert_true(host_rules_matter(&rules));
	for (size_t i = 0; i < array_length(cases); i++) {
		struct host_findings findings = {0};
		const struct host_finding *first;

		assert_int_equal(judge(&rules, "0.0.0.0", cases[i].port, &findings),
				 cases[i].reach);
		assert_int_not_equal(findings.count, 0);
		first = &findings.items[0];
		assert_string_equal(first->who, cases[i].who);
		if (cases[i].rule)
			assert_string_equal(first->rule, cases[i].rule);
		host_findings_fini(&findings);
	}
	host_rules_warn(&rules, &warnings);
	assert_int_equal(warnings.count, 1);
	assert_non_null(strstr(warnings.items[0], "--hitcount 6"));
}

/* What is led to 172.17.0.2:80, behind the bridge wherry0. */
static void check_forward(const struct host_rules *rules, size_t number, enum host_reach wanted)
{
	struct host_findings findings = {0};
	struct host_port port = {IPPROTO_TCP, .port = 80, .hook = HOST_FORWARD, .out = "wherry0"};
	enum host_reach reach;

	assert_true(address_parse("172.17.0.2", &port.host));
	reach = host_rules_judge(rules, &port, &findings);
	host_findings_fini(&findings);
	if (reach != wanted)
		fail_msg("case %zu: %d", number, reach);
}

#define FORWARD(policy)                                                                            \
	"{\"chain\":{\"family\":\"inet\",\"table\":\"filter\",\"name\":\"input\",\"type\":"        \
	"\"filter\",\"hook\":\"forward\",\"prio\":0,\"policy\":\"" policy "\"}}"
#define OUT(o, r)    MATCH("{\"meta\":{\"key\":\"oifname\"}}", o, r)
#define STATUS(o, r) MATCH("{\"ct\":{\"key\":\"status\"}}", o, r)

static void what_nft_rules_say_of_what_is_forwarded(void **state)
{
	static const struct {
		const char *rules;
		enum host_reach reach;
	} cases[] = {
		{INPUT("drop"), HOST_REACH_ALL}, /* another hook */
		{FORWARD("drop"), HOST_REACH_NONE},
		{FORWARD("drop") RULE(STATUS("in", "\"dnat\"") ACCEPT), HOST_REACH_ALL},
		{FORWARD("drop") RULE(STATUS("!=", "\"dnat\"") ACCEPT), HOST_REACH_NONE},
		{FORWARD("drop") RULE(OUT("==", "\"wherry0\"") ACCEPT), HOST_REACH_ALL},
		{FORWARD("drop") RULE(OUT("==", "\"wh*\"") ACCEPT), HOST_REACH_ALL},
		{FORWARD("drop") RULE(OUT("==", "\"eth0\"") ACCEPT), HOST_REACH_NONE},
		{FORWARD("accept") RULE(OUT("!=", "\"eth0\"") DROP), HOST_REACH_NONE},
		{FORWARD("drop") RULE(TCP_PORT("==", "80") ACCEPT), HOST_REACH_ALL},
		{FORWARD("drop") RULE(TCP_PORT("==", "8080") ACCEPT), HOST_REACH_NONE},
		{FORWARD("drop") RULE(MATCH(PAYLOAD("ip", "daddr"), "==", "\"172.17.0.2\"") ACCEPT),
		 HOST_REACH_ALL},
		{FORWARD("drop") RULE(FROM("==", "\"10.0.0.1\"") ACCEPT), HOST_REACH_SOME},
		{FORWARD("drop") RULE(STATE("[\"established\",\"related\"]") ACCEPT),
		 HOST_REACH_NONE},
		{FORWARD("drop") RULE(MATCH("{\"fib\":{\"result\":\"type\",\"flags\":[\"daddr\"]}}",
					    "==", "\"local\"") ACCEPT),
		 HOST_REACH_NONE},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_free char *text = str_format(HEAD "%s]}", cases[i].rules);
		scoped_host_rules struct host_rules rules = {0};

		read_nft(&rules, text);
		check_forward(&rules, i, cases[i].reach);
	}
}

static void what_iptables_says_of_what_is_forwarded(void **state)
{
	static const struct {
		const char *rule;
		enum host_reach reach;
	} cases[] = {
		{"", HOST_REACH_NONE},
		{"-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n",
		 HOST_REACH_NONE},
		{"-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT\n",
		 HOST_REACH_ALL},
		{"-A FORWARD -o wherry0 -j ACCEPT\n", HOST_REACH_ALL},
		{"-A FORWARD -o wh+ -j ACCEPT\n", HOST_REACH_ALL},
		{"-A FORWARD ! -o wherry0 -j ACCEPT\n", HOST_REACH_NONE},
		{"-A FORWARD -i eth0 -o wherry0 -j ACCEPT\n", HOST_REACH_SOME},
		{"-A FORWARD -j user\n-A user -p tcp -m tcp --dport 80 -j ACCEPT\n",
		 HOST_REACH_ALL},
		{"-A FORWARD -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j ACCEPT\n",
		 HOST_REACH_ALL},
		{"-A FORWARD -d 172.17.0.3/32 -j ACCEPT\n", HOST_REACH_NONE},
		{"-A FORWARD -m addrtype --dst-type LOCAL -j ACCEPT\n", HOST_REACH_NONE},
		{"-A FORWARD -m addrtype ! --dst-type LOCAL -j ACCEPT\n", HOST_REACH_ALL},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_free char *text = str_format("*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n"
						    ":user - [0:0]\n%sCOMMIT\n",
						    cases[i].rule);
		scoped_host_rules struct host_rules rules = {0};

		host_rules_add_save(&rules, AF_INET, text, "iptables");
		check_forward(&rules, i, cases[i].reach);
	}
}

/* A chain that both hooks jump to: what comes in leaves by no device. */
static void where_it_leaves_means_nothing_for_what_comes_in(void **state)
{
	scoped_host_rules struct host_rules rules = {0};
	scoped_strings struct strings warnings = {0};
	scoped_buffer struct buffer out = {0};
	struct host_findings findings = {0};

	host_rules_add_save(&rules, AF_INET,
			    "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:both - [0:0]\n"
			    "-A INPUT -j both\n-A FORWARD -j both\n"
			    "-A FORWARD -m strange --option -j DROP\n"
			    "-A both -o wherry0 -p tcp -m tcp --dport 80 -j ACCEPT\n"
			    "-A both ! -o wherry0 -p tcp -m tcp --dport 81 -j ACCEPT\nCOMMIT\n",
			    "iptables");
	assert_int_equal(judge(&rules, "0.0.0.0", 80, &findings), HOST_REACH_NONE);
	host_findings_fini(&findings);
	assert_int_equal(judge(&rules, "0.0.0.0", 81, &findings), HOST_REACH_ALL);
	host_findings_fini(&findings);
	host_rules_render(&rules, "wherry", &out);
	assert_null(strstr(out.data, "{ 80 }"));
	assert_non_null(strstr(out.data, "{ 81 }"));
	host_rules_warn(&rules, &warnings); /* the strange one closes no port that we copy */
	assert_int_equal(warnings.count, 0);
}

static void what_ufw_says_first_of_ipv6_closes_nothing(void **state)
{
	scoped_host_rules struct host_rules rules = {0};
	scoped_strings struct strings warnings = {0};
	struct host_findings findings = {0};

	host_rules_add_save(&rules, AF_INET6,
			    "*filter\n:INPUT DROP [0:0]\n:ufw6-before-input - [0:0]\n"
			    ":ufw6-user-input - [0:0]\n"
			    "-A INPUT -j ufw6-before-input\n-A INPUT -j ufw6-user-input\n"
			    "-A ufw6-before-input -i lo -j ACCEPT\n"
			    "-A ufw6-before-input -m rt --rt-type 0 -j DROP\n"
			    "-A ufw6-before-input -p ipv6-icmp -m icmp6 --icmpv6-type 133 -m hl "
			    "--hl-eq 255 -j ACCEPT\n"
			    "-A ufw6-user-input -p tcp -m tcp --dport 8080 -j ACCEPT\nCOMMIT\n",
			    "ip6tables");
	assert_int_equal(judge(&rules, "::", 8080, &findings), HOST_REACH_ALL);
	host_findings_fini(&findings);
	assert_int_equal(judge(&rules, "::", 81, &findings), HOST_REACH_NONE);
	assert_string_equal(findings.items[0].rule, "policy drop");
	host_findings_fini(&findings);
	host_rules_warn(&rules, &warnings);
	assert_int_equal(warnings.count, 0);
}

static void rules_of_one_family_say_nothing_of_the_other(void **state)
{
	scoped_host_rules struct host_rules rules = {0};
	struct host_findings findings = {0};

	host_rules_add_save(&rules, AF_INET6, "*filter\n:INPUT DROP [0:0]\nCOMMIT\n", "ip6tables");
	assert_int_equal(judge(&rules, "0.0.0.0", 80, &findings), HOST_REACH_ALL);
	assert_int_equal(judge(&rules, "::", 80, &findings), HOST_REACH_NONE);
	assert_string_equal(findings.items[0].chain, "ip6tables, table filter, chain INPUT");
	host_findings_fini(&findings);
}

static void an_address_of_the_host_is_compared(void **state)
{
	scoped_host_rules struct host_rules rules = {0};
	struct host_findings findings = {0};

	host_rules_add_save(&rules, AF_INET,
			    "*filter\n:INPUT ACCEPT [0:0]\n"
			    "-A INPUT -d 192.0.2.1/32 -p tcp -m tcp --dport 80 -j DROP\nCOMMIT\n",
			    "iptables");
	assert_int_equal(judge(&rules, "192.0.2.1", 80, &findings), HOST_REACH_NONE);
	assert_int_equal(judge(&rules, "192.0.2.2", 80, &findings), HOST_REACH_ALL);
	assert_int_equal(judge(&rules, "0.0.0.0", 80, &findings), HOST_REACH_SOME);
	host_findings_fini(&findings);
}

/* The copy: each foreign chain asks the next one when it accepts, and a goto that comes back meets the
 * policy. */
static void rules_are_copied_into_chains_of_ours(void **state)
{
	scoped_host_rules struct host_rules rules = {0};
	scoped_buffer struct buffer out = {0};

	read_nft(&rules,
		 HEAD INPUT("drop") RULE(TCP_PORT("==", "80") "," FROM("!=", "\"10.0.0.1\"") ACCEPT)
			 RULE(MATCH(
				 "{\"meta\":{\"key\":\"iifname\"}}", "==",
				 "{\"set\":[\"eth0\",\"eth1\"]}") ",{\"goto\":{\"target\":\"x\"}}")
				 RULE_IN("x", "{\"limit\":{\"rate\":3,\"burst\":5,\"per\":"
					      "\"minute\"}}" ACCEPT) "]}");
	host_rules_add_save(&rules, AF_INET,
			    "*filter\n:INPUT ACCEPT [0:0]\n"
			    "-A INPUT -d 192.0.2.1 -p udp --dport 53:54 -j REJECT\nCOMMIT\n",
			    "iptables");
	host_rules_render(&rules, "wherry", &out);
	assert_string_equal(
		out.data,
		"table inet wherry {\n"
		"\tchain host2 {\n\t\taccept\n\t}\n"
		"\tchain host0_1 {\n"
		"\t\tlimit rate 3/minute burst 5 packets goto host1\n"
		"\t}\n"
		"\tchain host0 {\n"
		"\t\tmeta nfproto ipv4 meta l4proto tcp ct original proto-dst { 80 } ip saddr != { "
		"10.0.0.1 } goto host1\n"
		"\t\tiifname { \"eth0\", \"eth1\" } jump host0_1\n"
		"\t\tiifname { \"eth0\", \"eth1\" } drop\n"
		"\t\tdrop\n"
		"\t}\n"
		"\tchain host1 {\n"
		"\t\tmeta nfproto != ipv4 goto host2\n"
		"\t\tmeta nfproto ipv4 meta l4proto udp ct original proto-dst { 53-54 } ct "
		"original "
		"ip daddr { 192.0.2.1 } reject\n"
		"\t\tgoto host2\n"
		"\t}\n"
		"}\n"
		"add rule inet wherry host goto host0\n");
}

static void names_that_would_mean_something_in_a_rule_are_not_copied(void **state)
{
	scoped_host_rules struct host_rules rules = {0};
	scoped_buffer struct buffer out = {0};

	host_rules_add_save(&rules, AF_INET,
			    "*filter\n:INPUT DROP [0:0]\n"
			    "-A INPUT -i \"a\\\" accept\" -j ACCEPT\nCOMMIT\n",
			    "iptables");
	host_rules_render(&rules, "wherry", &out);
	assert_null(strstr(out.data, "iifname"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_nft_rules_say_of_a_port),
		cmocka_unit_test(what_ufw_says_of_a_port),
		cmocka_unit_test(what_nft_rules_say_of_what_is_forwarded),
		cmocka_unit_test(what_iptables_says_of_what_is_forwarded),
		cmocka_unit_test(where_it_leaves_means_nothing_for_what_comes_in),
		cmocka_unit_test(what_ufw_says_first_of_ipv6_closes_nothing),
		cmocka_unit_test(rules_of_one_family_say_nothing_of_the_other),
		cmocka_unit_test(an_address_of_the_host_is_compared),
		cmocka_unit_test(rules_are_copied_into_chains_of_ours),
		cmocka_unit_test(names_that_would_mean_something_in_a_rule_are_not_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
