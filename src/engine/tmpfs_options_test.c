#include "engine/tmpfs_options.h"

#include "base/memory.h"
#include "base/test.h"
#include "base/text.h"

static void tmpfs_options_are_split_into_text_and_flags(void **state)
{
	struct tmpfs_flags flags;
	scoped_free char *options = NULL;
	struct error err;

	assert_true(tmpfs_options_parse("size=64m,ro,exec,mode=1770", &options, &flags, &err));
	assert_string_equal(options, "size=64m,mode=1770");
	assert_true(flags.read_only && flags.nosuid && flags.nodev && !flags.noexec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tmpfs_options_are_split_into_text_and_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
