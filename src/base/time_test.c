#include "base/time.h"
#include "base/test.h"

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
	static const char *const texts[] = {"", "yesterday", "2024-02-29", "2024-02-29T10:00:00",
					    "2024-02-29T10:00:00Zx", "9999-01-01T00:00:00Z"};
	int64_t ns;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(time_from_text(texts[i], &ns));
	assert_false(time_from_unix_text("", &ns));
	assert_false(time_from_unix_text("1.x", &ns));
	assert_false(time_from_unix_text("99999999999999999999", &ns));
	assert_true(time_from_unix_text("12.000000001", &ns));
	assert_int_equal(ns, 12000000001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moments_survive_the_way_to_text_and_back),
		cmocka_unit_test(what_is_no_moment_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
