#include "base/test.h"

#include "network/network.h"

struct member {
	const char *network, *gateway, *gateway6, *driver;
};

static void add(struct record_list *list, const struct member *member)
{
	struct endpoint_spec *e = record_list_add(&endpoint_spec_type, list);

	e->network_name = str_dup(member->network);
	e->gateway = str_dup_or_null(member->gateway);
	e->gateway6 = str_dup_or_null(member->gateway6);
	e->driver = str_dup_or_null(member->driver);
}

static void the_way_out_is_the_first_by_name_that_has_a_gateway(void **state)
{
	static const struct {
		struct member members[3];
		size_t count;
		int four, six, ports;
	} cases[] = {
		{{{"mmm", "10.0.0.1", NULL, NULL}}, 1, 0, -1, 0},
		{{{"mmm", "10.0.0.1", NULL, NULL}, {"aaa", "10.1.0.1", NULL, "bridge"}},
		 2,
		 1,
		 -1,
		 1},
		{{{"mmm", "10.0.0.1", NULL, NULL}, {"aaa", NULL, NULL, NULL}}, 2, 0, -1, 0},
		{{{"aaa", "10.0.0.1", NULL, NULL}, {"bbb", "10.1.0.1", "fd00::1", NULL}},
		 2,
		 0,
		 1,
		 0},
		{{{"aaa", NULL, NULL, NULL}}, 1, -1, -1, -1},
		/* a macvlan leads out, but nothing is published there */
		{{{"aaa", "10.0.0.1", NULL, "macvlan"}, {"bbb", "10.1.0.1", NULL, NULL}},
		 2,
		 0,
		 -1,
		 -1},
		{{{NULL}}, 0, -1, -1, -1},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct record_list list = {0};
		struct gateway_choice choice;
		const struct endpoint_spec *ports;

		for (size_t j = 0; j < cases[i].count; j++)
			add(&list, &cases[i].members[j]);
		choice = gateways_mark(&list);
		assert_int_equal(choice.four, cases[i].four);
		assert_int_equal(choice.six, cases[i].six);
		for (size_t j = 0; j < list.count; j++) {
			const struct endpoint_spec *e = RECORD_AT(list, struct endpoint_spec, j);

			assert_int_equal(e->no_route, (int)j != choice.four);
			assert_int_equal(e->no_route6, (int)j != choice.six);
		}
		ports = gateway_endpoint(&list);
		assert_int_equal(ports ? (int)(ports - (struct endpoint_spec *)list.items) : -1,
				 cases[i].ports);
		record_list_fini(&endpoint_spec_type, &list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_way_out_is_the_first_by_name_that_has_a_gateway),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
