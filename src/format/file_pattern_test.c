#include "format/file_pattern.h"

#include "base/test.h"

static struct file_pattern *pattern(const char *text, enum file_pattern_rules rules)
{
	struct error err;
	struct file_pattern *p = file_pattern_new(text, rules, &err);

	if (!p)
		fail_msg("%s: %s", text, err.text);
	return p;
}

static void names_match_as_go_matches_them(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool matches;
	} cases[] = {
		{"", "", true},
		{"", "a", false},
		{"abc", "abc", true},
		{"*", "abc", true},
		{"*c", "abc", true},
		{"a*", "ab/c", false},
		{"a*/b", "abc/b", true},
		{"a*/b", "a/c/b", false},
		{"a*b*c*d*e*/f", "axbxcxdxe/f", true},
		{"a*b*c*d*e*/f", "axbxcxdxexxx/fff", false},
		{"a*b?c*x", "abxbbxdbxebxczzx", true},
		{"a*b?c*x", "abxbbxdbxebxczzy", false},
		{"ab[c]", "abc", true},
		{"ab[b-d]", "abc", true},
		{"ab[e-g]", "abc", false},
		{"ab[^c]", "abc", false},
		{"ab[^e-g]", "abc", true},
		{"a\\*b", "a*b", true},
		{"a\\*b", "ab", false},
		{"a?b",
		 "a\xc3\xa4"
		 "b",
		 true},
		{"a[^a]b",
		 "a\xc3\xa4"
		 "b",
		 true},
		{"a[\xc3\xa0-\xc3\xaf]b",
		 "a\xc3\xa4"
		 "b",
		 true},
		{"a?b",
		 "a\xff"
		 "b",
		 true},
		{"a???b",
		 "a\xc3\xa4"
		 "b",
		 false},
		{"[a-\xce\xb6]*", "\xce\xb1", true},
		{"a?b", "a/b", false},
		{"a*b", "a/b", false},
		{"[\\]a]", "]", true},
		{"[\\-x]", "-", true},
		{"**", "a/b", false},
		{"*x", "xxx", true},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped(file_pattern) struct file_pattern *p =
			pattern(cases[i].pattern, FILE_PATTERN_PLAIN);

		if (file_pattern_match(p, cases[i].name) != cases[i].matches)
			fail_msg("%s and %s", cases[i].pattern, cases[i].name);
	}
}

static void two_stars_are_any_folders(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool matches, above;
	} cases[] = {
		{"**", "a/b", true, true},	 {"**/a", "a", true, true},
		{"**/a", "b/c/a", true, true},	 {"**/a", "ba", false, false},
		{"a/**", "a/b/c", true, true},	 {"a/**", "b", false, false},
		{"a**b", "ab", true, true},	 {"a**b", "ax/b", true, true},
		{"a**b", "axb", false, false},	 {"a", "a/b", false, true},
		{"a/b", "a/b/c/d", false, true}, {"a/b", "a/bc", false, false},
		{"**/b", "a/b/c", false, true},	 {"", "/a", false, false},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped(file_pattern) struct file_pattern *p =
			pattern(cases[i].pattern, FILE_PATTERN_DEEP);

		if (file_pattern_match(p, cases[i].name) != cases[i].matches ||
		    file_pattern_match_above(p, cases[i].name) != cases[i].above)
			fail_msg("%s and %s", cases[i].pattern, cases[i].name);
	}
}

static void bad_patterns_are_refused(void **state)
{
	static const char *const cases[] = {"[",  "[]a]", "[a",	 "[-]", "[x-]", "[-x]",	  "a[",
					    "\\", "[^",	  "[^]", "[\\", "a[b-", "[a-b-c]"};
	scoped_free char *longest = mem_zeroed(FILE_PATTERN_LIMIT + 2, 1);
	struct error err;

	for (size_t i = 0; i < array_length(cases); i++)
		if (file_pattern_new(cases[i], FILE_PATTERN_PLAIN, &err))
			fail_msg("%s", cases[i]);
	memset(longest, 'a', FILE_PATTERN_LIMIT + 1);
	assert_null(file_pattern_new(longest, FILE_PATTERN_DEEP, &err));
}

static void patterns_are_told_from_names(void **state)
{
	assert_true(file_pattern_is_one("a*"));
	assert_true(file_pattern_is_one("\\\\?"));
	assert_true(file_pattern_is_one("[a]"));
	assert_false(file_pattern_is_one("a\\*b\\"));
	assert_false(file_pattern_is_one("a/b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_match_as_go_matches_them),
		cmocka_unit_test(two_stars_are_any_folders),
		cmocka_unit_test(bad_patterns_are_refused),
		cmocka_unit_test(patterns_are_told_from_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
