#include "sandbox/device.h"

#include "base/test.h"

static void rules_are_read(void **state)
{
	static const struct {
		const char *text;
		struct device_rule rule;
	} cases[] = {
		{"c 1:3 rwm", {'c', 1, 3, true, true, true}},
		{"b 8:* r", {'b', 8, -1, true, false, false}},
		{"a *:* wm", {'a', -1, -1, false, true, true}},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct device_rule rule;

		assert_true(device_rule_parse(cases[i].text, &rule));
		assert_int_equal(rule.type, cases[i].rule.type);
		assert_int_equal(rule.major, cases[i].rule.major);
		assert_int_equal(rule.minor, cases[i].rule.minor);
		assert_int_equal(rule.read, cases[i].rule.read);
		assert_int_equal(rule.write, cases[i].rule.write);
		assert_int_equal(rule.make, cases[i].rule.make);
	}
}

static void other_texts_are_no_rules(void **state)
{
	static const char *const cases[] = {
		"",	   "c",	       "c 1:3",	     "d 1:3 r",	 "c 1 r",
		"c 1:3 x", "c -1:3 r", "c 1:3 rwmx", "c 1:3 r ", "c 1:99999999999 r"};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct device_rule rule;

		assert_false(device_rule_parse(cases[i], &rule));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_are_read),
		cmocka_unit_test(other_texts_are_no_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
