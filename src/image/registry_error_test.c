#include "image/registry_error.h"

#include "base/memory.h"
#include "base/test.h"

static void refusals_read_as_dockers(void **state)
{
	static const struct {
		long status;
		const char *body;
		enum error_kind kind;
		const char *text;
	} cases[] = {
		{404,
		 "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"manifest "
		 "unknown\",\"detail\":{}}]}",
		 ERROR_NOT_FOUND,
		 "manifest for bb:1 not found: manifest unknown: manifest unknown"},
		{404, "<html>", ERROR_NOT_FOUND,
		 "manifest for bb:1 not found: manifest unknown: manifest unknown"},
		{404,
		 "{\"errors\":[{\"code\":\"NAME_UNKNOWN\",\"message\":\"repository name not known "
		 "to registry\"}]}",
		 ERROR_NOT_FOUND,
		 "repository bb not found: name unknown: repository name not known to registry"},
		{401,
		 "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"requested access to the resource "
		 "is denied\"}]}",
		 ERROR_NOT_FOUND,
		 "pull access denied for bb, repository does not exist or may require 'docker "
		 "login': denied: "
		 "requested access to the resource is denied"},
		{401, "", ERROR_DENIED, "unauthorized: authentication required"},
		{403, "", ERROR_NOT_FOUND,
		 "pull access denied for bb, repository does not exist or may require 'docker "
		 "login': denied: "
		 "requested access to the resource is denied"},
		{429, "{\"errors\":[{\"code\":\"TOOMANYREQUESTS\",\"message\":\"slow down\"}]}",
		 ERROR_UNAVAILABLE, "toomanyrequests: slow down"},
		{500, "{\"errors\":[{\"code\":\"ODD_THING\",\"message\":\"x\"}]}", ERROR_SYSTEM,
		 "odd thing: x"},
		{502, "{\"errors\":[]}", ERROR_SYSTEM, "the registry answered with status 502"},
		{418, "{\"errors\":7}", ERROR_SYSTEM, "the registry answered with status 418"},
	};
	static const struct registry_subject subject = {"bb", "bb:1"};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct error err;

		assert_false(registry_error_set(&err, cases[i].status, cases[i].body,
						strlen(cases[i].body), &subject));
		assert_string_equal(err.text, cases[i].text);
		assert_int_equal(err.kind, cases[i].kind);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals_read_as_dockers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
