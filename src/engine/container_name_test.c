#include "engine/container_name.h"

#include "base/memory.h"
#include "base/test.h"

static void names_are_letters_digits_and_three_signs(void **state)
{
	static const struct {
		const char *name;
		bool good;
	} cases[] = {
		{"web", true},
		{"/web", true},
		{"w1", true},
		{"a_b.c-d", true},
		{"0abc", true},
		{"a", false},
		{"", false},
		{"/", false},
		{"//web", false},
		{"_web", false},
		{"-web", false},
		{"a b", false},
		{"a/b", false},
		{"web\n", false},
		{"w\xc3\xa9"
		 "b",
		 false},
		{"a:b", false},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct error err = {0};

		if (container_name_check(cases[i].name, &err) != cases[i].good)
			fail_msg("'%s'", cases[i].name);
		assert_int_equal(err.kind, cases[i].good ? ERROR_NONE : ERROR_INVALID);
	}
}

static void a_bad_name_is_quoted_back(void **state)
{
	struct error err;

	assert_false(container_name_check("a b", &err));
	assert_string_equal(err.text, "Invalid container name (a b), only "
				      "[a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
}

static void made_up_names_are_allowed_ones(void **state)
{
	char name[CONTAINER_NAME_SIZE];
	struct error err;

	for (unsigned number = 0; number < 9000; number++) {
		container_name_make(number * 7919, (int)(number % 11) - 1, name);
		assert_true(container_name_check(name, &err));
		assert_non_null(strchr(name, '_'));
	}
	container_name_make(3, 7, name);
	assert_int_equal(name[strlen(name) - 1], '7');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_letters_digits_and_three_signs),
		cmocka_unit_test(a_bad_name_is_quoted_back),
		cmocka_unit_test(made_up_names_are_allowed_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
