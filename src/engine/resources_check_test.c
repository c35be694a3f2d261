#include "engine/resources_check.h"

#include "base/memory.h"
#include "base/test.h"

#define MIB (INT64_C(1) << 20)

static const struct cgroup_host everything = {
	.layout = CGROUP_V1,
	.has = {true, true, true, true, true, true, true, true, true},
	.swap_limit = true,
	.oom_kill_disable = true,
	.blkio_weight = true,
	.cpu_quota = true,
};
static const struct cgroup_host nothing = {.layout = CGROUP_NONE};
static const struct cgroup_host unified = {
	.layout = CGROUP_V2,
	.has = {true, true, true, true, true, true, true, true, true},
	.swap_limit = true,
	.cpu_quota = true,
};

static const struct host_limits host = {2, &everything}, bare = {2, &nothing}, v2 = {2, &unified};

static void impossible_limits_are_refused_in_known_words(void **state)
{
	static const struct {
		struct resources resources;
		bool update;
		const char *error; /* NULL: fine */
	} cases[] = {
		{{0}, false, NULL},
		{{.memory = 6 * MIB}, false, NULL},
		{{.memory = 1}, false, "Minimum memory limit allowed is 6MB"},
		{{.memory = -1}, false, "Minimum memory limit allowed is 6MB"},
		{{.memory = 8 * MIB, .memory_swap = 7 * MIB},
		 false,
		 "Minimum memoryswap limit should be larger than memory limit, see usage"},
		{{.memory_swap = 7 * MIB},
		 false,
		 "You should always set the Memory limit when using Memoryswap limit, see usage"},
		{{.memory_swap = 7 * MIB}, true, NULL},
		{{.memory_swap = -1}, false, NULL},
		{{.memory_swappiness = {true, 101}},
		 false,
		 "invalid value: 101, valid memory swappiness range is 0-100"},
		{{.memory_reservation = 1}, false, "Minimum memory reservation allowed is 6MB"},
		{{.memory = 8 * MIB, .memory_reservation = 9 * MIB},
		 false,
		 "Minimum memory limit can not be less than memory reservation limit, see usage"},
		{{.nano_cpus = 2000000000}, false, NULL},
		{{.nano_cpus = 2000000001},
		 false,
		 "range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available"},
		{{.nano_cpus = -1},
		 false,
		 "range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available"},
		{{.nano_cpus = 1, .cpu_period = 1000},
		 false,
		 "Conflicting options: Nano CPUs and CPU Period cannot both be set"},
		{{.nano_cpus = 1, .cpu_quota = 1000},
		 false,
		 "Conflicting options: Nano CPUs and CPU Quota cannot both be set"},
		{{.cpu_period = 999},
		 false,
		 "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. "
		 "1000000)"},
		{{.cpu_quota = 999}, false, "CPU cfs quota can not be less than 1ms (i.e. 1000)"},
		{{.cpu_quota = -1}, false, NULL},
		{{.cpu_realtime_runtime = 1},
		 false,
		 "Your kernel does not support CPU real-time scheduler"},
		{{.cpuset_cpus = (char *)"0-1"}, false, NULL},
		{{.cpuset_cpus = (char *)"x"}, false, "Invalid value x for cpuset cpus"},
		{{.cpuset_cpus = (char *)"0-5"},
		 false,
		 "Requested CPUs are not available - requested 0-5, available: 0-1"},
		{{.cpuset_mems = (char *)"1-"}, false, "Invalid value 1- for cpuset mems"},
		{{.blkio_weight = 9}, false, "Range of blkio weight is from 10 to 1000"},
		{{.blkio_weight = 1001}, false, "Range of blkio weight is from 10 to 1000"},
		{{.io_maximum_iops = 1},
		 false,
		 "Invalid QoS settings: linux does not support Maximum IO IOPs"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_strings struct strings warnings = {0};
		struct resources resources = cases[i].resources;
		struct error err = {0};
		bool ok = resources_check(&resources, &host, cases[i].update, &warnings, &err);

		if (ok != !cases[i].error)
			fail_msg("case %zu: %s", i, err.text);
		assert_string_equal(err.text, cases[i].error ? cases[i].error : "");
		assert_int_equal(warnings.count, 0);
	}
}

static void what_the_kernel_lacks_is_dropped_with_a_warning(void **state)
{
	struct resources resources = {.memory = 8 * MIB,
				      .memory_reservation = 7 * MIB,
				      .oom_kill_disable = 1,
				      .pids_limit = {true, 5},
				      .cpu_shares = 5,
				      .cpu_quota = 5000,
				      .cpuset_cpus = str_dup("0"),
				      .blkio_weight = 10};
	scoped_strings struct strings warnings = {0};
	struct error err;

	assert_true(resources_check(&resources, &bare, false, &warnings, &err));
	assert_int_equal(warnings.count, 8);
	assert_int_equal(resources.memory, 0);
	assert_int_equal(resources.memory_reservation, 0);
	assert_int_equal(resources.oom_kill_disable, 0);
	assert_false(resources.pids_limit.given);
	assert_int_equal(resources.cpu_shares, 0);
	assert_int_equal(resources.cpu_quota, 0);
	assert_null(resources.cpuset_cpus);
	assert_int_equal(resources.blkio_weight, 0);
}

static void swap_without_its_controller_leaves_memory_limited(void **state)
{
	struct cgroup_host no_swap = everything;
	struct host_limits limits = {2, &no_swap};
	struct resources resources = {.memory = 8 * MIB, .memory_swap = 16 * MIB};
	scoped_strings struct strings warnings = {0};
	struct error err;

	no_swap.swap_limit = false;
	assert_true(resources_check(&resources, &limits, false, &warnings, &err));
	assert_int_equal(resources.memory_swap, -1);
	assert_int_equal(resources.memory, 8 * MIB);
	assert_string_equal(warnings.items[0],
			    "Your kernel does not support swap limit capabilities or the cgroup is "
			    "not mounted. Memory limited without swap.");
}

static void swappiness_is_not_there_on_the_unified_hierarchy(void **state)
{
	struct resources resources = {.memory_swappiness = {true, 50}};
	scoped_strings struct strings warnings = {0};
	struct error err;

	assert_true(resources_check(&resources, &v2, false, &warnings, &err));
	assert_false(resources.memory_swappiness.given);
	assert_int_equal(warnings.count, 1);
}

static void cpu_lists_are_numbers_and_ranges(void **state)
{
	static const struct {
		const char *text;
		int highest; /* -1: refused */
	} cases[] = {
		{"0", 0},   {"0-3", 3},	   {"1,5,2", 5}, {"0-1,7", 7}, {"", -1},
		{",", -1},  {"1,", -1},	   {"-", -1},	 {"3-1", -1},  {"1-2-3", -1},
		{" 1", -1}, {"99999", -1}, {"a", -1},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		int highest;
		bool ok = cpu_list_parse(cases[i].text, 100, &highest);

		if (ok != (cases[i].highest >= 0) || (ok && highest != cases[i].highest))
			fail_msg("'%s'", cases[i].text);
	}
}

static void a_soft_limit_above_the_hard_one_is_refused(void **state)
{
	struct resources resources = {0};
	struct ulimit *limit = record_list_add(&ulimit_type, &resources.ulimits);
	scoped_strings struct strings warnings = {0};
	struct error err = {0};

	limit->name = str_dup("nofile");
	limit->soft = 10;
	limit->hard = 5;
	assert_false(resources_check(&resources, &host, false, &warnings, &err));
	assert_string_equal(err.text,
			    "ulimit soft limit must be less than or equal to hard limit: 10 > 5");
	limit->hard = -1;
	assert_true(resources_check(&resources, &host, false, &warnings, &err));
	record_list_fini(&ulimit_type, &resources.ulimits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(impossible_limits_are_refused_in_known_words),
		cmocka_unit_test(what_the_kernel_lacks_is_dropped_with_a_warning),
		cmocka_unit_test(swap_without_its_controller_leaves_memory_limited),
		cmocka_unit_test(swappiness_is_not_there_on_the_unified_hierarchy),
		cmocka_unit_test(cpu_lists_are_numbers_and_ranges),
		cmocka_unit_test(a_soft_limit_above_the_hard_one_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
