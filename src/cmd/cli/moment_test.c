#include "base/test.h"
#include "base/text.h"
#include "base/time.h"
#include "cmd/cli/moment.h"

#include <time.h>

static void moments_become_unix_seconds(void **state)
{
	static const char *const cases[][2] = {
		{"1735689600", "1735689600"},
		{"1735689600.5", "1735689600.5"},
		{"2025-01-01T00:00:00Z", "1735689600.000000000"},
		{"2025-01-01T01:00:00.25+01:00", "1735689600.250000000"},
		{"2025-01-01T00:00:00", "1735689600.000000000"},
		{"2025-01-01T00:00", "1735689600.000000000"},
		{"2025-01-01", "1735689600.000000000"},
		{"2025-01-01Z", "1735689600.000000000"},
	};
	struct error err;

	setenv("TZ", "UTC", 1);
	tzset();
	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_free char *text = moment_to_unix(cases[i][0], &err);

		assert_string_equal(text, cases[i][1]);
	}
}

static void durations_count_back_from_now(void **state)
{
	struct error err;
	int64_t before = time_now_ns() / NS_PER_SECOND;
	scoped_free char *text = moment_to_unix("1h30m", &err);
	int64_t after = time_now_ns() / NS_PER_SECOND, got = strtoll(text, NULL, 10);

	assert_in_range(got, before - 5400, after - 5400);
}

static void nonsense_is_no_moment(void **state)
{
	static const char *const texts[] = {"yesterday", "", "12:00", "2025-13-01", "1.2.3"};
	struct error err = {0};

	for (size_t i = 0; i < array_length(texts); i++) {
		assert_null(moment_to_unix(texts[i], &err));
	}
	assert_non_null(strstr(err.text, "failed to parse value as time or duration"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moments_become_unix_seconds),
		cmocka_unit_test(durations_count_back_from_now),
		cmocka_unit_test(nonsense_is_no_moment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
