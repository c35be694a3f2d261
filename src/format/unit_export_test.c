#include "base/test.h"
#include "format/unit_export.h"

static struct strings words(const char *text)
{
	return *text ? strings_split(text, '|') : (struct strings){0};
}

static void add_file(struct unit_export_source *source, const char *path, const char *text)
{
	struct unit_export_file *file =
		record_list_add(unit_export_source_type.fields[1].nested, &source->files);

	file->path = str_dup(path);
	file->text = str_dup(text);
}

static struct unit_export_source source_of(const char *name, const char *path, const char *text)
{
	struct unit_export_source source = {.name = str_dup(name),
					    .command = str_dup("/usr/bin/wherry")};

	add_file(&source, path, text);
	return source;
}

/* ---- one file's text ---- */

static void only_what_systemd_takes_differently_is_changed(void **state)
{
	static const struct {
		const char *text, *wanted, *notes;
	} cases[] = {
		{"", "", ""},
		{"[Unit]\nAfter=a.service\n", "[Unit]\nAfter=a.service\n", ""},
		{"[Unit]\nAfter=docker.service", "[Unit]\nAfter=wherry.service\n",
		 "x.service: docker.service is wherry.service for systemd"},
		{"[Unit]\n Requires = a.service\tdocker.socket  b.service\n",
		 "[Unit]\n Requires = a.service\twherry.service  b.service\n",
		 "x.service: docker.socket is wherry.service for systemd"},
		{"[Unit]\nAfter=etcd.service a.service\nRequires=etcd.service\n",
		 "[Unit]\nAfter= a.service\nRequires=\n",
		 "x.service: etcd.service is left out: systemd has no such unit"},
		/* lines that go on, with a comment between */
		{"[Unit]\nAfter=a.service \\\n# docker.service \\\n  docker.service\\\n  "
		 "fleet.service\n"
		 "Description=docker.service\n",
		 "[Unit]\nAfter=a.service \\\n# docker.service \\\n  wherry.service\\\n  \n"
		 "Description=docker.service\n",
		 "x.service: docker.service is wherry.service for systemd|"
		 "x.service: fleet.service is left out: systemd has no such unit"},
		{"[Unit]\nConflicts=docker.service\n", "[Unit]\nConflicts=docker.service\n", ""},
		{"[Service]\nAfter=docker.service\n", "[Service]\nAfter=docker.service\n", ""},
		{"[Install]\nWantedBy=\"docker.service\"\n", "[Install]\nWantedBy=wherry.service\n",
		 "x.service: docker.service is wherry.service for systemd"},
		{"[Container]\nImage=x\n[Service]\n", "[X-Container]\nImage=x\n[Service]\n", ""},
		{"[Service]\nEnvironmentFile=/etc/environment\nEnvironmentFile=/etc/other\n",
		 "[Service]\nEnvironmentFile=-/etc/environment\nEnvironmentFile=/etc/other\n", ""},
		{"[Service]\nExecStart=/usr/bin/docker run \\\n  x\n",
		 "[Service]\nExecStart=/usr/bin/docker run \\\n  x\n", ""},
		{"\xef\xbb\xbf[Unit]\n", "[Unit]\n", ""},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct unit_export_source source = {.name = (char *)"x.service"};
		scoped_buffer struct buffer out = {0};
		scoped_strings struct strings notes = {0};

		unit_export_rewrite(&source, cases[i].text, &out, &notes);
		scoped_free char *said = strings_join(&notes, "|");
		assert_string_equal(out.size ? out.data : "", cases[i].wanted);
		assert_string_equal(said, cases[i].notes);
	}
}

static void a_missing_docker_is_our_command_where_it_is_the_program(void **state)
{
	static const struct {
		const char *line, *wanted;
	} cases[] = {
		{"ExecStart=/usr/bin/docker run x", "ExecStart=/usr/bin/wherry run x"},
		{"ExecStartPre=-@/usr/bin/docker docker rm",
		 "ExecStartPre=-@/usr/bin/wherry docker rm"},
		{"ExecStop=\\\n /usr/bin/docker rm", "ExecStop=\\\n /usr/bin/wherry rm"},
		{"ExecStart=/bin/echo /usr/bin/docker", "ExecStart=/bin/echo /usr/bin/docker"},
		{"ExecStart=/bin/a ; /usr/bin/docker b", "ExecStart=/bin/a ; /usr/bin/wherry b"},
		{"ExecStart=/bin/sh -c '/usr/bin/docker x'",
		 "ExecStart=/bin/sh -c '/usr/bin/docker x'"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct unit_export_source source = {.name = (char *)"x.service",
						    .command = (char *)"/usr/bin/wherry",
						    .docker_is_missing = true};
		scoped_free char *text = str_format("[Service]\n%s\n", cases[i].line);
		scoped_free char *wanted = str_format("[Service]\n%s\n", cases[i].wanted);
		scoped_buffer struct buffer out = {0};
		scoped_strings struct strings notes = {0};

		unit_export_rewrite(&source, text, &out, &notes);
		assert_string_equal(out.data, wanted);
	}
}

/* ---- which files ---- */

static void each_file_is_copied_to_where_systemd_looks_for_it(void **state)
{
	static const struct {
		const char *name, *path, *wanted;
	} cases[] = {
		{"a.service", "/etc/wherry/units/a.service", "a.service"},
		{"a.service", "/srv/a.container", "a.service"},
		{"a@1.service", "/u/a@.service", "a@.service"},
		{"a@1.service", "/u/a@.container", "a@.service"},
		{"a@1.service", "/u/a@1.service", "a@1.service"},
		{"a@.service", "/u/a@.service", "a@.service"},
		{"a.timer", "/u/a.timer", "a.timer"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct unit_export_source source =
			source_of(cases[i].name, cases[i].path, "[Unit]\nDescription=x");
		struct unit_export out = {0};
		struct error err;
		scoped_free char *text = str_format(
			"# Written by wherry unit export from %s\n[Unit]\nDescription=x\n",
			cases[i].path);
		scoped_free char *drop_in = str_format("%s.d/10-y.conf", cases[i].name);

		add_file(&source, "/lib/service.d/10-y.conf", "[Unit]\nAfter=y.service\n");
		assert_true(unit_export_add(&source, &out, &err));
		assert_int_equal(out.files.count, 2);
		assert_string_equal(pairs_get(&out.files, cases[i].wanted), text);
		assert_string_equal(
			pairs_get(&out.files, drop_in),
			"# Written by wherry unit export from /lib/service.d/10-y.conf\n"
			"[Unit]\nAfter=y.service\n");
		unit_export_fini(&out);
		record_fini(&unit_export_source_type, &source);
	}
}

static const char *drop_in_of(struct unit_export *out, const char *name)
{
	scoped_free char *path = str_format("%s.d/50-wherry.conf", name);
	const char *text = pairs_get(&out->files, path);

	return text ? text + strlen(UNIT_EXPORT_MARK "\n") : "";
}

static void the_drop_in_has_what_the_manager_adds(void **state)
{
	static const struct {
		const char *name, *text, *start, *requires, *wants, *wanted;
	} cases[] = {
		{"a.service", "[Service]\nExecStart=/bin/a\n", "/bin/a", "", "",
		 "[Service]\nEnvironment=DOCKER_HOST=unix:///run/100%%/w.sock\nEnvironment=IP=1\n"},
		{"a.socket", "[Socket]\nListenStream=1\n", "", "", "",
		 "[Socket]\nEnvironment=DOCKER_HOST=unix:///run/100%%/w.sock\nEnvironment=IP=1\n"},
		{"a.timer", "[Timer]\nOnBootSec=1\n", "", "", "", ""},
		/* what the unit says itself */
		{"a.service", "[Service]\nEnvironment=A=1 \"DOCKER_HOST=tcp://x\"\n", "/bin/a", "",
		 "", "[Service]\nEnvironment=IP=1\n"},
		{"a.service", "[Service]\nEnvironment=IP=2\nEnvironment=\n", "/bin/a", "", "",
		 "[Service]\nEnvironment=DOCKER_HOST=unix:///run/100%%/w.sock\nEnvironment=IP=1\n"},
		/* links in .wants/ and .requires/ */
		{"a.target", "[Unit]\nRequires=b.service\nWants=docker.service c.service\n", "",
		 "b.service|c.service|docker.socket", "docker.service|d.service|etcd.service",
		 "[Unit]\nRequires=c.service\nRequires=wherry.service\nWants=d.service\n"},
		/* containers: in the foreground, as systemd sees its child alone */
		{"a.service",
		 "[Container]\nImage=x\nEnvironment=IP=1\n[Service]\nEnvironment=DOCKER_HOST=y\n"
		 "Type=notify\n",
		 "/usr/bin/docker|run|--rm|--name=b|--label=wherry.unit=a.service|--detach|"
		 "--log-driver=journal|--env=A=1 2|x|sh|--detach|echo \"$A\" 5%|;",
		 "", "",
		 "[Unit]\nAfter=wherry.service\nRequires=wherry.service\n[Service]\n"
		 "Environment=IP=1\nType=exec\n"
		 "ExecStart=/usr/bin/wherry run --rm --name=b \"--env=A=1 2\" x sh --detach "
		 "\"echo \\\"$A\\\" 5%%\" \";\"\n"
		 "ExecStop=-/usr/bin/wherry stop b\nExecStopPost=-/usr/bin/wherry rm --force b\n"},
		{"a.service",
		 "[Container]\nImage=x\n[Service]\nEnvironment=DOCKER_HOST=y "
		 "IP=1\nExecStop=/bin/b\nType=oneshot\n",
		 "/usr/bin/docker|run|--rm|--name=b|--label=wherry.unit=a.service|x", "", "",
		 "[Unit]\nAfter=wherry.service\nRequires=wherry.service\n[Service]\n"
		 "ExecStart=/usr/bin/wherry run --rm --name=b x\n"
		 "ExecStopPost=-/usr/bin/wherry rm --force b\n"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct unit_export_source source = source_of(cases[i].name, "/u/a", cases[i].text);
		struct unit_export out = {0};
		struct error err;

		pairs_set(&source.environment, "DOCKER_HOST", "unix:///run/100%/w.sock");
		pairs_set(&source.environment, "IP", "1");
		source.start = words(cases[i].start);
		source.requires = words(cases[i].requires);
		source.wants = words(cases[i].wants);
		assert_true(unit_export_add(&source, &out, &err));
		assert_string_equal(drop_in_of(&out, cases[i].name), cases[i].wanted);
		unit_export_fini(&out);
		record_fini(&unit_export_source_type, &source);
	}
}

static void what_takes_the_variables_back_is_said(void **state)
{
	static const struct {
		const char *drop_in, *text, *wanted;
	} cases[] = {
		{"/u/60-x.conf", "[Service]\nEnvironment=\n",
		 "a.service: /u/60-x.conf empties Environment= after 50-wherry.conf"},
		{"/u/60-x.conf", "[Service]\nEnvironment=A=1\n", ""},
		{"/u/40-x.conf", "[Service]\nEnvironment=\n", ""},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct unit_export_source source = source_of("a.service", "/u/a.service", "");
		struct unit_export out = {0};
		struct error err;

		add_file(&source, cases[i].drop_in, cases[i].text);
		assert_true(unit_export_add(&source, &out, &err));
		scoped_free char *notes = strings_join(&out.notes, "|");
		assert_string_equal(notes, cases[i].wanted);
		unit_export_fini(&out);
		record_fini(&unit_export_source_type, &source);
	}
}

static void what_cannot_be_told_is_refused_by_name(void **state)
{
	static const struct {
		const char *name, *drop_in, *text, *wanted;
	} cases[] = {
		{"a.service", "/u/a.service.d/50-wherry.conf", "[Unit]\n",
		 "a.service: its drop-in /u/a.service.d/50-wherry.conf has the name of the one to "
		 "be written"},
		{"a@.service", "/u/x.conf", "[Container]\nImage=x\n",
		 "a@.service: a template with a [Container] is exported by its instances"},
		{"a.service", "/u/x.conf", "[Container]\nImage=x\n",
		 "a.service: its [Container] has no command"},
		{"a.service", "/u/x.conf", "[Unit\n", NULL},
		{"../a.service", "/u/x.conf", "", "'../a.service' has no file to export"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct unit_export_source source = source_of(cases[i].name, "/u/a", "[Unit]\n");
		struct unit_export out = {0};
		struct error err;

		add_file(&source, cases[i].drop_in, cases[i].text);
		assert_false(unit_export_add(&source, &out, &err));
		if (cases[i].wanted)
			assert_string_equal(err.text, cases[i].wanted);
		assert_int_equal(out.files.count, 0);
		unit_export_fini(&out);
		record_fini(&unit_export_source_type, &source);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_systemd_takes_differently_is_changed),
		cmocka_unit_test(a_missing_docker_is_our_command_where_it_is_the_program),
		cmocka_unit_test(each_file_is_copied_to_where_systemd_looks_for_it),
		cmocka_unit_test(the_drop_in_has_what_the_manager_adds),
		cmocka_unit_test(what_takes_the_variables_back_is_said),
		cmocka_unit_test(what_cannot_be_told_is_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
