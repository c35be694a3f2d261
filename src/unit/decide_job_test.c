#include "unit/decide.h"

#include "unit/unit_sample.h"

static void a_job_waits_for_those_that_go_first(void **state)
{
	static const struct {
		const char *what, *units;
		enum job_readiness readiness; /* of a's job */
	} cases[] = {
		{"alone", "a job=start", JOB_RUNS},
		{"start after start", "a After=b job=start; b job=start", JOB_WAITS},
		{"start before start", "a Before=b job=start; b job=start", JOB_RUNS},
		{"the other end says so", "a job=start; b Before=a job=start", JOB_WAITS},
		{"no job, no wait", "a After=b job=start; b activating", JOB_RUNS},
		{"stop after stop goes first", "a After=b job=stop; b job=stop", JOB_RUNS},
		{"stop before stop waits", "a Before=b job=stop; b job=stop", JOB_WAITS},
		{"start after stop", "a After=b job=start; b job=stop", JOB_WAITS},
		{"start before stop", "a Before=b job=start; b job=stop", JOB_WAITS},
		{"stop after start", "a After=b job=stop; b job=start", JOB_RUNS},
		{"stop before start", "a Before=b job=stop; b job=start", JOB_RUNS},
		{"a restart begins with a stop", "a After=b job=restart; b job=restart", JOB_RUNS},
		{"and so goes after what is after it", "a Before=b job=restart; b job=restart",
		 JOB_WAITS},
		{"start after restart", "a After=b job=start; b job=restart", JOB_WAITS},
		{"reload after start", "a After=b job=reload; b job=start", JOB_WAITS},
		{"start after verify", "a After=b job=start; b job=verify-active", JOB_WAITS},
		{"Requires alone is no order", "a Requires=b job=start; b job=start", JOB_RUNS},
		{"a target after what it wants", "a.target Wants=b ~After=b job=start; b job=start",
		 JOB_WAITS},
		{"unless that is after the target",
		 "a.target Wants=b ~After=b job=start; b After=a.target job=start", JOB_RUNS},
		{"the second of two", "a After=b,c job=start; b; c job=start", JOB_WAITS},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct unit_set set = sample_set(cases[i].units);
		const char *name = str_starts_with(cases[i].units, "a.target") ? "a.target" : "a";
		struct job *job = sample_find(&set, name)->job;

		if (decide_job(job) != cases[i].readiness)
			fail_msg("%s", cases[i].what);
		job->ignore_order = true;
		assert_int_equal(decide_job(job), JOB_RUNS);
		unit_set_fini(&set);
	}
}

static void a_requirement_that_is_not_met_ends_a_job(void **state)
{
	static const struct {
		const char *what, *units;
		enum job_readiness readiness; /* of a's job */
	} cases[] = {
		{"76: Requisite is down", "a Requisite=b job=start; b", JOB_CANNOT},
		{"Requisite failed", "a Requisite=b job=start; b failed", JOB_CANNOT},
		{"Requisite runs", "a Requisite=b job=start; b active", JOB_RUNS},
		{"Requisite is to be started", "a Requisite=b job=start; b job=start", JOB_RUNS},
		{"Requisite is to be verified", "a Requisite=b job=start; b job=verify-active",
		 JOB_CANNOT},
		{"Requisite stops", "a Requisite=b job=start; b deactivating job=stop", JOB_CANNOT},
		{"Requisite starts", "a Requisite=b job=start; b activating", JOB_RUNS},
		{"BindsTo and After of what is down", "a BindsTo=b After=b job=start; b",
		 JOB_CANNOT},
		{"BindsTo and After of what restarts",
		 "a BindsTo=b After=b job=start; b auto-restart", JOB_CANNOT},
		{"BindsTo and After of what runs", "a BindsTo=b After=b job=start; b reloading",
		 JOB_RUNS},
		{"BindsTo without After", "a BindsTo=b job=start; b", JOB_RUNS},
		{"Requires of what is down", "a Requires=b After=b job=start; b", JOB_RUNS},
		{"who runs already lacks nothing", "a Requisite=b active job=start; b", JOB_RUNS},
		{"a restart stops first", "a BindsTo=b After=b job=restart; b", JOB_RUNS},
		{"verify of what runs", "a active job=verify-active", JOB_RUNS},
		{"verify of what is starting", "a activating job=verify-active", JOB_WAITS},
		{"verify of what is down", "a job=verify-active", JOB_RUNS},
		{"verify of what stops", "a deactivating job=verify-active", JOB_RUNS},
		{"verify waits for its turn", "a After=b job=verify-active; b job=start",
		 JOB_WAITS},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct unit_set set = sample_set(cases[i].units);

		if (decide_job(sample_find(&set, "a")->job) != cases[i].readiness)
			fail_msg("%s", cases[i].what);
		unit_set_fini(&set);
	}
}

/* Nothing can be bound to what is not there. */
static void a_job_without_dependencies_is_bound_all_the_same(void **state)
{
	struct unit_set set =
		sample_set("a BindsTo=x After=x job=start; b Requisite=x After=c job=start;"
			   "c job=start; x");

	sample_find(&set, "a")->job->ignore_order = true;
	sample_find(&set, "b")->job->ignore_order = true;
	assert_int_equal(decide_job(sample_find(&set, "a")->job), JOB_CANNOT);
	assert_int_equal(decide_job(sample_find(&set, "b")->job), JOB_RUNS);
	unit_set_fini(&set);
}

/* Case 77. */
static void a_failed_start_ends_the_waiting_jobs_of_those_that_require_it(void **state)
{
	struct unit_set set =
		sample_set("base; q Requires=base job=start; r Requires=base job=start;"
			   "s Requisite=base job=verify-active; b BindsTo=base job=start;"
			   "w Wants=base job=start; n Requires=base; t Requires=base job=stop; c "
			   "Requires=q job=start");
	struct consequences out = {0};

	sample_find(&set, "r")->job->running = true;
	decide_dependents(sample_find(&set, "base"), &out);
	assert_int_equal(out.count, 3);
	assert_ptr_equal(out.items[0].unit, sample_find(&set, "q"));
	assert_ptr_equal(out.items[1].unit, sample_find(&set, "s"));
	assert_ptr_equal(out.items[2].unit, sample_find(&set, "b"));
	assert_int_equal(out.items[0].type, JOB_START);
	vector_fini(&out);
	unit_set_fini(&set);
}

/* A target of many is asked at each end of one of them. */
static void a_job_of_many_waits_until_the_last_is_over(void **state)
{
	enum { MANY = 200 };
	struct unit_set set = {0};
	struct unit *target = sample_unit(&set, "t.target job=start");
	char line[64];

	for (int i = 0; i < MANY; i++) {
		snprintf(line, sizeof(line), "u%d Before=t.target job=start", i);
		sample_unit(&set, line);
	}
	for (int i = 0; i < MANY; i++) {
		struct unit *unit;

		assert_int_equal(decide_job(target->job), JOB_WAITS);
		snprintf(line, sizeof(line), "u%d", i * 7 % MANY);
		unit = sample_find(&set, line);
		free(unit->job);
		unit->job = NULL;
	}
	assert_int_equal(decide_job(target->job), JOB_RUNS);
	unit_set_fini(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_job_waits_for_those_that_go_first),
		cmocka_unit_test(a_requirement_that_is_not_met_ends_a_job),
		cmocka_unit_test(a_job_without_dependencies_is_bound_all_the_same),
		cmocka_unit_test(a_failed_start_ends_the_waiting_jobs_of_those_that_require_it),
		cmocka_unit_test(a_job_of_many_waits_until_the_last_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
