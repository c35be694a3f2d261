#include "base/test.h"

#include "network/address.h"

static struct subnet subnet_of(const char *text)
{
	struct subnet subnet;

	assert_true(subnet_parse(text, &subnet, NULL));
	return subnet;
}

static struct address address_of(const char *text)
{
	struct address address;

	assert_true(address_parse(text, &address));
	return address;
}

static void subnets_are_read_and_their_host_bits_cut(void **state)
{
	static const struct {
		const char *text, *subnet, *written; /* subnet NULL: refused */
	} cases[] = {
		{"172.17.0.1/16", "172.17.0.0/16", "172.17.0.1"},
		{"10.1.2.3/9", "10.0.0.0/9", "10.1.2.3"},
		{"1.2.3.4/0", "0.0.0.0/0", "1.2.3.4"},
		{"1.2.3.4/32", "1.2.3.4/32", "1.2.3.4"},
		{"fd00::1/64", "fd00::/64", "fd00::1"},
		{"fd00::1/128", "fd00::1/128", "fd00::1"},
		{"1.2.3.4/33"},
		{"1.2.3.4"},
		{"1.2.3/8"},
		{"fd00::1/129"},
		{"/8"},
		{"1.2.3.4/"},
		{"1.2.3.4/8x"},
		{""},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct subnet subnet;
		struct address written;
		char text[ADDRESS_TEXT_SIZE];
		bool read = subnet_parse(cases[i].text, &subnet, &written);

		assert_int_equal(read, cases[i].subnet != NULL);
		if (!read)
			continue;
		scoped_free char *back = subnet_text(&subnet);
		assert_string_equal(back, cases[i].subnet);
		assert_string_equal(address_text(&written, text), cases[i].written);
	}
}

static void the_last_address_of_a_subnet_has_all_host_bits(void **state)
{
	static const struct {
		const char *subnet, *last;
	} cases[] = {
		{"0.0.0.0/0", "255.255.255.255"},
		{"10.0.0.0/9", "10.127.255.255"},
		{"1.2.3.4/32", "1.2.3.4"},
		{"fd00::/127", "fd00::1"},
		{"fd00::/64", "fd00::ffff:ffff:ffff:ffff"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct subnet subnet = subnet_of(cases[i].subnet);
		struct address last = subnet_last(&subnet), expected = address_of(cases[i].last);

		assert_true(address_equal(&last, &expected));
	}
}

static void subnets_overlap_when_one_holds_the_other(void **state)
{
	static const struct {
		const char *a, *b;
		bool overlap;
	} cases[] = {
		{"10.0.0.0/8", "10.1.0.0/16", true},   {"10.1.0.0/16", "10.0.0.0/8", true},
		{"10.1.0.0/16", "10.2.0.0/16", false}, {"0.0.0.0/0", "10.2.0.0/16", true},
		{"10.0.0.0/8", "fd00::/8", false},     {"fd00:1::/32", "fd00:1:2::/48", true},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct subnet a = subnet_of(cases[i].a), b = subnet_of(cases[i].b);

		assert_int_equal(subnet_overlaps(&a, &b), cases[i].overlap);
	}
}

static void addresses_are_counted_from_the_base(void **state)
{
	struct subnet wide = subnet_of("10.0.0.0/8"), six = subnet_of("fd00::ffff:0/96");
	struct address a = subnet_at(&wide, 65536 + 3), b = subnet_at(&six, 5);
	char text[ADDRESS_TEXT_SIZE];
	uint32_t offset;

	assert_string_equal(address_text(&a, text), "10.1.0.3");
	assert_true(subnet_offset(&wide, &a, &offset));
	assert_int_equal(offset, 65536 + 3);
	assert_false(subnet_offset(&six, &a, &offset));
	assert_true(subnet_offset(&six, &b, &offset));
	assert_int_equal(offset, 5);
}

static void loopback_and_any_are_known(void **state)
{
	struct address loops[] = {address_of("127.0.0.1"), address_of("127.9.9.9"),
				  address_of("::1")};
	struct address any = address_of("0.0.0.0"), any6 = address_of("::"),
		       other = address_of("::2");

	for (size_t i = 0; i < array_length(loops); i++)
		assert_true(address_is_loopback(&loops[i]) && !address_is_any(&loops[i]));
	assert_true(address_is_any(&any) && address_is_any(&any6));
	assert_false(address_is_loopback(&other) || address_is_any(&other));
}

static void a_pool_gives_the_lowest_free_address(void **state)
{
	struct subnet subnet = subnet_of("172.17.0.0/16");
	struct address gateway = address_of("172.17.0.1"), given, second = address_of("172.17.0.3");
	struct address_pool pool;
	char text[ADDRESS_TEXT_SIZE];

	address_pool_init(&pool, &subnet, &subnet);
	assert_true(address_pool_claim(&pool, &gateway));
	assert_false(address_pool_claim(&pool, &gateway));
	for (int i = 2; i < 300; i++)
		assert_true(address_pool_take(&pool, &given));
	assert_string_equal(address_text(&given, text), "172.17.1.43");
	address_pool_give_back(&pool, &second);
	assert_true(address_pool_take(&pool, &given));
	assert_string_equal(address_text(&given, text), "172.17.0.3");
	assert_true(address_pool_take(&pool, &given));
	assert_string_equal(address_text(&given, text), "172.17.1.44");
	address_pool_fini(&pool);
}

static void a_pool_ends_before_the_broadcast_address(void **state)
{
	static const struct {
		const char *subnet, *range, *first;
		int count;
	} cases[] = {
		{"10.0.0.0/29", "10.0.0.0/29", "10.0.0.1", 6},
		{"10.0.0.0/24", "10.0.0.16/28", "10.0.0.16", 16},
		{"10.0.0.0/24", "10.0.0.240/28", "10.0.0.240", 15},
		{"10.0.0.0/30", "10.0.0.0/30", "10.0.0.1", 2},
		{"10.0.0.0/31", "10.0.0.0/31", "10.0.0.0", 2},
		{"10.0.0.7/32", "10.0.0.7/32", "10.0.0.7", 1},
		{"fd00::/126", "fd00::/126", "fd00::1", 2},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct subnet subnet = subnet_of(cases[i].subnet),
			      range = subnet_of(cases[i].range);
		struct address_pool pool;
		struct address given, first;
		char text[ADDRESS_TEXT_SIZE];
		int count = 0;

		address_pool_init(&pool, &subnet, &range);
		for (; address_pool_take(&pool, &given); count++)
			first = count ? first : given;
		assert_int_equal(count, cases[i].count);
		assert_string_equal(address_text(&first, text), cases[i].first);
		assert_false(address_pool_take(&pool, &given));
		address_pool_give_back(&pool, &first);
		assert_true(address_pool_take(&pool, &given));
		address_pool_fini(&pool);
	}
}

static void an_address_outside_of_the_range_is_left_alone(void **state)
{
	struct subnet subnet = subnet_of("10.0.0.0/24"), range = subnet_of("10.0.0.128/25");
	struct address outside[] = {address_of("10.0.0.5"), address_of("10.1.0.5"),
				    address_of("10.0.0.255"), address_of("fd00::1")};
	struct address_pool pool;

	address_pool_init(&pool, &subnet, &range);
	for (size_t i = 0; i < array_length(outside); i++) {
		assert_false(address_pool_claim(&pool, &outside[i]));
		address_pool_give_back(&pool, &outside[i]);
	}
	address_pool_fini(&pool);
}

static void an_address_outside_of_the_range_can_be_asked_for(void **state)
{
	struct address_pool pool;
	struct subnet subnet, range;
	struct address inside, outside, network, broadcast, foreign;

	assert_true(subnet_parse("10.5.0.0/16", &subnet, NULL));
	assert_true(subnet_parse("10.5.3.0/24", &range, NULL));
	assert_true(address_parse("10.5.3.9", &inside));
	assert_true(address_parse("10.5.77.7", &outside));
	assert_true(address_parse("10.5.0.0", &network));
	assert_true(address_parse("10.5.255.255", &broadcast));
	assert_true(address_parse("10.6.0.1", &foreign));
	address_pool_init(&pool, &subnet, &range);
	assert_true(address_pool_claim_any(&pool, &inside));
	assert_true(address_pool_claim_any(&pool, &outside));
	assert_false(address_pool_claim_any(&pool, &inside));
	assert_false(address_pool_claim_any(&pool, &outside));
	assert_false(address_pool_claim_any(&pool, &network));
	assert_false(address_pool_claim_any(&pool, &broadcast));
	assert_false(address_pool_claim_any(&pool, &foreign));
	address_pool_give_back(&pool, &outside);
	assert_true(address_pool_claim_any(&pool, &outside));
	address_pool_fini(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(subnets_are_read_and_their_host_bits_cut),
		cmocka_unit_test(the_last_address_of_a_subnet_has_all_host_bits),
		cmocka_unit_test(subnets_overlap_when_one_holds_the_other),
		cmocka_unit_test(addresses_are_counted_from_the_base),
		cmocka_unit_test(loopback_and_any_are_known),
		cmocka_unit_test(a_pool_gives_the_lowest_free_address),
		cmocka_unit_test(a_pool_ends_before_the_broadcast_address),
		cmocka_unit_test(an_address_outside_of_the_range_is_left_alone),
		cmocka_unit_test(an_address_outside_of_the_range_can_be_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
