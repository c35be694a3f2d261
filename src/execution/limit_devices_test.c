#include "base/test.h"
#include "execution/limit_devices.h"

static const char devices[] = "Character devices:\n  1 mem\n  5 /dev/tty\n136 pts\n 10 misc\n"
			      "\nBlock devices:\n  7 loop\n259 blkext\n253 virtblk\n";

static void drivers_are_found_by_name_and_pattern(void **state)
{
	int64_t majors[4] = {0};

	assert_int_equal(device_majors(devices, false, "pts", majors, 4), 1);
	assert_int_equal(majors[0], 136);
	assert_int_equal(device_majors(devices, true, "*blk*", majors, 4), 2);
	assert_int_equal(majors[0], 259);
	assert_int_equal(majors[1], 253);
	assert_int_equal(device_majors(devices, true, "*", majors, 2), 2);
}

static void kinds_are_kept_apart(void **state)
{
	int64_t majors[4] = {0};

	assert_int_equal(device_majors(devices, true, "pts", majors, 4), 0);
	assert_int_equal(device_majors(devices, false, "loop", majors, 4), 0);
	assert_int_equal(device_majors("", false, "*", majors, 4), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drivers_are_found_by_name_and_pattern),
		cmocka_unit_test(kinds_are_kept_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
