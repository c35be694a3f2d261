#include "shim/names_answer.h"

#include "base/test.h"

/* Two networks: web (twice) and db in `front`, db alone in `back`. */
struct world {
	struct buffer bytes[2];
	struct zone zones[2];
	struct pairs links;
};

static const struct zone_address web1 = {4, {10, 0, 0, 2}}, web2 = {4, {10, 0, 0, 3}},
				 db4 = {4, {10, 0, 0, 4}}, db6 = {16, {0xfd, [15] = 4}},
				 back = {4, {10, 9, 0, 4}};

static void make_world(struct world *w)
{
	scoped_zone_builder struct zone_builder front_names = {0}, back_names = {0};

	*w = (struct world){0};
	zone_add(&front_names, "web", &web1);
	zone_add(&front_names, "web", &web2);
	zone_add(&front_names, "db", &db4);
	zone_add(&front_names, "db", &db6);
	zone_add_reverse(&front_names, &db4, "db");
	zone_add(&back_names, "db", &back);
	zone_add(&back_names, "0123456789ab", &back);
	zone_encode(&front_names, "front", 1, &w->bytes[0]);
	zone_encode(&back_names, "back", 1, &w->bytes[1]);
	for (size_t i = 0; i < 2; i++)
		assert_true(zone_open(&w->zones[i], w->bytes[i].data, w->bytes[i].size));
	pairs_set(&w->links, "mine", "0123456789ab");
}

static void world_fini(struct world *w)
{
	buffer_fini(&w->bytes[0]);
	buffer_fini(&w->bytes[1]);
	pairs_fini(&w->links);
}

static uint8_t out[DNS_MESSAGE_MOST];

struct told {
	enum names_verdict verdict;
	struct dns_message answer;
	size_t size;
};

static struct told ask_with(const struct world *w, const struct dns_query *query, uint32_t random)
{
	struct names_view view = {w->zones, 2, &w->links, random};
	struct dns_message message;
	uint8_t bytes[DNS_UDP_SIZE];
	struct names_query q = {.data = bytes,
				.size = dns_query_write(query, bytes, sizeof(bytes)),
				.message = &message};
	struct told told = {0};

	told.verdict = names_answer(&view, &q, out, &told.size);
	if (told.verdict == NAMES_ANSWERED)
		assert_int_equal(dns_parse(out, told.size, &told.answer), DNS_PARSED);
	return told;
}

static struct told ask(const struct world *w, const char *name, uint16_t type)
{
	return ask_with(w, &(struct dns_query){.id = 7, .name = name, .type = type}, 1);
}

static bool ends_with(const struct told *told, const void *data, size_t size)
{
	return told->size >= size && memcmp(out + told->size - size, data, size) == 0;
}

static void names_of_its_networks_are_answered(void **state)
{
	static const struct {
		const char *name;
		uint16_t type;
		enum names_verdict verdict;
		uint16_t answers;
	} cases[] = {
		{"web", DNS_TYPE_A, NAMES_ANSWERED, 2},
		{"WEB.Front", DNS_TYPE_A, NAMES_ANSWERED, 2},
		{"web.back", DNS_TYPE_A, NAMES_FOREIGN, 0},
		{"web", DNS_TYPE_AAAA, NAMES_ANSWERED, 0},
		{"db", DNS_TYPE_AAAA, NAMES_ANSWERED, 1},
		{"db", DNS_TYPE_ANY, NAMES_ANSWERED, 2},
		{"db", DNS_TYPE_A, NAMES_ANSWERED, 1},
		{"db.back", DNS_TYPE_A, NAMES_ANSWERED, 1},
		{"db", 15, NAMES_ANSWERED, 0},
		{"mine", DNS_TYPE_A, NAMES_ANSWERED, 1},
		{"0123456789ab.back", DNS_TYPE_A, NAMES_ANSWERED, 1},
		{"example.org", DNS_TYPE_A, NAMES_FOREIGN, 0},
		{"", DNS_TYPE_A, NAMES_FOREIGN, 0},
		{"4.0.0.10.in-addr.arpa", DNS_TYPE_PTR, NAMES_ANSWERED, 1},
		{"4.0.0.10.in-addr.arpa", DNS_TYPE_A, NAMES_FOREIGN, 0},
		{"9.0.0.10.in-addr.arpa", DNS_TYPE_PTR, NAMES_FOREIGN, 0},
	};
	struct world w;

	make_world(&w);
	for (size_t i = 0; i < array_length(cases); i++) {
		struct told told = ask(&w, cases[i].name, cases[i].type);

		if (told.verdict != cases[i].verdict || told.answer.answers != cases[i].answers)
			fail_msg("%s %d: verdict %d, %d answers", cases[i].name, cases[i].type,
				 told.verdict, told.answer.answers);
		assert_int_equal(told.answer.code, DNS_NO_ERROR);
	}
	world_fini(&w);
}

static void the_first_network_that_has_it_counts(void **state)
{
	struct world w;
	struct told told;

	make_world(&w);
	told = ask(&w, "db", DNS_TYPE_A);
	assert_true(ends_with(&told, db4.bytes, 4));
	told = ask(&w, "db.back", DNS_TYPE_A);
	assert_true(ends_with(&told, back.bytes, 4));
	told = ask(&w, "mine", DNS_TYPE_A);
	assert_true(ends_with(&told, back.bytes, 4));
	world_fini(&w);
}

static void an_address_has_the_name_of_its_network(void **state)
{
	struct world w;
	struct told told;

	make_world(&w);
	told = ask(&w, "4.0.0.10.in-addr.arpa", DNS_TYPE_PTR);
	assert_true(ends_with(&told, "\2db\5front", 10));
	world_fini(&w);
}

static void everybody_comes_first_at_times(void **state)
{
	struct dns_query query = {.id = 7, .name = "web", .type = DNS_TYPE_A};
	struct world w;
	bool last[2] = {false, false};

	make_world(&w);
	for (uint32_t random = 0; random < 16; random++) {
		struct told told = ask_with(&w, &query, random);

		assert_int_equal(told.answer.answers, 2);
		last[0] = last[0] || ends_with(&told, web1.bytes, 4);
		last[1] = last[1] || ends_with(&told, web2.bytes, 4);
	}
	assert_true(last[0] && last[1]);
	world_fini(&w);
}

static void a_shuffle_meets_each_once(void **state)
{
	scoped_zone_builder struct zone_builder names = {0};
	scoped_buffer struct buffer bytes = {0};
	struct world w;

	make_world(&w);
	for (uint8_t i = 0; i < 12; i++)
		zone_add(&names, "all", &(struct zone_address){4, {10, 0, 1, i}});
	zone_encode(&names, "front", 1, &bytes);
	assert_true(zone_open(&w.zones[0], bytes.data, bytes.size));
	for (uint32_t random = 0; random < 1000; random += 7) {
		struct dns_query query = {.id = 7, .name = "all", .type = DNS_TYPE_A};
		struct told told = ask_with(&w, &query, random);
		unsigned seen = 0;

		assert_int_equal(told.answer.answers, 12);
		for (size_t i = 0; i < 12; i++)
			seen |= 1u << out[told.size - 1 - 16 * i];
		assert_int_equal(seen, 0xfff);
	}
	world_fini(&w);
}

static void faults_are_told(void **state)
{
	static const struct {
		size_t at;
		uint8_t byte;
		enum names_verdict verdict;
		uint16_t code;
	} cases[] = {
		{2, 0x80, NAMES_IGNORED, 0}, /* an answer */
		{2, 0x28, NAMES_ANSWERED, DNS_NOT_IMPLEMENTED},
		{5, 2, NAMES_ANSWERED, DNS_FORMAT_ERROR}, /* two questions */
		{12, 0xc0, NAMES_ANSWERED, DNS_FORMAT_ERROR},
		{27, 1, NAMES_ANSWERED, DNS_BAD_VERSION},
	};
	struct dns_query query = {
		.id = 7, .name = "web", .type = DNS_TYPE_A, .edns_size = DNS_EDNS_SIZE};
	struct world w;

	make_world(&w);
	for (size_t i = 0; i < array_length(cases); i++) {
		struct names_view view = {w.zones, 2, &w.links, 1};
		struct dns_message message, answer;
		uint8_t bytes[DNS_UDP_SIZE];
		struct names_query q = {.data = bytes, .message = &message};
		size_t size;

		q.size = dns_query_write(&query, bytes, sizeof(bytes));
		bytes[cases[i].at] = cases[i].byte;
		assert_int_equal(names_answer(&view, &q, out, &size), cases[i].verdict);
		if (cases[i].verdict != NAMES_ANSWERED)
			continue;
		dns_parse(out, size, &answer);
		assert_int_equal(answer.id, 7);
		assert_int_equal(answer.code, cases[i].code);
	}
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_its_networks_are_answered),
		cmocka_unit_test(the_first_network_that_has_it_counts),
		cmocka_unit_test(an_address_has_the_name_of_its_network),
		cmocka_unit_test(everybody_comes_first_at_times),
		cmocka_unit_test(a_shuffle_meets_each_once),
		cmocka_unit_test(faults_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
