#include "door/docker/route.h"

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

static void versions_are_cut_off_and_judged(void **state)
{
	static const struct {
		const char *path;
		enum version_prefix kind;
		const char *rest, *error;
	} cases[] = {
		{"/info", VERSION_NONE, NULL, NULL},
		{"/version", VERSION_NONE, NULL, NULL},
		{"/volumes/v1", VERSION_NONE, NULL, NULL},
		{"/v1.47/info", VERSION_GIVEN, "/info", NULL},
		{"/v1.24/a/b", VERSION_GIVEN, "/a/b", NULL},
		{"/v1.99/info", VERSION_GIVEN, "/info",
		 "client version 1.99 is too new. Maximum supported API version is 1.47"},
		{"/v2.0/info", VERSION_GIVEN, "/info",
		 "client version 2.0 is too new. Maximum supported API version is 1.47"},
		{"/v1.9/info", VERSION_GIVEN, "/info",
		 "client version 1.9 is too old. Minimum supported API version is 1.24, please "
		 "upgrade your client to a newer version"},
		{"/v1/info", VERSION_GIVEN, "/info",
		 "client version 1 is too old. Minimum supported API version is 1.24, please "
		 "upgrade your client to a newer version"},
		{"/v99999999999999999999.1/x", VERSION_GIVEN, "/x",
		 "client version 99999999999999999999.1 is too new. Maximum supported API version "
		 "is 1.47"},
		{"/v1./info", VERSION_BROKEN, NULL, NULL},
		{"/v1.x/info", VERSION_BROKEN, NULL, NULL},
		{"/v1.47", VERSION_BROKEN, NULL, NULL},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		const char *rest = NULL;
		int minor = 0;
		struct error err;

		assert_int_equal(route_cut_version(cases[i].path, &minor, &rest), cases[i].kind);
		assert_true(str_equal(rest, cases[i].rest));
		if (cases[i].kind != VERSION_GIVEN)
			continue;
		assert_int_equal(route_check_version(cases[i].path, minor, &err), !cases[i].error);
		if (cases[i].error)
			assert_string_equal(err.text, cases[i].error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_name_what_stands_in_a_path),
		cmocka_unit_test(versions_are_cut_off_and_judged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
