#include "base/memory.h"
#include "base/test.h"
#include "base/time.h"
#include "compose/duration.h"

static void spans_are_sums_of_numbers_with_units(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} cases[] = {
		{"0", 0},
		{"5ns", 5},
		{"5us", 5000},
		{"5\u00b5s", 5000},
		{"5ms", 5 * NS_PER_MS},
		{"1m30s", 90 * NS_PER_SECOND},
		{"1.5h", 5400 * NS_PER_SECOND},
		{"2d", 2 * 86400 * NS_PER_SECOND},
		{"1w1d", 8 * 86400 * NS_PER_SECOND},
		{"0.25s", 250 * NS_PER_MS},
		{"1.0000000001s", NS_PER_SECOND}, /* what is below a nanosecond does not count */
		{"1s1s", 2 * NS_PER_SECOND},
	};
	struct error err;

	for (size_t i = 0; i < array_length(cases); i++) {
		int64_t ns = -1;

		assert_true(compose_duration_parse(cases[i].text, &ns, &err));
		assert_int_equal(ns, cases[i].ns);
	}
}

static void other_text_is_no_span(void **state)
{
	static const char *const texts[] = {
		"",    "5",   "5 s", "s",    "-1s", "1.5.5s", "1y",	 "1s2",
		"1 m", ".5s", "+1s", "1e3s", "1S",  "0x1s",   "300000w", "99999999999999999999s"};
	struct error err;
	int64_t ns;

	for (size_t i = 0; i < array_length(texts); i++)
		assert_false(compose_duration_parse(texts[i], &ns, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_are_sums_of_numbers_with_units),
		cmocka_unit_test(other_text_is_no_span),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
