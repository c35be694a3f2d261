#include "base/error.h"
#include "base/test.h"

#include <errno.h>

static void a_prefix_stands_before_the_cause(void **state)
{
	struct error err = {0};

	errno = ENOENT;
	assert_false(error_errno(&err, "cannot open '%s'", "memory.max"));
	assert_false(error_prefix(&err, "make cgroup"));

	char text[ERROR_TEXT_SIZE];
	assert_string_equal(error_text(&err, text, sizeof(text)),
			    "make cgroup: cannot open 'memory.max': no such file or directory");
	assert_int_equal(err.kind, ERROR_SYSTEM);
}

static void an_endless_prefix_keeps_the_cause(void **state)
{
	struct error err = {0};
	char prefix[2 * sizeof(err.text)];

	memset(prefix, 'x', sizeof(prefix) - 1);
	prefix[sizeof(prefix) - 1] = '\0';
	error_set(&err, ERROR_INVALID, "the cause");
	error_prefix(&err, "%s", prefix);
	assert_string_equal(err.text, "the cause");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_prefix_stands_before_the_cause),
		cmocka_unit_test(an_endless_prefix_keeps_the_cause),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
