#include "unit/install.h"
#include "unit/unit_scratch.h"

static struct unit_scratch scratch;

static int begin(void **state)
{
	scratch_begin(&scratch);
	return 0;
}

static int end(void **state)
{
	scratch_end(&scratch);
	return 0;
}

static char *start_of(const struct unit_config *config)
{
	struct execution_plan plan;

	assert_true(unit_config_plan(config, &plan));
	assert_int_equal(plan.commands[EXECUTION_START].count, 1);
	char *line = strings_join(
		&RECORD_AT(plan.commands[EXECUTION_START], struct execution_command, 0)->args, "|");
	record_fini(&execution_plan_type, &plan);
	return line;
}

static void keys_are_options_of_docker_run(void **state)
{
	static const struct {
		const char *lines, *options;
	} cases[] = {
		{"", ""},
		{"ContainerName=x%p\n", "N"},
		{"PublishPort=80:80 81:81\nPublishPort=82\n",
		 "|--publish=80:80|--publish=81:81|--publish=82"},
		{"PublishPort=80\nPublishPort=\nPublishPort=81\n", "|--publish=81"},
		{"Environment=A=1 \"B=x y\"\n", "|--env=A=1|--env=B=x y"},
		{"AddCapability=NET_ADMIN\nDropCapability=all\n",
		 "|--cap-add=NET_ADMIN|--cap-drop=all"},
		{"Label=a=b\nHostName=h\nIP=10.0.0.2\n", "|--label=a=b|--hostname=h|--ip=10.0.0.2"},
		{"HostName=a\nHostName=b\n", "|--hostname=b"},
		{"Network=host\n", "|--network=host"},
		{"User=1\nGroup=2\n", "|--user=1:2"},
		{"Group=2\n", "|--user=0:2"},
		{"ReadOnly=yes\nRunInit=true\nNoNewPrivileges=1\n",
		 "|--read-only|--init|--security-opt=no-new-privileges"},
		{"ReadOnly=yes\nReadOnly=no\n", ""},
		{"HealthCmd=curl -f x\n", "|--health-cmd=curl -f x"},
		{"HealthOnFailure=restart\n", "|--label=wherry.on-unhealthy=restart"},
		{"Mount=type=tmpfs,target=/a b\n", "|--mount=type=tmpfs,target=/a b"},
		{"Volume=/a:/b:ro\nVolume=data.volume:/c\n",
		 "|--volume=/a:/b:ro|--volume=systemd-data:/c"},
		{"PodmanArgs=--cpus 2 \"--label=a b\"\n", "|--cpus|2|--label=a b"},
		{"Pull=always\n", "|--pull=always"},
		{"SeccompProfile=/p.json\n", "|--security-opt=seccomp=/p.json"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		bool is_named = str_equal(cases[i].options, "N");
		scoped_free char *text =
			str_format("[Container]\nImage=busybox\n%s", cases[i].lines);
		scoped_free char *expected = str_format(
			"/usr/bin/docker|run|--rm|--name=%s|--label=wherry.unit=a.service|"
			"--detach|--log-driver=journal%s|busybox",
			is_named ? "xa" : "systemd-a", is_named ? "" : cases[i].options);
		struct unit_config *config = scratch_load(&scratch, "a.service", text);

		assert_int_equal(config->load, LOAD_LOADED);
		assert_int_equal(config->warnings.count, 0);
		scoped_free char *line = start_of(config);
		assert_string_equal(line, expected);
		assert_true(config_has(config, DEPENDENCY_REQUIRES, "docker.service"));
		unit_config_free(config);
	}
}

static int32_t type_of(const struct unit_config *config)
{
	struct execution_plan plan;

	assert_true(unit_config_plan(config, &plan));
	int32_t type = plan.type;
	record_fini(&execution_plan_type, &plan);
	return type;
}

static void the_start_is_done_when_it_runs(void **state)
{
	static const struct {
		const char *service;
		enum service_type type;
		const char *options;
	} cases[] = {
		{"", SERVICE_FORKING, "--detach|--log-driver=journal|"},
		{"Type=notify\n", SERVICE_FORKING, "--detach|--log-driver=journal|"},
		{"Type=simple\n", SERVICE_SIMPLE, "--detach|--log-driver=journal|"},
		{"Type=oneshot\n", SERVICE_ONESHOT, ""},
		{"[Container]\nLogDriver=local\n", SERVICE_FORKING, "--detach|--log-driver=local|"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_free char *text =
			str_format("[Container]\nImage=busybox\n[Service]\n%s", cases[i].service);
		scoped_free char *expected =
			str_format("/usr/bin/docker|run|--rm|--name=systemd-a|--label=wherry.unit="
				   "a.service|%sbusybox",
				   cases[i].options);
		struct unit_config *config = scratch_load(&scratch, "a.service", text);
		scoped_free char *line = start_of(config);

		assert_string_equal(line, expected);
		assert_int_equal(type_of(config), cases[i].type);
		assert_true(config->has_container);
		unit_config_free(config);
	}
}

static bool asks(const struct unit_config *config)
{
	struct execution_plan plan;

	assert_true(unit_config_plan(config, &plan));
	bool asks_for_container = plan.asks_for_container;
	record_fini(&execution_plan_type, &plan);
	return asks_for_container;
}

static void a_client_is_needed_where_its_surroundings_count(void **state)
{
	static const struct {
		const char *lines;
		bool asks;
	} cases[] = {
		{"", true},
		{"Environment=A=1\nPublishPort=80\nVolume=/a:/b\nExec=a b\n", true},
		{"Pull=never\n[Service]\nType=notify\nEnvironment=A=1\nRestart=always\n", true},
		{"Pull=always\n", false},
		{"Environment=A\n", false},
		{"EnvironmentFile=/e\n", false},
		{"Exec=sh -c \"echo ${A}\"\n", false},
		{"SeccompProfile=/p.json\n", false},
		{"PodmanArgs=--cpus=1\n", false},
		{"[Service]\nType=oneshot\n", false},
		{"[Service]\nType=simple\n", false},
		{"[Service]\nUser=a\n", false},
		{"[Service]\nEnvironment=DOCKER_HOST=tcp://a:1\n", false},
		{"[Service]\nEnvironmentFile=/e\n", false},
		{"[Service]\nPassEnvironment=A\n", false},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_free char *text =
			str_format("[Container]\nImage=busybox\n%s", cases[i].lines);
		struct unit_config *config = scratch_load(&scratch, "a.service", text);

		if (asks(config) != cases[i].asks)
			fail_msg("%s", cases[i].lines);
		unit_config_free(config);
	}
}

static void a_container_file_is_a_service(void **state)
{
	scoped_strings struct strings names = {0};
	struct error err;

	scratch_write(&scratch, "etc/web@.container",
		      "[Container]\nImage=img:%i\nVolume=./data:/d\nExec=serve \"x y\" "
		      "${PORT}\n[Service]\nRestart=always\n");
	struct unit_config *config = unit_load(&scratch.context, "web@1.service");
	scoped_free char *line = start_of(config);
	scoped_free char *expected =
		str_format("/usr/bin/docker|run|--rm|--name=systemd-web_1|--label=wherry.unit="
			   "web@1.service|--detach|--log-driver=journal|--volume=%s/etc/./data:/"
			   "d|img:1|serve|x y|${PORT}",
			   scratch.root);

	assert_string_equal(line, expected);
	assert_int_equal(config->load, LOAD_LOADED);
	assert_int_equal(config->restart->rule, RESTART_ALWAYS);
	assert_true(config_path_ends_with(config, "/etc/web@.container"));
	unit_config_free(config);

	assert_true(unit_list_files(&scratch.paths, &names, &err));
	assert_int_equal(names.count, 1);
	assert_string_equal(names.items[0], "web@.service");
	assert_int_equal(unit_file_state(&scratch.context, "web@1.service"), FILE_GENERATED);
}

static void what_has_a_client_is_stopped_as_the_container_wants(void **state)
{
	static const struct {
		const char *lines, *path, *last;
	} cases[] = {
		{"[Service]\nType=oneshot\n", "/usr/bin/docker", "systemd-a"},
		{"ContainerName=b\n[Service]\nType=oneshot\n", "/usr/bin/docker", "b"},
		{"[Service]\nType=oneshot\nExecStop=/bin/own way\n", "/bin/own", "way"},
		{"[Service]\nExecStop=/bin/own way\n", "/bin/own", "way"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_free char *text = str_format("[Container]\nImage=x\n%s", cases[i].lines);
		struct unit_config *config = scratch_load(&scratch, "a.service", text);
		struct execution_plan plan;

		assert_true(unit_config_plan(config, &plan));
		assert_int_equal(plan.commands[EXECUTION_STOP].count, 1);
		const struct execution_command *stop =
			RECORD_AT(plan.commands[EXECUTION_STOP], struct execution_command, 0);
		assert_string_equal(stop->path, cases[i].path);
		assert_string_equal(stop->args.items[stop->args.count - 1], cases[i].last);
		record_fini(&execution_plan_type, &plan);
		unit_config_free(config);
	}
}

static void a_service_file_of_that_name_comes_first(void **state)
{
	scratch_write(&scratch, "etc/a.container", "[Container]\nImage=x\n");
	scratch_write(&scratch, "lib/a.service", "[Service]\nExecStart=/bin/true\n");
	struct unit_config *config = unit_load(&scratch.context, "a.service");

	assert_true(config_path_ends_with(config, "/lib/a.service"));
	unit_config_free(config);
}

static void what_cannot_be_is_refused(void **state)
{
	static const char *const texts[] = {
		"[Container]\nExec=x\n",
		"[Container]\nImage=x\n[Service]\nExecStart=/bin/true\n",
		"[Container]\nImage=x\nNetwork=my.network\n",
	};

	for (size_t i = 0; i < array_length(texts); i++) {
		struct unit_config *config = scratch_load(&scratch, "a.service", texts[i]);

		assert_int_equal(config->load, LOAD_BAD_SETTING);
		unit_config_free(config);
	}
}

static void what_has_no_counterpart_is_said_by_name(void **state)
{
	struct unit_config *config = scratch_load(&scratch, "a.service",
						  "[Container]\nImage=x\nNotify=false\nUserNS=keep-"
						  "id\nSecret=a\nNonsense=1\nReadOnly=perhaps\n");

	assert_int_equal(config->load, LOAD_LOADED);
	assert_int_equal(config->warnings.count, 4);
	assert_non_null(
		strstr(config->warnings.items[0], ":4: UserNS= of a [Container] is not supported"));
	assert_non_null(
		strstr(config->warnings.items[2], "unknown key 'Nonsense' in section [Container]"));
	unit_config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keys_are_options_of_docker_run, begin, end),
		cmocka_unit_test_setup_teardown(the_start_is_done_when_it_runs, begin, end),
		cmocka_unit_test_setup_teardown(a_client_is_needed_where_its_surroundings_count,
						begin, end),
		cmocka_unit_test_setup_teardown(a_container_file_is_a_service, begin, end),
		cmocka_unit_test_setup_teardown(what_has_a_client_is_stopped_as_the_container_wants,
						begin, end),
		cmocka_unit_test_setup_teardown(a_service_file_of_that_name_comes_first, begin,
						end),
		cmocka_unit_test_setup_teardown(what_cannot_be_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(what_has_no_counterpart_is_said_by_name, begin,
						end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
