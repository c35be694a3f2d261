#include "engine/container.h"
#include "engine/engine.h"

#include "base/memory.h"
#include "base/test.h"
#include "format/json.h"

#include <signal.h>

static void states_follow_each_other_as_the_table_says(void **state)
{
	static const struct {
		enum container_state from, to;
		bool may;
	} cases[] = {
		{CONTAINER_CREATED, CONTAINER_RUNNING, true},
		{CONTAINER_RUNNING, CONTAINER_PAUSED, true},
		{CONTAINER_PAUSED, CONTAINER_RUNNING, true},
		{CONTAINER_RUNNING, CONTAINER_EXITED, true},
		{CONTAINER_EXITED, CONTAINER_RUNNING, true},
		{CONTAINER_EXITED, CONTAINER_REMOVING, true},
		{CONTAINER_REMOVING, CONTAINER_DEAD, true},
		{CONTAINER_RUNNING, CONTAINER_REMOVING, false},
		{CONTAINER_REMOVING, CONTAINER_RUNNING, false},
		{CONTAINER_DEAD, CONTAINER_RUNNING, false},
		{CONTAINER_CREATED, CONTAINER_PAUSED, false},
	};

	for (size_t i = 0; i < array_length(cases); i++)
		if (container_may_become(cases[i].from, cases[i].to) != cases[i].may)
			fail_msg("%s to %s", container_state_name(cases[i].from),
				 container_state_name(cases[i].to));
}

static void state_names_are_read_back(void **state)
{
	enum container_state read;

	for (int s = CONTAINER_CREATED; s <= CONTAINER_DEAD; s++) {
		assert_true(container_state_from_name(container_state_name((enum container_state)s),
						      &read));
		assert_int_equal(read, s);
	}
	assert_false(container_state_from_name("up", &read));
}

static void signals_have_names_and_numbers(void **state)
{
	static const struct {
		const char *name;
		int number;
	} cases[] = {
		{"SIGKILL", SIGKILL},
		{"kill", SIGKILL},
		{"9", 9},
		{"SigTerm", SIGTERM},
		{"HUP", SIGHUP},
		{"64", 64},
		{"65", 0},
		{"0", 0},
		{"-1", 0},
		{"BOGUS", 0},
		{"", 0},
		{"SIG", 0},
		{"RTMIN", 34},
		{"SIGRTMIN+3", 37},
		{"RTMAX", 64},
		{"RTMAX-1", 63},
		{"RTMIN+31", 0},
		{"RTMIN-1", 0},
		{"RTMAX+1", 0},
		{"RTMIN+", 0},
	};

	for (size_t i = 0; i < array_length(cases); i++)
		if (signal_from_name(cases[i].name) != cases[i].number)
			fail_msg("'%s': %d", cases[i].name, signal_from_name(cases[i].name));
}

static void the_image_or_the_user_choose_how_to_stop(void **state)
{
	struct container c = {0};

	assert_int_equal(container_stop_signal(&c), SIGTERM);
	assert_int_equal(container_stop_timeout(&c), 10);
	c.config.stop_signal = (char *)(uintptr_t) "SIGQUIT";
	c.config.stop_timeout = (struct optional_i64){true, -1};
	assert_int_equal(container_stop_signal(&c), SIGQUIT);
	assert_int_equal(container_stop_timeout(&c), -1);
}

static void detach_keys_are_letters_and_controls(void **state)
{
	static const struct {
		const char *typed, *hex; /* NULL: refused */
	} cases[] = {
		{NULL, "1011"},	  {"", "1011"},	    {"ctrl-p,ctrl-q", "1011"}, {"a", "61"},
		{"ctrl-A", "01"}, {"ctrl-@", "00"}, {"ctrl-[", "1b"},	       {"ctrl-_,x", "1f78"},
		{"bogus", NULL},  {"ctrl-", NULL},  {"ctrl-ab", NULL},	       {"a,,b", NULL},
		{"ctrl-1", NULL},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct error err;
		scoped_free char *hex = detach_keys_parse(cases[i].typed, &err);

		if (!str_equal(hex, cases[i].hex))
			fail_msg("'%s': %s", cases[i].typed, hex ? hex : "refused");
	}
}

static void conditions_of_waiting_have_names(void **state)
{
	enum wait_condition condition;

	assert_true(wait_condition_from_name(NULL, &condition));
	assert_int_equal(condition, WAIT_NOT_RUNNING);
	assert_true(wait_condition_from_name("next-exit", &condition));
	assert_int_equal(condition, WAIT_NEXT_EXIT);
	assert_true(wait_condition_from_name("removed", &condition));
	assert_int_equal(condition, WAIT_REMOVED);
	assert_false(wait_condition_from_name("zz", &condition));
}

/* Everything that is recorded comes back; what is only in memory does not. */
static void a_record_is_read_back_as_it_was_written(void **state)
{
	struct container c = {.id = str_dup("ab"),
			      .name = str_dup("web"),
			      .state = CONTAINER_EXITED,
			      .exit_code = 137,
			      .started_ns = 1700000000123456789,
			      .oom_killed = true,
			      .error = str_dup("no")},
			 back = {0};
	scoped_buffer struct buffer text = {0};
	struct mount_point *mount = record_list_add(&mount_point_type, &c.mounts);
	struct endpoint_settings *endpoint =
		record_map_add(&endpoint_settings_type, &c.networks, "bridge");
	struct error err;
	json_t *json;

	mount->destination = str_dup("/data");
	mount->anonymous = true;
	endpoint->wanted_mac_address = str_dup("02:00:00:00:00:01");
	strings_add(&c.config.env, "A=1");
	c.host_config.resources.memory = 8 << 20;
	c.busy = true;
	record_write_json(&container_type, &c, RECORD_FOR_STORE, &text);
	json = json_parse(text.data, text.size, &err);
	assert_non_null(json);
	assert_true(record_from_json(&container_type, json, RECORD_FOR_STORE, &back, &err));
	json_decref(json);
	assert_string_equal(back.name, "web");
	assert_int_equal(back.state, CONTAINER_EXITED);
	assert_int_equal(back.started_ns, c.started_ns);
	assert_true(back.oom_killed);
	assert_true(RECORD_AT(back.mounts, struct mount_point, 0)->anonymous);
	endpoint = record_map_get(&endpoint_settings_type, &back.networks, "bridge");
	assert_string_equal(endpoint->wanted_mac_address, "02:00:00:00:00:01");
	assert_string_equal(back.config.env.items[0], "A=1");
	assert_int_equal(back.host_config.resources.memory, 8 << 20);
	assert_false(back.busy);
	record_fini(&container_type, &c);
	record_fini(&container_type, &back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_follow_each_other_as_the_table_says),
		cmocka_unit_test(state_names_are_read_back),
		cmocka_unit_test(signals_have_names_and_numbers),
		cmocka_unit_test(the_image_or_the_user_choose_how_to_stop),
		cmocka_unit_test(detach_keys_are_letters_and_controls),
		cmocka_unit_test(conditions_of_waiting_have_names),
		cmocka_unit_test(a_record_is_read_back_as_it_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
