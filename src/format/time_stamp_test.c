#include "base/test.h"
#include "format/time_span.h"

#include <time.h>
#include <unistd.h>

#define S INT64_C(1000000)

static void set_zone(const char *name)
{
	setenv("TZ", name, 1);
	tzset();
}

/* 2026-11-27 11:00:00 UTC, a Friday */
static const int64_t now = 1795777200 * S;

static void moments_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} cases[] = {
		{"now", now},
		{"today", 1795737600 * S},
		{"today UTC", 1795737600 * S},
		{"yesterday", 1795651200 * S},
		{"tomorrow", 1795824000 * S},
		{"@1234.5", 1234500000},
		{"@0", 0},
		{"2026-11-21 07:47", 1795247220 * S},
		{"2026-11-21 07:47:41", 1795247261 * S},
		{" 2026-11-21  07:47:41 ", 1795247261 * S},
		{"2026-11-21 07:47:41.25", 1795247261250000},
		{"2026-11-21 07:47:41.1234567", 1795247261123456},
		{"2026-11-21 07:47 UTC", 1795247220 * S},
		{"2026-11-21", 1795219200 * S},
		{"26-11-21", 1795219200 * S},
		{"68-1-1", 3092601600 * S},
		{"Sat 2026-11-21", 1795219200 * S},
		{"saturday 2026-11-21", 1795219200 * S},
		{"Sat 2026-11-21 07:47:41 UTC", 1795247261 * S},
		{"Fri 07:47", 1795765620 * S},
		{"07:47", 1795765620 * S},
		{"7:4", 1795763040 * S},
		{"07:47:41.5 UTC", 1795765661500000},
		{"2026-11-21 07:47:60", 1795247280 * S},
		{"2026-02-30", 1772409600 * S},
		{"-1h", now - 3600 * S},
		{"-5", now - 5 * S},
		{"+1h 30min", now + 5400 * S},
		{"2 min ago", now - 120 * S},
		{"1h left", now + 3600 * S},
	};

	set_zone("UTC");
	for (size_t i = 0; i < array_length(cases); i++) {
		int64_t us = -1;

		assert_true(time_stamp_parse(cases[i].text, now, &us));
		assert_int_equal(us, cases[i].us);
	}
}

static void what_is_no_moment_is_refused(void **state)
{
	static const char *const texts[] = {"",
					    " ",
					    "Sat",
					    "Sun 2026-11-21",
					    "Thu today",
					    "2026-11-21 24:00",
					    "2026-11-21 07:60",
					    "2026-11-21 07",
					    "2026-13-01",
					    "2026-00-01",
					    "2026-01-32",
					    "2026-11",
					    "2026-11-21x",
					    "2026-11-21 07:47:41.",
					    "2026-11-21 07:47 No/Where",
					    "2026-11-21 07:47 CEST",
					    "2026-11-21 07:47 UTC UTC",
					    "07:47 2026-11-21",
					    "@-5",
					    "@5 UTC",
					    "now UTC",
					    "today 07:47",
					    "-1h ago",
					    "ago",
					    " ago",
					    "-60y",
					    "-infinity",
					    "+infinity",
					    "1969-12-31",
					    "69-1-1",
					    "UTC",
					    "perhaps"};
	int64_t us = 7;

	set_zone("UTC");
	for (size_t i = 0; i < array_length(texts); i++)
		assert_false(time_stamp_parse(texts[i], now, &us));
	assert_int_equal(us, 7);
}

static void local_time_is_meant_where_nothing_is_said(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} cases[] = {
		{"2026-11-21 07:47", 1795243620},
		{"2026-07-21 07:47", 1784612820},
		{"2026-11-21 07:47 UTC", 1795247220},
		{"today", 1795734000},
		/* skipped: the moment of the change; twice: the first, or the one that is said */
		{"2026-03-29 02:30", 1774746000},
		{"2026-03-29 03:00", 1774746000},
		{"2026-10-25 02:30", 1792888200},
		{"2026-10-25 02:30 CEST", 1792888200},
		{"2026-10-25 02:30 CET", 1792891800},
	};

	set_zone("CET-1CEST,M3.5.0,M10.5.0/3");
	for (size_t i = 0; i < array_length(cases); i++) {
		int64_t us = -1;

		assert_true(time_stamp_parse(cases[i].text, now, &us));
		assert_int_equal(us, cases[i].seconds * S);
	}
}

static void another_zone_may_be_named(void **state)
{
	int64_t us;

	set_zone("UTC");
	if (access("/usr/share/zoneinfo/Asia/Tokyo", R_OK) < 0)
		skip();
	assert_true(time_stamp_parse("2026-11-21 07:47 Asia/Tokyo", now, &us));
	assert_int_equal(us, 1795214820 * S);
	assert_true(time_stamp_parse("today Asia/Tokyo", now + 5 * 3600 * S, &us));
	assert_int_equal(us, 1795791600 * S); /* it is the next day there */
}

static void moments_are_written_in_local_time(void **state)
{
	static const struct {
		const char *zone;
		int64_t seconds;
		const char *text;
	} cases[] = {
		{"UTC", 1795247261, "Sat 2026-11-21 07:47:41 UTC"},
		{"UTC", 0, "Thu 1970-01-01 00:00:00 UTC"},
		{"UTC", -1, "n/a"},
		{"CET-1CEST,M3.5.0,M10.5.0/3", 1795247261, "Sat 2026-11-21 08:47:41 CET"},
		{"CET-1CEST,M3.5.0,M10.5.0/3", 1792888200, "Sun 2026-10-25 02:30:00 CEST"},
		{"CET-1CEST,M3.5.0,M10.5.0/3", 1792891800, "Sun 2026-10-25 02:30:00 CET"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		set_zone(cases[i].zone);
		scoped_free char *text = time_stamp_format(cases[i].seconds * S);
		assert_string_equal(text, cases[i].text);
		if (cases[i].seconds < 0)
			continue;
		int64_t again = -1;
		assert_true(time_stamp_parse(text, now, &again));
		assert_int_equal(again, cases[i].seconds * S);
	}
	scoped_free char *never = time_stamp_format(SPAN_INFINITY);
	assert_string_equal(never, "n/a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moments_are_read),
		cmocka_unit_test(what_is_no_moment_is_refused),
		cmocka_unit_test(local_time_is_meant_where_nothing_is_said),
		cmocka_unit_test(another_zone_may_be_named),
		cmocka_unit_test(moments_are_written_in_local_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
