#include "base/test.h"

#include "network/network_request.h"

#include <string.h>

static struct pairs pair_of(const char *name, const char *value)
{
	struct pairs out = {0};

	if (name)
		pairs_set(&out, name, value);
	return out;
}

static void a_request_that_makes_no_sense_is_refused(void **state)
{
	static const struct {
		const char *name, *driver, *scope;
		enum error_kind kind;
		const char *text;
	} cases[] = {
		{"n1", NULL, NULL, ERROR_NONE, NULL},
		{"n1", "macvlan", "local", ERROR_NONE, NULL},
		{"", NULL, NULL, ERROR_INVALID, "invalid name: name is empty"},
		{"  ", NULL, NULL, ERROR_INVALID, "invalid name: name is empty"},
		{"container:x", NULL, NULL, ERROR_INVALID, "invalid name: container:x"},
		{"host", NULL, NULL, ERROR_FORBIDDEN,
		 "operation is not permitted on predefined host network "},
		{"n1", "host", NULL, ERROR_FORBIDDEN,
		 "only one instance of \"host\" network is allowed"},
		{"n1", "weave", NULL, ERROR_NOT_FOUND, "plugin \"weave\" not found"},
		{"n1", "overlay", NULL, ERROR_UNAVAILABLE, NULL},
		{"n1", NULL, "swarm", ERROR_INVALID, NULL},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct network_request request = {
			.name = cases[i].name, .driver = cases[i].driver, .scope = cases[i].scope};
		struct error err = {0};

		assert_int_equal(network_request_check(&request, &err),
				 cases[i].kind == ERROR_NONE);
		assert_int_equal(err.kind, cases[i].kind);
		if (cases[i].text)
			assert_string_equal(err.text, cases[i].text);
	}
}

static void all_that_is_wrong_with_subnets_is_told_at_once(void **state)
{
	static const struct {
		const char *subnet, *range, *gateway, *aux, *text;
	} cases[] = {
		{"10.0.0.0/8", "10.1.0.0/16", "10.9.9.9", "10.0.0.1", NULL},
		{"fd00::/64", NULL, "fd00::5", NULL, NULL},
		{NULL, NULL, NULL, NULL, NULL},
		{"10.0.0.0", NULL, NULL, NULL,
		 "invalid subnet 10.0.0.0: invalid CIDR block notation"},
		{NULL, NULL, "10.0.0.1", NULL, "invalid subnet : invalid CIDR block notation"},
		{"10.0.0.1/8", NULL, NULL, NULL,
		 "invalid subnet 10.0.0.1/8: it should be 10.0.0.0/8"},
		{"10.0.0.0/16", "10.1.0.0/16", "11.0.0.1", "x",
		 "invalid ip-range 10.1.0.0/16: parent subnet 10.0.0.0/16 doesn't contain "
		 "ip-range\n"
		 "invalid gateway 11.0.0.1: parent subnet 10.0.0.0/16 doesn't contain this "
		 "address\n"
		 "invalid auxiliary address x: invalid address"},
		{"10.0.0.0/16", "10.0.0.7/24", NULL, NULL,
		 "invalid ip-range 10.0.0.7/24: it should be 10.0.0.0/24"},
		{"10.0.0.0/16", "fd00::/64", "fd00::1", NULL,
		 "invalid ip-range fd00::/64: parent subnet is an IPv4 block\n"
		 "invalid gateway fd00::1: parent subnet is an IPv4 block"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct network_pool pool = {.subnet = (char *)(uintptr_t)cases[i].subnet,
					    .range = (char *)(uintptr_t)cases[i].range,
					    .gateway = (char *)(uintptr_t)cases[i].gateway};
		struct record_list pools = {&pool, 1};
		struct network_request request = {.name = "n1", .pools = &pools};
		scoped_free char *expected = str_format("invalid network config:\n%s",
							cases[i].text ? cases[i].text : "");
		struct error err;
		bool ok;

		if (cases[i].aux)
			pairs_set(&pool.aux, "a", cases[i].aux);
		ok = network_request_check(&request, &err);
		pairs_fini(&pool.aux);
		assert_int_equal(ok, !cases[i].text);
		if (!ok)
			assert_string_equal(err.text, expected);
	}
}

static void options_of_drivers_are_read_and_unknown_ones_kept(void **state)
{
	static const struct {
		const char *driver, *name, *value;
		bool good;
	} cases[] = {
		{NULL, "com.docker.network.bridge.name", "br0", true},
		{NULL, "com.docker.network.bridge.name", "a/b", false},
		{NULL, "com.docker.network.bridge.name", "a name that is too long", false},
		{NULL, "com.docker.network.bridge.enable_icc", "false", true},
		{NULL, "com.docker.network.bridge.enable_icc", "perhaps", false},
		{NULL, "com.docker.network.driver.mtu", "9000", true},
		{NULL, "com.docker.network.driver.mtu", "-1", false},
		{NULL, "com.docker.network.bridge.host_binding_ipv4", "127.0.0.1", true},
		{NULL, "com.docker.network.bridge.host_binding_ipv4", "::1", false},
		{NULL, "com.docker.network.bridge.gateway_mode_ipv4", "nat", true},
		{NULL, "com.docker.network.bridge.gateway_mode_ipv4", "routed", false},
		{NULL, "com.docker.network.bridge.inhibit_ipv4", "true", false},
		{NULL, "macvlan_mode", "whatever", true}, /* of another driver */
		{"macvlan", "macvlan_mode", "whatever", false},
		{"macvlan", "macvlan_mode", "vepa", true},
		{"macvlan", "parent", "eth0.10", true},
		{"macvlan", "parent", "eth0;x", false},
		{NULL, "unknown", "x", true},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct pairs options = pair_of(cases[i].name, cases[i].value);
		struct network_request request = {
			.name = "n1", .driver = cases[i].driver, .options = &options};
		struct network_spec spec = {0};
		struct error err;

		if (network_request_read(&request, &spec, &err) != cases[i].good)
			fail_msg("case %zu", i);
		if (cases[i].good)
			assert_string_equal(pairs_get(&spec.options, cases[i].name),
					    cases[i].value);
		record_fini(&network_spec_type, &spec);
		pairs_fini(&options);
	}
}

static struct subnet subnet_of(const char *text)
{
	struct subnet out;

	assert_true(subnet_parse(text, &out, NULL));
	return out;
}

static void pools_are_chosen_or_taken_as_asked(void **state)
{
	static const char routes4[] =
		"Iface\tDestination\tGateway "
		"\tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
		"eth0\t000012AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
		"eth0\t0000000A\t0100A8C0\t0003\t0\t0\t0\t000000FF\t0\t0\t0\n";
	static const struct {
		const char *subnet, *range, *gateway;
		bool ipv6;
		const char *first, *gives; /* "subnet gateway"; NULL: refused with `text` */
		const char *text;
	} cases[] = {
		{NULL, NULL, NULL, false, "172.19.0.0/16 172.19.0.1", NULL, NULL},
		{NULL, NULL, NULL, true, "172.19.0.0/16 172.19.0.1", "fdaa::/64 fdaa::1", NULL},
		{"10.5.0.0/16", NULL, NULL, false, "10.5.0.0/16 10.5.0.1", NULL, NULL},
		{"10.5.0.0/16", "10.5.3.0/24", NULL, false, "10.5.0.0/16 10.5.3.0", NULL, NULL},
		{"10.5.0.0/16", NULL, "10.5.7.7", false, "10.5.0.0/16 10.5.7.7", NULL, NULL},
		{"172.17.9.0/24", NULL, NULL, false, NULL, NULL,
		 "Pool overlaps with other one on this address space"},
		{"172.16.0.0/12", NULL, NULL, false, NULL, NULL,
		 "Pool overlaps with other one on this address space"},
		{"172.18.9.0/24", NULL, NULL, false, NULL, NULL,
		 "Pool overlaps with other one on this address space"},
		{"fd00:5::/64", NULL, NULL, true, "172.19.0.0/16 172.19.0.1",
		 "fd00:5::/64 fd00:5::1", NULL},
	};
	struct subnet taken[] = {subnet_of("172.17.0.0/16")}, ula = subnet_of("fdaa::/48");
	struct host_routes routes = {(char *)(uintptr_t)routes4, NULL};
	struct pool_world world = {
		.taken = taken, .taken_count = 1, .ula = &ula, .routes = &routes};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct network_pool pool = {.subnet = (char *)(uintptr_t)cases[i].subnet,
					    .range = (char *)(uintptr_t)cases[i].range,
					    .gateway = (char *)(uintptr_t)cases[i].gateway};
		struct record_list pools = {&pool, cases[i].subnet != NULL};
		struct network_request request = {.name = "n1", .pools = &pools};
		struct network_spec spec = {.ipv6 = cases[i].ipv6};
		struct error err;
		bool ok = network_request_pools(&request, &world, &spec, &err);
		const char *expected[] = {cases[i].first, cases[i].gives};

		assert_int_equal(ok, !cases[i].text);
		if (!ok)
			assert_string_equal(err.text, cases[i].text);
		for (size_t j = 0; ok && j < spec.pools.count; j++) {
			const struct network_pool *made =
				RECORD_AT(spec.pools, struct network_pool, j);
			scoped_free char *text = str_format("%s %s", made->subnet, made->gateway);

			assert_string_equal(text, expected[j]);
			assert_int_equal(made->automatic,
					 !cases[i].subnet ||
						 !str_equal(made->subnet, cases[i].subnet));
		}
		record_fini(&network_spec_type, &spec);
	}
}

static void addresses_that_a_network_may_give(void **state)
{
	struct network_spec spec = {0};
	struct network_pool *pool = record_list_add(&network_pool_type, &spec.pools);
	static const struct {
		bool automatic;
		int family;
		const char *address, *text;
	} cases[] = {
		{false, AF_INET, "10.5.0.9", NULL},
		{false, AF_INET, "", NULL},
		{false, AF_INET, "10.6.0.9",
		 "no configured subnet or ip-range contain the IP address 10.6.0.9"},
		{false, AF_INET, "fd00::1", "invalid IPv4 address: fd00::1"},
		{false, AF_INET6, "fd00::1",
		 "no configured subnet or ip-range contain the IP address fd00::1"},
		{true, AF_INET, "10.5.0.9",
		 "user specified IP address is supported only when connecting to networks with "
		 "user "
		 "configured subnets"},
	};

	pool->subnet = str_dup("10.5.0.0/16");
	for (size_t i = 0; i < array_length(cases); i++) {
		struct error err;

		pool->automatic = cases[i].automatic;
		assert_int_equal(
			network_spec_may_give(&spec, cases[i].family, cases[i].address, &err),
			!cases[i].text);
		if (cases[i].text)
			assert_string_equal(err.text, cases[i].text);
	}
	record_fini(&network_spec_type, &spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_that_makes_no_sense_is_refused),
		cmocka_unit_test(all_that_is_wrong_with_subnets_is_told_at_once),
		cmocka_unit_test(options_of_drivers_are_read_and_unknown_ones_kept),
		cmocka_unit_test(pools_are_chosen_or_taken_as_asked),
		cmocka_unit_test(addresses_that_a_network_may_give),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
