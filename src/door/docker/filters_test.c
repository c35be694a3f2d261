#include "door/docker/filters.h"

#include "base/test.h"
#include "base/time.h"

static void both_written_forms_are_read(void **state)
{
	static const char *const texts[] = {"{\"label\":[\"a\",\"b=c\"],\"name\":[]}",
					    "{\"label\":{\"a\":true,\"b=c\":true},\"name\":{}}"};

	for (size_t i = 0; i < array_length(texts); i++) {
		scoped_filters struct filters filters = {0};
		struct error err;

		assert_true(filters_parse(texts[i], &filters, &err));
		assert_int_equal(filters_values(&filters, "label")->count, 2);
		assert_string_equal(filters_values(&filters, "label")->items[1], "b=c");
		assert_int_equal(filters_values(&filters, "name")->count, 0);
		assert_null(filters_values(&filters, "status"));
	}
}

static void nothing_and_null_are_no_filters(void **state)
{
	static const char *const texts[] = {NULL, "", "{}", "null"};

	for (size_t i = 0; i < array_length(texts); i++) {
		scoped_filters struct filters filters = {0};
		struct error err;

		assert_true(filters_parse(texts[i], &filters, &err));
		assert_int_equal(filters.count, 0);
		assert_true(filters_exact(&filters, "id", "x"));
	}
}

static void what_is_no_filter_is_refused(void **state)
{
	static const char *const texts[] = {
		"x",	       "[]", "1", "{\"a\":\"b\"}", "{\"a\":[1]}", "{\"a\":{\"b\":1}}",
		"{\"a\":null}"};
	struct error err;

	for (size_t i = 0; i < array_length(texts); i++) {
		struct filters filters;

		assert_false(filters_parse(texts[i], &filters, &err));
		assert_string_equal(err.text, "invalid filter");
	}
	scoped_filters struct filters filters = {0};
	assert_true(filters_parse("{\"bogus\":[\"x\"]}", &filters, &err));
	assert_false(filters_check(&filters, "id label", &err));
	assert_string_equal(err.text, "invalid filter 'bogus'");
	assert_true(filters_check(&filters, "id bogus", &err));
}

static void values_are_alternatives_and_labels_are_not(void **state)
{
	static const struct {
		const char *filters, *name;
		bool exact, prefix, pattern;
	} cases[] = {
		{"{\"n\":[\"x\",\"web\"]}", "n", true, true, true},
		{"{\"n\":[\"we\"]}", "n", false, true, true},
		{"{\"n\":[\"^w.b$\"]}", "n", false, false, true},
		{"{\"n\":[\"eb\"]}", "n", false, false, true},
		{"{\"n\":[\"(\"]}", "n", false, false, false},
		{"{\"n\":[\"^w{1}e\"]}", "n", false, false, true},
		{"{\"n\":[\"((w{1,99}){1,99}){1,99}\"]}", "n", false, false, false},
		{"{\"n\":[\"w+++++++++++++++++++++++++++++++++++++++\"]}", "n", false, false,
		 false},
		{"{\"m\":[\"x\"]}", "n", true, true, true},
	};
	struct error err;

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_filters struct filters filters = {0};

		assert_true(filters_parse(cases[i].filters, &filters, &err));
		assert_int_equal(filters_exact(&filters, cases[i].name, "web"), cases[i].exact);
		assert_int_equal(filters_prefix(&filters, cases[i].name, "web"), cases[i].prefix);
		assert_int_equal(filters_pattern(&filters, cases[i].name, "web"), cases[i].pattern);
	}
	scoped_pairs struct pairs labels = {0};
	scoped_filters struct filters filters = {0};
	pairs_set(&labels, "a", "1");
	pairs_set(&labels, "b", "");
	assert_true(filters_parse("{\"yes\":[\"a=1\",\"b\",\"b=\"],\"no\":[\"a\",\"b=2\"]}",
				  &filters, &err));
	assert_true(filters_labels(&filters, "yes", &labels));
	assert_false(filters_labels(&filters, "no", &labels));
}

static void truth_has_four_words(void **state)
{
	static const struct {
		const char *filters;
		bool good, value;
		const char *error;
	} cases[] = {
		{"{}", true, true, NULL},
		{"{\"d\":[\"false\"]}", true, false, NULL},
		{"{\"d\":[\"1\"]}", true, true, NULL},
		{"{\"d\":[\"yes\"]}", false, true, "invalid filter 'd=[yes]'"},
		{"{\"d\":[\"true\",\"false\"]}", false, true, "invalid filter 'd=[true false]'"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_filters struct filters filters = {0};
		struct error err;
		bool value = true;

		assert_true(filters_parse(cases[i].filters, &filters, &err));
		assert_int_equal(filters_bool(&filters, "d", &value, &err), cases[i].good);
		assert_int_equal(value, cases[i].value);
		if (cases[i].error)
			assert_string_equal(err.text, cases[i].error);
	}
}

static void moments_are_told_in_many_ways(void **state)
{
	const int64_t now = 1700000000 * NS_PER_SECOND;
	static const struct {
		const char *text;
		int64_t ns;
	} cases[] = {
		{"1700000000", 1700000000 * NS_PER_SECOND},
		{"1700000000.5", 1700000000 * NS_PER_SECOND + NS_PER_SECOND / 2},
		{"2023-11-14T22:13:20Z", 1700000000 * NS_PER_SECOND},
		{"2023-11-14T22:13:20", 1700000000 * NS_PER_SECOND},
		{"2023-11-14T22:13", 1699999980 * NS_PER_SECOND},
		{"2023-11-14", 1699920000 * NS_PER_SECOND},
		{"1h", (1700000000 - 3600) * NS_PER_SECOND},
		{"1m30s", (1700000000 - 90) * NS_PER_SECOND},
	};
	struct error err;
	int64_t ns;

	for (size_t i = 0; i < array_length(cases); i++) {
		assert_true(moment_parse(cases[i].text, now, &ns, &err));
		assert_int_equal(ns, cases[i].ns);
	}
	assert_false(moment_parse("-2562047h", now, &ns, &err)); /* in three hundred years */
	assert_false(moment_parse("yesterday", now, &ns, &err));
	assert_int_equal(err.kind, ERROR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_written_forms_are_read),
		cmocka_unit_test(nothing_and_null_are_no_filters),
		cmocka_unit_test(what_is_no_filter_is_refused),
		cmocka_unit_test(values_are_alternatives_and_labels_are_not),
		cmocka_unit_test(truth_has_four_words),
		cmocka_unit_test(moments_are_told_in_many_ways),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
