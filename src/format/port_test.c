#include "format/port.h"

#include "base/test.h"

static void exposed_ports_and_host_ports_are_read(void **state)
{
	uint16_t first, last;
	int protocol;
	struct error err;

	assert_true(port_spec_parse("8000-8010/UDP", &protocol, &first, &last, &err));
	assert_int_equal(protocol, IPPROTO_UDP);
	assert_int_equal(first, 8000);
	assert_int_equal(last, 8010);
	assert_true(port_spec_parse("80", &protocol, &first, &last, &err));
	assert_string_equal(port_protocol_name(protocol), "tcp");
	assert_true(port_range_parse("", &first, &last, &err));
	assert_int_equal(first + last, 0);
	assert_true(port_range_parse("5-7", &first, &last, &err));
	assert_int_equal(last, 7);
}

static void nonsense_is_no_port(void **state)
{
	static const char *const texts[] = {"99999", "a",     "80/", "80/icmp", "9-8", "-1",
					    "1-",    "1-2-3", " 80", "+80",	"-"};
	uint16_t first, last;
	int protocol;

	for (size_t i = 0; i < array_length(texts); i++) {
		struct error err;
		scoped_free char *text = str_format("invalid port specification: \"%s\"", texts[i]);

		assert_false(port_spec_parse(texts[i], &protocol, &first, &last, &err));
		assert_string_equal(err.text, text);
		if (!strchr(texts[i], '/'))
			assert_false(port_range_parse(texts[i], &first, &last, &err));
	}
}

static void published_ports_are_read_in_all_forms(void **state)
{
	static const struct {
		const char *text;
		size_t count;
		const char *ip, *host; /* of the last one */
		int port, protocol;
	} cases[] = {
		{"80", 1, "", "", 80, IPPROTO_TCP},
		{"80/udp", 1, "", "", 80, IPPROTO_UDP},
		{"8080:80", 1, "", "8080", 80, IPPROTO_TCP},
		{"127.0.0.1:8080:80", 1, "127.0.0.1", "8080", 80, IPPROTO_TCP},
		{"127.0.0.1::80/sctp", 1, "127.0.0.1", "", 80, IPPROTO_SCTP},
		{"[::1]:8080:80", 1, "::1", "8080", 80, IPPROTO_TCP},
		{"::1:8080:80", 1, "::1", "8080", 80, IPPROTO_TCP},
		{"8000-8002:80-82", 3, "", "8002", 82, IPPROTO_TCP},
		{"80-82", 3, "", "", 82, IPPROTO_TCP},
		{"8000-8010:80", 1, "", "8000-8010", 80, IPPROTO_TCP},
		{"published=8080,target=80,protocol=udp", 1, "", "8080", 80, IPPROTO_UDP},
		{"target=80,mode=host", 1, "", "", 80, IPPROTO_TCP},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_publish_list struct publish_list list = {0};
		struct error err;

		assert_true(publish_parse(cases[i].text, &list, &err));
		assert_int_equal(list.count, cases[i].count);
		const struct publish *last = &list.items[list.count - 1];
		assert_string_equal(last->host_ip, cases[i].ip);
		assert_string_equal(last->host_port, cases[i].host);
		assert_int_equal(last->port, cases[i].port);
		assert_int_equal(last->protocol, cases[i].protocol);
	}
}

static void a_bad_publish_says_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"", "no port specified: <empty>"},
		{"80:", "no port specified: 80:<empty>"},
		{"a", "invalid containerPort: a"},
		{"99999", "invalid containerPort: 99999"},
		{"a:80", "invalid hostPort: a"},
		{"1.2.3:80:80", "invalid IP address: 1.2.3"},
		{"[127.0.0.1]:80:80", "invalid IP address: [127.0.0.1]"},
		{"host:80:80", "invalid IP address: host"},
		{"1-3:1-2", "invalid ranges specified for container and host Ports: 1-2 and 1-3"},
		{"80/icmp", "invalid proto: icmp"},
		{"target=80,x", "invalid publish opts format (should be name=value but got 'x')"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_publish_list struct publish_list list = {0};
		struct error err;

		assert_false(publish_parse(cases[i].text, &list, &err));
		assert_string_equal(err.text, cases[i].error);
		assert_int_equal(list.count, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exposed_ports_and_host_ports_are_read),
		cmocka_unit_test(nonsense_is_no_port),
		cmocka_unit_test(published_ports_are_read_in_all_forms),
		cmocka_unit_test(a_bad_publish_says_what_is_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
