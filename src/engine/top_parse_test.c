#include "engine/top.h"

#include "base/memory.h"
#include "base/test.h"

static const char listing[] = "UID   PID  PPID CMD\n"
			      "root    1     0 /sbin/init splash\n"
			      "root   42     1 nginx: master process  nginx -g daemon off;\n"
			      "www    43    42 nginx: worker\n"
			      "root  421     1 other\n";

static void only_the_containers_processes_are_kept(void **state)
{
	static const pid_t pids[] = {43, 42};
	struct engine_top top;
	struct error err;

	assert_true(top_parse(listing, pids, 2, &top, &err));
	assert_int_equal(top.titles.count, 4);
	assert_int_equal(top.count, 2);
	assert_string_equal(top.processes[0].items[1], "42");
	assert_string_equal(top.processes[0].items[3],
			    "nginx: master process nginx -g daemon off;");
	assert_string_equal(top.processes[1].items[3], "nginx: worker");
	top_fini(&top);
}

static void output_without_pids_is_an_error(void **state)
{
	struct engine_top top;
	struct error err;

	assert_false(top_parse("USER CMD\nroot init\n", NULL, 0, &top, &err));
	assert_string_equal(err.text, "Couldn't find PID field in ps output");
	assert_false(top_parse("", NULL, 0, &top, &err));
}

static void lines_that_are_too_short_are_skipped(void **state)
{
	static const pid_t pids[] = {7};
	struct engine_top top;
	struct error err;

	assert_true(top_parse("A PID B\nx\n\nx 7\nx 7 y z", pids, 1, &top, &err));
	assert_int_equal(top.count, 2);
	assert_int_equal(top.processes[0].count, 2);
	assert_string_equal(top.processes[1].items[2], "y z");
	top_fini(&top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_containers_processes_are_kept),
		cmocka_unit_test(output_without_pids_is_an_error),
		cmocka_unit_test(lines_that_are_too_short_are_skipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
