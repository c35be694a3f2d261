#include "base/test.h"
#include "execution/system_calls.h"

static char *profile_of(const char *const *lists, const char *error, struct strings *warnings)
{
	struct execution_context c = {.system_call_error = (char *)(uintptr_t)error};
	char *profile;

	for (; *lists; lists++)
		strings_add(&c.system_call_filter, *lists);
	profile = system_call_profile(&c, warnings);
	strings_fini(&c.system_call_filter);
	return profile;
}

static bool has_rule(const char *profile, const char *name, const char *action)
{
	scoped_free char *rule = str_format("{\"names\":[\"%s\"],\"action\":\"%s\"", name, action);

	return strstr(profile, rule);
}

static void a_list_says_what_may_be_called(void **state)
{
	struct strings warnings = {0};
	scoped_free char *p =
		profile_of((const char *[]){"@basic-io mount", "~write", NULL}, "EPERM", &warnings);

	assert_non_null(strstr(p, "\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1,"));
	assert_true(has_rule(p, "read", "SCMP_ACT_ALLOW"));
	assert_true(has_rule(p, "mount", "SCMP_ACT_ALLOW"));
	assert_true(has_rule(p, "execve", "SCMP_ACT_ALLOW")); /* always there */
	assert_null(strstr(p, "\"write\""));
	assert_int_equal(warnings.count, 0);
}

static void an_inverted_list_says_what_may_not(void **state)
{
	struct strings warnings = {0};
	scoped_free char *p =
		profile_of((const char *[]){"~@mount swapon:EACCES", "~reboot", "umount2", NULL},
			   NULL, &warnings);

	assert_non_null(strstr(p, "\"defaultAction\":\"SCMP_ACT_ALLOW\""));
	assert_true(has_rule(p, "mount", "SCMP_ACT_KILL_PROCESS"));
	assert_true(has_rule(p, "reboot", "SCMP_ACT_KILL_PROCESS"));
	assert_non_null(strstr(
		p, "{\"names\":[\"swapon\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":13}"));
	assert_null(strstr(p, "\"umount2\""));
}

static void groups_hold_groups(void **state)
{
	struct strings warnings = {0};
	scoped_free char *p =
		profile_of((const char *[]){"@system-service", NULL}, "EPERM", &warnings);

	assert_true(has_rule(p, "openat", "SCMP_ACT_ALLOW"));
	assert_true(has_rule(p, "setuid", "SCMP_ACT_ALLOW"));
	assert_null(strstr(p, "\"mount\""));
	assert_null(strstr(p, "\"@"));
}

static void what_is_unknown_is_told(void **state)
{
	struct strings warnings = {0};
	scoped_free char *p =
		profile_of((const char *[]){"~@no-such read\" x", NULL}, "EPERM", &warnings);

	assert_int_equal(warnings.count, 2);
	assert_null(strstr(p, "no-such"));
	strings_fini(&warnings);
}

static void each_group_is_known_and_whole(void **state)
{
	static const char *const names[] = {
		"@aio",	     "@basic-io",  "@chown",	      "@clock",	   "@cpu-emulation",
		"@debug",    "@default",   "@file-system",    "@io-event", "@ipc",
		"@keyring",  "@memlock",   "@module",	      "@mount",	   "@network-io",
		"@obsolete", "@pkey",	   "@privileged",     "@process",  "@raw-io",
		"@reboot",   "@resources", "@sandbox",	      "@setuid",   "@signal",
		"@swap",     "@sync",	   "@system-service", "@timer",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		scoped_strings struct strings inner = {0};

		assert_non_null(system_call_group(names[i]));
		inner = strings_split(system_call_group(names[i]), ' ');
		for (size_t j = 0; j < inner.count; j++) {
			assert_true(*inner.items[j]);
			if (*inner.items[j] == '@')
				assert_non_null(system_call_group(inner.items[j]));
		}
	}
}

static void nothing_is_filtered_unless_it_is_asked_for(void **state)
{
	struct strings warnings = {0};
	const struct execution_context none = {0};

	assert_null(system_call_profile(&none, &warnings));
	assert_null(restriction_profile(&none, &warnings));
}

static void families_that_are_not_named_are_refused(void **state)
{
	struct strings warnings = {0};
	struct execution_context c = {0};

	strings_add(&c.address_families, "AF_UNIX");
	scoped_free char *p = restriction_profile(&c, &warnings);
	assert_null(strstr(p, "\"op\":\"SCMP_CMP_EQ\",\"value\":1,"));
	assert_non_null(strstr(p, "\"op\":\"SCMP_CMP_EQ\",\"value\":2,"));
	assert_non_null(strstr(p, "\"op\":\"SCMP_CMP_GE\",\"value\":64,"));
	strings_fini(&c.address_families);
	strings_add(&c.address_families, "~");
	strings_add(&c.address_families, "AF_UNIX");
	scoped_free char *inverted = restriction_profile(&c, &warnings);
	assert_non_null(strstr(inverted, "\"value\":1,"));
	assert_null(strstr(inverted, "\"value\":2,"));
	assert_null(strstr(inverted, "SCMP_CMP_GE"));
	strings_fini(&c.address_families);
}

static void namespaces_that_are_not_named_are_refused(void **state)
{
	struct strings warnings = {0};
	struct execution_context c = {.restrict_namespaces = (char[]){"user net"}};
	scoped_free char *p = restriction_profile(&c, &warnings);

	assert_null(strstr(p, "268435456"));	/* CLONE_NEWUSER */
	assert_non_null(strstr(p, ":131072,")); /* CLONE_NEWNS */
	c.restrict_namespaces = (char[]){"~user"};
	scoped_free char *inverted = restriction_profile(&c, &warnings);
	assert_non_null(strstr(inverted, ":268435456,"));
	assert_null(strstr(inverted, ":131072,"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_says_what_may_be_called),
		cmocka_unit_test(an_inverted_list_says_what_may_not),
		cmocka_unit_test(groups_hold_groups),
		cmocka_unit_test(what_is_unknown_is_told),
		cmocka_unit_test(each_group_is_known_and_whole),
		cmocka_unit_test(nothing_is_filtered_unless_it_is_asked_for),
		cmocka_unit_test(families_that_are_not_named_are_refused),
		cmocka_unit_test(namespaces_that_are_not_named_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
