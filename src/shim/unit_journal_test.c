#include "base/test.h"
#include "shim/unit_journal.h"

static void a_line_may_say_its_level(void **state)
{
	static const struct {
		const char *text;
		int level;
		size_t begin;
	} rows[] = {
		{"<3>bad", 3, 3},  {"<0>x", 0, 3},     {"<30>daemon", 6, 4}, {"<191>x", 7, 5},
		{"<192>x", -1, 0}, {"<>x", -1, 0},     {"<3x", -1, 0},	     {"<3", -1, 0},
		{"3>x", -1, 0},	   {"<1234>x", -1, 0}, {"", -1, 0},	     {"<-1>x", -1, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t begin = 0;

		assert_int_equal(unit_line_level(rows[i].text, strlen(rows[i].text), &begin),
				 rows[i].level);
		assert_int_equal(begin, rows[i].begin);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_may_say_its_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
