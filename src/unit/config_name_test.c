#include "unit/config.h"

#include "base/memory.h"
#include "base/test.h"

static void the_ending_of_a_name_is_its_type(void **state)
{
	static const struct {
		const char *name;
		int type; /* -1: none */
	} cases[] = {
		{"a.service", UNIT_SERVICE},
		{"a@1.service", UNIT_SERVICE},
		{"a.b.target", UNIT_TARGET},
		{"a.socket", UNIT_SOCKET},
		{"a.timer", UNIT_TIMER},
		{"a.path", UNIT_PATH},
		{"mnt-x.mount", UNIT_MOUNT},
		{"-.slice", UNIT_SLICE},
		{"a.scope", UNIT_SCOPE},
		{"a.automount", UNIT_AUTOMOUNT},
		{"a.swap", UNIT_SWAP},
		{"dev-sda.device", UNIT_DEVICE},
		{"a", -1},
		{"a.", -1},
		{"a.conf", -1},
		{".service", -1},
		{"", -1},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		enum unit_type type;
		bool known = unit_type_of_name(cases[i].name, &type);

		if (known != (cases[i].type >= 0) || (known && (int)type != cases[i].type))
			fail_msg("%s", cases[i].name);
		if (known)
			assert_non_null(strstr(cases[i].name, unit_type_name(type)));
	}
}

static void every_arrow_has_a_name_and_an_other_end(void **state)
{
	static const struct {
		enum dependency kind;
		const char *name, *inverse;
	} cases[] = {
		{DEPENDENCY_REQUIRES, "Requires", "RequiredBy"},
		{DEPENDENCY_REQUISITE, "Requisite", "RequisiteOf"},
		{DEPENDENCY_WANTS, "Wants", "WantedBy"},
		{DEPENDENCY_BINDS_TO, "BindsTo", "BoundBy"},
		{DEPENDENCY_PART_OF, "PartOf", "ConsistsOf"},
		{DEPENDENCY_UPHOLDS, "Upholds", "UpheldBy"},
		{DEPENDENCY_CONFLICTS, "Conflicts", "ConflictedBy"},
		{DEPENDENCY_BEFORE, "Before", "After"},
		{DEPENDENCY_ON_FAILURE, "OnFailure", "OnFailureOf"},
		{DEPENDENCY_ON_SUCCESS, "OnSuccess", "OnSuccessOf"},
		{DEPENDENCY_PROPAGATES_STOP_TO, "PropagatesStopTo", "StopPropagatedFrom"},
		{DEPENDENCY_PROPAGATES_RELOAD_TO, "PropagatesReloadTo", "ReloadPropagatedFrom"},
		{DEPENDENCY_TRIGGERS, "Triggers", "TriggeredBy"},
	};

	assert_int_equal(2 * array_length(cases), DEPENDENCIES);
	for (size_t i = 0; i < array_length(cases); i++) {
		enum dependency inverse = dependency_inverse(cases[i].kind);

		assert_string_equal(dependency_name(cases[i].kind), cases[i].name);
		assert_string_equal(dependency_name(inverse), cases[i].inverse);
		assert_int_equal(dependency_inverse(inverse), cases[i].kind);
	}
}

static void job_modes_are_read_as_they_are_written(void **state)
{
	static const char *const names[] = {"replace",
					    "replace-irreversibly",
					    "fail",
					    "isolate",
					    "flush",
					    "ignore-dependencies",
					    "ignore-requirements"};
	enum job_mode mode;

	assert_int_equal(array_length(names), JOB_MODES);
	for (size_t i = 0; i < array_length(names); i++) {
		assert_true(job_mode_from_name(names[i], &mode));
		assert_int_equal(mode, i);
		assert_string_equal(job_mode_name(mode), names[i]);
	}
	assert_false(job_mode_from_name("Replace", &mode));
}

static void load_states_have_the_names_that_show_prints(void **state)
{
	static const char *const names[] = {"stub",   "loaded", "not-found",
					    "masked", "error",	"bad-setting"};

	assert_int_equal(array_length(names), LOAD_STATES);
	for (size_t i = 0; i < array_length(names); i++)
		assert_string_equal(load_state_name(i), names[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_ending_of_a_name_is_its_type),
		cmocka_unit_test(every_arrow_has_a_name_and_an_other_end),
		cmocka_unit_test(job_modes_are_read_as_they_are_written),
		cmocka_unit_test(load_states_have_the_names_that_show_prints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
