#include "format/zone.h"

#include "base/test.h"

static const struct zone_address web1 = {4, {10, 0, 0, 2}}, web2 = {4, {10, 0, 0, 3}},
				 web6 = {16, {0xfd, [15] = 2}}, db = {4, {10, 0, 0, 4}};

static void build(struct buffer *out)
{
	scoped_zone_builder struct zone_builder builder = {0};

	zone_add(&builder, "Web", &web2);
	zone_add(&builder, "db", &db);
	zone_add(&builder, "web", &web1);
	zone_add(&builder, "web", &web2);
	zone_add(&builder, "web", &web6);
	zone_add(&builder, "a.b", &db);
	zone_add(&builder, "webs", &db);
	zone_add_reverse(&builder, &db, "db");
	zone_add_reverse(&builder, &web6, "web1");
	zone_add_reverse(&builder, &web1, "web1");
	zone_add_reverse(&builder, &web1, "website");
	zone_encode(&builder, "Net1", 7, out);
}

static size_t count_of(const struct zone *zone, const char *name)
{
	size_t first;

	return zone_find(zone, name, &first);
}

static void a_name_has_all_its_addresses(void **state)
{
	scoped_buffer struct buffer bytes = {0};
	struct zone zone;
	size_t first;

	build(&bytes);
	assert_true(zone_open(&zone, bytes.data, bytes.size));
	assert_int_equal(zone_generation(&zone), 7);
	assert_string_equal(zone_network(&zone), "Net1");
	assert_int_equal(zone_find(&zone, "web", &first), 3);
	assert_memory_equal(zone_at(&zone, first), &web1, sizeof(web1));
	assert_memory_equal(zone_at(&zone, first + 1), &web2, sizeof(web2));
	assert_memory_equal(zone_at(&zone, first + 2), &web6, sizeof(web6));
}

static void spare_names_are_those_that_nobody_has(void **state)
{
	scoped_zone_builder struct zone_builder builder = {0}, spare = {0};
	scoped_buffer struct buffer bytes = {0};
	struct zone zone;

	(void)state;
	zone_add(&builder, "web", &web1);
	zone_add(&spare, "Web", &web2);
	zone_add(&spare, "db", &db);
	zone_add(&spare, "db", &web2);
	zone_add_missing(&builder, &spare);
	assert_int_equal(spare.names.count, 0);
	zone_encode(&builder, "n", 1, &bytes);
	assert_true(zone_open(&zone, bytes.data, bytes.size));
	assert_int_equal(count_of(&zone, "web"), 1);
	assert_int_equal(count_of(&zone, "db"), 2);
}

static void names_are_found_whole_or_with_the_network(void **state)
{
	static const struct {
		const char *name;
		size_t count;
	} cases[] = {
		{"db", 1}, {"db.net1", 1}, {"a.b", 1},	  {"a.b.net1", 1}, {"we", 0},
		{"w", 0},  {"webss", 0},   {"db.net", 0}, {"db.net12", 0}, {".net1", 0},
		{"", 0},   {"net1", 0},	   {"webs", 1},	  {"zzz", 0},
	};
	scoped_buffer struct buffer bytes = {0};
	struct zone zone;

	build(&bytes);
	assert_true(zone_open(&zone, bytes.data, bytes.size));
	for (size_t i = 0; i < array_length(cases); i++)
		assert_int_equal(count_of(&zone, cases[i].name), cases[i].count);
}

static void addresses_have_one_name(void **state)
{
	scoped_buffer struct buffer bytes = {0};
	struct zone zone;

	build(&bytes);
	assert_true(zone_open(&zone, bytes.data, bytes.size));
	assert_string_equal(zone_reverse(&zone, web1.bytes, 4), "web1");
	assert_string_equal(zone_reverse(&zone, web6.bytes, 16), "web1");
	assert_string_equal(zone_reverse(&zone, db.bytes, 4), "db");
	assert_null(zone_reverse(&zone, web2.bytes, 4));
	assert_null(zone_reverse(&zone, web1.bytes, 16));
}

static void an_empty_zone_has_nothing(void **state)
{
	scoped_zone_builder struct zone_builder builder = {0};
	scoped_buffer struct buffer bytes = {0};
	struct zone zone;

	zone_encode(&builder, "n", 1, &bytes);
	assert_true(zone_open(&zone, bytes.data, bytes.size));
	assert_int_equal(count_of(&zone, "web"), 0);
	assert_null(zone_reverse(&zone, web1.bytes, 4));
}

static void what_is_cut_short_is_no_zone(void **state)
{
	scoped_buffer struct buffer bytes = {0};
	struct zone zone;

	build(&bytes);
	for (size_t size = 0; size < bytes.size; size++)
		assert_false(zone_open(&zone, bytes.data, size));
	bytes.data[0] = 'x';
	assert_false(zone_open(&zone, bytes.data, bytes.size));
}

static void a_large_zone_finds_every_name(void **state)
{
	scoped_zone_builder struct zone_builder builder = {0};
	scoped_buffer struct buffer bytes = {0};
	struct zone zone;

	for (unsigned i = 0; i < 2000; i++) {
		struct zone_address address = {4, {10, 1, (uint8_t)(i >> 8), (uint8_t)i}};
		scoped_free char *name = str_format("c%u", i);

		zone_add(&builder, name, &address);
		zone_add(&builder, "all", &address);
	}
	zone_encode(&builder, "n", 1, &bytes);
	assert_true(zone_open(&zone, bytes.data, bytes.size));
	assert_int_equal(count_of(&zone, "all"), 2000);
	for (unsigned i = 0; i < 2000; i++) {
		scoped_free char *name = str_format("c%u", i);

		assert_int_equal(count_of(&zone, name), 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_has_all_its_addresses),
		cmocka_unit_test(spare_names_are_those_that_nobody_has),
		cmocka_unit_test(names_are_found_whole_or_with_the_network),
		cmocka_unit_test(addresses_have_one_name),
		cmocka_unit_test(an_empty_zone_has_nothing),
		cmocka_unit_test(what_is_cut_short_is_no_zone),
		cmocka_unit_test(a_large_zone_finds_every_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
