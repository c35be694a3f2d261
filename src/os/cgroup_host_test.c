#include "os/cgroup_host.h"

#include "base/test.h"

static const char hybrid[] =
	"27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
	"31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
	"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 master:2 - cgroup cgroup "
	"rw,cpu,cpuacct\n"
	"35 31 0:32 / /sys/fs/cgroup/mem\\040ory rw,relatime - cgroup cgroup rw,memory\n"
	"40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd\n"
	"41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
	"42 31 0:39 / /elsewhere rw,relatime - cgroup2 cgroup2 rw\n";

static const char unified[] =
	"31 23 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";

static void parse(const char *text, struct cgroup_host *host)
{
	scoped_free char *copy = str_dup(text);

	cgroup_host_parse(copy, host);
}

static void a_hybrid_host_is_read_with_controllers_mounted_together(void **state)
{
	scoped_with(cgroup_host_fini) struct cgroup_host host = {0};

	parse(hybrid, &host);
	assert_int_equal(host.layout, CGROUP_HYBRID);
	assert_string_equal(host.mount[CGROUP_CPUACCT], "/sys/fs/cgroup/cpu,cpuacct");
	assert_int_equal(host.owner[CGROUP_CPUACCT], CGROUP_CPU);
	assert_string_equal(host.mount[CGROUP_MEMORY], "/sys/fs/cgroup/mem ory");
	assert_string_equal(host.mount[CGROUP_UNIFIED], "/sys/fs/cgroup/unified");
	assert_null(host.mount[CGROUP_PIDS]);
	assert_false(host.has[CGROUP_PIDS]);
}

static void a_v2_host_has_one_tree(void **state)
{
	scoped_with(cgroup_host_fini) struct cgroup_host host = {0};

	parse(unified, &host);
	assert_int_equal(host.layout, CGROUP_V2);
	assert_null(host.mount[CGROUP_CPU]);
	assert_string_equal(host.mount[CGROUP_UNIFIED], "/sys/fs/cgroup");
}

static void a_table_without_cgroups_or_of_garbage_is_no_layout(void **state)
{
	static const char *const tables[] = {"",
					     "x\n",
					     " - cgroup\n",
					     "1 2 3 4 5 - cgroup\n",
					     "1 2 3 4 /p - cgroup cgroup\n",
					     "a - cgroup b c"};

	for (size_t i = 0; i < array_length(tables); i++) {
		scoped_with(cgroup_host_fini) struct cgroup_host host = {0};

		parse(tables[i], &host);
		assert_int_equal(host.layout, CGROUP_NONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hybrid_host_is_read_with_controllers_mounted_together),
		cmocka_unit_test(a_v2_host_has_one_tree),
		cmocka_unit_test(a_table_without_cgroups_or_of_garbage_is_no_layout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
