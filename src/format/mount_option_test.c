#include "format/mount_option.h"

#include "base/test.h"

static void fields_of_csv_may_be_quoted(void **state)
{
	scoped_strings struct strings fields = {0};
	struct error err;

	assert_true(csv_split("a,\"b,\"\"c\"\"\",,d", &fields, &err));
	assert_int_equal(fields.count, 4);
	assert_string_equal(fields.items[1], "b,\"c\"");
	assert_string_equal(fields.items[2], "");
	assert_false(csv_split("a,\"b", &fields, &err));
	assert_false(csv_split("a\"b", &fields, &err));
	assert_false(csv_split("\"a\"b", &fields, &err));
}

static void mounts_are_written_for_the_api(void **state)
{
	static const struct {
		const char *text, *json;
	} cases[] = {
		{"type=bind,source=/a,target=/b,readonly",
		 "{\"Type\":\"bind\",\"Source\":\"/a\",\"Target\":\"/b\",\"ReadOnly\":true}"},
		{"source=v,dst=/"
		 "b,volume-nocopy,volume-label=a=b,volume-driver=local,volume-opt=o=x",
		 "{\"Type\":\"volume\",\"Source\":\"v\",\"Target\":\"/b\",\"VolumeOptions\":{"
		 "\"NoCopy\":true,\"Labels\":{\"a\":\"b\"},\"DriverConfig\":{\"Name\":\"local\","
		 "\"Options\":{\"o\":\"x\"}}}}"},
		{"type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=1770",
		 "{\"Type\":\"tmpfs\",\"Target\":\"/t\",\"TmpfsOptions\":{\"SizeBytes\":1048576,"
		 "\"Mode\":1016}}"},
		{"type=bind,src=/a,dst=/b,ro,bind-recursive=readonly,bind-propagation=rprivate",
		 "{\"Type\":\"bind\",\"Source\":\"/a\",\"Target\":\"/b\",\"ReadOnly\":true,"
		 "\"BindOptions\":{\"ReadOnlyForceRecursive\":true,\"Propagation\":\"rprivate\"}}"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct error err;
		json_t *mount = mount_option_parse(cases[i].text, &err);

		assert_non_null(mount);
		scoped_free char *text = json_dumps(mount, JSON_COMPACT);
		assert_string_equal(text, cases[i].json);
		json_decref(mount);
	}
}

static void a_bad_mount_says_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"", "invalid field '' must be a key=value pair"},
		{"type=bind,source=/a", "target is required"},
		{"type=bind,target", "invalid field 'target' must be a key=value pair"},
		{"bogus=1,target=/a", "unexpected key 'bogus' in 'bogus=1'"},
		{"target=/a, readonly", "invalid option ' readonly' in ' readonly': option should "
					"not have whitespace"},
		{"target=/a,readonly=maybe", "invalid value for readonly: maybe"},
		{"target=/a,bind-propagation=shared",
		 "cannot mix 'bind-*' options with mount type 'volume'"},
		{"type=bind,target=/a,tmpfs-size=1",
		 "cannot mix 'tmpfs-*' options with mount type 'bind'"},
		{"type=tmpfs,target=/a,tmpfs-size=x", "invalid value for tmpfs-size: x"},
		{"type=tmpfs,target=/a,tmpfs-mode=9", "invalid value for tmpfs-mode: 9"},
		{"type=bind,target=/a,bind-recursive=writable",
		 "option 'bind-recursive=writable' requires 'readonly' to be specified in "
		 "conjunction"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct error err;

		assert_null(mount_option_parse(cases[i].text, &err));
		assert_string_equal(err.text, cases[i].error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_of_csv_may_be_quoted),
		cmocka_unit_test(mounts_are_written_for_the_api),
		cmocka_unit_test(a_bad_mount_says_what_is_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
