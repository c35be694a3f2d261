#include "sandbox/propagation.h"

#include "base/test.h"

static const char table[] = "27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
			    "30 27 0:30 / /data rw - tmpfs tmpfs rw\n"
			    "31 30 0:31 / /data/slave rw master:4 - tmpfs shared:9 rw\n"
			    "32 27 0:32 / /run rw shared:7 - tmpfs tmpfs rw\n"
			    "33 27 0:33 / /run rw - tmpfs tmpfs rw\n";

static void the_mount_that_holds_a_path_counts(void **state)
{
	static const struct {
		const char *path;
		bool shared, slave;
	} cases[] = {
		{"/", true, false},	   {"/home/x", true, false},
		{"/data", false, false},   {"/database", true, false},
		{"/data/x", false, false}, {"/data/slave/y", false, true},
		{"/run/x", false, false}, /* covered by the later one */
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		assert_int_equal(mountinfo_has_field(table, cases[i].path, "shared:"),
				 cases[i].shared);
		assert_int_equal(mountinfo_has_field(table, cases[i].path, "master:"),
				 cases[i].slave);
	}
	scoped_free char *point = mountinfo_point(table, cases[0].path);
	assert_non_null(point);
	assert_null(mountinfo_point("", "/"));
	assert_false(mountinfo_has_field("", "/", "shared:"));
	assert_false(mountinfo_has_field("garbage\n1 2\n", "/", "shared:"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_mount_that_holds_a_path_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
