#include "engine/capability.h"

#include "base/memory.h"
#include "base/test.h"

#define EVERY  UINT64_C(0x1ffffffffff)
#define NO_RES (EVERY & ~(UINT64_C(1) << 24))

static void sets_come_from_two_lists_and_the_host(void **state)
{
	static const struct {
		const char *add, *drop; /* comma separated */
		bool privileged;
		uint64_t host, expected;
	} cases[] = {
		{"", "", false, EVERY, CAPABILITIES_DEFAULT},
		{"net_admin", "", false, EVERY, CAPABILITIES_DEFAULT | 1 << 12},
		{"CAP_NET_ADMIN", "chown", false, EVERY,
		 (CAPABILITIES_DEFAULT | 1 << 12) & ~UINT64_C(1)},
		{"", "all", false, EVERY, 0},
		{"net_admin,chown", "ALL", false, EVERY, 1 << 12 | 1},
		{"all", "", false, EVERY, EVERY},
		{"all", "chown", false, EVERY, EVERY & ~UINT64_C(1)},
		{"all", "all", false, EVERY, EVERY},
		{"", "chown", true, EVERY, EVERY},
		{"all", "", false, NO_RES, NO_RES},
		{"sys_resource", "", false, NO_RES, CAPABILITIES_DEFAULT},
		{"", "", true, NO_RES, NO_RES},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_strings struct strings add = strings_split(cases[i].add, ','),
					      drop = strings_split(cases[i].drop, ',');
		struct error err = {0};

		if (!*cases[i].add)
			strings_remove(&add, 0);
		if (!*cases[i].drop)
			strings_remove(&drop, 0);
		assert_true(capability_normalize(&add, "CapAdd", &err));
		assert_true(capability_normalize(&drop, "CapDrop", &err));
		if (capability_set(&add, &drop, cases[i].privileged, cases[i].host) !=
		    cases[i].expected)
			fail_msg("case %zu", i);
	}
}

static void names_are_made_upper_case_with_their_prefix(void **state)
{
	scoped_strings struct strings list = strings_split("net_admin,CAP_CHOWN,Cap_Kill,all", ',');
	scoped_free char *joined = NULL;
	struct error err;

	assert_true(capability_normalize(&list, "CapAdd", &err));
	joined = strings_join(&list, " ");
	assert_string_equal(joined, "CAP_NET_ADMIN CAP_CHOWN CAP_KILL ALL");
}

static void unknown_names_are_refused_in_their_normal_form(void **state)
{
	scoped_strings struct strings list = strings_split("x", ',');
	struct error err;

	assert_false(capability_normalize(&list, "CapAdd", &err));
	assert_string_equal(err.text, "invalid CapAdd: unknown capability: \"CAP_X\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_come_from_two_lists_and_the_host),
		cmocka_unit_test(names_are_made_upper_case_with_their_prefix),
		cmocka_unit_test(unknown_names_are_refused_in_their_normal_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
