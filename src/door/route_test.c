#include "door/route.h"

#include "base/test.h"

static void patterns_name_what_stands_in_a_path(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool matches;
		const char *first, *second;
	} cases[] = {
		{"/info", "/info", true, NULL, NULL},
		{"/info", "/info/", false, NULL, NULL},
		{"/info", "/inf", false, NULL, NULL},
		{"/containers/{}/json", "/containers/a/json", true, "a", NULL},
		{"/containers/{}/json", "/containers//json", false, NULL, NULL},
		{"/containers/{}/json", "/containers/a/b/json", false, NULL, NULL},
		{"/containers/{}", "/containers/a", true, "a", NULL},
		{"/containers/{}", "/containers/a/start", false, NULL, NULL},
		{"/images/{*}/json", "/images/a/json", true, "a", NULL},
		{"/images/{*}/json", "/images/h:5/a/b:t/json", true, "h:5/a/b:t", NULL},
		{"/images/{*}/json", "/images/json/json/json", true, "json/json", NULL},
		{"/images/{*}/json", "/images/json", false, NULL, NULL},
		{"/images/{*}", "/images/a/b", true, "a/b", NULL},
		{"/images/{*}", "/images/", false, NULL, NULL},
		{"/a/{}/b/{}", "/a/1/b/2", true, "1", "2"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct route route = {.method = "GET", .pattern = cases[i].pattern};
		char *arguments[CALL_ARGUMENTS] = {0};

		assert_false(route_match(&route, "POST", cases[i].path, arguments));
		assert_int_equal(route_match(&route, "GET", cases[i].path, arguments),
				 cases[i].matches);
		assert_true(str_equal(arguments[0], cases[i].first));
		assert_true(str_equal(arguments[1], cases[i].second));
		free(arguments[0]);
		free(arguments[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_name_what_stands_in_a_path),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
