#include "base/test.h"

#include "network/host_facts.h"

static struct subnet subnet_of(const char *text)
{
	struct subnet subnet;

	assert_true(subnet_parse(text, &subnet, NULL));
	return subnet;
}

static const char routes[] =
	"Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
	"eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
	"eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
	"eth1\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0";

static void a_route_is_seen_in_the_subnets_it_touches(void **state)
{
	static const struct {
		const char *subnet;
		bool overlap;
	} cases[] = {
		{"172.17.0.0/16", true},  {"172.17.5.0/24", true},  {"172.16.0.0/12", true},
		{"172.18.0.0/16", false}, {"192.168.0.0/20", true}, {"192.168.16.0/20", false},
		{"10.0.0.0/8", false},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct subnet subnet = subnet_of(cases[i].subnet);

		assert_int_equal(routes_overlap(routes, &subnet), cases[i].overlap);
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
		struct pool_choice choice = {.templates = own,
					     .template_count = cases[i].template_count,
					     .routes = routes,
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
		cmocka_unit_test(pools_are_read_as_dockerd_writes_them),
		cmocka_unit_test(the_first_subnet_that_nobody_has_is_chosen),
		cmocka_unit_test(the_loopback_device_has_its_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
