#include "format/syslog.h"

#include "base/memory.h"
#include "base/test.h"
#include "base/time.h"

#include <time.h>

static void addresses_are_taken_apart(void **state)
{
	static const struct {
		const char *text;
		enum syslog_transport transport;
		const char *host;
		int32_t port;
	} cases[] = {
		{NULL, SYSLOG_LOCAL, NULL, 0},
		{"", SYSLOG_LOCAL, NULL, 0},
		{"udp://10.0.0.1:1514", SYSLOG_UDP, "10.0.0.1", 1514},
		{"udp://logs.example", SYSLOG_UDP, "logs.example", 514},
		{"tcp://[::1]:6514", SYSLOG_TCP, "::1", 6514},
		{"tcp://[fe80::1]", SYSLOG_TCP, "fe80::1", 514},
		{"unix:///dev/log", SYSLOG_UNIX, "/dev/log", 0},
		{"unixgram:///run/x", SYSLOG_UNIXGRAM, "/run/x", 0},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct syslog_address address;
		struct error err;

		assert_true(syslog_address_parse(cases[i].text, &address, &err));
		if (address.transport != (int32_t)cases[i].transport ||
		    !str_equal(address.host, cases[i].host) || address.port != cases[i].port)
			fail_msg("case %zu: %d %s %d", i, address.transport, address.host,
				 address.port);
		syslog_address_fini(&address);
	}
}

static void what_is_no_address_is_refused(void **state)
{
	static const struct {
		const char *text;
		enum error_kind kind;
	} cases[] = {
		{"localhost:514", ERROR_INVALID},  {"http://x", ERROR_INVALID},
		{"udp://", ERROR_INVALID},	   {"udp://:514", ERROR_INVALID},
		{"tcp://[::1", ERROR_INVALID},	   {"tcp://[::1]x", ERROR_INVALID},
		{"tcp://h:0", ERROR_INVALID},	   {"tcp://h:99999", ERROR_INVALID},
		{"unix://dev/log", ERROR_INVALID}, {"tcp+tls://h:6514", ERROR_UNSUPPORTED},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct syslog_address address;
		struct error err;

		if (syslog_address_parse(cases[i].text, &address, &err) ||
		    err.kind != cases[i].kind)
			fail_msg("%s", cases[i].text);
		assert_null(address.host);
	}
}

static void facilities_and_styles_have_names_and_numbers(void **state)
{
	enum syslog_style style;
	int32_t facility;

	assert_true(syslog_facility_from_name("", &facility));
	assert_int_equal(facility, 3);
	assert_true(syslog_facility_from_name("local7", &facility));
	assert_int_equal(facility, 23);
	assert_true(syslog_facility_from_name("12", &facility));
	assert_int_equal(facility, 12);
	assert_false(syslog_facility_from_name("24", &facility));
	assert_false(syslog_facility_from_name("nobody", &facility));
	assert_true(syslog_style_from_name(NULL, &style));
	assert_int_equal(style, SYSLOG_BSD_LOCAL);
	assert_true(syslog_style_from_name("rfc5424micro", &style));
	assert_int_equal(style, SYSLOG_RFC5424_MICRO);
	assert_false(syslog_style_from_name("rfc1", &style));
}

static void each_style_has_its_head(void **state)
{
	static const struct {
		enum syslog_style style;
		enum stream_kind stream;
		const char *expected;
	} cases[] = {
		{SYSLOG_BSD_LOCAL, STREAM_STDOUT, "<30>Mar  2 15:04:05 tag[7]: hello\n"},
		{SYSLOG_BSD_LOCAL, STREAM_STDERR, "<27>Mar  2 15:04:05 tag[7]: hello\n"},
		{SYSLOG_RFC3164, STREAM_STDOUT, "<30>Mar  2 15:04:05 host tag[7]: hello\n"},
		{SYSLOG_RFC5424, STREAM_STDOUT,
		 "<30>1 2023-03-02T15:04:05Z host tag 7 tag - hello\n"},
		{SYSLOG_RFC5424_MICRO, STREAM_STDERR,
		 "<27>1 2023-03-02T15:04:05.123456Z host tag 7 tag - hello\n"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct syslog_head head = {(int32_t)cases[i].style, 3, "host", "tag", 7};
		scoped_buffer struct buffer out = {0};

		syslog_write(&head, cases[i].stream, INT64_C(1677769445123456789), "hello", 5,
			     &out);
		assert_string_equal(out.data, cases[i].expected);
	}
}

static void a_line_that_ends_has_one_end(void **state)
{
	struct syslog_head head = {SYSLOG_RFC3164, 1, "h", "t", 1};
	scoped_buffer struct buffer out = {0};

	syslog_write(&head, STREAM_STDOUT, INT64_C(1677769445000000000), "x\n", 2, &out);
	assert_string_equal(out.data, "<14>Mar  2 15:04:05 h t[1]: x\n");
}

static void the_offset_of_the_host_is_told(void **state)
{
	struct syslog_head head = {SYSLOG_RFC5424, 3, "h", "t", 1};
	scoped_buffer struct buffer out = {0};

	setenv("TZ", "XXX-05:30", 1);
	tzset();
	syslog_write(&head, STREAM_STDOUT, INT64_C(1677769445000000000), "x", 1, &out);
	assert_string_equal(out.data, "<30>1 2023-03-02T20:34:05+05:30 h t 1 t - x\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_taken_apart),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(facilities_and_styles_have_names_and_numbers),
		cmocka_unit_test(each_style_has_its_head),
		cmocka_unit_test(a_line_that_ends_has_one_end),
		cmocka_unit_test(the_offset_of_the_host_is_told),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
