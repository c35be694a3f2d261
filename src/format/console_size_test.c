#include "format/console_size.h"

#include "base/memory.h"
#include "base/test.h"

static void sizes_are_read(void **state)
{
	static const struct {
		const char *text;
		int rows, columns;
	} cases[] = {
		{"[24, 80]", 24, 80}, {"[0,0]", 0, 0}, {"[24]", 24, 0}, {"[]", 0, 0},
		{"[1,2,3]", 1, 2},    {"", 7, 9},      {NULL, 7, 9},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		int rows = 7, columns = 9;
		struct error err;

		assert_true(console_size_parse(cases[i].text, &rows, &columns, &err));
		assert_int_equal(rows, cases[i].rows);
		assert_int_equal(columns, cases[i].columns);
	}
}

static void what_is_no_size_is_refused_and_changes_nothing(void **state)
{
	static const char *const cases[] = {"5",	"{}",	   "\"24x80\"", "true",
					    "[\"24\"]", "[24,-1]", "[1.5,2]",	"[24,99999999999]"};

	for (size_t i = 0; i < array_length(cases); i++) {
		int rows = 7, columns = 9;
		struct error err;

		assert_false(console_size_parse(cases[i], &rows, &columns, &err));
		assert_int_equal(err.kind, ERROR_INVALID);
		assert_int_equal(rows, 7);
		assert_int_equal(columns, 9);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_read),
		cmocka_unit_test(what_is_no_size_is_refused_and_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
