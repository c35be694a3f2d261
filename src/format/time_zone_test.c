#include "base/test.h"
#include "format/time_zone.h"

#include <time.h>
#include <unistd.h>

static void set_zone(const char *name)
{
	setenv("TZ", name, 1);
	tzset();
}

static void utc_is_always_there(void **state)
{
	scoped(time_zone) struct time_zone *utc = time_zone_open("UTC");

	set_zone("CET-1CEST,M3.5.0,M10.5.0/3");
	assert_int_equal(time_zone_offset(utc, 1784612820), 0);
	assert_int_equal(time_zone_moment(utc, 1784612820), 1784612820);
	assert_string_equal(time_zone_at(utc, 0).abbreviation, "UTC");
	assert_null(time_zone_open("No/Where"));
}

static void clocks_are_set_twice_a_year(void **state)
{
	enum { SPRING = 1774746000, AUTUMN = 1792890000 };

	set_zone("CET-1CEST,M3.5.0,M10.5.0/3");
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
		{"CET-1CEST,M3.5.0,M10.5.0/3", 1774749599, 1774745999}, /* 01:59:59 */
		{"CET-1CEST,M3.5.0,M10.5.0/3", 1774749600, 1774746000}, /* 02:00, there is none */
		{"CET-1CEST,M3.5.0,M10.5.0/3", 1774753199, 1774746000}, /* 02:59:59 */
		{"CET-1CEST,M3.5.0,M10.5.0/3", 1774753200, 1774746000}, /* 03:00 */
		{"CET-1CEST,M3.5.0,M10.5.0/3", 1774753201, 1774746001},
		{"CET-1CEST,M3.5.0,M10.5.0/3", 1792893599, 1792886399}, /* 01:59:59 */
		{"CET-1CEST,M3.5.0,M10.5.0/3", 1792893600, 1792886400}, /* 02:00, the first */
		{"CET-1CEST,M3.5.0,M10.5.0/3", 1792897199, 1792889999}, /* 02:59:59 */
		{"CET-1CEST,M3.5.0,M10.5.0/3", 1792897200, 1792893600}, /* 03:00 */
		{"EST5EDT,M3.2.0,M11.1.0", 1784612820, 1784627220},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		set_zone(cases[i].zone);
		assert_int_equal(time_zone_moment(NULL, cases[i].shown), cases[i].moment);
	}
}

/* Version 2: a first half that nobody needs, then one change, two states and a rule. */
#define ZEROS_15 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
static const char file[] = "TZif2" ZEROS_15 "\0\0\0\0\0\0\0\0\0\0\0\0"
			   "\0\0\0\0\0\0\0\1\0\0\0\1"
			   "\0\0\0\0\0\0"
			   "\0"
			   "TZif2" ZEROS_15 "\0\0\0\0\0\0\0\0\0\0\0\0"
			   "\0\0\0\1\0\0\0\2\0\0\0\x08"
			   "\0\0\0\0\0\0\x03\xe8"
			   "\1"
			   "\0\0\x0e\x10\0\0"
			   "\xff\xff\xf1\xf0\0\4"
			   "ONE\0TWO\0"
			   "\n<+03>-3\n";

static void a_file_of_a_zone_is_read(void **state)
{
	scoped(time_zone) struct time_zone *zone = time_zone_parse(file, sizeof(file) - 1);

	assert_non_null(zone);
	assert_int_equal(time_zone_offset(zone, 999), 3600);
	assert_string_equal(time_zone_at(zone, 999).abbreviation, "ONE");
	assert_int_equal(time_zone_offset(zone, 1000), 10800); /* the rule */
	assert_string_equal(time_zone_at(zone, 1000).abbreviation, "+03");
	assert_int_equal(time_zone_change(zone, 0, 5000), 1000);
}

static void a_part_of_a_file_is_none(void **state)
{
	for (size_t size = 0; size < sizeof(file) - 1; size++) {
		scoped_free char *part = mem_copy(file, size ? size : 1);

		assert_null(time_zone_parse(part, size));
	}
}

static void named_zones_are_those_of_the_c_library(void **state)
{
	static const char *const names[] = {"Europe/Berlin",   "America/New_York",  "Asia/Kolkata",
					    "Pacific/Chatham", "Africa/Casablanca", "Etc/GMT+5"};

	if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) < 0)
		skip();
	for (size_t i = 0; i < array_length(names); i++) {
		scoped(time_zone) struct time_zone *zone = time_zone_open(names[i]);

		assert_non_null(zone);
		set_zone(names[i]);
		for (int64_t at = -3000000000; at < 5000000000; at += 700000) {
			struct time_zone_state got = time_zone_at(zone, at);
			struct time_zone_state wanted = time_zone_at(NULL, at);

			assert_int_equal(got.offset, wanted.offset);
			assert_string_equal(got.abbreviation, wanted.abbreviation);
		}
	}
}

static void names_lead_nowhere_else(void **state)
{
	static const char *const names[] = {"",		"../UTC",	 "/etc/passwd",
					    "Europe",	"Europe/../UTC", "UTC0",
					    "zone.tab", "2026-11-21",	 "Europe/Berlin "};

	for (size_t i = 0; i < array_length(names); i++)
		assert_null(time_zone_open(names[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utc_is_always_there),
		cmocka_unit_test(clocks_are_set_twice_a_year),
		cmocka_unit_test(what_a_clock_shows_is_a_moment),
		cmocka_unit_test(a_file_of_a_zone_is_read),
		cmocka_unit_test(a_part_of_a_file_is_none),
		cmocka_unit_test(named_zones_are_those_of_the_c_library),
		cmocka_unit_test(names_lead_nowhere_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
