#include "base/test.h"

#include "base/id.h"
#include "network/ruleset.h"

static struct port_use use_of(int protocol, const char *host, uint16_t port, const char *target,
			      uint16_t target_port)
{
	struct port_use use = {.key = {.protocol = protocol, .port = port},
			       .target = {.port = target_port}};

	assert_true(address_parse(host, &use.key.host));
	assert_true(address_parse(target, &use.target.address));
	return use;
}

static struct subnet subnet_of(const char *text)
{
	struct subnet subnet = {.prefix = -1};

	if (text)
		assert_true(subnet_parse(text, &subnet, NULL));
	return subnet;
}

/* The lines of one chain, map or set, without indentation. */
static char *block(const struct buffer *text, const char *head)
{
	char *start = strstr(text->data, head), *line;
	struct buffer out = {0};

	assert_non_null(start);
	line = strchr(start, '\n') + 1;
	while (strncmp(line, "\t}", 2) != 0) {
		char *end = strchr(line, '\n');

		buffer_add(&out, line + strspn(line, "\t"),
			   (size_t)(end + 1 - line) - strspn(line, "\t"));
		line = end + 1;
	}
	return buffer_take(&out);
}

/* The commands that fill its maps. */
static char *filling(const struct ruleset *ruleset)
{
	struct element_list elements = {0};
	struct buffer text = {0};

	ruleset_list_elements(ruleset, &elements);
	elements_render(ruleset->table, &elements, &text);
	vector_fini(&elements);
	return buffer_take(&text);
}

static void assert_block(const struct buffer *text, const char *head, const char *expected)
{
	scoped_free char *found = block(text, head);

	assert_string_equal(found, expected);
}

static void an_empty_table_closes_bridges_and_loopback(void **state)
{
	struct port_table ports;
	struct ruleset_bridge bridge = {.name = "wherry0",
					.subnets = {subnet_of("172.17.0.0/16"), subnet_of(NULL)},
					.icc = true,
					.masquerade = true};
	struct ruleset ruleset = {
		.table = "wherry", .bridges = &bridge, .bridge_count = 1, .ports = &ports};
	scoped_buffer struct buffer base = {0}, text = {0};

	port_table_init(&ports, 1, 2);
	ruleset_render_base(&ruleset, &base);
	ruleset_render(&ruleset, &text);
	assert_true(str_starts_with(base.data, "table inet wherry {\n"));
	assert_true(str_starts_with(text.data, "table inet wherry {\n"));
	assert_block(&base, "map any4",
		     "type inet_proto . inet_service : ipv4_addr . inet_service\n");
	assert_block(&base, "chain forward",
		     "type filter hook forward priority filter; policy accept;\n");
	assert_block(&base, "chain raw",
		     "type filter hook prerouting priority raw; policy accept;\n"
		     "iifname != \"lo\" ip daddr 127.0.0.0/8 drop\n"
		     "iifname != \"lo\" ip saddr 127.0.0.0/8 drop\n");
	assert_block(&text, "chain postrouting",
		     "ip saddr 172.17.0.0/16 oifname != { \"wherry0\" } masquerade\n"
		     "oifname \"wherry0\" ct status dnat ip saddr 172.17.0.0/16 masquerade\n"
		     "oifname \"wherry0\" ip saddr 127.0.0.0/8 masquerade\n");
	assert_block(&text, "chain into",
		     "ct state established,related accept\n"
		     "iifname . oifname { \"wherry0\" . \"wherry0\" } accept\n"
		     "ct status dnat accept\n"
		     "drop\n");
	assert_block(&text, "chain forward",
		     "oifname { \"wherry0\" } goto into\n"
		     "meta iifkind \"bridge\" accept\n"
		     "meta oifkind \"bridge\" accept\n"
		     "jump router\n");
}

static void settings_of_bridges_are_kept_apart(void **state)
{
	struct port_table ports;
	struct ruleset_bridge bridges[] = {
		{"one", {subnet_of("10.1.0.0/16"), subnet_of("fd01::/64")}, false, true},
		{"two", {subnet_of("10.2.0.0/16"), subnet_of(NULL)}, true, false},
	};
	struct ruleset ruleset = {.table = "wherry-x",
				  .bridges = bridges,
				  .bridge_count = 2,
				  .ports = &ports,
				  .bridge_netfilter = true};
	scoped_buffer struct buffer text = {0};

	port_table_init(&ports, 1, 2);
	ruleset_render(&ruleset, &text);
	assert_block(&text, "chain postrouting",
		     "ip saddr 10.1.0.0/16 oifname != { \"one\", \"two\" } masquerade\n"
		     "oifname \"one\" ct status dnat ip saddr . ip daddr @self4 masquerade\n"
		     "ip6 saddr fd01::/64 oifname != { \"one\", \"two\" } masquerade\n"
		     "oifname \"one\" ct status dnat ip6 saddr . ip6 daddr @self6 masquerade\n"
		     "oifname \"one\" ip saddr 127.0.0.0/8 masquerade\n"
		     "oifname \"two\" ct status dnat ip saddr . ip daddr @self4 masquerade\n"
		     "oifname \"two\" ip saddr 127.0.0.0/8 masquerade\n");
	assert_block(
		&text, "chain into",
		"ct state established,related accept\n"
		"iifname . oifname { \"two\" . \"two\" } accept\n"
		"iifname . oifname { \"one\" . \"one\" } ip saddr . ip daddr . meta l4proto . th "
		"dport @linked accept\n"
		"ct status dnat accept\n"
		"drop\n");
}

static void an_internal_bridge_is_closed_both_ways_but_within(void **state)
{
	struct port_table ports;
	struct ruleset_bridge bridges[] = {
		{"one", {subnet_of("10.1.0.0/16"), subnet_of(NULL)}, true, false, true},
		{"two",
		 {subnet_of("10.2.0.0/16"), subnet_of("fd02::/64")},
		 true,
		 true,
		 false,
		 {"192.0.2.1", NULL}},
		{"three", {subnet_of("10.3.0.0/16"), subnet_of(NULL)}, false, false, true},
	};
	struct ruleset ruleset = {
		.table = "wherry-x", .bridges = bridges, .bridge_count = 3, .ports = &ports};
	scoped_buffer struct buffer text = {0};

	port_table_init(&ports, 1, 2);
	ruleset_render(&ruleset, &text);
	assert_block(&text, "chain into",
		     "ct state established,related accept\n"
		     "iifname . oifname { \"one\" . \"one\", \"two\" . \"two\" } accept\n"
		     "iifname { \"one\", \"three\" } drop\n"
		     "oifname { \"one\", \"three\" } drop\n"
		     "ct status dnat accept\n"
		     "drop\n");
	assert_block(&text, "chain forward",
		     "oifname { \"one\", \"two\", \"three\" } goto into\n"
		     "iifname { \"one\", \"three\" } drop\n"
		     "meta iifkind \"bridge\" accept\n"
		     "meta oifkind \"bridge\" accept\n"
		     "jump router\n");
	assert_non_null(strstr(text.data, "ip saddr 10.2.0.0/16 oifname != { \"one\", \"two\", "
					  "\"three\" } snat ip to 192.0.2.1\n"));
	assert_non_null(strstr(text.data, "ip6 saddr fd02::/64 oifname != { \"one\", \"two\", "
					  "\"three\" } masquerade\n"));
}

static void published_ports_stand_in_the_map_of_their_kind(void **state)
{
	struct port_use uses[] = {
		use_of(IPPROTO_TCP, "0.0.0.0", 8080, "172.17.0.2", 80),
		use_of(IPPROTO_UDP, "127.0.0.1", 53, "172.17.0.3", 5353),
		use_of(IPPROTO_TCP, "::", 8080, "fd00::2", 80),
		use_of(IPPROTO_TCP, "fd01::1", 443, "fd00::2", 8443),
		use_of(IPPROTO_TCP, "::", 9999, "172.17.0.2", 80),
	};
	struct port_table ports;
	struct ruleset ruleset = {.table = "wherry", .ports = &ports};
	scoped_free char *text = NULL;

	uses[4].target.relayed = true;
	port_table_init(&ports, 1, 2);
	for (size_t i = 0; i < array_length(uses); i++)
		port_table_add(&ports, &uses[i]);
	text = filling(&ruleset);
	assert_string_equal(text, "add element inet wherry any4 {\n"
				  "\ttcp . 8080 : 172.17.0.2 . 80\n"
				  "}\n"
				  "add element inet wherry any6 {\n"
				  "\ttcp . 8080 : fd00::2 . 80\n"
				  "}\n"
				  "add element inet wherry host4 {\n"
				  "\t127.0.0.1 . udp . 53 : 172.17.0.3 . 5353\n"
				  "}\n"
				  "add element inet wherry host6 {\n"
				  "\tfd01::1 . tcp . 443 : fd00::2 . 8443\n"
				  "}\n");
	port_table_fini(&ports);
}

static void who_is_linked_stands_in_a_set_of_its_own(void **state)
{
	struct port_table ports;
	struct opening opening = {.protocol = IPPROTO_TCP, .port = 5432};
	struct openings openings = {0};
	struct ruleset ruleset = {.table = "wherry", .ports = &ports, .openings = &openings};
	scoped_free char *text = NULL;
	char hex[2 * ELEMENT_KEY_MAX + 1];
	struct element e;

	port_table_init(&ports, 1, 2);
	assert_true(address_parse("10.0.0.2", &opening.from));
	assert_true(address_parse("10.0.0.3", &opening.to));
	openings_add(&openings, &opening);
	openings_add(&openings, &opening);
	opening.protocol = IPPROTO_UDP;
	openings_add(&openings, &opening);
	text = filling(&ruleset);
	assert_string_equal(text, "add element inet wherry linked {\n"
				  "\t10.0.0.2 . 10.0.0.3 . tcp . 5432,\n"
				  "\t10.0.0.2 . 10.0.0.3 . udp . 5432\n"
				  "}\n");
	e = element_of_opening(&opening);
	hex_encode(e.key, e.key_size, hex);
	assert_string_equal(hex, "0a0000020a0000031100000015380000");
	assert_int_equal(e.data_size, 0);
	vector_fini(&openings);
}

static void elements_are_words_of_four_bytes(void **state)
{
	static const struct {
		int protocol;
		const char *host, *target, *map, *key, *data; /* key and data in hex */
	} cases[] = {
		{IPPROTO_TCP, "0.0.0.0", "10.99.0.2", "any4", "060000001f900000",
		 "0a63000200500000"},
		{IPPROTO_UDP, "127.0.0.1", "10.99.0.2", "host4", "7f000001110000001f900000",
		 "0a63000200500000"},
		{IPPROTO_TCP, "::", "fd00::2", "any6", "060000001f900000",
		 "fd00000000000000000000000000000200500000"},
		{IPPROTO_TCP, "fd01::1", "fd00::2", "host6",
		 "fd010000000000000000000000000001060000001f900000",
		 "fd00000000000000000000000000000200500000"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct port_use use =
			use_of(cases[i].protocol, cases[i].host, 8080, cases[i].target, 80);
		struct element e = element_of_port(&use);
		char hex[2 * ELEMENT_KEY_MAX + 1];

		assert_string_equal(e.map, cases[i].map);
		hex_encode(e.key, e.key_size, hex);
		assert_string_equal(hex, cases[i].key);
		hex_encode(e.data, e.data_size, hex);
		assert_string_equal(hex, cases[i].data);
	}
}

/* As `nft --debug=mnl add element inet t any4 { tcp . 8080 : 10.99.0.2 . 80 }` shows it. */
static void a_message_is_what_nft_would_send(void **state)
{
	static const char expected[] = "500000000c0a"
				       "0504"
				       "00000000"
				       "00000000" /* NEWSETELEM, CREATE | ACK | REQUEST */
				       "01000000" /* inet */
				       "06000100"
				       "74000000" /* table t */
				       "09000200"
				       "616e793400000000" /* set any4 */
				       "28000380"	  /* elements */
				       "24000180"	  /* element */
				       "10000180"
				       "0c000100"
				       "060000001f900000" /* key */
				       "10000280"
				       "0c000100"
				       "0a63000200500000"; /* data */
	struct port_use use = use_of(IPPROTO_TCP, "0.0.0.0", 8080, "10.99.0.2", 80);
	struct element e = element_of_port(&use);
	const struct element *list[] = {&e};
	scoped_netlink struct netlink_batch batch = {0};
	char hex[1024];

	element_message(&batch, "t", ELEMENT_ADD, list, 1);
	assert_true(batch.bytes.size < sizeof(hex) / 2);
	hex_encode(batch.bytes.data, batch.bytes.size, hex);
	assert_string_equal(hex, expected);
}

static void an_address_that_is_shared_has_slots_within_its_network(void **state)
{
	struct shared_address shared = {0};
	struct address members[2];
	struct port_table ports;
	struct ruleset_bridge bridge = {.name = "br-one",
					.subnets = {subnet_of("10.0.0.0/24"), subnet_of(NULL)},
					.icc = true,
					.mac = "02:42:0a:00:00:01",
					.shared = &shared,
					.shared_count = 1};
	struct ruleset ruleset = {
		.table = "wherry", .bridges = &bridge, .bridge_count = 1, .ports = &ports};
	scoped_buffer struct buffer text = {0}, lift = {0}, without = {0};
	scoped_free char *filled = NULL;
	struct element_list elements = {0};

	(void)state;
	port_table_init(&ports, 32768, 60999);
	assert_true(address_parse("10.0.0.9", &shared.address));
	assert_true(address_parse("10.0.0.2", &members[0]));
	assert_true(address_parse("10.0.0.3", &members[1]));
	vector_add(&shared.members, members[0]);
	vector_add(&shared.members, members[1]);
	ruleset_render(&ruleset, &text);
	ruleset_render_lift_base(&ruleset, &lift);
	ruleset_render_lift(&ruleset, &lift);
	filled = filling(&ruleset);
	assert_non_null(strstr(filled, " vips {\n\t10.0.0.9\n}\n"));
	assert_non_null(strstr(filled, "10.0.0.9 . 0 : 10.0.0.2,"));
	assert_non_null(strstr(filled, "10.0.0.9 . 239 : 10.0.0.3\n"));
	assert_non_null(strstr(filled, "10.0.0.2 . 10.0.0.2")); /* who is led to himself */
	assert_non_null(strstr(text.data, "fib daddr . iif type local dnat ip to ip daddr . "));
	assert_string_equal(
		lift.data,
		"table bridge wherry {\n\tchain lift {\n"
		"\t\ttype filter hook prerouting priority -300; policy accept;\n\t}\n}\n"
		"table bridge wherry {\n\tchain lift {\n"
		"\t\tip saddr 10.0.0.0/24 ip daddr 10.0.0.0/24 meta pkttype other meta pkttype set "
		"host ether daddr set 02:42:0a:00:00:01\n\t}\n}\n");
	ruleset.bridge_netfilter = true;
	ruleset_render_lift_base(&ruleset, &without);
	ruleset_render_lift(&ruleset, &without);
	assert_int_equal(without.size, 0);
	elements_of_shared(&shared, &elements);
	assert_int_equal(elements.count, PORT_SLOTS);
	assert_string_equal(elements.items[0].map, "vip4");
	assert_int_equal(elements.items[1].data[3], 3);
	vector_fini(&elements);
	vector_fini(&shared.members);
	port_table_fini(&ports);
}

static void a_port_that_is_shared_has_slots(void **state)
{
	struct port_use uses[] = {use_of(IPPROTO_TCP, "0.0.0.0", 80, "10.0.0.2", 8080),
				  use_of(IPPROTO_TCP, "0.0.0.0", 80, "10.0.0.3", 8081)};
	struct element_list elements = {0};
	struct port_table ports;
	struct ruleset ruleset = {.table = "wherry", .ports = &ports};
	scoped_free char *text = NULL;

	(void)state;
	port_table_init(&ports, 32768, 60999);
	for (size_t i = 0; i < array_length(uses); i++) {
		uses[i].target.group = 7;
		port_table_add(&ports, &uses[i]);
	}
	elements_of_key(&ports, &uses[0].key, &elements);
	assert_int_equal(elements.count, PORT_SLOTS);
	assert_string_equal(elements.items[5].map, "shared_any4");
	assert_int_equal(elements.items[5].key_size, 12);
	assert_int_equal(elements.items[5].data[3], 3);
	text = filling(&ruleset);
	assert_non_null(strstr(text, "tcp . 80 . 0 : 10.0.0.2 . 8080,"));
	assert_non_null(strstr(text, "tcp . 80 . 239 : 10.0.0.3 . 8081\n"));
	assert_null(strstr(text, "tcp . 80 : "));
	vector_fini(&elements);
	port_table_fini(&ports);
}

static struct element element(const char *map, uint8_t key, uint8_t data)
{
	return (struct element){
		.map = map, .key = {key}, .data = {data}, .key_size = 1, .data_size = 1};
}

static void what_differs_goes_and_comes(void **state)
{
	struct element_list have = {0}, wanted = {0}, gone = {0}, come = {0};

	(void)state;
	vector_add(&have, element("b", 1, 1));
	vector_add(&have, element("a", 3, 1));
	vector_add(&have, element("a", 1, 1));
	vector_add(&wanted, element("a", 1, 2));
	vector_add(&wanted, element("a", 3, 1));
	vector_add(&wanted, element("a", 3, 1));
	vector_add(&wanted, element("c", 1, 1));
	elements_sort(&have);
	elements_sort(&wanted);
	assert_int_equal(wanted.count, 3);
	elements_compare(&have, &wanted, &gone, &come);
	assert_int_equal(gone.count, 2);
	assert_string_equal(gone.items[0].map, "a");
	assert_int_equal(gone.items[0].data[0], 1);
	assert_string_equal(gone.items[1].map, "b");
	assert_int_equal(come.count, 2);
	assert_int_equal(come.items[0].data[0], 2);
	assert_string_equal(come.items[1].map, "c");
	vector_fini(&have);
	vector_fini(&wanted);
	vector_fini(&gone);
	vector_fini(&come);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_that_is_shared_has_slots_within_its_network),
		cmocka_unit_test(a_port_that_is_shared_has_slots),
		cmocka_unit_test(an_empty_table_closes_bridges_and_loopback),
		cmocka_unit_test(settings_of_bridges_are_kept_apart),
		cmocka_unit_test(an_internal_bridge_is_closed_both_ways_but_within),
		cmocka_unit_test(published_ports_stand_in_the_map_of_their_kind),
		cmocka_unit_test(who_is_linked_stands_in_a_set_of_its_own),
		cmocka_unit_test(elements_are_words_of_four_bytes),
		cmocka_unit_test(a_message_is_what_nft_would_send),
		cmocka_unit_test(what_differs_goes_and_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
