#include "unit/decide.h"

#include "unit/unit_sample.h"

#include <signal.h>

static void a_scope_is_abandoned_when_its_unit_has_gone(void **state)
{
	static const struct {
		const char *what;
		struct scope_facts facts;
		enum sub_state wanted;
	} cases[] = {
		{"its unit runs", {true, "a", "a", false}, SUB_RUNNING},
		{"its unit has gone", {false, "a", "a", false}, SUB_ABANDONED},
		{"its unit has started again without it", {true, "b", "a", false}, SUB_ABANDONED},
		{"whose run it is nobody knows", {true, "b", NULL, false}, SUB_RUNNING},
		{"what runs nobody knows", {true, "", "a", false}, SUB_RUNNING},
		{"it is being stopped", {true, "a", "a", true}, SUB_STOP_SIGTERM},
		{"it is stopped, left alone", {false, "a", "a", true}, SUB_STOP_SIGTERM},
	};

	for (size_t i = 0; i < array_length(cases); i++)
		if (decide_scope(&cases[i].facts) != cases[i].wanted)
			fail_msg("%s: %s", cases[i].what,
				 sub_state_name(decide_scope(&cases[i].facts)));
}

static void a_scope_has_failed_when_its_stop_took_a_kill(void **state)
{
	static const struct {
		const char *what;
		bool stopping;
		int signal;
		int64_t code;
		enum execution_result wanted;
	} cases[] = {
		{"ended by itself", false, SIGTERM, 0, RESULT_SUCCESS},
		{"ended badly: that is its unit's concern", false, SIGTERM, 3, RESULT_SUCCESS},
		{"killed by somebody else", false, SIGTERM, 137, RESULT_SUCCESS},
		{"heeded the stop", true, SIGTERM, 143, RESULT_SUCCESS},
		{"had to be killed", true, SIGTERM, 137, RESULT_TIMEOUT},
		{"is stopped by SIGKILL", true, SIGKILL, 137, RESULT_SUCCESS},
	};

	for (size_t i = 0; i < array_length(cases); i++)
		if (decide_scope_end(cases[i].stopping, cases[i].signal, cases[i].code) !=
		    cases[i].wanted)
			fail_msg("%s", cases[i].what);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scope_is_abandoned_when_its_unit_has_gone),
		cmocka_unit_test(a_scope_has_failed_when_its_stop_took_a_kill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
