#include "execution/dynamic_user.h"

#include "base/test.h"

static void numbers_are_of_the_range_and_all_come_once(void **state)
{
	static bool seen[DYNAMIC_USER_LAST - DYNAMIC_USER_FIRST + 1];

	for (uint32_t n = 0; n < array_length(seen); n++) {
		uid_t uid = dynamic_user_candidate("web", n);

		assert_in_range(uid, DYNAMIC_USER_FIRST, DYNAMIC_USER_LAST);
		assert_false(seen[uid - DYNAMIC_USER_FIRST]);
		seen[uid - DYNAMIC_USER_FIRST] = true;
	}
	assert_int_equal(dynamic_user_candidate("web", 0), dynamic_user_candidate("web", 0));
	assert_int_not_equal(dynamic_user_candidate("web", 0), dynamic_user_candidate("db", 0));
}

static void a_user_is_called_as_his_unit(void **state)
{
	static const struct {
		const char *unit, *name;
	} cases[] = {
		{"web.service", "web"},
		{"web@1.service", "web"},
		{"my-app_2.service", "my-app_2"},
		{"_x.service", "_x"},
		{"Web.service", NULL}, /* no name: made up */
		{"a.b.service", NULL},
		{"9lives.service", NULL},
		{"a-name-that-is-longer-than-31-bytes.service", NULL},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_free char *name = dynamic_user_name(cases[i].unit);

		assert_true(dynamic_user_is_name(name));
		if (cases[i].name)
			assert_string_equal(name, cases[i].name);
		else
			assert_memory_equal(name, "_du", 3);
	}
	assert_false(dynamic_user_is_name(""));
}

static void a_number_is_known_as_a_whole_third_field(void **state)
{
	static const char text[] = "root:x:0:0::/root:/bin/sh\n"
				   "a:x:61200:61201::/:/bin/sh\n"
				   "short:61300\n"
				   ":\n\n"
				   "last:x:61400";
	static const struct {
		uint32_t number;
		bool known;
	} cases[] = {
		{0, true},	 {61200, true},	 {61201, false}, {6120, false},
		{612000, false}, {61300, false}, {61400, true},	 {6140, false},
	};

	for (size_t i = 0; i < array_length(cases); i++)
		if (names_have_number(text, sizeof(text) - 1, cases[i].number) != cases[i].known)
			fail_msg("%u", cases[i].number);
	assert_false(names_have_number(NULL, 0, 0));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_of_the_range_and_all_come_once),
		cmocka_unit_test(a_user_is_called_as_his_unit),
		cmocka_unit_test(a_number_is_known_as_a_whole_third_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
