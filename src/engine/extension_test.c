#include "engine/extension.h"

#include "base/test.h"
#include "format/json.h"

static bool read(const char *text, struct extension *out, struct error *err)
{
	scoped_json json_t *json = json_parse(text, strlen(text), err);

	return json && record_from_json(&extension_type, json, RECORD_FOR_API, out, err) &&
	       extension_check(out, err);
}

static void members_are_checked_by_name(void **state)
{
	static const struct {
		const char *text, *problem; /* NULL: none */
	} cases[] = {
		{"{}", NULL},
		{"{\"Hold\":true}", NULL},
		{"{\"Group\":null}", NULL},
		{"{\"Restarts\":{\"Delay\":0,\"Window\":2592000000000000}}", NULL},
		{"{\"Restarts\":{\"Delay\":-1}}",
		 "Wherry.Restarts.Delay is in nanoseconds, from 0 to those of 30 days"},
		{"{\"Restarts\":{\"Window\":2592000000000001}}",
		 "Wherry.Restarts.Window is in nanoseconds, from 0 to those of 30 days"},
		{"{\"Group\":{\"Name\":\"p/web\",\"Balance\":true,\"Vip\":true}}", NULL},
		{"{\"Group\":{}}", "Wherry.Group needs a Name"},
		{"{\"Group\":{\"Name\":\"\"}}", "Wherry.Group needs a Name"},
		{"{\"Group\":{\"Name\":\"a b\"}}",
		 "Wherry.Group.Name has up to 255 characters without blanks"},
		{"{\"Group\":{\"Name\":\"a\\u0001\"}}",
		 "Wherry.Group.Name has up to 255 characters without blanks"},
	};

	(void)state;
	for (size_t i = 0; i < array_length(cases); i++) {
		struct extension extension = {0};
		struct error err = {0};
		bool ok = read(cases[i].text, &extension, &err);

		assert_int_equal(ok, !cases[i].problem);
		if (cases[i].problem)
			assert_string_equal(err.text, cases[i].problem);
		record_fini(&extension_type, &extension);
	}
}

static void files_need_places_that_can_be(void **state)
{
	static const struct {
		const char *text, *problem; /* NULL: none */
	} cases[] = {
		{"{\"Files\":null}", NULL},
		{"{\"Files\":[]}", NULL},
		{"{\"Files\":[{\"Target\":\"/a\"},{\"Target\":\"/ab\"}]}", NULL},
		{"{\"Files\":[{\"Target\":\"/a/..b/c..\",\"Mode\":0,\"Uid\":4294967294}]}", NULL},
		{"{\"Files\":[{}]}", "Wherry.Files[0].Target '' is not an absolute path"},
		{"{\"Files\":[{\"Target\":\"a\"}]}",
		 "Wherry.Files[0].Target 'a' is not an absolute path"},
		{"{\"Files\":[{\"Target\":\"/a\"},{\"Target\":\"/./\"}]}",
		 "Wherry.Files[1].Target '/' is no file"},
		{"{\"Files\":[{\"Target\":\"/..\"}]}",
		 "Wherry.Files[0].Target '/..' must not hold '..'"},
		{"{\"Files\":[{\"Target\":\"/a/../b\"}]}",
		 "Wherry.Files[0].Target '/a/../b' must not hold '..'"},
		{"{\"Files\":[{\"Target\":\"/a/b\"},{\"Target\":\"/a/./b/\"}]}",
		 "Wherry.Files: '/a/b' and '/a/b' exclude each other"},
		{"{\"Files\":[{\"Target\":\"/a/b\"},{\"Target\":\"/a\"}]}",
		 "Wherry.Files: '/a' and '/a/b' exclude each other"},
		{"{\"Files\":[{\"Target\":\"/a\",\"Mode\":512}]}",
		 "Wherry.Files[0].Mode 512 is not between 0 and 511"},
		{"{\"Files\":[{\"Target\":\"/a\",\"Gid\":4294967295}]}",
		 "Wherry.Files[0].Gid 4294967295 is not between 0 and 4294967294"},
	};

	(void)state;
	for (size_t i = 0; i < array_length(cases); i++) {
		struct extension extension = {0};
		struct error err = {0};
		bool ok = read(cases[i].text, &extension, &err);

		assert_string_equal(err.text, cases[i].problem ? cases[i].problem : "");
		assert_int_equal(ok, !cases[i].problem);
		record_fini(&extension_type, &extension);
	}
}

static void what_files_leave_open_is_filled_in(void **state)
{
	struct extension extension = {0};
	struct error err;
	const struct container_file *file;

	(void)state;
	assert_true(read("{\"Files\":[{\"Target\":\"//run/./secrets/s/\"}]}", &extension, &err));
	file = RECORD_AT(extension.files, struct container_file, 0);
	assert_string_equal(file->target, "/run/secrets/s");
	assert_int_equal(file->mode.value, 0444);
	record_fini(&extension_type, &extension);
}

static void contents_are_base64_within_limits(void **state)
{
	static const struct {
		const char *content, *holds; /* NULL: refused */
	} cases[] = {
		{"", ""}, {"aGk=", "hi"}, {"aGk", "hi"}, {"aG k=", NULL}, {"sha256:00", NULL},
	};

	(void)state;
	for (size_t i = 0; i < array_length(cases); i++) {
		struct container_file file = {.target = (char *)(uintptr_t) "/a",
					      .content = (char *)(uintptr_t)cases[i].content};
		struct record_list files = {&file, 1};
		struct buffer content = {0};
		struct error err = {0};

		assert_int_equal(container_files_decode(&files, &content, &err),
				 cases[i].holds != NULL);
		if (cases[i].holds) {
			assert_int_equal(content.size, strlen(cases[i].holds));
			assert_memory_equal(content.data ? content.data : "", cases[i].holds,
					    content.size);
		} else {
			assert_string_equal(err.text,
					    "Wherry.Files: the content of '/a' is not base64");
		}
		buffer_fini(&content);
	}
}

static void nothing_asked_for_is_right(void **state)
{
	struct error err;

	(void)state;
	assert_true(extension_check(NULL, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_checked_by_name),
		cmocka_unit_test(files_need_places_that_can_be),
		cmocka_unit_test(what_files_leave_open_is_filled_in),
		cmocka_unit_test(contents_are_base64_within_limits),
		cmocka_unit_test(nothing_asked_for_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
