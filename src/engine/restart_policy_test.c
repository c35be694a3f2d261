#include "engine/restart_policy.h"

#include "base/memory.h"
#include "base/test.h"

#define POLICY(text)                                                                               \
	.policy = &(const struct restart_policy)                                                   \
	{                                                                                          \
		.name = (char *)(text)                                                             \
	}
#define ON_FAILURE(most)                                                                           \
	.policy = &(const struct restart_policy)                                                   \
	{                                                                                          \
		(char *)"on-failure", most                                                         \
	}

#define OWN(delay_ms, window_ms)                                                                   \
	.own = &(const struct container_restarts)                                                  \
	{                                                                                          \
		{true, (int64_t)(delay_ms)*1000000},                                               \
		{                                                                                  \
			true, (int64_t)(window_ms)*1000000                                         \
		}                                                                                  \
	}

static void a_policy_decides_from_what_was_seen(void **state)
{
	const struct {
		const char *what;
		struct restart_question question;
		int64_t delay_ms; /* -1: stays down */
	} cases[] = {
		{"no policy", {POLICY(""), .was_running = true, .exit_code = 1}, -1},
		{"no", {POLICY("no"), .was_running = true, .exit_code = 1}, -1},
		{"always, good exit", {POLICY("always"), .was_running = true}, 100},
		{"always, bad exit", {POLICY("always"), .was_running = true, .exit_code = 1}, 100},
		{"always, stopped by hand",
		 {POLICY("always"), .was_running = true, .stopped_by_hand = true},
		 -1},
		{"always, stopped by hand, then the daemon restarts",
		 {POLICY("always"), .daemon_start = true, .stopped_by_hand = true},
		 0},
		{"unless-stopped, exit", {POLICY("unless-stopped"), .was_running = true}, 100},
		{"unless-stopped, stopped, then the daemon restarts",
		 {POLICY("unless-stopped"), .daemon_start = true, .stopped_by_hand = true},
		 -1},
		{"unless-stopped, was running, the daemon restarts",
		 {POLICY("unless-stopped"), .daemon_start = true, .was_running = true},
		 0},
		{"on-failure, good exit", {ON_FAILURE(0), .was_running = true}, -1},
		{"on-failure, bad exit", {ON_FAILURE(0), .was_running = true, .exit_code = 3}, 100},
		{"on-failure, a try left",
		 {ON_FAILURE(3), .was_running = true, .exit_code = 3, .restart_count = 2},
		 100},
		{"on-failure, no try left",
		 {ON_FAILURE(3), .was_running = true, .exit_code = 3, .restart_count = 3},
		 -1},
		{"on-failure, the last try ran longer than the window",
		 {ON_FAILURE(3), OWN(5, 2000), .was_running = true, .exit_code = 3,
		  .restart_count = 3, .ran_ms = 2000},
		 5},
		{"on-failure, it ran shorter than the window",
		 {ON_FAILURE(3), OWN(5, 2000), .was_running = true, .exit_code = 3,
		  .restart_count = 3, .ran_ms = 1999},
		 -1},
		{"a delay of its own does not grow",
		 {POLICY("always"), OWN(7000, 2000), .was_running = true, .last_delay_ms = 7000},
		 7000},
		{"on-failure, had failed long before the daemon restarts",
		 {ON_FAILURE(0), .daemon_start = true, .exit_code = 3},
		 -1},
		{"on-failure, ended with the host",
		 {ON_FAILURE(0), .daemon_start = true, .was_running = true, .exit_code = 137},
		 0},
		{"no policy, but its health asks for it",
		 {POLICY("no"), .was_running = true, .wanted = true, .exit_code = 143},
		 100},
		{"its health asks again after a short run",
		 {POLICY("on-failure"), .was_running = true, .wanted = true, .last_delay_ms = 200},
		 400},
		{"its health asks, and somebody stops it meanwhile",
		 {POLICY("always"), .was_running = true, .wanted = true, .stopped_by_hand = true},
		 -1},
		{"a first start that failed is not tried again",
		 {POLICY("always"), .failed_to_start = true, .exit_code = 127},
		 -1},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct restart_answer answer = restart_decide(&cases[i].question);
		int64_t delay = answer.restart ? answer.delay_ms : -1;

		if (delay != cases[i].delay_ms)
			fail_msg("%s: %lld", cases[i].what, (long long)delay);
	}
}

static void the_pause_doubles_to_a_minute_and_a_good_run_resets_it(void **state)
{
	struct restart_question question = {POLICY("always"), .was_running = true};
	static const int64_t expected[] = {100,	 200,	400,   800,   1600,  3200,
					   6400, 12800, 25600, 51200, 60000, 60000};

	for (size_t i = 0; i < array_length(expected); i++) {
		struct restart_answer answer = restart_decide(&question);

		assert_int_equal(answer.delay_ms, expected[i]);
		question.last_delay_ms = answer.delay_ms;
		question.ran_ms = 9999;
	}
	question.ran_ms = 10000;
	assert_int_equal(restart_decide(&question).delay_ms, 100);
}

static void bad_policies_are_refused(void **state)
{
	static const struct {
		struct restart_policy policy;
		const char *error; /* NULL: fine */
	} cases[] = {
		{{NULL, 0}, NULL},
		{{(char *)"", 0}, NULL},
		{{(char *)"always", 0}, NULL},
		{{(char *)"on-failure", 5}, NULL},
		{{(char *)"x", 0},
		 "invalid restart policy: unknown policy 'x'; use one of 'no', 'always', "
		 "'on-failure', or 'unless-stopped'"},
		{{(char *)"always", 5},
		 "invalid restart policy: maximum retry count can only be used with 'on-failure'"},
		{{(char *)"on-failure", -1},
		 "invalid restart policy: maximum retry count cannot be negative"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct error err = {0};

		assert_int_equal(restart_policy_check(&cases[i].policy, &err), !cases[i].error);
		assert_string_equal(err.text, cases[i].error ? cases[i].error : "");
	}
}

static void a_pause_goes_on_where_it_was(void **state)
{
	assert_int_equal(restart_pause_left(800, 0), 800);
	assert_int_equal(restart_pause_left(800, 300), 500);
	assert_int_equal(restart_pause_left(800, 9000), 0);
	assert_int_equal(restart_pause_left(800, -60000), 800);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_policy_decides_from_what_was_seen),
		cmocka_unit_test(the_pause_doubles_to_a_minute_and_a_good_run_resets_it),
		cmocka_unit_test(bad_policies_are_refused),
		cmocka_unit_test(a_pause_goes_on_where_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
