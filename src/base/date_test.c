#include "base/date.h"
#include "base/memory.h"
#include "base/test.h"

static void dates_and_days_go_there_and_back(void **state)
{
	static const struct {
		struct date date;
		int64_t days;
		int weekday;
	} cases[] = {
		{{1970, 1, 1}, 0, 3},	   {{1969, 12, 31}, -1, 2},    {{2000, 2, 29}, 11016, 1},
		{{2000, 3, 1}, 11017, 2},  {{2026, 11, 21}, 20778, 5}, {{2024, 12, 31}, 20088, 1},
		{{1900, 3, 1}, -25508, 3}, {{2100, 2, 28}, 47540, 6},  {{2100, 3, 1}, 47541, 0},
		{{1, 1, 1}, -719162, 0},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct date back = date_from_days(cases[i].days);

		assert_int_equal(days_from_date(&cases[i].date), cases[i].days);
		assert_int_equal(back.year, cases[i].date.year);
		assert_int_equal(back.month, cases[i].date.month);
		assert_int_equal(back.day, cases[i].date.day);
		assert_int_equal(weekday_from_days(cases[i].days), cases[i].weekday);
	}
}

static void a_day_past_the_end_of_its_month_is_one_of_the_next(void **state)
{
	static const struct date day = {2026, 2, 31};
	struct date real = date_from_days(days_from_date(&day));

	assert_int_equal(real.month, 3);
	assert_int_equal(real.day, 3);
}

static void weekdays_have_long_and_short_names(void **state)
{
	static const struct {
		const char *text;
		int weekday;
		size_t length;
	} cases[] = {
		{"Monday", 0, 6},      {"mon", 0, 3},	{"TUE,Wed", 1, 3},
		{"Wednesday..", 2, 9}, {"Thurs", 3, 3}, {"Sunday", 6, 6},
		{"Mo", -1, 0},	       {"", -1, 0},	{"Day", -1, 0},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		size_t length;

		assert_int_equal(weekday_from_name(cases[i].text, &length), cases[i].weekday);
		if (cases[i].weekday >= 0)
			assert_int_equal(length, cases[i].length);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_and_days_go_there_and_back),
		cmocka_unit_test(a_day_past_the_end_of_its_month_is_one_of_the_next),
		cmocka_unit_test(weekdays_have_long_and_short_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
