#include "format/platform.h"

#include "base/test.h"
#include "base/text.h"

static void platforms_are_read_and_normalised(void **state)
{
	static const struct {
		const char *text, *normal;
	} cases[] = {
		{"linux/amd64", "linux/amd64"},	    {"linux/x86_64", "linux/amd64"},
		{"Linux/AMD64", "linux/amd64"},	    {"linux/aarch64", "linux/arm64"},
		{"linux/arm64/v8", "linux/arm64"},  {"linux/arm", "linux/arm/v7"},
		{"linux/arm/6", "linux/arm/v6"},    {"linux/armel", "linux/arm/v6"},
		{"arm64", "linux/arm64"},	    {"linux/i386", "linux/386"},
		{"macos/arm64", "darwin/arm64"},    {"linux/amd64/v1", "linux/amd64"},
		{"windows/amd64", "windows/amd64"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		char text[PLATFORM_TEXT_SIZE];
		struct platform platform;
		struct error err;

		assert_true(platform_parse(cases[i].text, &platform, &err));
		assert_string_equal(platform_text(&platform, text), cases[i].normal);
	}
}

static void what_is_no_platform_is_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"bogus",
		"linux/",
		"linux/am d64",
		"a/b/c/d",
		"linux//v7",
		"linux/abcdefghijklmnopqrstuvwxyz",
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct platform platform;
		struct error err;

		assert_false(platform_parse(cases[i], &platform, &err));
		assert_int_equal(err.kind, ERROR_INVALID);
	}
}

static int match(const char *wanted, const char *offered)
{
	struct platform a, b;
	struct error err;

	assert_true(platform_parse(wanted, &a, &err) && platform_parse(offered, &b, &err));
	return platform_match(&a, &b);
}

static void the_best_match_wins(void **state)
{
	assert_int_equal(match("linux/amd64", "linux/arm64"), 0);
	assert_int_equal(match("linux/amd64", "windows/amd64"), 0);
	assert_true(match("linux/amd64", "linux/amd64") > match("linux/amd64", "linux/386"));
	assert_true(match("linux/amd64", "linux/386") > 0);
	assert_int_equal(match("linux/386", "linux/amd64"), 0);
	assert_int_equal(match("linux/amd64", "linux/amd64/v3"), 0);
	assert_true(match("linux/arm/v7", "linux/arm/v6") > match("linux/arm/v7", "linux/arm/v5"));
	assert_int_equal(match("linux/arm/v6", "linux/arm/v7"), 0);
	assert_true(match("linux/arm64", "linux/arm/v7") > match("linux/arm64", "linux/arm/v6"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(platforms_are_read_and_normalised),
		cmocka_unit_test(what_is_no_platform_is_refused),
		cmocka_unit_test(the_best_match_wins),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
