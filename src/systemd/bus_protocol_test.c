#include "systemd/bus_protocol.h"

#include "base/test.h"

static void a_request_comes_through_as_it_was_sent(void **state)
{
	struct bus_request request = {.id = 7, .job = 3, .signal = 15}, back = {0};
	scoped_buffer struct buffer bytes = {0};
	struct error err;

	request.method = str_dup("StartUnit");
	request.unit = str_dup("web.service");
	strings_add(&request.units, "a.service");
	strings_add(&request.units, "b.service");
	record_encode(&bus_request_type, &request, &bytes);
	assert_true(record_decode(&bus_request_type, bytes.data, bytes.size, &back, &err));
	assert_int_equal(back.id, 7);
	assert_int_equal(back.job, 3);
	assert_int_equal(back.signal, 15);
	assert_string_equal(back.method, "StartUnit");
	assert_int_equal(back.units.count, 2);
	assert_string_equal(back.units.items[1], "b.service");
	assert_null(back.scope);
	record_fini(&bus_request_type, &request);
	record_fini(&bus_request_type, &back);
}

static void a_state_comes_through_as_it_was_seen(void **state)
{
	struct bus_state seen = {.main_pid = 42, .condition_unmet = true, .last_trigger_us = 9},
			 back = {0};
	scoped_buffer struct buffer bytes = {0};
	struct error err;

	seen.unit = str_dup("web.service");
	seen.active_state = str_dup("active");
	record_encode(&bus_state_type, &seen, &bytes);
	assert_true(record_decode(&bus_state_type, bytes.data, bytes.size, &back, &err));
	assert_string_equal(back.unit, "web.service");
	assert_string_equal(back.active_state, "active");
	assert_int_equal(back.main_pid, 42);
	assert_int_equal(back.last_trigger_us, 9);
	assert_true(back.condition_unmet);
	record_fini(&bus_state_type, &seen);
	record_fini(&bus_state_type, &back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_comes_through_as_it_was_sent),
		cmocka_unit_test(a_state_comes_through_as_it_was_seen),
	};

	return cmocka_run_group_tests_name("bus_protocol", tests, NULL, NULL);
}
