#include "engine/health_rule.h"

#include "base/memory.h"
#include "base/test.h"
#include "base/time.h"

#define S NS_PER_SECOND

static const struct health_times times = {10 * S, 5 * S, 20 * S, 2 * S, 3};

static void a_probe_changes_the_state_by_the_rules(void **state)
{
	static const struct {
		struct health_status before;
		int64_t exit_code, since_start;
		struct health_status after;
	} cases[] = {
		{{HEALTH_STARTING, 0}, 0, 1 * S, {HEALTH_HEALTHY, 0}},
		{{HEALTH_STARTING, 0}, 1, 19 * S, {HEALTH_STARTING, 0}},
		{{HEALTH_STARTING, 0}, 1, 20 * S, {HEALTH_STARTING, 1}},
		{{HEALTH_STARTING, 2}, 1, 30 * S, {HEALTH_UNHEALTHY, 3}},
		{{HEALTH_HEALTHY, 0}, 1, 5 * S, {HEALTH_HEALTHY, 1}},
		{{HEALTH_HEALTHY, 2}, -1, 50 * S, {HEALTH_UNHEALTHY, 3}},
		{{HEALTH_UNHEALTHY, 7}, 1, 90 * S, {HEALTH_UNHEALTHY, 8}},
		{{HEALTH_UNHEALTHY, 7}, 0, 90 * S, {HEALTH_HEALTHY, 0}},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct health_status after = health_after(&times, cases[i].before,
							  cases[i].exit_code, cases[i].since_start);

		if (after.state != cases[i].after.state ||
		    after.failing_streak != cases[i].after.failing_streak)
			fail_msg("case %zu: %d %lld", i, after.state,
				 (long long)after.failing_streak);
	}
}

static void probes_are_closer_in_the_start_period(void **state)
{
	assert_int_equal(health_pause(&times, HEALTH_STARTING, 0), 2 * S);
	assert_int_equal(health_pause(&times, HEALTH_STARTING, 21 * S), 10 * S);
	assert_int_equal(health_pause(&times, HEALTH_HEALTHY, 0), 10 * S);
}

static void what_is_not_said_has_docker_s_values(void **state)
{
	struct image_healthcheck nothing = {0};
	struct health_times defaults = health_times_of(&nothing);

	assert_int_equal(defaults.interval, 30 * S);
	assert_int_equal(defaults.timeout, 30 * S);
	assert_int_equal(defaults.start_period, 0);
	assert_int_equal(defaults.start_interval, 5 * S);
	assert_int_equal(defaults.retries, 3);
}

static void assert_command(const char *test, const char *shell, const char *expected)
{
	struct image_healthcheck check = {.test = strings_split(test, '|')};
	scoped_strings struct strings shell_words = {0}, command = {0};
	scoped_free char *joined = NULL;

	if (*shell)
		shell_words = strings_split(shell, '|');
	command = health_command(&check, &shell_words);
	joined = strings_join(&command, "|");
	assert_string_equal(joined, expected);
	strings_fini(&check.test);
}

static void a_shell_runs_only_what_is_for_a_shell(void **state)
{
	assert_command("CMD|curl|-f|x", "", "curl|-f|x");
	assert_command("CMD-SHELL|exit 1", "", "/bin/sh|-c|exit 1");
	assert_command("CMD-SHELL|exit 1", "/bin/bash|-ec", "/bin/bash|-ec|exit 1");
}

static void none_and_nothing_are_no_check(void **state)
{
	struct image_healthcheck none = {.test = strings_split("NONE", '|')}, empty = {0};

	assert_false(healthcheck_is_set(NULL));
	assert_false(healthcheck_is_set(&none));
	assert_false(healthcheck_is_set(&empty));
	strings_fini(&none.test);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_probe_changes_the_state_by_the_rules),
		cmocka_unit_test(probes_are_closer_in_the_start_period),
		cmocka_unit_test(what_is_not_said_has_docker_s_values),
		cmocka_unit_test(a_shell_runs_only_what_is_for_a_shell),
		cmocka_unit_test(none_and_nothing_are_no_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
