#include "format/dns.h"

#include "base/test.h"

#define BYTES(text) (text), sizeof(text) - 1

#define HEAD(flags, counts) "\x12\x34" flags counts
#define QUERY(counts)	    HEAD("\x01\x00", counts)
#define ONE_QUESTION	    "\0\1\0\0\0\0\0\0"
#define WEB		    "\3wEb\0"
#define A_IN		    "\0\1\0\1"

static void a_query_is_read(void **state)
{
	struct dns_message m;

	assert_int_equal(dns_parse(BYTES(QUERY(ONE_QUESTION) "\3wEb\3Net\0" A_IN), &m), DNS_PARSED);
	assert_int_equal(m.id, 0x1234);
	assert_false(m.response);
	assert_true(m.recursion_desired);
	assert_string_equal(m.name, "web.net");
	assert_int_equal(m.type, DNS_TYPE_A);
	assert_int_equal(m.class, DNS_CLASS_IN);
	assert_false(m.edns);
	assert_int_equal(dns_udp_limit(&m), DNS_UDP_SIZE);
}

static void edns_says_how_much_is_taken(void **state)
{
	struct dns_message m;

	assert_int_equal(
		dns_parse(BYTES(QUERY("\0\1\0\0\0\0\0\1") WEB A_IN "\0\0\x29\x10\0\0\0\0\0\0\0"),
			  &m),
		DNS_PARSED);
	assert_true(m.edns);
	assert_int_equal(dns_udp_limit(&m), 4096);
	assert_int_equal(
		dns_parse(BYTES(QUERY("\0\1\0\0\0\0\0\1") WEB A_IN "\0\0\x29\0\1\0\3\0\0\0\0"), &m),
		DNS_PARSED);
	assert_int_equal(dns_udp_limit(&m), DNS_UDP_SIZE);
	assert_int_equal(m.edns_version, 3);
}

static void what_no_resolver_sends_is_malformed(void **state)
{
	static const struct {
		const char *what, *data;
		size_t size;
	} cases[] = {
		{"no question", BYTES(QUERY("\0\0\0\0\0\0\0\0"))},
		{"two questions", BYTES(QUERY("\0\2\0\0\0\0\0\0") WEB A_IN WEB A_IN)},
		{"a name without end", BYTES(QUERY(ONE_QUESTION) "\3web")},
		{"no type", BYTES(QUERY(ONE_QUESTION) WEB "\0\1\0")},
		{"a label of an unknown kind", BYTES(QUERY(ONE_QUESTION) "\x43web\0" A_IN)},
		{"a pointer to itself", BYTES(QUERY(ONE_QUESTION) "\xc0\x0c" A_IN)},
		{"a pointer into the header", BYTES(QUERY(ONE_QUESTION) "\xc0\x00" A_IN)},
		{"a pointer forwards", BYTES(QUERY(ONE_QUESTION) "\xc0\x0e\3web\0" A_IN)},
		{"half a pointer", BYTES(QUERY(ONE_QUESTION) "\xc0")},
		{"a loop of two", BYTES(QUERY("\0\1\0\1\0\0\0\0") WEB A_IN "\1a\xc0\x15"
									   "\0\1\0\1\0\0\0\0\0\0")},
		{"a loop by a record",
		 BYTES(QUERY("\0\1\0\2\0\0\0\0") WEB A_IN "\xc0\x0c\0\1\0\1\0\0\0\0\0\2\xc0\x23"
							  "\xc0\x21\0\1\0\1\0\0\0\0\0\0")},
		{"an answer that is not there", BYTES(QUERY("\0\1\0\1\0\0\0\0") WEB A_IN)},
		{"data longer than the rest",
		 BYTES(QUERY("\0\1\0\1\0\0\0\0") WEB A_IN "\xc0\x0c\0\1\0\1\0\0\0\0\0\5abcd")},
		{"two OPT records", BYTES(QUERY("\0\1\0\0\0\0\0\2") WEB A_IN
					  "\0\0\x29\x10\0\0\0\0\0\0\0\0\0\x29\x10\0\0\0\0\0\0\0")},
		{"OPT of a name",
		 BYTES(QUERY("\0\1\0\0\0\0\0\1") WEB A_IN "\1a\0\0\x29\x10\0\0\0\0\0\0\0")},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct dns_message m;

		if (dns_parse(cases[i].data, cases[i].size, &m) != DNS_MALFORMED)
			fail_msg("%s was accepted", cases[i].what);
		assert_int_equal(m.id, 0x1234);
		assert_int_equal(m.question_end, DNS_HEADER_SIZE);
	}
	assert_int_equal(dns_parse("\x12\x34", 2, &(struct dns_message){0}), DNS_NOTHING);
}

static void no_label_can_pass_for_another_name(void **state)
{
	static const char message[] = "............\3a.b\2\\c\2\xff \0";
	size_t at = DNS_HEADER_SIZE;
	char name[DNS_NAME_SIZE];

	assert_true(dns_name_read(message, sizeof(message) - 1, &at, name));
	assert_string_equal(name, "a\\046b.\\092c.\\255\\032");
	assert_int_equal(at, sizeof(message) - 1);
}

static void names_have_at_most_255_bytes(void **state)
{
	uint8_t message[DNS_HEADER_SIZE + 4 * 64 + 1] = {0};
	char name[DNS_NAME_SIZE];

	for (size_t last = 61; last <= 62; last++) {
		size_t at = DNS_HEADER_SIZE;

		for (size_t i = 0; i < 3; i++) {
			message[at] = 63;
			memset(message + at + 1, 0xff, 63);
			at += 64;
		}
		message[at] = (uint8_t)last;
		memset(message + at + 1, 0xff, last);
		message[at + 1 + last] = 0;
		at = DNS_HEADER_SIZE;
		assert_int_equal(dns_name_read(message, sizeof(message), &at, name), last == 61);
	}
	assert_true(strlen(name) < DNS_NAME_SIZE);
}

static void an_answer_carries_its_question(void **state)
{
	static const char query[] = QUERY(ONE_QUESTION) WEB A_IN;
	static const uint8_t address[4] = {10, 0, 0, 2};
	uint8_t out[DNS_UDP_SIZE];
	struct dns_message asked, answered;
	struct dns_reply reply;
	size_t size;

	assert_int_equal(dns_parse(BYTES(query), &asked), DNS_PARSED);
	dns_reply_begin(&reply, out, sizeof(out), query, &asked);
	dns_reply_address(&reply, address, 4, 5);
	size = dns_reply_end(&reply, DNS_NO_ERROR);
	assert_int_equal(size, sizeof(query) - 1 + 16);
	assert_memory_equal(out,
			    "\x12\x34\x81\x80\0\1\0\1\0\0\0\0\3wEb\0\0\1\0\1"
			    "\xc0\x0c\0\1\0\1\0\0\0\5\0\4\x0a\0\0\2",
			    size);
	assert_int_equal(dns_parse(out, size, &answered), DNS_PARSED);
	assert_true(dns_answers(&answered, &asked));
	assert_false(dns_answers(&asked, &asked));
	answered.id++;
	assert_false(dns_answers(&answered, &asked));
}

static void what_does_not_fit_says_so(void **state)
{
	static const char query[] = QUERY("\0\1\0\0\0\0\0\1") WEB A_IN "\0\0\x29\2\0\0\0\0\0\0\0";
	static const uint8_t address[16] = {0xfd};
	uint8_t out[DNS_UDP_SIZE];
	struct dns_message asked, answered;
	struct dns_reply reply;
	size_t size;

	assert_int_equal(dns_parse(BYTES(query), &asked), DNS_PARSED);
	dns_reply_begin(&reply, out, sizeof(out), query, &asked);
	for (int i = 0; i < 40; i++)
		dns_reply_address(&reply, address, 16, 5);
	size = dns_reply_end(&reply, DNS_NO_ERROR);
	assert_int_equal(dns_parse(out, size, &answered), DNS_PARSED);
	assert_true(answered.truncated);
	assert_true(answered.edns);
	assert_true(answered.answers > 0 && answered.answers < 40);
	assert_true(dns_answers(&answered, &asked));
}

static void codes_of_edns_are_longer(void **state)
{
	static const char query[] = QUERY("\0\1\0\0\0\0\0\1") WEB A_IN "\0\0\x29\2\0\0\1\0\0\0\0";
	uint8_t out[DNS_UDP_SIZE];
	struct dns_message asked, answered;
	struct dns_reply reply;

	assert_int_equal(dns_parse(BYTES(query), &asked), DNS_PARSED);
	dns_reply_begin(&reply, out, sizeof(out), query, &asked);
	assert_int_equal(dns_parse(out, dns_reply_end(&reply, DNS_BAD_VERSION), &answered),
			 DNS_PARSED);
	assert_int_equal(answered.code, DNS_BAD_VERSION);
}

static void a_malformed_query_is_answered_without_question(void **state)
{
	static const char query[] = QUERY(ONE_QUESTION) "\xc0\x0c" A_IN;
	uint8_t out[DNS_UDP_SIZE];
	struct dns_message asked;
	struct dns_reply reply;

	assert_int_equal(dns_parse(BYTES(query), &asked), DNS_MALFORMED);
	dns_reply_begin(&reply, out, sizeof(out), query, &asked);
	assert_int_equal(dns_reply_end(&reply, DNS_FORMAT_ERROR), DNS_HEADER_SIZE);
	assert_memory_equal(out, "\x12\x34\x81\x81\0\0\0\0\0\0\0\0", DNS_HEADER_SIZE);
}

static void reverse_names_are_addresses(void **state)
{
	static const struct {
		const char *name;
		size_t size;
		const char *bytes;
	} cases[] = {
		{"2.0.18.172.in-addr.arpa", 4, "\xac\x12\0\2"},
		{"18.172.in-addr.arpa", 0, NULL},
		{"2.0.18.1720.in-addr.arpa", 0, NULL},
		{"a.0.18.172.in-addr.arpa", 0, NULL},
		{"in-addr.arpa", 0, NULL},
		{"2.0.18.172.in-addr.arpa.x", 0, NULL},
		{"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa", 16,
		 "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"},
		{"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.g.ip6.arpa", 0,
		 NULL},
		{"1-0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa", 0,
		 NULL},
		{"web", 0, NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint8_t bytes[16];

		assert_int_equal(dns_reverse_address(cases[i].name, bytes), cases[i].size);
		if (cases[i].size)
			assert_memory_equal(bytes, cases[i].bytes, cases[i].size);
	}
}

static void a_query_is_written(void **state)
{
	struct dns_query query = {.id = 0x1234, .type = DNS_TYPE_AAAA, .name = "web.net"};
	uint8_t out[DNS_UDP_SIZE];
	struct dns_message m;

	assert_int_equal(dns_parse(out, dns_query_write(&query, out, sizeof(out)), &m), DNS_PARSED);
	assert_string_equal(m.name, "web.net");
	assert_int_equal(m.type, DNS_TYPE_AAAA);
	query.edns_size = 1400;
	assert_int_equal(dns_parse(out, dns_query_write(&query, out, sizeof(out)), &m), DNS_PARSED);
	assert_int_equal(m.edns_size, 1400);
	query.name = "web..net";
	assert_int_equal(dns_query_write(&query, out, sizeof(out)), 0);
	query.name = "web";
	assert_int_equal(dns_query_write(&query, out, 20), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_query_is_read),
		cmocka_unit_test(edns_says_how_much_is_taken),
		cmocka_unit_test(what_no_resolver_sends_is_malformed),
		cmocka_unit_test(no_label_can_pass_for_another_name),
		cmocka_unit_test(names_have_at_most_255_bytes),
		cmocka_unit_test(an_answer_carries_its_question),
		cmocka_unit_test(what_does_not_fit_says_so),
		cmocka_unit_test(codes_of_edns_are_longer),
		cmocka_unit_test(a_malformed_query_is_answered_without_question),
		cmocka_unit_test(reverse_names_are_addresses),
		cmocka_unit_test(a_query_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
