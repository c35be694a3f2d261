#include "base/test.h"
#include "format/time_zone.h"

#include <time.h>

static void set_zone(const char *name)
{
	setenv("TZ", name, 1);
	tzset();
}

static void utc_is_always_there(void **state)
{
	scoped(time_zone) struct time_zone *utc = time_zone_open("UTC");

	set_zone("Europe/Berlin");
	assert_int_equal(time_zone_offset(utc, 1784612820), 0);
	assert_int_equal(time_zone_moment(utc, 1784612820), 1784612820);
	assert_string_equal(time_zone_at(utc, 0).abbreviation, "UTC");
	assert_null(time_zone_open("No/Where"));
}

static void clocks_are_set_twice_a_year(void **state)
{
	enum { SPRING = 1774746000, AUTUMN = 1792890000 };

	set_zone("Europe/Berlin");
	assert_int_equal(time_zone_offset(NULL, SPRING - 1), 3600);
	assert_int_equal(time_zone_offset(NULL, SPRING), 7200);
	assert_string_equal(time_zone_at(NULL, SPRING).abbreviation, "CEST");
	assert_int_equal(time_zone_change(NULL, SPRING - 1000000, SPRING + 1000000), SPRING);
	assert_int_equal(time_zone_change(NULL, SPRING - 1, SPRING), SPRING);
	assert_int_equal(time_zone_change(NULL, AUTUMN - 100, AUTUMN + 9000000), AUTUMN);
}

static void what_a_clock_shows_is_a_moment(void **state)
{
	static const struct {
		const char *zone;
		int64_t shown, moment;
	} cases[] = {
		{"Europe/Berlin", 1774749599, 1774745999}, /* 01:59:59 */
		{"Europe/Berlin", 1774749600, 1774746000}, /* 02:00, there is none */
		{"Europe/Berlin", 1774753199, 1774746000}, /* 02:59:59 */
		{"Europe/Berlin", 1774753200, 1774746000}, /* 03:00 */
		{"Europe/Berlin", 1774753201, 1774746001},
		{"Europe/Berlin", 1792893599, 1792886399}, /* 01:59:59 */
		{"Europe/Berlin", 1792893600, 1792886400}, /* 02:00, the first */
		{"Europe/Berlin", 1792897199, 1792889999}, /* 02:59:59 */
		{"Europe/Berlin", 1792897200, 1792893600}, /* 03:00 */
		{"America/New_York", 1784612820, 1784627220},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		set_zone(cases[i].zone);
		assert_int_equal(time_zone_moment(NULL, cases[i].shown), cases[i].moment);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utc_is_always_there),
		cmocka_unit_test(clocks_are_set_twice_a_year),
		cmocka_unit_test(what_a_clock_shows_is_a_moment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
