#include "engine/unhealthy.h"

#include "base/memory.h"
#include "base/test.h"

static void a_failed_probe_of_an_unhealthy_container_asks_for_the_action(void **state)
{
	static const struct {
		const char *wanted;
		enum health_state state;
		int64_t exit_code;
		enum unhealthy_action action;
	} cases[] = {
		{NULL, HEALTH_UNHEALTHY, 1, UNHEALTHY_NONE},
		{"", HEALTH_UNHEALTHY, 1, UNHEALTHY_NONE},
		{"none", HEALTH_UNHEALTHY, 1, UNHEALTHY_NONE},
		{"restart", HEALTH_UNHEALTHY, 1, UNHEALTHY_RESTART},
		{"stop", HEALTH_UNHEALTHY, 1, UNHEALTHY_STOP},
		{"kill", HEALTH_UNHEALTHY, -1, UNHEALTHY_KILL},
		{"restart", HEALTH_STARTING, 1, UNHEALTHY_NONE},
		{"restart", HEALTH_HEALTHY, 1, UNHEALTHY_NONE},
		{"restart", HEALTH_HEALTHY, 0, UNHEALTHY_NONE},
		{"zz", HEALTH_UNHEALTHY, 1, UNHEALTHY_NONE},
	};

	for (size_t i = 0; i < array_length(cases); i++)
		if (unhealthy_decide(cases[i].wanted, cases[i].state, cases[i].exit_code) !=
		    cases[i].action)
			fail_msg("case %zu", i);
}

static void what_is_no_action_is_refused_by_name(void **state)
{
	struct error err;

	assert_true(unhealthy_check(NULL, &err));
	assert_true(unhealthy_check("stop", &err));
	assert_false(unhealthy_check("reboot", &err));
	assert_int_equal(err.kind, ERROR_INVALID);
	assert_non_null(strstr(err.text, "'reboot'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failed_probe_of_an_unhealthy_container_asks_for_the_action),
		cmocka_unit_test(what_is_no_action_is_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
