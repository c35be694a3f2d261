#include "format/dockerignore.h"

#include "base/test.h"

static void the_last_pattern_that_matches_decides(void **state)
{
	static const struct {
		const char *file, *path;
		bool ignored;
	} cases[] = {
		{"", "a", false},
		{"a", "a", true},
		{"a", "a/b/c", true},
		{"a", "b/a", false},
		{"/a/", "a", true},
		{"./a", "a", true},
		{"*.o", "x.o", true},
		{"*.o", "d/x.o", false},
		{"**/*.o", "d/e/x.o", true},
		{"**/*.o", "x.o", true},
		{"*\n!a", "a", false},
		{"*\n!a", "b", true},
		{"*\n!a", "a/b", false},
		{"!a\n*", "a", true},
		{"a\n!a/b\na/b/c", "a/b/x", false},
		{"a\n!a/b\na/b/c", "a/b/c", true},
		{"# a\n  b  \r\n\n#", "# a", false},
		{"# a\n  b  \r\n\n#", "b", true},
		{"a/**", "a/b/c", true},
		{"a/**", "a", false},
		{"**", "a/b", true},
		{"a/**/z", "a/z", true},
		{"a/**/z", "a/b/c/z", true},
		{"a/**/z", "a/bz", false},
		{"\xef\xbb\xbf"
		 "a",
		 "a", true},
		{"! b\n", "b", false},
		{"A", "a", false},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_dockerignore struct dockerignore ignore = {0};
		struct error err;

		assert_true(
			dockerignore_parse(cases[i].file, strlen(cases[i].file), &ignore, &err));
		if (dockerignore_match(&ignore, cases[i].path) != cases[i].ignored)
			fail_msg("\"%s\" and %s", cases[i].file, cases[i].path);
	}
}

static void folders_are_walked_when_something_is_taken_back(void **state)
{
	scoped_dockerignore struct dockerignore plain = {0}, again = {0};
	struct error err;

	assert_true(dockerignore_add(&plain, "a", &err));
	assert_true(dockerignore_prunes(&plain, "a"));
	assert_false(dockerignore_prunes(&plain, "b"));
	assert_true(dockerignore_parse("a\n!a/b", 6, &again, &err));
	assert_false(dockerignore_prunes(&again, "a"));
}

static void bad_patterns_are_refused(void **state)
{
	static const struct {
		const char *file, *error;
	} cases[] = {
		{"a\n!\n", "illegal exclusion pattern: \"!\""},
		{"[", "illegal exclusion pattern \"[\": syntax error in pattern"},
		{"!a[b", "illegal exclusion pattern \"!a[b\": syntax error in pattern"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct dockerignore ignore;
		struct error err;

		assert_false(
			dockerignore_parse(cases[i].file, strlen(cases[i].file), &ignore, &err));
		assert_string_equal(err.text, cases[i].error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_pattern_that_matches_decides),
		cmocka_unit_test(folders_are_walked_when_something_is_taken_back),
		cmocka_unit_test(bad_patterns_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
