#include "unit/verify.h"

#include "base/test.h"
#include "unit/unit_scratch.h"

#include <errno.h>

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

/* ---- the text ---- */

static void every_problem_of_a_text_is_found_at_once(void **state)
{
	static const char text[] =
		"[Service]\nFoo=1\nExecStart=a/b\nType=oneshot\nRestart=always\n";
	const struct verify verify = {
		.name = "a.service", .file = "a.service", .text = text, .size = strlen(text)};
	scoped_strings struct strings problems = {0};

	unit_verify(&scratch.context, &verify, &problems);
	assert_int_equal(problems.count, 4);
	assert_non_null(strstr(problems.items[0], "a.service:2: unknown key"));
	assert_non_null(strstr(problems.items[1], "a.service:3: ExecStart="));
	assert_non_null(
		strstr(problems.items[3], "a.service: a oneshot cannot have Restart=always"));
}

/* ---- the machine ---- */

/* A machine with these programs, users and groups, one of each kind that is there but of no use. */
static int probe(void *data, enum verify_subject what, const char *root, const char *name)
{
	static const char *const there[][5] = {
		[VERIFY_PROGRAM] = {"/bin/a", "/usr/bin/b", "/opt/wherry", "/root:/bin/r"},
		[VERIFY_USER] = {"web", "0"},
		[VERIFY_GROUP] = {"www"},
	};
	scoped_free char *place = root ? str_format("%s:%s", root, name) : str_dup(name);

	if (str_equal(place, "/etc"))
		return EISDIR;
	if (str_equal(place, "/bin/plain"))
		return EACCES;
	for (size_t i = 0; there[what][i]; i++)
		if (str_equal(there[what][i], place))
			return 0;
	return what == VERIFY_PROGRAM ? ENOENT : ESRCH;
}

/* What is wrong, each problem without the unit's name, joined by "; ". */
static char *problems_of(const char *name, const char *text)
{
	const struct verify verify = {.name = name,
				      .file = "f",
				      .text = text,
				      .size = strlen(text),
				      .probe = probe,
				      .docker = "/opt/wherry"};
	scoped_free char *prefix = str_format("%s: ", name);
	scoped_strings struct strings problems = {0};
	struct buffer all = {0};

	unit_verify(&scratch.context, &verify, &problems);
	buffer_add_text(&all, "");
	for (size_t i = 0; i < problems.count; i++) {
		const char *text_of = problems.items[i];

		if (str_starts_with(text_of, prefix))
			text_of += strlen(prefix);
		buffer_format(&all, "%s%s", i ? "; " : "", text_of);
	}
	return buffer_take(&all);
}

#define MISSING(program) "Command " program " is not executable: No such file or directory"

struct problem_case {
	const char *text, *problems;
};

static void check_all(const char *name, const struct problem_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		scoped_free char *problems = problems_of(name, cases[i].text);

		if (!str_equal(problems, cases[i].problems))
			fail_msg("%s: %s", cases[i].text, problems);
	}
}

static void programs_that_are_missing_are_named(void **state)
{
	static const struct problem_case cases[] = {
		{"[Service]\nExecStart=/bin/a\n", ""},
		{"[Service]\nExecStart=/x/y z\n", MISSING("/x/y")},
		{"[Service]\nExecStart=@/x/y z\n", MISSING("/x/y")},
		{"[Service]\nExecStart=+/x/y\n", MISSING("/x/y")},
		{"[Service]\nExecStart=!/x/y\n", MISSING("/x/y")},
		{"[Service]\nExecStart=!!/x/y\n", MISSING("/x/y")},
		{"[Service]\nExecStart=:/x/y\n", MISSING("/x/y")},
		{"[Service]\nExecStart=-/x/y\n", ""},
		{"[Service]\nExecStart=-@+/x/y z\n", ""},
		{"[Service]\nExecStart=/bin/plain\n",
		 "Command /bin/plain is not executable: Permission denied"},
		{"[Service]\nExecStart=/etc\n", "Command /etc is not executable: Is a directory"},
		{"[Service]\nExecStart=b\n", ""},
		{"[Service]\nExecStart=c\n", MISSING("c")},
		{"[Service]\nExecStart=/x/%p-%t\n", MISSING("/x/a-/run")},
		{"[Service]\nType=oneshot\nExecStart=/x/1 ; /x/2\nExecStart=/x/3\n",
		 MISSING("/x/1") "; " MISSING("/x/2") "; " MISSING("/x/3")},
		{"[Service]\nExecStart=/bin/a\nExecStartPre=/x/1\nExecCondition=/x/2\n"
		 "ExecStartPost=/x/3\nExecReload=/x/4\nExecStop=/x/5\nExecStopPost=/x/6\n",
		 MISSING("/x/2") "; " MISSING("/x/1") "; " MISSING("/x/3") "; " MISSING(
			 "/x/4") "; " MISSING("/x/5") "; " MISSING("/x/6")},
		{"[Service]\nExecStart=/usr/bin/docker run x\n", ""},
		{"[Container]\nImage=x\n", ""},
	};

	check_all("a.service", cases, array_length(cases));
}

static void a_unit_with_a_root_has_its_programs_there(void **state)
{
	static const struct problem_case cases[] = {
		{"[Service]\nRootDirectory=/root\nExecStart=/bin/r\n", ""},
		{"[Service]\nRootDirectory=/root\nExecStart=r\n", ""},
		{"[Service]\nRootDirectory=/root\nExecStart=+/bin/r\n", ""},
		{"[Service]\nRootDirectory=/root\nExecStart=/bin/a\n", MISSING("/bin/a")},
		{"[Service]\nRootDirectory=/root\nExecStart=/x/y\nUser=nobody\n",
		 MISSING("/x/y") "; Failed to resolve user nobody: Unknown user"},
		{"[Service]\nRootDirectory=/root\nExecStart=/x/y\nBindReadOnlyPaths=/usr\n", ""},
		{"[Service]\nRootImage=/x.raw\nExecStart=/x/y\n", "f:2: RootImage= has no effect"},
		{"[Service]\nRootImage=/x.raw\nRootImage=\nExecStart=/x/y\n",
		 "f:2: RootImage= has no effect; " MISSING("/x/y")},
	};

	check_all("a.service", cases, array_length(cases));
}

static void what_the_unit_mounts_is_there_at_its_start_only(void **state)
{
	static const struct problem_case cases[] = {
		{"[Service]\nBindPaths=/srv:/x\nExecStart=/x/y\n", ""},
		{"[Service]\nBindPaths=/srv:/x/y\nExecStart=/x/y\n", ""},
		{"[Service]\nBindPaths=/srv:/x/y/z\nExecStart=/x/y\n", MISSING("/x/y")},
		{"[Service]\nBindPaths=/srv:/xy\nExecStart=/x/y\n", MISSING("/x/y")},
	};

	check_all("a.service", cases, array_length(cases));
}

static void users_and_groups_that_are_missing_are_named(void **state)
{
	static const struct problem_case cases[] = {
		{"[Service]\nExecStart=/bin/a\nUser=web\nGroup=www\n", ""},
		{"[Service]\nExecStart=/bin/a\nUser=0\n", ""},
		{"[Service]\nExecStart=/bin/a\nUser=none\n",
		 "Failed to resolve user none: Unknown user"},
		{"[Service]\nExecStart=/bin/a\nUser=none\nUser=\n", ""},
		{"[Service]\nExecStart=/bin/a\nGroup=none\n",
		 "Failed to resolve group none: Unknown group"},
		{"[Service]\nExecStart=/bin/a\nSupplementaryGroups=www none\n",
		 "Failed to resolve group none: Unknown group"},
		{"[Service]\nExecStart=+/bin/a\nUser=%p\n",
		 "Failed to resolve user a: Unknown user"},
		{"[Service]\nExecStart=/bin/a\nDynamicUser=yes\n", ""},
		{"[Service]\nExecStart=/bin/a\nDynamicUser=yes\nUser=none\nGroup=none\n", ""},
		{"[Container]\nImage=x\nUser=none\n", ""},
	};

	check_all("a.service", cases, array_length(cases));
}

/* No instance is called like those that it is read as. */
static void a_template_is_asked_for_what_its_instances_have_alike(void **state)
{
	static const struct problem_case cases[] = {
		{"[Service]\nExecStart=/bin/a %i\nUser=web\n", ""},
		{"[Service]\nExecStart=/x/y %i\n", MISSING("/x/y")},
		{"[Service]\nExecStart=/x/%i\nUser=%i\nGroup=%I\n", ""},
		{"[Service]\nExecStart=/bin/a\nExecStop=/x/%p\nUser=%p\n",
		 MISSING("/x/t") "; Failed to resolve user t: Unknown user"},
	};

	check_all("t@.service", cases, array_length(cases));
	scoped_free char *problems =
		problems_of("t@1.service", "[Service]\nExecStart=/x/%i\nUser=u%i\n");
	assert_string_equal(problems, MISSING("/x/1") "; Failed to resolve user u1: Unknown user");
}

static void sockets_have_programs_and_owners_too(void **state)
{
	static const struct problem_case cases[] = {
		{"[Socket]\nListenStream=/run/x\nExecStartPre=/x/y\n", MISSING("/x/y")},
		{"[Socket]\nListenStream=/run/x\nSocketUser=none\nSocketGroup=www\n",
		 "Failed to resolve user none: Unknown user"},
	};

	check_all("a.socket", cases, array_length(cases));
}

/* mount(8) is asked by us. */
static void units_of_other_types_run_nothing(void **state)
{
	static const struct problem_case cases[] = {
		{"[Mount]\nWhat=/dev/x\nWhere=/mnt\n", ""},
	};

	check_all("mnt.mount", cases, array_length(cases));
}

/* ---- this machine ---- */

static int look(const char *root, const char *path)
{
	return verify_probe_host(NULL, VERIFY_PROGRAM, root, path);
}

static void this_machine_is_asked_as_who_starts_a_unit_asks(void **state)
{
	scoped_free char *tool = str_format("%s/etc/tool", scratch.root);
	scoped_free char *lib = str_format("%s/lib", scratch.root);

	scratch_write(&scratch, "etc/tool", "#!/bin/sh\n");
	scratch_write(&scratch, "lib/opt/tool", "#!/bin/sh\n");
	scratch_link(&scratch, "lib/tool", "/opt/tool");
	assert_int_equal(look(NULL, tool), EACCES);
	assert_int_equal(chmod(tool, 0755), 0);
	assert_int_equal(look(NULL, tool), 0);
	assert_int_equal(look(NULL, scratch.root), EISDIR);
	assert_int_equal(look(NULL, "/dev/null"), EACCES);
	assert_int_equal(look(lib, tool), ENOENT);
	assert_int_equal(look(lib, "/tool"), EACCES);
	assert_int_equal(look(tool, "/tool"), ENOTDIR);
	assert_int_equal(verify_probe_host(NULL, VERIFY_USER, NULL, "root"), 0);
	assert_int_equal(verify_probe_host(NULL, VERIFY_USER, NULL, "no such user"), ESRCH);
	assert_int_equal(verify_probe_host(NULL, VERIFY_GROUP, NULL, "root"), 0);
	assert_int_equal(verify_probe_host(NULL, VERIFY_GROUP, NULL, "no such group"), ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_problem_of_a_text_is_found_at_once),
		cmocka_unit_test(programs_that_are_missing_are_named),
		cmocka_unit_test(a_unit_with_a_root_has_its_programs_there),
		cmocka_unit_test(what_the_unit_mounts_is_there_at_its_start_only),
		cmocka_unit_test(users_and_groups_that_are_missing_are_named),
		cmocka_unit_test(a_template_is_asked_for_what_its_instances_have_alike),
		cmocka_unit_test(sockets_have_programs_and_owners_too),
		cmocka_unit_test(units_of_other_types_run_nothing),
		cmocka_unit_test(this_machine_is_asked_as_who_starts_a_unit_asks),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
