#include "systemd/bus_name.h"

#include "base/memory.h"
#include "base/test.h"

static void a_units_path_is_systemds_and_leads_back(void **state)
{
	static const struct {
		const char *unit, *path;
	} rows[] = {
		{"web.service", "/org/freedesktop/systemd1/unit/web_2eservice"},
		{"web@1.service", "/org/freedesktop/systemd1/unit/web_401_2eservice"},
		{"a\\x2db.service", "/org/freedesktop/systemd1/unit/a_5cx2db_2eservice"},
		{"1st_a-b.timer", "/org/freedesktop/systemd1/unit/_31st_5fa_2db_2etimer"},
		{"-.slice", "/org/freedesktop/systemd1/unit/_2d_2eslice"},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		scoped_free char *path = bus_unit_path(rows[i].unit);
		scoped_free char *unit = bus_unit_of_path(path);

		assert_string_equal(path, rows[i].path);
		assert_string_equal(unit, rows[i].unit);
	}
}

static void other_paths_are_no_units(void **state)
{
	assert_null(bus_unit_of_path("/org/freedesktop/systemd1"));
	assert_null(bus_unit_of_path("/org/freedesktop/systemd1/job/17"));
	assert_null(bus_unit_of_path("/org/freedesktop/systemd1/unit/"));
}

static void a_torn_escape_stays_as_it_is(void **state)
{
	scoped_free char *unit = bus_unit_of_path("/org/freedesktop/systemd1/unit/a_2");

	assert_string_equal(unit, "a_2");
}

static void errors_have_kinds(void **state)
{
	assert_int_equal(bus_error_kind("org.freedesktop.systemd1.NoSuchUnit"), ERROR_NOT_FOUND);
	assert_int_equal(bus_error_kind("org.freedesktop.systemd1.OnlyByDependency"),
			 ERROR_FORBIDDEN);
	assert_int_equal(bus_error_kind("org.freedesktop.DBus.Error.NoReply"), ERROR_SYSTEM);
	assert_int_equal(bus_error_kind(NULL), ERROR_SYSTEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_units_path_is_systemds_and_leads_back),
		cmocka_unit_test(other_paths_are_no_units),
		cmocka_unit_test(a_torn_escape_stays_as_it_is),
		cmocka_unit_test(errors_have_kinds),
	};

	return cmocka_run_group_tests_name("bus_name", tests, NULL, NULL);
}
