#include "base/test.h"

#include "network/host_facts.h"

static struct subnet subnet_of(const char *text)
{
	struct subnet subnet;

	assert_true(subnet_parse(text, &subnet, NULL));
	return subnet;
}

static const char routes4[] =
	"Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
	"eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
	"eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
	"eth1\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0";

static const char routes6[] =
	"20010db8000000000000000000000000 40 00000000000000000000000000000000 00 "
	"00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n"
	"fd000000000000000000000000000000 08 00000000000000000000000000000000 00 "
	"20010db8000000000000000000000001 00000100 00000001 00000000 00000003     eth0\n"
	"fe800000000000000000000000000000 40 00000000000000000000000000000000 00 "
	"00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n"
	"00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
	"00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n";

static struct host_routes both(void)
{
	return (struct host_routes){(char *)(uintptr_t)routes4, (char *)(uintptr_t)routes6};
}

static void a_route_is_seen_in_the_subnets_it_touches(void **state)
{
	static const struct {
		const char *subnet;
		bool overlap;
	} cases[] = {
		{"172.17.0.0/16", true},  {"172.17.5.0/24", true},  {"172.16.0.0/12", true},
		{"172.18.0.0/16", false}, {"192.168.0.0/20", true}, {"192.168.16.0/20", false},
		{"10.0.0.0/8", false},	  {"2001:db8::/48", true},  {"2001:db9::/64", false},
		{"fd12:3456::/64", true}, {"fe80::/64", false},
	};
	struct host_routes routes = both();

	for (size_t i = 0; i < array_length(cases); i++) {
		struct subnet subnet = subnet_of(cases[i].subnet);

		assert_int_equal(routes_overlap(&routes, &subnet), cases[i].overlap);
	}
}

static void networks_that_the_host_is_in_are_near(void **state)
{
	static const struct {
		const char *subnet, *except;
		bool near;
	} cases[] = {
		{"172.17.5.0/24", NULL, true},	 {"172.17.5.0/24", "eth0", false},
		{"172.16.0.0/12", "eth1", true}, {"172.18.0.0/16", NULL, false},
		{"2001:db8::/64", NULL, true},	 {"fd12:3456::/64", NULL, false},
	};
	struct host_routes routes = both();

	for (size_t i = 0; i < array_length(cases); i++) {
		struct subnet subnet = subnet_of(cases[i].subnet);

		assert_int_equal(routes_are_near(&routes, &subnet, cases[i].except), cases[i].near);
	}
}

static void pools_are_read_as_dockerd_writes_them(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{"base=10.10.0.0/16,size=24", true},
		{"size=24,base=10.10.0.0/16", true},
		{"base=10.10.0.0/16,size=16", true},
		{"base=10.10.0.0/16,size=15", false},
		{"base=10.10.0.0/16", false},
		{"base=10.10.0.0/16,size=33", false},
		{"base=10.0.0.0/2,size=30", false},
		{"size=24", false},
		{"base=x/16,size=24", false},
		{"base=10.0.0.0/8,size=x", false},
		{"", false},
		{"base=10.0.0.0/8,size=24,more=1", false},
		{"base=fd00:1::/48,size=64", true},
		{"base=fd00:1::/48,size=127", false},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct pool_template t;
		struct error err;

		assert_int_equal(pool_template_parse(cases[i].text, &t, &err), cases[i].good);
	}
}

static void the_first_subnet_that_nobody_has_is_chosen(void **state)
{
	struct pool_template own[] = {{subnet_of("10.10.0.0/22"), 24},
				      {subnet_of("10.20.0.0/24"), 24}};
	struct subnet taken[] = {subnet_of("10.10.0.0/23"), subnet_of("10.10.2.0/24"),
				 subnet_of("10.10.3.128/25"), subnet_of("10.20.0.0/16")};
	static const struct {
		size_t template_count, taken_count;
		const char *subnet; /* NULL: none is left */
	} cases[] = {
		{0, 0, "172.18.0.0/16"}, {2, 0, "10.10.0.0/24"}, {2, 1, "10.10.2.0/24"},
		{2, 2, "10.10.3.0/24"},	 {2, 3, "10.20.0.0/24"}, {2, 4, NULL},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct host_routes routes = both();
		struct pool_choice choice = {.family = AF_INET,
					     .templates = own,
					     .template_count = cases[i].template_count,
					     .routes = &routes,
					     .taken = taken,
					     .taken_count = cases[i].taken_count};
		struct subnet chosen;
		struct error err;

		assert_int_equal(pool_choose(&choice, &chosen, &err), cases[i].subnet != NULL);
		if (!cases[i].subnet)
			continue;
		scoped_free char *text = subnet_text(&chosen);
		assert_string_equal(text, cases[i].subnet);
	}
}

static void ipv6_subnets_come_from_templates_or_the_own_prefix(void **state)
{
	struct pool_template own[] = {{subnet_of("10.10.0.0/22"), 24},
				      {subnet_of("2001:db8::/62"), 64}};
	struct subnet ula = subnet_of("fc12:3456:789a::/48");
	struct subnet taken[] = {subnet_of("fc12:3456:789a::/64"), subnet_of("2001:db8:0:1::/64")};
	static const struct {
		size_t template_count, taken_count;
		const char *subnet;
	} cases[] = {
		{0, 0, "fc12:3456:789a::/64"},
		{1, 1, "fc12:3456:789a:1::/64"},
		{2, 0, "2001:db8:0:1::/64"},
		{2, 2, "2001:db8:0:2::/64"},
	};
	struct host_routes routes = both();

	for (size_t i = 0; i < array_length(cases); i++) {
		struct pool_choice choice = {.family = AF_INET6,
					     .templates = own,
					     .template_count = cases[i].template_count,
					     .ula = &ula,
					     .routes = &routes,
					     .taken = taken,
					     .taken_count = cases[i].taken_count};
		struct subnet chosen;
		struct error err;

		assert_true(pool_choose(&choice, &chosen, &err));
		scoped_free char *text = subnet_text(&chosen);
		assert_string_equal(text, cases[i].subnet);
	}
}

static void the_loopback_device_has_its_address(void **state)
{
	scoped_free char *none = device_address("no-such-device");

	assert_true(device_exists("lo"));
	assert_false(device_exists("no-such-device"));
	assert_null(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_route_is_seen_in_the_subnets_it_touches),
		cmocka_unit_test(networks_that_the_host_is_in_are_near),
		cmocka_unit_test(ipv6_subnets_come_from_templates_or_the_own_prefix),
		cmocka_unit_test(pools_are_read_as_dockerd_writes_them),
		cmocka_unit_test(the_first_subnet_that_nobody_has_is_chosen),
		cmocka_unit_test(the_loopback_device_has_its_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
