#include "unit/decide.h"

#include "base/time.h"
#include "unit/unit_sample.h"

/* Case 70: every cell of the table. */
static void restart_follows_the_table(void **state)
{
	static const char *const columns[] = {"clean",	   "exit code", "signal",
					      "core dump", "timeout",	"protocol",
					      "resources", "oom-kill",	"watchdog"};
	static const enum execution_result results[] = {
		RESULT_SUCCESS,	  RESULT_EXIT_CODE, RESULT_SIGNAL,
		RESULT_CORE_DUMP, RESULT_TIMEOUT,   RESULT_PROTOCOL,
		RESULT_RESOURCES, RESULT_OOM_KILL,  RESULT_WATCHDOG,
	};
	static const struct {
		const char *name;
		enum restart_rule rule;
		const char *row; /* x: restarts */
	} rows[] = {
		{"no", RESTART_NO, "........."},
		{"always", RESTART_ALWAYS, "xxxxxxxxx"},
		{"on-success", RESTART_ON_SUCCESS, "x........"},
		{"on-failure", RESTART_ON_FAILURE, ".xxxxxxxx"},
		{"on-abnormal", RESTART_ON_ABNORMAL, "..xxxxxxx"},
		{"on-abort", RESTART_ON_ABORT, "..xx....."},
		{"on-watchdog", RESTART_ON_WATCHDOG, "........x"},
	};
	const struct execution_process none = {0};

	for (size_t i = 0; i < array_length(rows); i++)
		for (size_t k = 0; k < array_length(columns); k++) {
			struct restart_config config = {.rule = rows[i].rule};

			if (decide_restart(&config, results[k], &none, false) !=
			    (rows[i].row[k] == 'x'))
				fail_msg("%s after %s", rows[i].name, columns[k]);
			assert_false(decide_restart(&config, results[k], &none, true));
		}
}

static void some_ends_are_never_followed_by_a_restart(void **state)
{
	struct restart_config config = {.rule = RESTART_ALWAYS};
	const struct execution_process none = {0};

	assert_false(decide_restart(&config, RESULT_EXEC_CONDITION, &none, false));
	assert_false(decide_restart(&config, RESULT_START_LIMIT_HIT, &none, false));
	assert_false(decide_restart(NULL, RESULT_SIGNAL, &none, false));
}

#define EXITED(code)                                                                               \
	{                                                                                          \
		.pid = 7, .end = PROCESS_EXITED, .status = code                                    \
	}
#define KILLED(signal)                                                                             \
	{                                                                                          \
		.pid = 7, .end = PROCESS_KILLED, .status = signal                                  \
	}

static void exit_sets_overrule_the_table(void **state)
{
	static const struct {
		const char *what;
		enum restart_rule rule;
		const char *prevent_code, *prevent_signal, *force_code, *force_signal;
		enum execution_result result;
		struct execution_process main;
		bool by_job, restarts;
	} cases[] = {
		{"64: prevented", RESTART_ALWAYS, "7", NULL, NULL, NULL, RESULT_EXIT_CODE,
		 EXITED(7), false, false},
		{"another code", RESTART_ALWAYS, "7", NULL, NULL, NULL, RESULT_EXIT_CODE, EXITED(8),
		 false, true},
		{"by name", RESTART_ALWAYS, "TEMPFAIL", NULL, NULL, NULL, RESULT_EXIT_CODE,
		 EXITED(75), false, false},
		{"a code is no signal", RESTART_ALWAYS, "9", NULL, NULL, NULL, RESULT_SIGNAL,
		 KILLED(9), false, true},
		{"signal", RESTART_ALWAYS, NULL, "KILL", NULL, NULL, RESULT_SIGNAL, KILLED(9),
		 false, false},
		{"a signal is no code", RESTART_ALWAYS, NULL, "KILL", NULL, NULL, RESULT_EXIT_CODE,
		 EXITED(9), false, true},
		{"65: forced", RESTART_NO, NULL, NULL, "9", NULL, RESULT_EXIT_CODE, EXITED(9),
		 false, true},
		{"forced by signal",
		 RESTART_ON_SUCCESS,
		 NULL,
		 NULL,
		 NULL,
		 "SIGSEGV",
		 RESULT_CORE_DUMP,
		 {.pid = 7, .end = PROCESS_DUMPED, .status = 11},
		 false,
		 true},
		{"forced, but stopped", RESTART_NO, NULL, NULL, "9", NULL, RESULT_EXIT_CODE,
		 EXITED(9), true, false},
		{"prevented and forced", RESTART_NO, "9", NULL, "9", NULL, RESULT_EXIT_CODE,
		 EXITED(9), false, false},
		{"66: ignored failure", RESTART_ON_FAILURE, NULL, NULL, NULL, NULL, RESULT_SUCCESS,
		 EXITED(3), false, false},
		{"67: clean, but ExecStop failed", RESTART_ALWAYS, NULL, NULL, NULL, NULL,
		 RESULT_EXIT_CODE, EXITED(0), false, true},
		{"56: 143 after a stop job", RESTART_ALWAYS, NULL, NULL, NULL, NULL,
		 RESULT_EXIT_CODE, EXITED(143), true, false},
		{"never ran",
		 RESTART_NO,
		 NULL,
		 NULL,
		 "0",
		 NULL,
		 RESULT_RESOURCES,
		 {0},
		 false,
		 false},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct restart_codes codes = {0};
		struct restart_config config = {.rule = cases[i].rule, .codes = &codes};

		if (cases[i].prevent_code)
			strings_add(&codes.prevent.codes, cases[i].prevent_code);
		if (cases[i].prevent_signal)
			strings_add(&codes.prevent.signals, cases[i].prevent_signal);
		if (cases[i].force_code)
			strings_add(&codes.force.codes, cases[i].force_code);
		if (cases[i].force_signal)
			strings_add(&codes.force.signals, cases[i].force_signal);
		if (decide_restart(&config, cases[i].result, &cases[i].main, cases[i].by_job) !=
		    cases[i].restarts)
			fail_msg("%s", cases[i].what);
		record_fini(&exit_set_type, &codes.prevent);
		record_fini(&exit_set_type, &codes.force);
	}
}

#define S INT64_C(1000000)

/* Case 69 and its neighbours. */
static void the_delay_grows_in_steps(void **state)
{
	static const struct {
		const char *what;
		struct restart_config config;
		int64_t delays[6];
	} cases[] = {
		{"69",
		 {.delay_us = S, .steps = 3, .max_delay_us = 8 * S},
		 {S, 2 * S, 4 * S, 8 * S, 8 * S, 8 * S}},
		{"no steps",
		 {.delay_us = 100000, .max_delay_us = 8 * S},
		 {100000, 100000, 100000, 100000, 100000, 100000}},
		{"no maximum", {.delay_us = S, .steps = 3}, {S, S, S, S, S, S}},
		{"a maximum below",
		 {.delay_us = 2 * S, .steps = 3, .max_delay_us = S},
		 {2 * S, 2 * S, 2 * S, 2 * S, 2 * S, 2 * S}},
		{"one step",
		 {.delay_us = S, .steps = 1, .max_delay_us = 9 * S},
		 {S, 9 * S, 9 * S, 9 * S, 9 * S, 9 * S}},
		{"no delay", {.steps = 2, .max_delay_us = 9 * S}, {0, 0, 0, 0, 0, 0}},
	};

	for (size_t i = 0; i < array_length(cases); i++)
		for (uint32_t n = 1; n <= 6; n++) {
			int64_t delay = decide_restart_delay_us(&cases[i].config, n);

			if (delay != cases[i].delays[n - 1])
				fail_msg("%s: %lld before restart %u", cases[i].what,
					 (long long)delay, n);
		}
}

static void starts_are_limited_within_the_interval(void **state)
{
	struct unit_set set = sample_set("a");
	struct unit *unit = sample_find(&set, "a");

	unit->config->start_limit_burst = 3;
	for (int i = 0; i < 3; i++)
		assert_true(decide_start_limit(unit, (1 + i) * NS_PER_SECOND));
	assert_false(decide_start_limit(unit, 4 * NS_PER_SECOND));
	assert_false(decide_start_limit(unit, 11 * NS_PER_SECOND));
	assert_true(decide_start_limit(unit, 11 * NS_PER_SECOND + 1));
	assert_true(decide_start_limit(unit, 12 * NS_PER_SECOND));
	assert_true(decide_start_limit(unit, 13 * NS_PER_SECOND));
	assert_false(decide_start_limit(unit, 14 * NS_PER_SECOND));
	forget_starts(unit);
	assert_true(decide_start_limit(unit, 14 * NS_PER_SECOND));
	unit_set_fini(&set);
}

static void targets_and_slices_start_without_limit(void **state)
{
	static const enum unit_type types[] = {UNIT_TARGET, UNIT_SLICE};
	struct unit_set set = sample_set("a");
	struct unit *unit = sample_find(&set, "a");

	for (size_t t = 0; t < array_length(types); t++) {
		unit->config->type = types[t];
		for (int i = 0; i < 100; i++)
			assert_true(decide_start_limit(unit, i));
	}
	unit_set_fini(&set);
}

static void no_interval_or_no_burst_is_no_limit(void **state)
{
	struct unit_set set = sample_set("a");
	struct unit *unit = sample_find(&set, "a");

	unit->config->start_limit_interval_us = 0;
	for (int i = 0; i < 100; i++)
		assert_true(decide_start_limit(unit, i));
	unit->config->start_limit_interval_us = S;
	unit->config->start_limit_burst = 0;
	for (int i = 0; i < 100; i++)
		assert_true(decide_start_limit(unit, i));
	unit_set_fini(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(restart_follows_the_table),
		cmocka_unit_test(some_ends_are_never_followed_by_a_restart),
		cmocka_unit_test(exit_sets_overrule_the_table),
		cmocka_unit_test(the_delay_grows_in_steps),
		cmocka_unit_test(starts_are_limited_within_the_interval),
		cmocka_unit_test(targets_and_slices_start_without_limit),
		cmocka_unit_test(no_interval_or_no_burst_is_no_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
