#include "engine/engine_private.h"
#include "engine/json_fixture.h"
#include "engine/log_plan.h"
#include "engine/sandbox_plan.h"

struct fixture {
	struct container c;
	struct sandbox_facts facts;
	struct strings layers;
	struct sandbox_spec spec;
	struct error err;
};

static bool plan(struct fixture *f, const char *container)
{
	*f = (struct fixture){.facts = {.layers_folder = "/l",
					.writable_folder = "/w",
					.etc_folder = "/e",
					.cgroup_path = "/wherry/c/id",
					.init_path = "/init",
					.seccomp = "/seccomp",
					.hostname = "host",
					.capabilities = 0xff}};
	strings_add(&f->layers, "a");
	f->facts.layers = &f->layers;
	read_json(container, RECORD_FOR_STORE, &container_type, &f->c);
	return sandbox_plan(&f->c, &f->facts, &f->spec, &f->err);
}

static void fini(struct fixture *f)
{
	record_fini(&container_type, &f->c);
	record_fini(&sandbox_spec_type, &f->spec);
	strings_fini(&f->layers);
}

static void a_plain_container_gets_a_sandbox_of_its_own(void **state)
{
	struct fixture f;

	assert_true(plan(&f, "{'Id': 'id', 'Path': 'sh', 'Args': ['-c', 'true'],"
			     " 'Config': {'Env': ['A=1']}, 'HostConfig': {'ShmSize': 5}}"));
	assert_string_equal(f.spec.id, "id");
	assert_string_equal(f.spec.layers.items[0], "a");
	assert_int_equal(f.spec.process.args.count, 3);
	assert_string_equal(f.spec.process.cwd, "/");
	assert_string_equal(f.spec.process.user, "");
	assert_true(strings_contain(&f.spec.process.env, "HOSTNAME=host"));
	assert_true(strings_contain(&f.spec.process.env, "A=1"));
	assert_int_equal(f.spec.process.capabilities, 0xff);
	assert_string_equal(f.spec.process.seccomp, "/seccomp");
	assert_int_equal(f.spec.pid.mode, NAMESPACE_NEW);
	assert_int_equal(f.spec.uts.mode, NAMESPACE_NEW);
	assert_int_equal(f.spec.user.mode, NAMESPACE_HOST);
	assert_int_equal(f.spec.shm_size, 5);
	assert_false(f.spec.init);
	fini(&f);
}

static void privileged_means_all_devices(void **state)
{
	struct fixture f;

	assert_true(plan(&f, "{'Id': 'id', 'Path': 'sh', 'HostConfig': {'Privileged': true}}"));
	assert_true(f.spec.all_devices);
	fini(&f);
}

static void modes_choose_namespaces(void **state)
{
	struct fixture f;

	assert_true(plan(&f, "{'Id': 'id', 'Path': 'sh', 'HostConfig': {'PidMode': 'host',"
			     " 'IpcMode': 'host', 'UTSMode': 'host', 'CgroupnsMode': 'host'}}"));
	assert_int_equal(f.spec.pid.mode, NAMESPACE_HOST);
	assert_int_equal(f.spec.ipc.mode, NAMESPACE_HOST);
	assert_string_equal(f.spec.shm_source, "/dev/shm");
	assert_int_equal(f.spec.uts.mode, NAMESPACE_HOST);
	assert_int_equal(f.spec.cgroup.mode, NAMESPACE_HOST);
	fini(&f);
}

static void donors_are_joined_by_pid_and_start_time(void **state)
{
	struct fixture f;

	plan(&f, "{'Id': 'id', 'Path': 'sh'}");
	record_fini(&sandbox_spec_type, &f.spec);
	f.facts.network = f.facts.ipc = f.facts.pid = (struct donor){7, 8, "/shm"};
	assert_true(sandbox_plan(&f.c, &f.facts, &f.spec, &f.err));
	assert_int_equal(f.spec.network.mode, NAMESPACE_JOIN);
	assert_int_equal(f.spec.pid.join_pid, 7);
	assert_int_equal(f.spec.ipc.join_start_time, 8);
	assert_string_equal(f.spec.shm_source, "/shm");
	fini(&f);
}

static void mounts_become_binds_and_tmpfs(void **state)
{
	const struct mount_spec *mount;
	struct fixture f;

	assert_true(plan(&f, "{'Id': 'id', 'Path': 'sh', 'Mounts': ["
			     "{'Type': 'volume', 'Source': '/v', 'Destination': '/a', 'RW': true,"
			     " 'CopyUp': true},"
			     "{'Type': 'bind', 'Source': '/s', 'Destination': '/b', 'Propagation':"
			     " 'rslave', 'Recursive': true},"
			     "{'Type': 'tmpfs', 'Destination': '/c', 'RW': true, 'Options':"
			     " 'size=1m,exec'}]}"));
	assert_int_equal(f.spec.mounts.count, 3);
	mount = RECORD_AT(f.spec.mounts, struct mount_spec, 0);
	assert_string_equal(mount->type, "bind");
	assert_true(mount->copy_up && !mount->read_only);
	mount = RECORD_AT(f.spec.mounts, struct mount_spec, 1);
	assert_string_equal(mount->propagation, "rslave");
	assert_true(mount->read_only && mount->recursive);
	mount = RECORD_AT(f.spec.mounts, struct mount_spec, 2);
	assert_string_equal(mount->options, "size=1m");
	assert_true(mount->nosuid && mount->nodev && !mount->noexec && !mount->read_only);
	fini(&f);
}

static void limits_of_the_container_stand_over_the_daemon_s(void **state)
{
	struct record_list ours = {0};
	struct ulimit *limit = record_list_add(&ulimit_type, &ours);
	const struct rlimit_spec *spec;
	struct fixture f;

	limit->name = str_dup("nofile");
	limit->soft = limit->hard = 10;
	limit = record_list_add(&ulimit_type, &ours);
	limit->name = str_dup("core");
	plan(&f, "{'Id': 'id', 'Path': 'sh', 'HostConfig': {'Ulimits':"
		 " [{'Name': 'nofile', 'Soft': 1, 'Hard': 2}]}}");
	record_fini(&sandbox_spec_type, &f.spec);
	f.facts.ulimits = &ours;
	assert_true(sandbox_plan(&f.c, &f.facts, &f.spec, &f.err));
	assert_int_equal(f.spec.process.rlimits.count, 2);
	spec = RECORD_AT(f.spec.process.rlimits, struct rlimit_spec, 0);
	assert_string_equal(spec->name, "nofile");
	assert_int_equal(spec->hard, 2);
	record_list_fini(&ulimit_type, &ours);
	fini(&f);
}

static void an_exec_runs_in_the_container_s_ways(void **state)
{
	struct exec_config config = {0};
	struct process_spec process = {0};
	struct fixture f;

	plan(&f, "{'Id': 'id', 'Path': 'sh', 'Config': {'User': 'app', 'WorkingDir': '/srv',"
		 " 'Env': ['A=1', 'B=1']}}");
	read_json("{'Cmd': ['id'], 'Env': ['B=2'], 'Tty': true, 'ConsoleSize': [24, 80]}",
		  RECORD_FOR_STORE, &exec_config_type, &config);
	assert_true(exec_plan(&f.c, &config, &f.facts, &process, &f.err));
	assert_string_equal(process.user, "app");
	assert_string_equal(process.cwd, "/srv");
	assert_true(strings_contain(&process.env, "A=1"));
	assert_true(strings_contain(&process.env, "B=2"));
	assert_true(strings_contain(&process.env, "TERM=xterm"));
	assert_int_equal(process.rows, 24);
	assert_int_equal(process.columns, 80);
	record_fini(&process_spec_type, &process);
	record_fini(&exec_config_type, &config);
	fini(&f);
}

static char worker[] = "/worker";
static struct engine engine = {.settings = {.data_root = "/data"}, .worker = worker};

static void a_log_is_rotated_unless_said_otherwise(void **state)
{
	static const struct {
		const char *options;
		int64_t size, files;
	} cases[] = {
		{"{}", 20000000, 5},
		{"{'max-size': '1m'}", 1 << 20, 5},
		{"{'max-size': '-1'}", -1, 5},
		{"{'max-file': '2'}", 20000000, 2},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct shim_log_options out = {0};
		struct container c = {.id = str_dup("0123456789abcdef"),
				      .engine = &engine,
				      .host_config.log_config.type = str_dup("none")};

		scoped_free char *text = str_format("{'Config': %s}", cases[i].options);

		read_json(text, RECORD_FOR_STORE, &log_config_type, &c.host_config.log_config);
		assert_true(log_plan(&c, &out, &(struct error){0}));
		assert_int_equal(out.max_size, cases[i].size);
		assert_int_equal(out.max_files, cases[i].files);
		record_fini(&shim_log_options_type, &out);
		record_fini(&container_type, &c);
	}
}

static void lines_carry_the_labels_and_variables_that_are_named(void **state)
{
	struct container c = {0};
	scoped_free char *details = NULL;
	struct shim_log_options out = {0};

	read_json("{'Config': {'Labels': {'b': 'x', 'a': '1', 'c': '2'}, 'Env': ['E=5', 'F=6']},"
		  " 'HostConfig': {'LogConfig': {'Type': 'none', 'Config':"
		  " {'labels': 'a,b,zz', 'env': 'E'}}}}",
		  RECORD_FOR_STORE, &container_type, &c);
	details = log_details(&c);
	assert_string_equal(details, "E=5,a=1,b=x");
	c.id = str_dup("0123456789abcdef");
	c.engine = &engine;
	assert_true(log_plan(&c, &out, &(struct error){0}));
	assert_string_equal(out.attrs_json, "{\"E\":\"5\",\"a\":\"1\",\"b\":\"x\"}");
	record_fini(&shim_log_options_type, &out);
	record_fini(&container_type, &c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_container_gets_a_sandbox_of_its_own),
		cmocka_unit_test(privileged_means_all_devices),
		cmocka_unit_test(modes_choose_namespaces),
		cmocka_unit_test(donors_are_joined_by_pid_and_start_time),
		cmocka_unit_test(mounts_become_binds_and_tmpfs),
		cmocka_unit_test(limits_of_the_container_stand_over_the_daemon_s),
		cmocka_unit_test(an_exec_runs_in_the_container_s_ways),
		cmocka_unit_test(a_log_is_rotated_unless_said_otherwise),
		cmocka_unit_test(lines_carry_the_labels_and_variables_that_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
