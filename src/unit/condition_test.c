#include "base/test.h"
#include "unit/condition.h"

static bool says(void *data, enum condition_kind kind, const char *argument)
{
	return str_equal(argument, "yes");
}

static void what_is_asked_of_a_unit_holds_or_not(void **state)
{
	static const struct {
		const char *values[4];
		bool holds;
		const char *failed; /* argument */
	} cases[] = {
		{{0}, true},
		{{"yes"}, true},
		{{"no"}, false, "no"},
		{{"!no"}, true},
		{{"!yes"}, false, "yes"},
		{{"yes", "no", "yes"}, false, "no"},
		{{"|no", "|yes"}, true},
		{{"|no", "|!yes"}, false, "yes"},
		{{"|no"}, false, "no"},
		{{"|yes", "no"}, false, "no"},
		{{"|yes", "|no", "yes"}, true},
		{{"| ! no"}, true},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct unit_condition conditions[4] = {0};
		struct unit_config config = {.conditions = conditions};
		const struct unit_condition *failed;

		while (config.condition_count < 4 && cases[i].values[config.condition_count]) {
			assert_true(condition_parse(cases[i].values[config.condition_count],
						    &conditions[config.condition_count]));
			config.condition_count++;
		}
		bool holds = conditions_hold(&config, false, says, NULL, &failed);
		if (holds != cases[i].holds ||
		    !str_equal(failed ? failed->argument : NULL, cases[i].failed))
			fail_msg("case %zu", i);
		assert_true(conditions_hold(&config, true, says, NULL, &failed)); /* no asserts */
		for (size_t k = 0; k < config.condition_count; k++)
			free(conditions[k].argument);
	}
}

static void nothing_behind_the_marks_is_no_condition(void **state)
{
	struct unit_condition condition = {0};

	assert_false(condition_parse("", &condition));
	assert_false(condition_parse("!", &condition));
	assert_false(condition_parse("|! ", &condition));
}

static void a_condition_is_shown_as_it_was_written(void **state)
{
	struct unit_condition condition = {.kind = CONDITION_PATH_EXISTS};

	assert_true(condition_parse("|!/x", &condition));
	scoped_free char *text = condition_text(&condition);
	assert_string_equal(text, "ConditionPathExists=|!/x");
	condition.assert = true;
	scoped_free char *asserted = condition_text(&condition);
	assert_string_equal(asserted, "AssertPathExists=|!/x");
	free(condition.argument);
}

static void this_machine_can_be_asked(void **state)
{
	static const struct {
		enum condition_kind kind;
		const char *argument;
		bool holds;
	} cases[] = {
		{CONDITION_PATH_EXISTS, "/", true},
		{CONDITION_PATH_EXISTS, "/no/such/path", false},
		{CONDITION_PATH_EXISTS_GLOB, "/et[bc]", true},
		{CONDITION_PATH_EXISTS_GLOB, "/no/such*", false},
		{CONDITION_PATH_IS_DIRECTORY, "/etc", true},
		{CONDITION_PATH_IS_DIRECTORY, "/etc/passwd", false},
		{CONDITION_PATH_IS_SYMBOLIC_LINK, "/proc/self", true},
		{CONDITION_PATH_IS_SYMBOLIC_LINK, "/etc", false},
		{CONDITION_PATH_IS_MOUNT_POINT, "/proc", true},
		{CONDITION_PATH_IS_MOUNT_POINT, "/proc/self", false},
		{CONDITION_DIRECTORY_NOT_EMPTY, "/etc", true},
		{CONDITION_DIRECTORY_NOT_EMPTY, "/etc/passwd", false},
		{CONDITION_FILE_NOT_EMPTY, "/etc/passwd", true},
		{CONDITION_FILE_NOT_EMPTY, "/etc", false},
		{CONDITION_FILE_IS_EXECUTABLE, "/bin/sh", true},
		{CONDITION_FILE_IS_EXECUTABLE, "/etc/passwd", false},
		{CONDITION_HOST, "*", true},
		{CONDITION_HOST, "no-such-host", false},
		{CONDITION_KERNEL_COMMAND_LINE, "no.such.word", false},
		{CONDITION_ARCHITECTURE, "native", true},
		{CONDITION_ARCHITECTURE, "vax", false},
		{CONDITION_ENVIRONMENT, "WHERRY_TEST=1", true},
		{CONDITION_ENVIRONMENT, "WHERRY_TEST", true},
		{CONDITION_ENVIRONMENT, "WHERRY_TEST=2", false},
		{CONDITION_ENVIRONMENT, "WHERRY_NO_TEST", false},
		{CONDITION_USER, "no-such-user", false},
		{CONDITION_GROUP, "no-such-group", false},
		{CONDITION_MEMORY, ">= 1M", true},
		{CONDITION_MEMORY, "<1M", false},
		{CONDITION_CPUS, "1", true},
		{CONDITION_CPUS, "< 1", false},
		{CONDITION_CPUS, "!=0", true},
	};

	setenv("WHERRY_TEST", "1", 1);
	for (size_t i = 0; i < array_length(cases); i++)
		if (condition_probe_host(NULL, cases[i].kind, cases[i].argument) != cases[i].holds)
			fail_msg("%s %s", condition_name(cases[i].kind), cases[i].argument);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_asked_of_a_unit_holds_or_not),
		cmocka_unit_test(nothing_behind_the_marks_is_no_condition),
		cmocka_unit_test(a_condition_is_shown_as_it_was_written),
		cmocka_unit_test(this_machine_can_be_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
