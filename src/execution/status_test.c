#include "execution/status.h"

#include "base/test.h"

static void every_sub_state_has_a_name_and_stands_under_its_active_state(void **state)
{
	static const struct {
		enum active_state active;
		const char *subs[12];
	} cases[] = {
		{UNIT_INACTIVE, {"dead"}},
		{UNIT_ACTIVATING,
		 {"condition", "start-pre", "start", "start-post", "auto-restart", "mounting"}},
		{UNIT_ACTIVE,
		 {"running", "exited", "active", "listening", "waiting", "elapsed", "mounted",
		  "abandoned"}},
		{UNIT_RELOADING, {"reload"}},
		{UNIT_DEACTIVATING,
		 {"stop", "stop-watchdog", "stop-sigterm", "stop-sigkill", "stop-post",
		  "final-watchdog", "final-sigterm", "final-sigkill", "stop-pre", "unmounting"}},
		{UNIT_FAILED, {"failed"}},
	};
	size_t seen = 0;

	for (size_t i = 0; i < array_length(cases); i++)
		for (size_t k = 0; cases[i].subs[k]; k++)
			for (int sub = 0; sub < SUB_STATES; sub++) {
				if (strcmp(sub_state_name(sub), cases[i].subs[k]) != 0)
					continue;
				assert_int_equal(sub_state_active(sub), cases[i].active);
				seen++;
			}
	assert_int_equal(seen, SUB_STATES);
}

static void names_are_those_of_systemd(void **state)
{
	static const char *const actives[] = {"inactive",  "activating",   "active",
					      "reloading", "deactivating", "failed"};
	static const char *const results[] = {"success",
					      "resources",
					      "protocol",
					      "timeout",
					      "exit-code",
					      "signal",
					      "core-dump",
					      "watchdog",
					      "start-limit-hit",
					      "oom-kill",
					      "exec-condition",
					      "trigger-limit-hit",
					      "service-start-limit-hit"};

	for (size_t i = 0; i < array_length(actives); i++)
		assert_string_equal(active_state_name(i), actives[i]);
	assert_int_equal(array_length(results), EXECUTION_RESULTS);
	for (size_t i = 0; i < array_length(results); i++)
		assert_string_equal(execution_result_name(i), results[i]);
	assert_string_equal(process_end_name(PROCESS_EXITED), "exited");
	assert_string_equal(process_end_name(PROCESS_KILLED), "killed");
	assert_string_equal(process_end_name(PROCESS_DUMPED), "dumped");
	assert_string_equal(process_end_name(PROCESS_RUNS), "");
}

static void exit_codes_before_exec_are_shown_by_name(void **state)
{
	static const struct {
		int32_t code;
		const char *name;
	} cases[] = {
		{0, "SUCCESS"},
		{1, "FAILURE"},
		{255, "EXCEPTION"},
		{200, "CHDIR"},
		{203, "EXEC"},
		{205, "LIMITS"},
		{210, "CHROOT"},
		{215, "CPUAFFINITY"},
		{217, "USER"},
		{220, "SETSID"},
		{222, "STDERR"},
		{224, "PAM"},
		{226, "NAMESPACE"},
		{228, "SECCOMP"},
		{230, "PERSONALITY"},
		{235, "CHOWN"},
		{240, "LOGS_DIRECTORY"},
		{243, "CREDENTIALS"},
		{244, "BPF"},
		{2, NULL},
		{3, NULL},
		{75, NULL},
		{143, NULL},
		{223, NULL},
		{234, NULL},
		{-1, NULL},
		{256, NULL},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		const char *name = exit_status_name(cases[i].code);
		int32_t code = -2;

		if (!str_equal(name, cases[i].name))
			fail_msg("%d is %s", cases[i].code, name ? name : "(none)");
		if (!name)
			continue;
		assert_true(exit_status_from_name(name, &code));
		assert_int_equal(code, cases[i].code);
	}
}

static void exit_codes_are_read_by_any_name_and_by_number(void **state)
{
	int32_t code;

	assert_true(exit_status_from_name("TEMPFAIL", &code));
	assert_int_equal(code, 75);
	assert_true(exit_status_from_name("NOTINSTALLED", &code));
	assert_int_equal(code, 5);
	assert_true(exit_status_from_name("255", &code));
	assert_int_equal(code, 255);
	assert_false(exit_status_from_name("256", &code));
	assert_false(exit_status_from_name("SIGTERM", &code));
	assert_false(exit_status_from_name("exec", &code));
	assert_false(exit_status_from_name("", &code));
}

static void a_status_survives_the_wire(void **state)
{
	struct execution_status status = {
		.sub = SUB_AUTO_RESTART,
		.result = RESULT_SIGNAL,
		.main_pid = 42,
		.main = {.phase = EXECUTION_START, .pid = 42, .end = PROCESS_KILLED, .status = 9},
		.status_text = str_dup("text"),
		.job_done = true,
		.inactive_exit_monotonic_ns = 7,
	};
	struct execution_status copy = {0};
	struct execution_process *process =
		record_list_add(&execution_process_type, &status.processes);
	struct buffer wire = {0};
	struct error err;

	process->phase = EXECUTION_START_PRE;
	process->ignored = true;
	strings_add(&status.warnings, "w");
	record_encode(&execution_status_type, &status, &wire);
	assert_true(record_decode(&execution_status_type, wire.data, wire.size, &copy, &err));
	assert_int_equal(copy.sub, SUB_AUTO_RESTART);
	assert_int_equal(copy.result, RESULT_SIGNAL);
	assert_int_equal(copy.main.status, 9);
	assert_string_equal(copy.status_text, "text");
	assert_true(copy.job_done);
	assert_int_equal(copy.inactive_exit_monotonic_ns, 7);
	assert_int_equal(copy.processes.count, 1);
	assert_true(RECORD_AT(copy.processes, struct execution_process, 0)->ignored);
	assert_string_equal(copy.warnings.items[0], "w");
	buffer_fini(&wire);
	record_fini(&execution_status_type, &status);
	record_fini(&execution_status_type, &copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sub_state_has_a_name_and_stands_under_its_active_state),
		cmocka_unit_test(names_are_those_of_systemd),
		cmocka_unit_test(exit_codes_before_exec_are_shown_by_name),
		cmocka_unit_test(exit_codes_are_read_by_any_name_and_by_number),
		cmocka_unit_test(a_status_survives_the_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
