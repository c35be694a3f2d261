#include "base/test.h"
#include "format/time_zone_rule.h"

#include <time.h>

static const char *const rules[] = {
	"UTC0",
	"CET-1CEST,M3.5.0,M10.5.0/3",
	"EST5EDT,M3.2.0,M11.1.0",
	"<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45",
	"NZST-12NZDT,M9.5.0,M4.1.0/3",
	"EET-2EEST,M4.5.5/0,M10.5.4/24",
	"IST-2IDT,M3.4.4/26,M10.5.0",
	"IST-1GMT0,M10.5.0,M3.5.0/1",
	"<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
	"XST3XDT,J60,J300/1:30:15",
	"XST-3:30:10XDT,59/0,299",
	"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
};

/* Every five hours of two years in a row, one of them a leap year, and of one far away. */
static void rules_mean_what_they_mean_to_the_c_library(void **state)
{
	static const time_t starts[] = {1704067200, 1735689600, 4102444800, 0};

	for (size_t i = 0; i < array_length(rules) * array_length(starts); i++) {
		const char *text = rules[i / array_length(starts)];
		struct time_zone_rule rule;

		assert_true(time_zone_rule_parse(text, &rule));
		setenv("TZ", text, 1);
		tzset();
		for (time_t at = starts[i % array_length(starts)], j = 0; j < 1800;
		     j++, at += 18000) {
			struct time_zone_state got = time_zone_rule_at(&rule, at);
			struct tm tm;

			localtime_r(&at, &tm);
			assert_int_equal(got.offset, tm.tm_gmtoff);
			assert_string_equal(got.abbreviation, tm.tm_zone);
		}
	}
}

static void what_is_no_rule_is_refused(void **state)
{
	static const char *const texts[] = {"",
					    "UTC",
					    "0",
					    "<UTC0",
					    "<>0",
					    "UTC168",
					    "UTC1:60",
					    "ABCDEFGH0",
					    "CET-1CEST",
					    "CET-1CEST,",
					    "CET-1CEST,M3.5.0",
					    "CET-1CEST,M3.5.0,M10.5.0/3x",
					    "CET-1CEST,M13.5.0,M10.5.0",
					    "CET-1CEST,M0.5.0,M10.5.0",
					    "CET-1CEST,M3.0.0,M10.5.0",
					    "CET-1CEST,M3.5.7,M10.5.0",
					    "CET-1CEST,M3.5,M10.5.0",
					    "CET-1CEST,M3",
					    "CET-1CEST,J0,J1",
					    "CET-1CEST,J366,J1",
					    "CET-1CEST,366,1",
					    "CET-1CEST,x,1"};
	struct time_zone_rule rule;

	for (size_t i = 0; i < array_length(texts); i++)
		assert_false(time_zone_rule_parse(texts[i], &rule));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_mean_what_they_mean_to_the_c_library),
		cmocka_unit_test(what_is_no_rule_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
