#include "base/test.h"
#include "format/time_span.h"

enum { MS = 1000 };
#define S   INT64_C(1000000)
#define DAY (86400 * S)

static void spans_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} cases[] = {
		{"0", 0},
		{"5", 5 * S},
		{" 5 ", 5 * S},
		{"+5", 5 * S},
		{"5 5", 10 * S},
		{"1h 30min", 5400 * S},
		{"1h30min5s20ms3us", 5405 * S + 20 * MS + 3},
		{"2 h", 7200 * S},
		{"48hr", 172800 * S},
		{"55s500ms", 55 * S + 500 * MS},
		{"300ms20s 5day", 5 * DAY + 20 * S + 300 * MS},
		{"1y 12month", 2 * DAY * 1461 / 4},
		{"1M", 2629800 * S},
		{"1m", 60 * S},
		{"1w", 7 * DAY},
		{"2usec 3msec 1sec 1second 1minute 1hour 1days 1week", 8 * DAY + 3662 * S + 3002},
		{"1.5s", 1500 * MS},
		{".5", 500 * MS},
		{"3 .5", 3500 * MS},
		{"5s.5", 5500 * MS},
		{"1.5us", 1},
		{"0.000001", 1},
		{"1.25min", 75 * S},
		{"5\u00b5s", 5},
		{"5\u03bcs", 5},
		{"infinity", SPAN_INFINITY},
		{" infinity ", SPAN_INFINITY},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		int64_t us = -1;

		assert_true(time_span_parse(cases[i].text, S, &us));
		assert_int_equal(us, cases[i].us);
	}
}

static void what_a_bare_number_counts_is_for_the_caller(void **state)
{
	int64_t us;

	assert_true(time_span_parse("5 2s", 1, &us));
	assert_int_equal(us, 5 + 2 * S);
	assert_true(time_span_parse("5.5", MS, &us));
	assert_int_equal(us, 5500);
}

static void what_is_no_span_is_refused(void **state)
{
	static const char *const texts[] = {"",
					    " ",
					    "s",
					    "1.",
					    "1.s",
					    "1.5.5",
					    "1hourss",
					    "0x5",
					    "-1",
					    "-0",
					    "5ns",
					    "1mm",
					    "perhaps",
					    "1S",
					    "infinity 1",
					    "infinit",
					    "5 -1",
					    "1e3",
					    "+",
					    "1,5",
					    "9999999y",
					    "9223372036855s",
					    "99999999999999999999us",
					    "9223372036854775807us"};
	int64_t us = 7;

	for (size_t i = 0; i < array_length(texts); i++)
		assert_false(time_span_parse(texts[i], S, &us));
	assert_int_equal(us, 7);
}

static void spans_are_written(void **state)
{
	static const struct {
		int64_t us, accuracy_us;
		const char *text;
	} cases[] = {
		{0, 1, "0"},
		{1, 1, "1us"},
		{1, 0, "1us"},
		{1500, 1, "1.500ms"},
		{20 * MS, 1, "20ms"},
		{S, 1, "1s"},
		{1500 * MS, 1, "1.500000s"},
		{1500 * MS, MS, "1.500s"},
		{1500 * MS, S, "1s"},
		{59500 * MS, 1, "59.500000s"},
		{60500 * MS, 1, "1min 500ms"},
		{60500 * MS, S, "1min"},
		{5405 * S, 1, "1h 30min 5s"},
		{5405 * S, 60 * S, "1h 30min"},
		{5 * S, 60 * S, "5s"},
		{9 * DAY, 1, "1w 2d"},
		{71004600 * S, 1, "2y 3month"},
		{SPAN_INFINITY, 1, "infinity"},
		{-5, 1, "0"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_free char *text = time_span_format(cases[i].us, cases[i].accuracy_us);

		assert_string_equal(text, cases[i].text);
	}
}

static void ages_are_written_in_two_parts(void **state)
{
	static const struct {
		int64_t us;
		const char *text;
	} cases[] = {
		{-1, "now"},
		{0, "now"},
		{5, "5us"},
		{683 * MS + 999, "683ms"},
		{5 * S, "5s"},
		{70 * S, "1min 10s"},
		{106 * S, "1min 46s"},
		{350 * S, "5min"},
		{480 * S, "8min"},
		{4000 * S, "1h 6min"},
		{2 * 3600 * S + 180 * S, "2h 3min"},
		{22000 * S, "6h"},
		{86500 * S, "24h"},
		{90500 * S, "1 day 1h"},
		{180000 * S, "2 days"},
		{3 * DAY, "3 days"},
		{8 * DAY, "1 week 1 day"},
		{14 * DAY, "2 weeks 0 days"},
		{3000000 * S, "1 month 4 days"},
		{40000000 * S, "1 year 3 months"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_free char *text = time_span_format_short(cases[i].us);

		assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_are_read),
		cmocka_unit_test(what_a_bare_number_counts_is_for_the_caller),
		cmocka_unit_test(what_is_no_span_is_refused),
		cmocka_unit_test(spans_are_written),
		cmocka_unit_test(ages_are_written_in_two_parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
