/* One line of a unit file and what it makes of the plan, as JSON whose names are the members' names; an empty value
 * takes it back. */
#include "unit/finish.h"
#include "unit/unit_scratch.h"

static struct unit_scratch scratch;

static void read_text(struct unit_draft *draft, const char *name, const char *text)
{
	struct error err;

	unit_draft_init(draft, &scratch.context, name);
	assert_true(unit_draft_read(draft, text, strlen(text), "a.service", &err));
}

static char *plan_json(const char *name, const char *text, size_t *warnings)
{
	struct unit_draft draft;
	struct buffer json = {0};

	read_text(&draft, name, text);
	unit_draft_check(&draft);
	*warnings = draft.config.warnings.count;
	record_write_json(&execution_plan_type, &draft.plan, RECORD_FOR_STORE, &json);
	unit_draft_fini(&draft);
	return buffer_take(&json);
}

static const struct {
	const char *line;
	const char *json;
} service_lines[] = {
	{"Type=notify", "\"type\":5"},
	{"Type=notify", "\"notify_access\":1"},
	{"Type=notify\nNotifyAccess=all", "\"notify_access\":3"},
	{"WatchdogSec=10", "\"notify_access\":1"},
	{"TimeoutStartSec=20min", "\"timeout_start_us\":1200000000"},
	{"TimeoutStartSec=0", "\"timeout_start_us\":0"},
	{"TimeoutStartSec=infinity", "\"timeout_start_us\":0"},
	{"Type=oneshot", "\"timeout_start_us\":0"},
	{"Type=oneshot\nTimeoutStartSec=5", "\"timeout_start_us\":5000000"},
	{"TimeoutSec=7",
	 "\"timeout_start_us\":7000000,\"timeout_stop_us\":7000000,\"timeout_abort_us\":7000000"},
	{"TimeoutStopSec=7", "\"timeout_stop_us\":7000000,\"timeout_abort_us\":7000000"},
	{"TimeoutAbortSec=8", "\"timeout_abort_us\":8000000"},
	{"TimeoutStopFailureMode=abort", "\"timeout_stop_mode\":1"},
	{"RuntimeMaxSec=1h", "\"runtime_max_us\":3600000000"},
	{"RemainAfterExit=on", "\"remain_after_exit\":true"},
	{"PIDFile=a.pid", "\"pid_file\":\"/run/a.pid\""},
	{"GuessMainPID=no", "\"no_guess_main_pid\":true"},
	{"OOMPolicy=kill", "\"oom_policy\":2"},
	{"Delegate=yes", "\"oom_policy\":1"},
	{"Delegate=cpu memory", "\"delegate\":true"},
	{"FileDescriptorStoreMax=3", "\"descriptor_store_max\":3"},
	{"SuccessExitStatus=143 SIGTERM TEMPFAIL kill",
	 "\"success\":{\"codes\":[\"143\",\"75\"],\"signals\":[\"TERM\",\"KILL\"]}"},
	{"RestartPreventExitStatus=1 255", "\"restart_prevent\":{\"codes\":[\"1\",\"255\"]"},
	{"KillMode=mixed", "\"kill_mode\":1"},
	{"KillSignal=SIGINT", "\"kill_signal\":2,\"restart_kill_signal\":2"},
	{"KillSignal=SIGINT\nRestartKillSignal=QUIT",
	 "\"kill_signal\":2,\"restart_kill_signal\":3"},
	{"SendSIGKILL=no", "\"no_sigkill\":true"},
	{"SendSIGHUP=yes", "\"send_sighup\":true"},

	{"ExecStartPre=-/bin/a b",
	 "{\"path\":\"/bin/a\",\"args\":[\"/bin/a\",\"b\"],\"ignore_failure\":true"},
	{"ExecStartPre=@/bin/a zero b", "\"args\":[\"zero\",\"b\"]"},
	{"ExecStartPre=:/bin/a $X", "\"no_variables\":true"},
	{"ExecStartPre=+/bin/a", "\"privileges\":1"},
	{"ExecStartPre=!/bin/a", "\"privileges\":2"},
	{"ExecStartPre=/bin/a\nPermissionsStartOnly=yes", "\"privileges\":1"},
	{"ExecStop=/bin/a ; /bin/b", "{\"path\":\"/bin/b\""},

	{"User=web\nGroup=www", "\"user\":\"web\",\"group\":\"www\""},
	{"SupplementaryGroups=a b", "\"supplementary_groups\":[\"a\",\"b\"]"},
	{"WorkingDirectory=-/srv//x/",
	 "\"working_folder\":\"/srv/x\",\"working_folder_optional\":true"},
	{"WorkingDirectory=~", "\"working_folder\":\"~\""},
	{"UMask=0027", "\"umask\":23"},
	{"Environment=\"A=x y\" B=%p", "\"environment\":{\"A\":\"x y\",\"B\":\"a\"}"},
	{"Environment=A=1 \"B=2",
	 "\"environment\":{\"A\":\"1\"}"}, /* what stands before a mistake */
	{"Environment=A=1\nEnvironment=\nEnvironment=B=2", "\"environment\":{\"B\":\"2\"}"},
	{"EnvironmentFile=-/etc/%p", "\"environment_files\":[\"-/etc/a\"]"},
	{"PassEnvironment=A B", "\"pass_environment\":[\"A\",\"B\"]"},
	{"LimitNOFILE=1024:4096", "{\"name\":\"nofile\",\"soft\":1024,\"hard\":4096}"},
	{"LimitCORE=infinity", "{\"name\":\"core\",\"soft\":-1,\"hard\":-1}"},
	{"LimitAS=2G", "\"soft\":2147483648"},
	{"LimitCPU=1min", "\"soft\":60"},
	{"LimitNICE=+10", "\"soft\":10"},
	{"LimitNOFILE=1\nLimitNOFILE=2",
	 "\"rlimits\":[{\"name\":\"nofile\",\"soft\":2,\"hard\":2}]"},
	{"Nice=-5", "\"nice\":-5"},
	{"OOMScoreAdjust=100", "\"oom_score_adjust\":100"},
	{"IOSchedulingClass=idle", "\"io_class\":3"},
	{"CPUSchedulingPolicy=batch", "\"cpu_policy\":3"},
	{"CPUAffinity=0-3 5,6", "\"cpu_affinity\":\"0-3,5,6\""},
	{"StandardInput=file:/x", "\"in_path\":\"/x\""},
	{"StandardOutput=append:/x", "\"out_path\":\"/x\""},
	{"StandardError=null", "\"err\":2"},
	{"StandardInputText=a b", "\"in_data\":\"YSBiCg==\""},
	{"StandardInputData=YW Jj", "\"in\":5"},
	{"SyslogIdentifier=x%p", "\"syslog_identifier\":\"xa\""},
	{"SyslogLevel=err", "\"syslog_level\":3"},
	{"SyslogFacility=local0", "\"syslog_facility\":16"},
	{"SyslogLevelPrefix=false", "\"no_level_prefix\":true"},
	{"LogRateLimitIntervalSec=0", "\"log_rate_interval_us\":0"},
	{"LogExtraFields=A=1", "\"log_extra_fields\":{\"A\":\"1\"}"},

	{"RuntimeDirectory=a b/c\nRuntimeDirectoryMode=0700",
	 "\"folders[FOLDER_RUNTIME]\":{\"names\":[\"a\",\"b/c\"],\"mode\":448}"},
	{"RuntimeDirectoryPreserve=restart", "\"keep_runtime\":2"},
	{"PrivateTmp=yes", "\"private_tmp\":true"},
	{"DynamicUser=yes", "\"dynamic_user\":true"},
	{"ProtectSystem=full", "\"protect_system\":2"},
	{"ProtectHome=read-only", "\"protect_home\":2"},
	{"ReadWritePaths=-/a +/b", "\"read_write_paths\":[\"-/a\",\"+/b\"]"},
	{"BindReadOnlyPaths=-/a:/b:norbind",
	 "{\"source\":\"/a\",\"target\":\"/"
	 "b\",\"optional\":true,\"read_only\":true,\"recursive\":false}"},
	{"BindPaths=/a", "{\"source\":\"/a\",\"target\":\"/"
			 "a\",\"optional\":false,\"read_only\":false,\"recursive\":true}"},
	{"TemporaryFileSystem=/a:ro,mode=700", "{\"source\":\"/a\",\"target\":\"ro,mode=700\""},
	{"NoNewPrivileges=yes", "\"no_new_privileges\":true"},
	{"CapabilityBoundingSet=CAP_CHOWN CAP_KILL", "\"capability_bounding\":33"},
	{"CapabilityBoundingSet=CAP_CHOWN\nCapabilityBoundingSet=CAP_KILL",
	 "\"capability_bounding\":33"},
	{"CapabilityBoundingSet=CAP_CHOWN CAP_KILL\nCapabilityBoundingSet=~CAP_KILL",
	 "\"capability_bounding\":1"},
	{"CapabilityBoundingSet=", "\"capability_bounding\":0"},
	{"CapabilityBoundingSet=~", "\"capability_bounding\":null"},
	{"AmbientCapabilities=cap_chown", "\"ambient_capabilities\":1"},
	{"SecureBits=noroot keep-caps", "\"secure_bits\":17"},
	{"SystemCallFilter=@system-service\nSystemCallFilter=~@mount \t swapon",
	 "\"system_call_filter\":[\"@system-service\",\"~@mount swapon\"]"},
	{"SystemCallErrorNumber=EPERM", "\"system_call_error\":\"EPERM\""},
	{"RestrictNamespaces=yes", "\"restrict_namespaces\":\"yes\""},
	{"RestrictNamespaces=~user", "\"restrict_namespaces\":\"~user\""},
	{"RestrictAddressFamilies=~AF_UNIX AF_INET\nRestrictAddressFamilies=AF_INET",
	 "\"address_families\":[\"~\",\"AF_UNIX\"]"},
	{"LoadCredential=a:/b", "{\"name\":\"a\",\"path\":\"/b\""},
	{"SetCredential=a:b\\nc", "\"data\":\"Ygpj\""},

	{"CPUWeight=200", "\"cpu_weight\":200"},
	{"CPUShares=512", "\"cpu_weight\":50"},
	{"CPUQuota=20%", "\"cpu_quota_us\":200000"},
	{"CPUQuota=150.5%", "\"cpu_quota_us\":1505000"},
	{"MemoryMax=32M", "\"memory_max\":33554432"},
	{"MemoryLimit=1.5G", "\"memory_max\":1610612736"},
	{"MemoryMax=infinity", "\"memory_max\":-1"},
	{"MemorySwapMax=0", "\"memory_swap_max\":0"},
	{"TasksMax=10", "\"tasks_max\":10"},
	{"TasksMax=infinity", "\"tasks_max\":-1"},
	{"TasksMax=30%", "\"tasks_max\":2000"},
	{"Nice=0", "\"tasks_max\":1000"}, /* the default */
	{"AllowedCPUs=1", "\"allowed_cpus\":\"1\""},
	{"IOReadBandwidthMax=/dev/sda 5M",
	 "\"io_read_bps\":[{\"path\":\"/dev/sda\",\"value\":5000000}]"},
	{"IODeviceWeight=/dev/sda 200",
	 "\"io_device_weight\":[{\"path\":\"/dev/sda\",\"value\":200}]"},
	{"DevicePolicy=closed", "\"device_policy\":\"closed\""},
	{"DeviceAllow=/dev/null rw", "\"devices\":[{\"path\":\"/dev/null\",\"access\":\"rw\"}]"},
	{"DeviceAllow=char-pts", "\"devices\":[{\"path\":\"char-pts\",\"access\":\"rwm\"}]"},
};

static void each_line_says_what_it_means(void **state)
{
	for (size_t i = 0; i < array_length(service_lines); i++) {
		scoped_free char *text =
			str_format("[Service]\nExecStart=/bin/true\n%s\n", service_lines[i].line);
		size_t warnings;
		scoped_free char *json = plan_json("a.service", text, &warnings);

		if (!strstr(json, service_lines[i].json))
			fail_msg("%s: no %s in %s", service_lines[i].line, service_lines[i].json,
				 json);
	}
}

/* A line, then its key with nothing: as if it had never been there. */
static void an_empty_value_takes_it_back(void **state)
{
	static const char base[] = "[Service]\nExecStart=/bin/true\n";
	/* the first goes back with `~`, the second says yes without controllers, data change StandardInput=, too */
	scoped_strings struct strings own_ways = strings_split(
		"CapabilityBoundingSet,Delegate,StandardInputText,StandardInputData", ',');
	size_t warnings;
	scoped_free char *untouched = plan_json("a.service", base, &warnings);

	for (size_t i = 0; i < array_length(service_lines); i++) {
		const char *line = service_lines[i].line;
		scoped_free char *key = str_dup_n(line, strcspn(line, "="));

		if (strchr(line, '\n') || strings_contain(&own_ways, key))
			continue;
		scoped_free char *text = str_format("%s%s\n%s=\n", base, line, key);
		scoped_free char *json = plan_json("a.service", text, &warnings);
		if (!str_equal(json, untouched))
			fail_msg("%s: %s", line, json);
	}
}

static void what_does_not_parse_leaves_the_default(void **state)
{
	static const char base[] = "[Service]\nExecStart=/bin/true\n";
	static const char *const lines[] = {
		"Type=bogus",
		"TimeoutStopSec=x",
		"KillSignal=SIGNOPE",
		"UMask=8",
		"Nice=21",
		"LimitNOFILE=a",
		"LimitNOFILE=3:2",
		"CPUAffinity=a",
		"CPUAffinity=3-1",
		"StandardOutput=file:x",
		"StandardInput=x",
		"SyslogLevel=9",
		"ProtectSystem=perhaps",
		"ReadOnlyPaths=a",
		"BindPaths=/a:b",
		"BindPaths=a",
		"TemporaryFileSystem=a",
		"RuntimeDirectory=../a",
		"RuntimeDirectory=/a",
		"SecureBits=x",
		"SystemCallErrorNumber=x",
		"KeyringMode=x",
		"LoadCredential=a/b:c",
		"CPUWeight=0",
		"CPUQuota=20",
		"CPUQuota=0%",
		"MemoryMax=1X",
		"MemoryMax=-1",
		"TasksMax=0",
		"IOReadBandwidthMax=sda 1",
		"DeviceAllow=/dev/null x",
		"DevicePolicy=x",
		"Slice=x.service",
		"Sockets=a.service",
		"OOMPolicy=x",
		"Restart=x",
		"Environment=1A=b",
		"LogExtraFields=x",
		"IOSchedulingClass=4",
		"TimerSlackNSec=x",
		"PIDFile=%z",
		"OOMScoreAdjust=1001",
	};
	size_t warnings;
	scoped_free char *untouched = plan_json("a.service", base, &warnings);

	for (size_t i = 0; i < array_length(lines); i++) {
		scoped_free char *text = str_format("%s%s\n", base, lines[i]);
		scoped_free char *json = plan_json("a.service", text, &warnings);

		if (!str_equal(json, untouched) || warnings != 1)
			fail_msg("%s: %zu warnings", lines[i], warnings);
	}
}

static void sockets_mounts_and_slices_have_their_own(void **state)
{
	static const struct {
		const char *name, *text, *json;
	} cases[] = {
		{"a.socket", "[Socket]\nListenStream=/run//a\n",
		 "\"sockets\":[{\"kind\":0,\"address\":\"/run/a\"}]"},
		{"a.socket", "[Socket]\nListenStream=80\nListenStream=\nListenDatagram=@x\n",
		 "\"sockets\":[{\"kind\":1,\"address\":\"@x\"}]"},
		{"a.socket", "[Socket]\nListenFIFO=/f\nSocketMode=0600\n", "\"socket_mode\":384"},
		{"a.socket", "[Socket]\nListenStream=80\n",
		 "\"trigger_interval_us\":2000000,\"trigger_burst\":20}"},
		{"a.socket", "[Socket]\nListenStream=80\nAccept=yes\n", "\"trigger_burst\":200}"},
		{"a.socket", "[Socket]\nListenStream=80\nBindIPv6Only=both\nBacklog=5\n",
		 "\"backlog\":5,\"bind_ipv6_only\":\"both\""},
		{"a.socket", "[Socket]\nListenStream=80\nBindIPv6Only=yes\n",
		 "\"bind_ipv6_only\":\"ipv6-only\""},
		{"a.socket", "[Socket]\nListenStream=80\nExecStartPre=/bin/a\n",
		 "\"commands[EXECUTION_START_PRE]\":[{\"path\":\"/bin/a\""},
		{"a.socket", "[Socket]\nListenStream=80\nTimeoutSec=3\n",
		 "\"timeout_start_us\":3000000"},
		{"a.mount", "[Mount]\nWhat=/x\nWhere=/a\n",
		 "\"commands[EXECUTION_START]\":[{\"path\":\"/bin/mkdir\",\"args\":[\"/bin/"
		 "mkdir\",\"-m0755\",\"-p\",\"/a\"]"},
		{"a.mount", "[Mount]\nWhat=/x\nWhere=/a\nType=none\nOptions=bind\n",
		 "\"args\":[\"/bin/mount\",\"/x\",\"/a\",\"-t\",\"none\",\"-o\",\"bind\"]"},
		{"a.mount", "[Mount]\nWhat=/x\nWhere=/a\nLazyUnmount=yes\n",
		 "\"args\":[\"/bin/umount\",\"/a\",\"-c\",\"-l\"]"},
		{"a.slice", "[Slice]\nMemoryMax=1K\n", "\"memory_max\":1024"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		size_t warnings;
		scoped_free char *json = plan_json(cases[i].name, cases[i].text, &warnings);

		if (warnings || !strstr(json, cases[i].json))
			fail_msg("%s: no %s in %s", cases[i].text, cases[i].json, json);
	}
}

static void the_unit_section_fills_the_config(void **state)
{
	struct unit_draft draft;
	const struct unit_config *config = &draft.config;

	read_text(&draft, "a.service",
		  "[Unit]\nDescription=A %p\nDocumentation=man:a(1) "
		  "https://b\nOnFailureJobMode=isolate\n"
		  "StopWhenUnneeded=yes\nAllowIsolate=yes\nRefuseManualStart=yes\nCollectMode="
		  "inactive-or-failed\n"
		  "JobTimeoutSec=5\nStartLimitIntervalSec=0\nConditionPathExists=|!/"
		  "x\nAssertUser=root\n"
		  "OnFailure=b@%n.service\nBefore=c.target\nBefore=\n"
		  "[Service]\nStartLimitBurst=7\nRestart=on-failure\nRestartSec=1min\nRestartSteps="
		  "3\nRestartMaxDelaySec=8\n");
	assert_string_equal(config->description, "A a");
	assert_int_equal(config->documentation.count, 2);
	assert_int_equal(config->on_failure_mode, JOB_ISOLATE);
	assert_int_equal(config->on_success_mode, JOB_FAIL);
	assert_true(config->stop_when_unneeded && config->allow_isolate &&
		    config->refuse_manual_start);
	assert_true(config->collect_failed && !config->refuse_manual_stop);
	assert_int_equal(config->job_timeout_us, 5000000);
	assert_int_equal(config->start_limit_interval_us, 0);
	assert_int_equal(config->start_limit_burst, 7);
	assert_int_equal(config->condition_count, 2);
	assert_true(config->conditions[0].trigger && config->conditions[0].negate);
	assert_true(config->conditions[1].assert);
	assert_true(unit_draft_depends(&draft, DEPENDENCY_ON_FAILURE, "b@a.service.service"));
	assert_true(unit_draft_depends(&draft, DEPENDENCY_BEFORE,
				       "c.target")); /* arrows cannot be taken back */
	assert_int_equal(draft.restart.rule, RESTART_ON_FAILURE);
	assert_int_equal(draft.restart.delay_us, 60000000);
	assert_int_equal(draft.restart.steps, 3);
	assert_int_equal(draft.restart.max_delay_us, 8000000);
	assert_int_equal(config->warnings.count, 0);
	unit_draft_fini(&draft);
}

static void timers_and_paths_are_lists(void **state)
{
	struct unit_draft draft;

	read_text(&draft, "a.timer",
		  "[Timer]\nOnBootSec=5min\nOnUnitActiveSec=1h\nOnCalendar="
		  "daily\nRandomizedDelaySec=10\nPersistent=yes\n"
		  "RemainAfterElapse=no\nUnit=b.service\n");
	assert_int_equal(draft.timer.count, 3);
	assert_int_equal(draft.timer.points[0].base, TIMER_BOOT);
	assert_int_equal(draft.timer.points[0].span_us, 300000000);
	assert_int_equal(draft.timer.points[1].base, TIMER_UNIT_ACTIVE);
	assert_non_null(draft.timer.points[2].calendar);
	assert_int_equal(draft.timer.accuracy_us, 60000000);
	assert_int_equal(draft.timer.randomized_delay_us, 10000000);
	assert_true(draft.timer.persistent && draft.timer.no_remain_after_elapse);
	assert_string_equal(draft.triggered, "b.service");
	unit_draft_fini(&draft);

	read_text(&draft, "a.path",
		  "[Path]\nPathExists=/a\nPathChanged=\nPathModified=/b/%p\nDirectoryNotEmpty=/"
		  "c\nMakeDirectory=yes\n");
	assert_int_equal(draft.path.count, 2);
	assert_int_equal(draft.path.watches[0].kind, PATH_MODIFIED);
	assert_string_equal(draft.path.watches[0].path, "/b/a");
	assert_int_equal(draft.path.watches[1].kind, PATH_DIRECTORY_NOT_EMPTY);
	assert_true(draft.path.make_directory);
	unit_draft_fini(&draft);
}

static int begin(void **state)
{
	scratch_begin(&scratch);
	scratch.context.tasks_max_default = 1000;
	return 0;
}

static int end(void **state)
{
	scratch_end(&scratch);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_says_what_it_means),
		cmocka_unit_test(an_empty_value_takes_it_back),
		cmocka_unit_test(what_does_not_parse_leaves_the_default),
		cmocka_unit_test(sockets_mounts_and_slices_have_their_own),
		cmocka_unit_test(the_unit_section_fills_the_config),
		cmocka_unit_test(timers_and_paths_are_lists),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
