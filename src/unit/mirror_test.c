#include "unit/mirror.h"

#include "base/memory.h"
#include "base/test.h"

#include <signal.h>

static void sub_states_are_ours_or_the_nearest(void **state)
{
	static const struct {
		const char *active, *sub;
		enum sub_state is;
	} rows[] = {
		{"active", "running", SUB_RUNNING},
		{"active", "exited", SUB_EXITED},
		{"active", "active", SUB_ACTIVE},
		{"active", "waiting", SUB_WAITING},
		{"active", "plugged", SUB_ACTIVE},
		{"inactive", "dead", SUB_DEAD},
		{"failed", "failed", SUB_FAILED},
		{"activating", "auto-restart", SUB_AUTO_RESTART},
		{"activating", "start-pre", SUB_START_PRE},
		{"activating", "start-chown", SUB_START},
		{"activating", "auto-restart-queued", SUB_START},
		{"reloading", "reload-notify", SUB_RELOAD},
		{"deactivating", "stop-sigterm", SUB_STOP_SIGTERM},
		{"deactivating", "deactivating-sigterm", SUB_STOP},
		{"active", "dead", SUB_ACTIVE}, /* a name under another state is not that state */
		{"unheard-of", "of", SUB_DEAD},
		{NULL, NULL, SUB_DEAD},
	};

	for (size_t i = 0; i < array_length(rows); i++)
		assert_int_equal(mirror_sub(rows[i].active, rows[i].sub), rows[i].is);
}

static void results_have_their_names(void **state)
{
	assert_int_equal(mirror_result("exit-code"), RESULT_EXIT_CODE);
	assert_int_equal(mirror_result("start-limit-hit"), RESULT_START_LIMIT_HIT);
	assert_int_equal(mirror_result("new-in-a-later-version"), RESULT_SUCCESS);
	assert_int_equal(mirror_job_result("done"), JOB_DONE);
	assert_int_equal(mirror_job_result("dependency"), JOB_DEPENDENCY);
	assert_int_equal(mirror_job_result("frozen"), JOB_FAILED);
	assert_int_equal(mirror_job_result(NULL), JOB_FAILED);
}

static void jobs_have_methods_where_systemd_has_them(void **state)
{
	assert_string_equal(mirror_method(JOB_START), "StartUnit");
	assert_string_equal(mirror_method(JOB_RELOAD_OR_START), "ReloadOrRestartUnit");
	assert_null(mirror_method(JOB_VERIFY));
	assert_null(mirror_method(JOB_NOP));
	assert_null(mirror_method(JOB_TYPES));
}

static void a_main_process_that_was_killed_is_told(void **state)
{
	struct bus_state seen = {.main_last_pid = 42,
				 .main_code = CLD_KILLED,
				 .main_status = SIGTERM,
				 .main_started_us = 5,
				 .main_ended_us = 9};
	struct execution_status status = {0};

	seen.active_state = str_dup("failed");
	seen.sub_state = str_dup("failed");
	seen.result = str_dup("signal");
	mirror_status(&seen, &status);
	assert_int_equal(status.sub, SUB_FAILED);
	assert_int_equal(status.result, RESULT_SIGNAL);
	assert_int_equal(status.main_pid, 0);
	assert_int_equal(status.main.pid, 42);
	assert_int_equal(status.main.end, PROCESS_KILLED);
	assert_int_equal(status.main.status, SIGTERM);
	assert_int_equal(status.main.ended_ns, 9000);
	record_fini(&execution_status_type, &status);
	record_fini(&bus_state_type, &seen);
}

static void moments_that_systemd_does_not_know_stay(void **state)
{
	struct unit unit = {.active_enter_ns = 7000, .changed_ns = 8000};
	struct bus_state seen = {.changed_us = 20};

	mirror_moments(&seen, &unit);
	assert_int_equal(unit.changed_ns, 20000);
	assert_int_equal(unit.active_enter_ns, 7000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sub_states_are_ours_or_the_nearest),
		cmocka_unit_test(results_have_their_names),
		cmocka_unit_test(jobs_have_methods_where_systemd_has_them),
		cmocka_unit_test(a_main_process_that_was_killed_is_told),
		cmocka_unit_test(moments_that_systemd_does_not_know_stay),
	};

	return cmocka_run_group_tests_name("mirror", tests, NULL, NULL);
}
