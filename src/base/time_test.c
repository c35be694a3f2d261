#include "base/test.h"
#include "base/time.h"

#include <time.h>

static void moments_survive_the_way_to_text_and_back(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
		const char *canonical;
	} rows[] = {
		{"0001-01-01T00:00:00Z", 0, "0001-01-01T00:00:00Z"},
		{"1970-01-01T00:00:01Z", 1000000000, "1970-01-01T00:00:01Z"},
		{"2024-02-29T12:00:00.5+02:00", 1709200800500000000, "2024-02-29T10:00:00.5Z"},
		{"2024-02-29T10:00:00.123456789Z", 1709200800123456789,
		 "2024-02-29T10:00:00.123456789Z"},
		{"1969-12-31T23:59:59.25Z", -750000000, "1969-12-31T23:59:59.25Z"},
		{"2000-02-29T00:00:00Z", 951782400000000000, "2000-02-29T00:00:00Z"},
		{"2100-03-01T00:00:00Z", 4107542400000000000, "2100-03-01T00:00:00Z"},
		{"1900-02-28T23:59:59-01:30", -2203885801000000000, "1900-03-01T01:29:59Z"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[TIME_TEXT_SIZE];
		int64_t ns;

		assert_true(time_from_text(rows[i].text, &ns));
		assert_int_equal(ns, rows[i].ns);
		assert_string_equal(time_to_text(ns, out), rows[i].canonical);
	}
}

static void what_is_no_moment_is_refused(void **state)
{
	static const char *const texts[] = {"",
					    "yesterday",
					    "2024-02-29",
					    "2024-02-29T10:00:00",
					    "2024-02-29T10:00:00Zx",
					    "9999-01-01T00:00:00Z",
					    "2023-02-29T00:00:00Z",
					    "2024-13-01T00:00:00Z",
					    "2024-1-01T00:00:00Z",
					    "2024-01-01T24:00:00Z"};
	int64_t ns;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(time_from_text(texts[i], &ns));
	assert_false(time_from_unix_text("", &ns));
	assert_false(time_from_unix_text("1.x", &ns));
	assert_false(time_from_unix_text("99999999999999999999", &ns));
	assert_true(time_from_unix_text("12.000000001", &ns));
	assert_int_equal(ns, 12000000001);
}

/* Against the C library: a day of each month, with some hours, over four centuries. */
static void the_calendar_is_that_of_the_c_library(void **state)
{
	for (time_t t = -8000000000; t < 7000000000; t += 2000003) {
		char out[TIME_TEXT_SIZE], expected[TIME_TEXT_SIZE];
		struct tm tm;
		int64_t ns;

		gmtime_r(&t, &tm);
		strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S.000000007Z", &tm);
		assert_string_equal(time_to_text_fixed(t * NS_PER_SECOND + 7, out), expected);
		assert_true(time_from_text(out, &ns));
		assert_int_equal(ns, t * NS_PER_SECOND + 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moments_survive_the_way_to_text_and_back),
		cmocka_unit_test(what_is_no_moment_is_refused),
		cmocka_unit_test(the_calendar_is_that_of_the_c_library),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
