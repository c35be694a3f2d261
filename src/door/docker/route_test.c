#include "door/docker/route.h"

#include "base/test.h"

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
		cmocka_unit_test(versions_are_cut_off_and_judged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
