#include "sandbox/mount_options.h"

#include "base/test.h"

static void options_of_the_mount_and_of_the_filesystem_are_told_apart(void **state)
{
	struct mount_spec spec = {.options = (char *)"size=64k,ro,noexec,exec,mode=1777,flag",
				  .nosuid = true};
	scoped_with(mount_options_fini) struct mount_options options = {0};
	struct error err;

	assert_true(mount_options_parse(&spec, &options, &err));
	assert_int_equal(options.attributes, MOUNT_ATTR_NOSUID | MOUNT_ATTR_RDONLY);
	assert_int_equal(options.count, 3);
	assert_string_equal(options.items[0].name, "size");
	assert_string_equal(options.items[0].value, "64k");
	assert_string_equal(options.items[2].name, "flag");
	assert_null(options.items[2].value);
}

static void too_many_options_are_refused(void **state)
{
	scoped_buffer struct buffer text = {0};
	scoped_with(mount_options_fini) struct mount_options options = {0};
	struct mount_spec spec = {0};
	struct error err;

	for (int i = 0; i < 100; i++)
		buffer_add_text(&text, "x,");
	spec.options = text.data;
	assert_false(mount_options_parse(&spec, &options, &err));
	assert_int_equal(err.kind, ERROR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_of_the_mount_and_of_the_filesystem_are_told_apart),
		cmocka_unit_test(too_many_options_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
