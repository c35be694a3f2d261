#include "base/test.h"
#include "shim/notify_message.h"

static struct notify_message parse(const char *text)
{
	struct notify_message message;

	notify_message_parse(text, strlen(text), &message);
	return message;
}

static void several_lines_make_one_message(void **state)
{
	struct notify_message m = parse("READY=1\nSTATUS=up and running\nMAINPID=77\nERRNO=2");

	assert_true(m.ready && m.has_status && m.has_errno);
	assert_string_equal(m.status, "up and running");
	assert_int_equal(m.main_pid, 77);
	assert_int_equal(m.error, 2);
	assert_false(m.reloading || m.stopping || m.watchdog || m.barrier || m.store);
}

static void what_is_malformed_was_not_said(void **state)
{
	struct notify_message m = parse(
		"READY=2\nMAINPID=1\nMAINPID=x\nMAINPID=99999999999\nERRNO=-1\nWATCHDOG_USEC=0\n"
		"EXTEND_TIMEOUT_USEC=\nFDNAME=a:b\nready=1\n READY=1\nFDSTORE=yes");

	assert_false(m.ready || m.has_errno || m.store);
	assert_int_equal(m.main_pid, 0);
	assert_int_equal(m.watchdog_us, 0);
	assert_int_equal(m.extend_us, 0);
	assert_string_equal(m.name, "");
}

static void a_watchdog_is_fed_triggered_and_set(void **state)
{
	assert_true(parse("WATCHDOG=1").watchdog);
	assert_true(parse("WATCHDOG=trigger").watchdog_trigger);
	assert_int_equal(parse("WATCHDOG_USEC=1500000").watchdog_us, 1500000);
	assert_int_equal(parse("WATCHDOG_USEC=9223372036854775807").watchdog_us,
			 NOTIFY_SPAN_LIMIT_US);
	assert_int_equal(parse("EXTEND_TIMEOUT_USEC=9223372036854775807").extend_us,
			 NOTIFY_SPAN_LIMIT_US);
}

static void descriptors_have_names(void **state)
{
	struct notify_message m = parse("FDSTORE=1\nFDNAME=listener\nFDPOLL=0");

	assert_true(m.store && m.no_poll);
	assert_string_equal(m.name, "listener");
	assert_true(parse("FDSTOREREMOVE=1\nFDNAME=x").remove);
}

static void a_status_draws_nothing_and_is_cut_at_a_character(void **state)
{
	char text[2100] = "STATUS=";
	struct notify_message m = parse("STATUS=a\x1b[31mb\x7f");

	assert_string_equal(m.status, "a [31mb ");
	for (size_t i = 7; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa9", 3);
	m = parse(text);
	assert_int_equal(strlen(m.status) % 2, 0);
	assert_true(strlen(m.status) > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several_lines_make_one_message),
		cmocka_unit_test(what_is_malformed_was_not_said),
		cmocka_unit_test(a_watchdog_is_fed_triggered_and_set),
		cmocka_unit_test(descriptors_have_names),
		cmocka_unit_test(a_status_draws_nothing_and_is_cut_at_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
