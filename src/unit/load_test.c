#include "unit/unit_scratch.h"

#define RUN "[Service]\nExecStart=/bin/true\n"

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

/* ---- what can be loaded ---- */

static void what_cannot_be_run_is_refused(void **state)
{
	static const struct {
		const char *name, *text;
		enum load_state load;
	} cases[] = {
		{"a.service", RUN, LOAD_LOADED},
		{"a.service", "[Service]\nExecStart=/bin/true \"open\n", LOAD_BAD_SETTING},
		{"a.service", "[Service]\nExecStart=-/bin/true \"open\nExecStart=/bin/true\n",
		 LOAD_LOADED},
		{"a.service", "[Service]\nExecStart=/bin/true %z\n", LOAD_BAD_SETTING},
		{"a.service", "[Service]\nExecStart=true\n", LOAD_LOADED},
		{"a.service", "[Service]\nExecStart=bin/true\n", LOAD_BAD_SETTING},
		{"a.service", "[Unit]\nDescription=x\n", LOAD_BAD_SETTING},
		{"a.service", "[Service]\nExecStop=/bin/true\n", LOAD_BAD_SETTING},
		{"a.service", "[Service]\nType=oneshot\nExecStop=/bin/true\n", LOAD_BAD_SETTING},
		{"a.service", "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStop=/bin/true\n",
		 LOAD_LOADED},
		{"a.service", "[Service]\nRemainAfterExit=yes\nExecStop=/bin/true\n", LOAD_LOADED},
		{"a.service", RUN "ExecStart=/bin/false\n", LOAD_BAD_SETTING},
		{"a.service", RUN "ExecStart=/bin/false\nType=oneshot\n", LOAD_LOADED},
		{"a.service", RUN "ExecStart=\nExecStart=/bin/false\n", LOAD_LOADED},
		{"a.service", RUN "Type=oneshot\nRestart=always\n", LOAD_BAD_SETTING},
		{"a.service", RUN "Type=oneshot\nRestart=on-success\n", LOAD_BAD_SETTING},
		{"a.service", RUN "Type=oneshot\nRestart=on-failure\n", LOAD_LOADED},
		{"a.service", RUN "Type=dbus\n", LOAD_BAD_SETTING},
		{"a.service", RUN "Type=dbus\nBusName=org.example\n", LOAD_LOADED},
		{"a.service", "[Unclosed\n" RUN, LOAD_ERROR},
		{"a.service", "", LOAD_MASKED},
		{"a.service", "Foo=1\nbare\n" RUN, LOAD_LOADED},
		{"a.timer", "[Timer]\n", LOAD_BAD_SETTING},
		{"a.timer", "[Timer]\nOnBootSec=1h\n", LOAD_LOADED},
		{"a.timer", "[Timer]\nOnCalendar=daily\n", LOAD_LOADED},
		{"a.timer", "[Timer]\nOnCalendar=daily\nOnBootSec=\n", LOAD_BAD_SETTING},
		{"a.timer", "[Timer]\nOnCalendar=neverly\n", LOAD_BAD_SETTING},
		{"a.socket", "[Socket]\nAccept=yes\n", LOAD_BAD_SETTING},
		{"a.socket", "[Socket]\nListenStream=/run/x\n", LOAD_LOADED},
		{"a.socket", "[Socket]\nListenStream=[::1]:80\nListenDatagram=53\nListenFIFO=/f\n",
		 LOAD_LOADED},
		{"a.socket", "[Socket]\nListenStream=99999\n", LOAD_BAD_SETTING},
		{"a.socket", "[Socket]\nListenStream=80\nAccept=yes\nService=b.service\n",
		 LOAD_BAD_SETTING},
		{"a.socket", "[Socket]\nListenDatagram=80\nAccept=yes\n", LOAD_BAD_SETTING},
		{"a.path", "[Path]\n", LOAD_BAD_SETTING},
		{"a.path", "[Path]\nPathExists=/x\n", LOAD_LOADED},
		{"a.path", "[Path]\nPathExists=x\n", LOAD_BAD_SETTING},
		{"mnt-x.mount", "[Mount]\nWhat=/dev/x\nWhere=/mnt/x\n", LOAD_LOADED},
		{"mnt-x.mount", "[Mount]\nWhat=/dev/x\nWhere=/mnt/y\n", LOAD_BAD_SETTING},
		{"mnt-x.mount", "[Mount]\nWhere=/mnt/x\n", LOAD_BAD_SETTING},
		{"a.target", "[Unit]\nDescription=x\n", LOAD_LOADED},
		{"a-b.slice", "[Slice]\nMemoryMax=1G\n", LOAD_LOADED},
		{"a.swap", "[Swap]\nWhat=/dev/x\n", LOAD_LOADED},
		{"a.automount", "[Automount]\nWhere=/a\n", LOAD_LOADED},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct unit_config *config = scratch_load(&scratch, cases[i].name, cases[i].text);

		if (config->load != cases[i].load)
			fail_msg("%zu: %s%s: %s", i, cases[i].text, load_state_name(config->load),
				 config->load_error ? config->load_error : "");
		assert_string_equal(config->name, cases[i].name);
		assert_int_equal(config->load_error != NULL, config->load != LOAD_LOADED);
		unit_config_free(config);
	}
}

static void what_is_not_understood_is_said_and_passed_over(void **state)
{
	static const struct {
		const char *text, *warnings[4];
	} cases[] = {
		{RUN "Foo=1\n[Wrong]\nType=bogus\n[Service]\nX-Bar=2\n[X-Fleet]\nX-"
		     "ConditionMachineOf=b\n",
		 {":3: unknown key 'Foo'", ":4: unknown section [Wrong]"}},
		{"[Service]\nFoo=1\nType=bogus\nX-Bar=2\n[Wrong]\n[X-Fleet]\nA=b\n" RUN,
		 {":2: unknown key 'Foo'",
		  ":3: invalid value 'bogus' of Type=", ":5: unknown section [Wrong]"}},
		{RUN "novalue\n", {":3: "}},
		{"a=b\n" RUN, {":1: "}},
		{RUN "Restart=perhaps\n", {":3: invalid value 'perhaps' of Restart="}},
		{RUN "TimeoutStopSec=soon\nRemainAfterExit=maybe\nNice=40\nUMask=9\n",
		 {":3: ", ":4: ", ":5: ", ":6: "}},
		{RUN "WorkingDirectory=x\nEnvironmentFile=y\n",
		 {":3: the path 'x'", ":4: the path 'y'"}},
		{RUN "Environment=\"open\nEnvironment=1=2\n",
		 {":3: ", ":4: '1=2' of Environment="}},
		{"[Unit]\nAfter=b\n" RUN, {":2: 'b' of After="}},
		{"[Unit]\nDescription=%z\n" RUN, {":2: "}},
		{"[Unit]\nConditionPathExists=x\nConditionACPower=yes\n" RUN,
		 {":2: the path 'x'", ":3: ConditionACPower= is not looked at"}},
		{RUN "IPAddressDeny=any\nIPAddressDeny=x\nFailureAction=reboot\nPAMName=login\n",
		 {":3: IPAddressDeny= has no effect",
		  ":5: FailureAction= has no effect: ", ":6: PAMName= has"}},
		{RUN "CPUAccounting=yes\nIPAccounting=no\nSlice=x.slice\n", {0}},
		{RUN "[Timer]\nOnBootSec=1\n", {":3: unknown section [Timer] in a service"}},
		{RUN "[Install]\nWantedBy=multi-user.target\n", {0}},
		{RUN "CapabilityBoundingSet=CAP_CHOWN CAP_NONE\n", {":3: 'CAP_NONE'"}},
		{RUN "SuccessExitStatus=1 SIGTERM NONE\n", {":3: 'NONE'"}},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct unit_config *config = scratch_load(&scratch, "a.service", cases[i].text);
		size_t k = 0;

		assert_int_equal(config->load, LOAD_LOADED);
		for (; k < 4 && cases[i].warnings[k]; k++)
			if (k >= config->warnings.count ||
			    !strstr(config->warnings.items[k], cases[i].warnings[k]))
				fail_msg("case %zu: %s: %s", i, cases[i].warnings[k],
					 k < config->warnings.count ? config->warnings.items[k]
								    : "nothing");
		if (config->warnings.count > k)
			fail_msg("case %zu: %s", i, config->warnings.items[k]);
		unit_config_free(config);
	}
}

static void sections_of_others_are_kept_for_the_doors(void **state)
{
	struct unit_config *config =
		scratch_load(&scratch, "a.service",
			     RUN "X-Own=1\n[X-Fleet]\nConflicts=a b\nMachineOf=%p.service\n");

	assert_int_equal(config->foreign.count, 3);
	assert_string_equal(config->foreign.items[0], "Service\nX-Own=1");
	assert_string_equal(config->foreign.items[1], "X-Fleet\nConflicts=a b");
	assert_string_equal(config->foreign.items[2], "X-Fleet\nMachineOf=%p.service");
	unit_config_free(config);
}

/* ---- where it is found ---- */

static void a_better_folder_hides_the_others(void **state)
{
	scratch_write(&scratch, "lib/a.service", RUN "[Unit]\nDescription=lib\n");
	scratch_write(&scratch, "run/a.service", RUN "[Unit]\nDescription=run\n");
	struct unit_config *config = unit_load(&scratch.context, "a.service");

	assert_string_equal(config->description, "run");
	assert_true(config_path_ends_with(config, "/run/a.service"));
	unit_config_free(config);
}

static void what_is_not_there_is_said_so(void **state)
{
	static const struct {
		const char *name;
		enum load_state load;
	} cases[] = {
		{"a.service", LOAD_NOT_FOUND},	      {"a.target", LOAD_NOT_FOUND},
		{"a@1.service", LOAD_NOT_FOUND},      {"a-b.slice", LOAD_LOADED},
		{"dev-sda.device", LOAD_LOADED},      {"a.swap", LOAD_NOT_FOUND},
		{"dangling.service", LOAD_NOT_FOUND}, {"folder.service", LOAD_NOT_FOUND},
		{"masked.service", LOAD_MASKED},      {"loop.service", LOAD_ERROR},
	};

	scratch_link(&scratch, "etc/dangling.service", "/no/such/file");
	scratch_write(&scratch, "etc/folder.service/x", "");
	scratch_link(&scratch, "etc/masked.service", "/dev/null");
	scratch_link(&scratch, "etc/loop.service", "pool.service");
	scratch_link(&scratch, "etc/pool.service", "loop.service");
	for (size_t i = 0; i < array_length(cases); i++) {
		struct unit_config *config = unit_load(&scratch.context, cases[i].name);

		if (config->load != cases[i].load)
			fail_msg("%s: %s", cases[i].name, load_state_name(config->load));
		unit_config_free(config);
	}
}

static void instances_come_from_their_template(void **state)
{
	struct execution_plan plan;

	scratch_write(&scratch, "etc/t@.service",
		      "[Unit]\nRequires=u@%i.service v@.service\n[Service]\nExecStart=/bin/echo %p "
		      "%i %n %N %j %H\n");
	struct unit_config *config = unit_load(&scratch.context, "t@x.service");

	assert_int_equal(config->load, LOAD_LOADED);
	assert_true(config_has(config, DEPENDENCY_REQUIRES, "u@x.service"));
	assert_true(config_has(config, DEPENDENCY_REQUIRES, "v@x.service"));
	assert_string_equal(config->slice, "system-t.slice");
	assert_true(unit_config_plan(config, &plan));
	const struct execution_command *command =
		RECORD_AT(plan.commands[EXECUTION_START], struct execution_command, 0);
	scoped_free char *line = strings_join(&command->args, " ");
	assert_string_equal(line, "/bin/echo t x t@x.service t@x t host.example");
	record_fini(&execution_plan_type, &plan);
	unit_config_free(config);

	scratch_write(&scratch, "run/t@y.service", RUN);
	config = unit_load(&scratch.context, "t@y.service");
	assert_true(config_path_ends_with(config, "/run/t@y.service"));
	unit_config_free(config);
}

static void a_link_is_another_name(void **state)
{
	scratch_write(&scratch, "lib/real.service", RUN);
	scratch_link(&scratch, "etc/alias.service", "../lib/real.service");
	scoped_free char *absolute = str_format("%s/lib/real.service", scratch.root);
	scratch_link(&scratch, "run/second.service", absolute);
	for (int i = 0; i < 2; i++) {
		struct unit_config *config =
			unit_load(&scratch.context, i ? "alias.service" : "real.service");

		assert_string_equal(config->name, "real.service");
		assert_true(strings_contain(&config->aliases, "alias.service"));
		assert_true(strings_contain(&config->aliases, "second.service"));
		assert_int_equal(config->aliases.count, 2);
		unit_config_free(config);
	}
}

static void a_link_to_a_file_elsewhere_is_that_file(void **state)
{
	scratch_write(&scratch, "home/mine.service", RUN);
	scratch_link(&scratch, "etc/mine.service", "../home/mine.service");
	struct unit_config *config = unit_load(&scratch.context, "mine.service");

	assert_int_equal(config->load, LOAD_LOADED);
	assert_true(config_path_ends_with(config, "/home/mine.service"));
	assert_int_equal(config->aliases.count, 0);
	unit_config_free(config);
}

static void links_to_templates_are_their_instances(void **state)
{
	scratch_write(&scratch, "lib/t@.service", RUN);
	scratch_link(&scratch, "etc/t@a.service", "../lib/t@.service");
	scratch_link(&scratch, "etc/other@.service", "../lib/t@.service");
	struct unit_config *config = unit_load(&scratch.context, "t@a.service");

	assert_string_equal(config->name, "t@a.service");
	assert_int_equal(config->load, LOAD_LOADED);
	unit_config_free(config);
	config = unit_load(&scratch.context, "other@b.service");
	assert_string_equal(config->name, "t@b.service");
	assert_true(strings_contain(&config->aliases, "other@b.service"));
	unit_config_free(config);
}

static void all_names_are_listed(void **state)
{
	scoped_strings struct strings all = {0}, own = {0};
	struct error err;

	scratch_write(&scratch, "etc/b.service", RUN);
	scratch_write(&scratch, "etc/a@.service", RUN);
	scratch_write(&scratch, "etc/readme.txt", "");
	scratch_link(&scratch, "etc/m.target.wants/a@1.service", "../a@.service");
	scratch_write(&scratch, "lib/c.service", RUN);
	scratch_write(&scratch, "lib/b.service", RUN);
	assert_true(unit_list_files(&scratch.paths, &all, &err));
	assert_true(unit_list_own_files(&scratch.paths, &own, &err));
	scoped_free char *all_text = strings_join(&all, " ");
	scoped_free char *own_text = strings_join(&own, " ");
	assert_string_equal(all_text, "a@.service a@1.service b.service c.service");
	assert_string_equal(own_text, "a@.service a@1.service b.service");
}

/* ---- what stands beside it ---- */

static void drop_ins_come_in_the_order_of_their_names(void **state)
{
	static const struct {
		const char *path, *value;
	} files[] = {
		{"etc/service.d/90-type.conf", "A=type"},
		{"etc/foo-bar@x.service.d/10-own.conf", "A=own"},
		{"run/foo-bar@x.service.d/50.conf", "B=run"},
		{"etc/foo-bar@x.service.d/50.conf", "B=etc"}, /* better path */
		{"etc/foo-.service.d/60.conf", "C=prefix"},
		{"lib/foo-bar@.service.d/60.conf", "C=template"}, /* more specific */
		{"etc/foo-.service.d/70.conf", "D=prefix"},
		{"etc/foo-bar@x.service.d/ignored.txt", "D=none"},
		{"run/foo-bar@x.service.d/80.conf", "E=run"}, /* hidden */
	};
	static const char *const expected[][2] = {
		{"A", "type"}, {"B", "etc"}, {"C", "template"}, {"D", "prefix"}, {"E", NULL}};
	struct execution_plan plan;

	scratch_write(&scratch, "lib/foo-bar@.service", RUN);
	for (size_t i = 0; i < array_length(files); i++) {
		scoped_free char *text = str_format("[Service]\nEnvironment=%s\n", files[i].value);

		scratch_write(&scratch, files[i].path, text);
	}
	scratch_link(&scratch, "etc/foo-bar@x.service.d/80.conf", "/dev/null");
	struct unit_config *config = unit_load(&scratch.context, "foo-bar@x.service");
	assert_int_equal(config->drop_ins.count, 5);
	assert_true(unit_config_plan(config, &plan));
	for (size_t i = 0; i < array_length(expected); i++)
		if (!str_equal(pairs_get(&plan.context.environment, expected[i][0]),
			       expected[i][1]))
			fail_msg("%s", expected[i][0]);
	record_fini(&execution_plan_type, &plan);

	scoped_pairs struct pairs texts = {0};
	struct error err;
	assert_true(unit_read_files(config, &texts, &err));
	assert_int_equal(texts.count, 6);
	assert_true(str_ends_with(texts.items[0].name, "/lib/foo-bar@.service"));
	assert_string_equal(texts.items[0].value, RUN);
	unit_config_free(config);
}

static void a_drop_in_alone_makes_no_unit(void **state)
{
	scratch_write(&scratch, "etc/a.service.d/x.conf", RUN);
	struct unit_config *config = unit_load(&scratch.context, "a.service");

	assert_int_equal(config->load, LOAD_NOT_FOUND);
	unit_config_free(config);
}

static void a_drop_in_that_cannot_be_read_leaves_the_unit(void **state)
{
	scratch_write(&scratch, "etc/a.service", RUN);
	scratch_write(&scratch, "etc/a.service.d/x.conf", "[Broken");
	struct unit_config *config = unit_load(&scratch.context, "a.service");

	assert_int_equal(config->load, LOAD_LOADED);
	assert_int_equal(config->warnings.count, 1);
	unit_config_free(config);
}

static bool is_target_of_ours(const char *name)
{
	return str_equal(name, "multi-user.target");
}

static void links_in_folders_are_arrows(void **state)
{
	scratch_write(&scratch, "lib/multi-user.target", "[Unit]\nWants=e.service\n");
	scratch_link(&scratch, "etc/multi-user.target.wants/a.service", "../a.service");
	scratch_link(&scratch, "run/multi-user.target.requires/b@1.service", "../b@.service");
	scratch_link(&scratch, "lib/multi-user.target.wants/c.service", "../c.service");
	scratch_link(&scratch, "lib/multi-user.target.wants/d.service", "../d.service");
	scratch_link(&scratch, "etc/multi-user.target.wants/d.service", "/dev/null");
	struct unit_config *config = unit_load(&scratch.context, "multi-user.target");

	assert_true(config_has(config, DEPENDENCY_WANTS, "a.service"));
	assert_true(config_has(config, DEPENDENCY_AFTER, "a.service"));
	assert_true(config_has(config, DEPENDENCY_REQUIRES, "b@1.service"));
	assert_true(config_has(config, DEPENDENCY_WANTS, "c.service"));
	assert_false(config_has(config, DEPENDENCY_WANTS, "d.service"));
	unit_config_free(config);

	scratch.context.is_builtin = is_target_of_ours; /* what others enabled is theirs to start */
	config = unit_load(&scratch.context, "multi-user.target");
	assert_true(config_has(config, DEPENDENCY_WANTS, "a.service"));
	assert_true(config_has(config, DEPENDENCY_AFTER, "a.service"));
	assert_false(config_has(config, DEPENDENCY_WANTS, "c.service"));
	assert_false(config_has(config, DEPENDENCY_WANTS, "e.service"));
	unit_config_free(config);
}

/* ---- rules ---- */

static void arrows_that_no_file_names(void **state)
{
	static const struct {
		const char *name, *text;
		enum dependency kind;
		const char *other;
		bool there;
	} cases[] = {
		{"a.service", RUN, DEPENDENCY_REQUIRES, "system.slice", true},
		{"a.service", RUN, DEPENDENCY_AFTER, "system.slice", true},
		{"a.service", RUN, DEPENDENCY_REQUIRES, "sysinit.target", true},
		{"a.service", RUN, DEPENDENCY_AFTER, "basic.target", true},
		{"a.service", RUN, DEPENDENCY_CONFLICTS, "shutdown.target", true},
		{"a.service", RUN, DEPENDENCY_BEFORE, "shutdown.target", true},
		{"a.service", "[Unit]\nDefaultDependencies=no\n" RUN, DEPENDENCY_REQUIRES,
		 "sysinit.target", false},
		{"a.service", "[Unit]\nDefaultDependencies=no\n" RUN, DEPENDENCY_REQUIRES,
		 "system.slice", true},
		{"a.service", RUN "Slice=x.slice\n", DEPENDENCY_REQUIRES, "x.slice", true},
		{"a.service", RUN "Sockets=b.socket\n", DEPENDENCY_WANTS, "b.socket", true},
		{"a.service", RUN "Sockets=b.socket\n", DEPENDENCY_AFTER, "b.socket", true},
		{"a.service", RUN "WorkingDirectory=/mnt/x/y\n", DEPENDENCY_WANTS, "mnt-x.mount",
		 true},
		{"a.service", "[Unit]\nRequiresMountsFor=/mnt/x\n" RUN, DEPENDENCY_REQUIRES,
		 "mnt-x.mount", true},
		{"a.service", "[Unit]\nRequiresMountsFor=/mnt/y\n" RUN, DEPENDENCY_REQUIRES,
		 "mnt-y.mount", false},
		{"mnt-x-z.mount", "[Mount]\nWhat=tmpfs\nType=tmpfs\nWhere=/mnt/x/z\n",
		 DEPENDENCY_REQUIRES, "mnt-x.mount", true},
		{"mnt-x-z.mount", "[Mount]\nWhat=tmpfs\nType=tmpfs\nWhere=/mnt/x/z\n",
		 DEPENDENCY_BEFORE, "local-fs.target", true},
		{"mnt-x-z.mount", "[Mount]\nWhat=h:/e\nType=nfs\nWhere=/mnt/x/z\n",
		 DEPENDENCY_AFTER, "network-online.target", true},
		{"a.timer", "[Timer]\nOnBootSec=1\n", DEPENDENCY_BEFORE, "a.service", true},
		{"a.timer", "[Timer]\nOnBootSec=1\n", DEPENDENCY_TRIGGERS, "a.service", true},
		{"a.timer", "[Timer]\nOnBootSec=1\nUnit=b.target\n", DEPENDENCY_TRIGGERS,
		 "b.target", true},
		{"a.timer", "[Timer]\nOnBootSec=1\n", DEPENDENCY_BEFORE, "timers.target", true},
		{"a.socket", "[Socket]\nListenStream=80\n", DEPENDENCY_TRIGGERS, "a.service", true},
		{"a.socket", "[Socket]\nListenStream=80\nAccept=yes\n", DEPENDENCY_TRIGGERS,
		 "a.service", false},
		{"a.socket", "[Socket]\nListenStream=80\n", DEPENDENCY_BEFORE, "sockets.target",
		 true},
		{"a.path", "[Path]\nPathExists=/x\n", DEPENDENCY_BEFORE, "paths.target", true},
		{"a.target", "[Unit]\nWants=b.service\n", DEPENDENCY_AFTER, "b.service", true},
		{"a.target", "[Unit]\nWants=b.service\nBefore=b.service\n", DEPENDENCY_AFTER,
		 "b.service", false},
		{"a-b.slice", "[Slice]\n", DEPENDENCY_REQUIRES, "a.slice", true},
		{"a.slice", "[Slice]\n", DEPENDENCY_REQUIRES, "-.slice", true},
	};

	scratch_write(&scratch, "etc/mnt-x.mount", "[Mount]\nWhat=tmpfs\nWhere=/mnt/x\n");
	for (size_t i = 0; i < array_length(cases); i++) {
		struct unit_config *config = scratch_load(&scratch, cases[i].name, cases[i].text);

		if (config_has(config, cases[i].kind, cases[i].other) != cases[i].there)
			fail_msg("%s: %s: %s", cases[i].name, dependency_name(cases[i].kind),
				 cases[i].other);
		unit_config_free(config);
	}
}

static void what_a_unit_says_itself_is_not_implicit(void **state)
{
	struct unit_config *config =
		scratch_load(&scratch, "a.service", "[Unit]\nAfter=basic.target b.service\n" RUN);

	for (size_t i = 0; i < config->dependency_count; i++) {
		const struct unit_dependency *d = &config->dependencies[i];
		bool is_own = d->kind == DEPENDENCY_AFTER && (str_equal(d->name, "b.service") ||
							      str_equal(d->name, "basic.target"));

		assert_int_equal(d->implicit, !is_own);
	}
	unit_config_free(config);
}

static void many_links_are_many_arrows(void **state)
{
	scratch_write(&scratch, "etc/m.target", "[Unit]\nWants=u0.service\nBefore=u1.service\n");
	for (int i = 0; i < 300; i++) {
		scoped_free char *path = str_format("etc/m.target.wants/u%d.service", i);

		scratch_link(&scratch, path, "../x.service");
	}
	struct unit_config *config = unit_load(&scratch.context, "m.target");
	size_t wants = 0, after = 0;

	for (size_t i = 0; i < config->dependency_count; i++) {
		wants += config->dependencies[i].kind == DEPENDENCY_WANTS;
		after += config->dependencies[i].kind == DEPENDENCY_AFTER;
	}
	assert_int_equal(wants, 300);
	assert_int_equal(after, 299);
	unit_config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_cannot_be_run_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(what_is_not_understood_is_said_and_passed_over,
						begin, end),
		cmocka_unit_test_setup_teardown(sections_of_others_are_kept_for_the_doors, begin,
						end),
		cmocka_unit_test_setup_teardown(a_better_folder_hides_the_others, begin, end),
		cmocka_unit_test_setup_teardown(what_is_not_there_is_said_so, begin, end),
		cmocka_unit_test_setup_teardown(instances_come_from_their_template, begin, end),
		cmocka_unit_test_setup_teardown(a_link_is_another_name, begin, end),
		cmocka_unit_test_setup_teardown(a_link_to_a_file_elsewhere_is_that_file, begin,
						end),
		cmocka_unit_test_setup_teardown(links_to_templates_are_their_instances, begin, end),
		cmocka_unit_test_setup_teardown(all_names_are_listed, begin, end),
		cmocka_unit_test_setup_teardown(drop_ins_come_in_the_order_of_their_names, begin,
						end),
		cmocka_unit_test_setup_teardown(a_drop_in_alone_makes_no_unit, begin, end),
		cmocka_unit_test_setup_teardown(a_drop_in_that_cannot_be_read_leaves_the_unit,
						begin, end),
		cmocka_unit_test_setup_teardown(links_in_folders_are_arrows, begin, end),
		cmocka_unit_test_setup_teardown(many_links_are_many_arrows, begin, end),
		cmocka_unit_test_setup_teardown(arrows_that_no_file_names, begin, end),
		cmocka_unit_test_setup_teardown(what_a_unit_says_itself_is_not_implicit, begin,
						end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
