#include "engine/container_check.h"
#include "engine/json_fixture.h"

static const struct cgroup_host everything = {
	.layout = CGROUP_V1,
	.has = {true, true, true, true, true, true, true, true, true, true},
	.swap_limit = true,
	.oom_kill_disable = true,
	.blkio_weight = true,
	.cpu_quota = true,
};
static const struct cgroup_host unified = {
	.layout = CGROUP_V2,
	.has = {true, true, true, true, true, true, true, true, true, true},
	.swap_limit = true,
	.cpu_quota = true,
};
static const struct host_limits v1 = {2, &everything}, v2 = {2, &unified};

struct request {
	struct container_config config;
	struct host_config host;
	struct strings warnings;
	struct error err;
	bool ok;
};

static void check(struct request *r, const char *config, const char *host,
		  const struct create_defaults *defaults)
{
	*r = (struct request){0};
	read_json(config, RECORD_FOR_API, &container_config_type, &r->config);
	read_json(host, RECORD_FOR_API, &host_config_type, &r->host);
	r->ok = container_check(&r->config, &r->host, defaults, &r->warnings, &r->err);
}

static void fini(struct request *r)
{
	record_fini(&container_config_type, &r->config);
	record_fini(&host_config_type, &r->host);
	strings_fini(&r->warnings);
}

static const struct create_defaults defaults = {
	.limits = &v1, .log_driver = "json-file", .api_minor = 47};

static void bad_requests_are_refused_in_known_words(void **state)
{
	static const struct {
		const char *config, *host, *error;
	} cases[] = {
		{"{'WorkingDir': 'rel'}", "{}",
		 "the working directory 'rel' is invalid, it needs to be an absolute path"},
		{"{'Env': ['=x']}", "{}", "invalid environment variable: =x"},
		{"{'Env': ['']}", "{}", "invalid environment variable: "},
		{"{'StopSignal': 'BOGUS'}", "{}", "invalid signal: BOGUS"},
		{"{}", "{'ConsoleSize': '24x80'}", "invalid ConsoleSize: it is no array"},
		{"{'Healthcheck': {'Interval': 5}}", "{}",
		 "Interval in Healthcheck cannot be less than 1ms"},
		{"{'ExposedPorts': {'99999': {}}}", "{}", "invalid port specification: \"99999\""},
		{"{}", "{'PortBindings': {'80/tcp': [{'HostPort': '99999'}]}}",
		 "invalid port specification: \"99999\""},
		{"{}", "{'PortBindings': {'80/sctp': [{}]}}",
		 "publishing sctp ports is not supported by this version"},
		{"{'Hostname': 'h'}", "{'NetworkMode': 'container:x'}",
		 "conflicting options: hostname and the network mode"},
		{"{'Hostname': 'h'}", "{'UTSMode': 'host'}",
		 "conflicting options: hostname and the UTS mode"},
		{"{}", "{'NetworkMode': 'container:'}",
		 "Invalid network mode: invalid container format container:<name|id>"},
		{"{}", "{'NetworkMode': 'container:x', 'Dns': ['1.1.1.1']}",
		 "conflicting options: dns and the network mode"},
		{"{}", "{'NetworkMode': 'container:x', 'ExtraHosts': ['a:1.1.1.1']}",
		 "conflicting options: custom host-to-IP mapping and the network mode"},
		{"{'MacAddress': '02:00:00:00:00:01'}", "{'NetworkMode': 'host'}",
		 "conflicting options: mac-address and the network mode"},
		{"{}", "{'NetworkMode': 'container:x', 'PortBindings': {'80': [{}]}}",
		 "conflicting options: port publishing and the container type network mode"},
		{"{'ExposedPorts': {'80/tcp': {}}}", "{'NetworkMode': 'container:x'}",
		 "conflicting options: port exposing and the container type network mode"},
		{"{}", "{'IpcMode': 'x'}", "invalid IPC mode: x"},
		{"{}", "{'IpcMode': 'container:'}", "invalid IPC mode: container:"},
		{"{}", "{'PidMode': 'private'}", "invalid PID mode: private"},
		{"{}", "{'UTSMode': 'x'}", "invalid UTS mode: x"},
		{"{}", "{'CgroupnsMode': 'x'}", "invalid cgroup namespace mode: x"},
		{"{}", "{'AutoRemove': true, 'RestartPolicy': {'Name': 'always'}}",
		 "can't create 'AutoRemove' container with restart policy"},
		{"{}", "{'RestartPolicy': {'Name': 'x'}}",
		 "invalid restart policy: unknown policy 'x'; use one of 'no', 'always', "
		 "'on-failure', or 'unless-stopped'"},
		{"{}", "{'CapAdd': ['x']}", "invalid CapAdd: unknown capability: \"CAP_X\""},
		{"{}", "{'CapDrop': ['x']}", "invalid CapDrop: unknown capability: \"CAP_X\""},
		{"{}", "{'SecurityOpt': ['x']}", "invalid --security-opt 1: \"x\""},
		{"{}", "{'SecurityOpt': ['x=y']}", "invalid --security-opt 2: \"x=y\""},
		{"{}", "{'SecurityOpt': ['no-new-privileges=maybe']}",
		 "invalid --security-opt 2: \"no-new-privileges=maybe\""},
		{"{}", "{'ExtraHosts': ['x']}", "bad format for add-host: \"x\""},
		{"{}", "{'OomScoreAdj': 1001}",
		 "Invalid value 1001, range for oom score adj is [-1000, 1000]"},
		{"{}", "{'ShmSize': -1}", "SHM size can not be less than 0"},
		{"{}", "{'Runtime': 'x'}", "unknown or invalid runtime name: x"},
		{"{}", "{'Isolation': 'hyperv'}", "invalid isolation 'hyperv' on linux"},
		{"{}", "{'DeviceRequests': [{'Count': -1}]}",
		 "could not select device driver for device requests: GPUs are given by a "
		 "vendor's runtime hook, and none is run here; use --device"},
		{"{}", "{'StorageOpt': {'size': '1g'}}",
		 "--storage-opt is supported only for overlay over xfs with 'pquota' mount option"},
		{"{}", "{'VolumeDriver': 'x'}",
		 "error looking up volume plugin x: plugin \"x\" not found"},
		{"{}", "{'Sysctls': {'vm.swappiness': '1'}}",
		 "sysctl \"vm.swappiness\" is not in a separate kernel namespace"},
		{"{}", "{'LogConfig': {'Type': 'fluentd'}}",
		 "logger: no log driver named 'fluentd' is registered"},
		{"{}", "{'LogConfig': {'Config': {'x': 'y'}}}",
		 "unknown log opt 'x' for json-file log driver"},
		{"{}", "{'LogConfig': {'Config': {'max-size': 'x'}}}",
		 "invalid value for max-size: \"x\""},
		{"{}", "{'LogConfig': {'Config': {'max-file': '0'}}}",
		 "invalid value for max-file: \"0\""},
		{"{}", "{'Memory': 5}", "Minimum memory limit allowed is 6MB"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct request r;

		check(&r, cases[i].config, cases[i].host, &defaults);
		if (r.ok)
			fail_msg("accepted: %s %s", cases[i].config, cases[i].host);
		assert_string_equal(r.err.text, cases[i].error);
		fini(&r);
	}
}

static void what_is_open_is_filled_in_as_inspect_shows_it(void **state)
{
	struct request r;

	check(&r, "{}", "{'Memory': 8388608, 'PidsLimit': -1, 'CapAdd': ['net_admin']}", &defaults);
	assert_true(r.ok);
	assert_string_equal(r.host.network_mode, "bridge");
	assert_string_equal(r.host.restart_policy.name, "no");
	assert_string_equal(r.host.log_config.type, "json-file");
	assert_string_equal(r.host.ipc_mode, "private");
	assert_string_equal(r.host.cgroupns_mode, "host");
	assert_string_equal(r.host.runtime, "runc");
	assert_string_equal(r.host.console_size, "[0,0]");
	assert_string_equal(r.host.cap_add.items[0], "CAP_NET_ADMIN");
	assert_int_equal(r.host.shm_size, 64 << 20);
	assert_int_equal(r.host.resources.memory_swap, 16 << 20);
	assert_int_equal(r.host.resources.oom_kill_disable, -1);
	assert_false(r.host.resources.pids_limit.given);
	assert_true(strings_contain(&r.host.masked_paths, "/proc/kcore"));
	assert_true(strings_contain(&r.host.readonly_paths, "/proc/sys"));
	fini(&r);
}

static void memory_that_cannot_be_doubled_has_swap_without_end(void **state)
{
	struct request r;

	check(&r, "{}", "{'Memory': 9223372036854775807}", &defaults);
	assert_true(r.ok);
	assert_true(r.host.resources.memory_swap == -1);
	fini(&r);
}

static void privileged_containers_see_everything(void **state)
{
	struct request r;

	check(&r, "{}", "{'Privileged': true, 'MaskedPaths': ['/x']}", &defaults);
	assert_null(r.host.masked_paths.items);
	assert_null(r.host.readonly_paths.items);
	fini(&r);
	check(&r, "{}", "{'MaskedPaths': []}", &defaults);
	assert_non_null(r.host.masked_paths.items);
	assert_int_equal(r.host.masked_paths.count, 0);
	fini(&r);
}

static void the_unified_hierarchy_has_defaults_of_its_own(void **state)
{
	struct create_defaults on_v2 = defaults;
	struct request r;

	on_v2.limits = &v2;
	check(&r, "{}", "{}", &on_v2);
	assert_string_equal(r.host.cgroupns_mode, "private");
	assert_int_equal(r.host.resources.oom_kill_disable, 0);
	fini(&r);
}

static void older_clients_have_older_defaults(void **state)
{
	struct create_defaults old = defaults;
	struct request r;

	old.api_minor = 24;
	check(&r, "{}", "{'AutoRemove': true}", &old);
	assert_string_equal(r.host.ipc_mode, "shareable");
	assert_string_equal(r.host.cgroupns_mode, "host");
	assert_false(r.host.auto_remove);
	fini(&r);
}

static void published_ports_mean_nothing_on_the_host_s_network(void **state)
{
	struct request r;

	check(&r, "{}", "{'NetworkMode': 'host', 'PortBindings': {'80/tcp': [{}]}}", &defaults);
	assert_true(r.ok);
	assert_int_equal(r.warnings.count, 1);
	assert_string_equal(r.warnings.items[0],
			    "Published ports are discarded when using host network mode");
	fini(&r);
}

static void the_daemon_s_log_options_fill_in_what_is_not_given(void **state)
{
	struct create_defaults with_options = defaults;
	struct pairs options = {0};
	struct request r;

	pairs_set(&options, "max-size", "1m");
	with_options.log_options = &options;
	check(&r, "{}", "{}", &with_options);
	assert_string_equal(pairs_get(&r.host.log_config.config, "max-size"), "1m");
	fini(&r);
	check(&r, "{}", "{'LogConfig': {'Config': {'max-file': '2'}}}", &with_options);
	assert_string_equal(pairs_get(&r.host.log_config.config, "max-size"), "1m");
	assert_string_equal(pairs_get(&r.host.log_config.config, "max-file"), "2");
	fini(&r);
	check(&r, "{}", "{'LogConfig': {'Config': {'max-size': '3m'}}}", &with_options);
	assert_string_equal(pairs_get(&r.host.log_config.config, "max-size"), "3m");
	fini(&r);
	check(&r, "{}", "{'LogConfig': {'Type': 'none'}}", &with_options);
	assert_int_equal(r.host.log_config.config.count, 0);
	fini(&r);
	pairs_fini(&options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_requests_are_refused_in_known_words),
		cmocka_unit_test(what_is_open_is_filled_in_as_inspect_shows_it),
		cmocka_unit_test(memory_that_cannot_be_doubled_has_swap_without_end),
		cmocka_unit_test(privileged_containers_see_everything),
		cmocka_unit_test(the_unified_hierarchy_has_defaults_of_its_own),
		cmocka_unit_test(older_clients_have_older_defaults),
		cmocka_unit_test(published_ports_mean_nothing_on_the_host_s_network),
		cmocka_unit_test(the_daemon_s_log_options_fill_in_what_is_not_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
