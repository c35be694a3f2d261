#include "journal/request.h"

#include "base/test.h"
#include "base/time.h"

#include <stdio.h>

/* Sat 2026-11-21 07:47:42 UTC */
#define NOW (INT64_C(1795247262) * NS_PER_SECOND)

static int in_utc(void **state)
{
	setenv("TZ", "UTC", 1);
	return 0;
}

static bool set(struct journal_request *request, const char *name, const char *value)
{
	struct error err;

	return journal_request_set(request, name, value, NOW, &err);
}

static void parameters_are_fields_of_the_query(void **state)
{
	struct journal_request r;

	journal_request_init(&r);
	assert_int_equal(r.query.priority_high, 7);
	assert_int_equal(r.query.lines, -1);
	assert_true(set(&r, "unit", "db"));
	assert_true(set(&r, "unit", "web@*.service"));
	assert_string_equal(r.query.units.items[0], "db.service");
	assert_string_equal(r.query.units.items[1], "web@*.service");
	assert_true(set(&r, "identifier", "docker"));
	assert_true(set(&r, "match", "PRIORITY=3"));
	assert_true(set(&r, "match", "PRIORITY=4=x"));
	assert_string_equal(r.query.matches.items[1].value, "4=x");
	assert_true(set(&r, "follow", "1"));
	assert_true(set(&r, "reverse", "true"));
	assert_true(set(&r, "utc", ""));
	assert_true(r.query.follow && r.query.reverse && r.utc);
	assert_true(set(&r, "output", "with-unit"));
	assert_int_equal(r.output, JOURNAL_WITH_UNIT);
	assert_true(set(&r, "boot", ""));
	assert_string_equal(r.query.boot, "0");
	assert_true(set(&r, "cursor", "s=0123456789abcdef0123456789abcdef;i=2"));
	assert_false(r.query.from_cursor);
	assert_true(set(&r, "from_cursor", "s=0123456789abcdef0123456789abcdef;i=2"));
	assert_true(r.query.from_cursor);
	assert_true(set(&r, "match", "+"));
	assert_string_equal(r.query.matches.items[2].name, JOURNAL_OR);
	assert_true(set(&r, "output_fields", "MESSAGE,_PID"));
	assert_string_equal(r.query.output_fields.items[1], "_PID");
	assert_true(set(&r, "values", "_PID"));
	assert_true(set(&r, "names", "yes") && set(&r, "show_cursor", "1"));
	assert_true(r.query.names && r.query.show_cursor);
	journal_request_fini(&r);
}

static void lines_are_the_last_or_the_first_or_all(void **state)
{
	struct journal_request r;

	journal_request_init(&r);
	assert_true(set(&r, "lines", "12"));
	assert_int_equal(r.query.lines, 12);
	assert_false(r.query.from_head);
	assert_true(set(&r, "lines", "+3"));
	assert_int_equal(r.query.lines, 3);
	assert_true(r.query.from_head);
	assert_true(set(&r, "lines", "all"));
	assert_int_equal(r.query.lines, -1);
	assert_false(r.query.from_head);
	journal_request_fini(&r);
}

static void times_are_as_people_write_them(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} rows[] = {{"2026-11-21 07:47", 1795247220},
		    {"2026-11-21 07:47:41", 1795247261},
		    {"today", 1795219200},
		    {"yesterday", 1795132800},
		    {"now", 1795247262},
		    {"-1h", 1795243662},
		    {"2 min ago", 1795247142},
		    {"@1234", 1234},
		    {"1795247261999999", 1795247261}};
	struct journal_request r;

	journal_request_init(&r);
	for (size_t i = 0; i < array_length(rows); i++) {
		assert_true(set(&r, i % 2 ? "until" : "since", rows[i].text));
		assert_int_equal((i % 2 ? r.query.until_ns : r.query.since_ns) / NS_PER_SECOND,
				 rows[i].seconds);
	}
	journal_request_fini(&r);
}

static void a_priority_is_all_graver_ones_a_range_is_itself(void **state)
{
	static const struct {
		const char *text;
		int32_t low, high;
	} rows[] = {{"err", 0, 3},  {"3", 0, 3},    {"debug", 0, 7},
		    {"3..4", 3, 4}, {"4..3", 3, 4}, {"warning..err", 3, 4},
		    {"0", 0, 0}};
	struct journal_request r;

	journal_request_init(&r);
	for (size_t i = 0; i < array_length(rows); i++) {
		assert_true(set(&r, "priority", rows[i].text));
		assert_int_equal(r.query.priority_low, rows[i].low);
		assert_int_equal(r.query.priority_high, rows[i].high);
	}
	journal_request_fini(&r);
}

static void a_pattern_in_lower_case_finds_upper_case_too(void **state)
{
	struct journal_request r;

	journal_request_init(&r);
	assert_true(set(&r, "grep", "full"));
	assert_true(r.query.grep_insensitive);
	assert_true(set(&r, "grep", "Full"));
	assert_false(r.query.grep_insensitive);
	assert_true(set(&r, "case_sensitive", "0"));
	assert_true(r.query.grep_insensitive);
	assert_true(set(&r, "case_sensitive", "1"));
	assert_true(set(&r, "grep", "full"));
	assert_false(r.query.grep_insensitive);
	journal_request_fini(&r);
}

static void what_makes_no_sense_is_refused(void **state)
{
	static const char *const rows[][2] = {
		{"lines", "-1"},     {"lines", "x"},	{"lines", ""},
		{"lines", "+"},	     {"priority", "8"}, {"priority", "3.."},
		{"priority", "..3"}, {"priority", ""},	{"since", "someday"},
		{"until", ""},	     {"boot", "x"},	{"output", "pretty"},
		{"follow", "2"},     {"match", "x"},	{"match", "=x"},
		{"cursor", "x"},     {"unit", ""},	{"color", "1"}};
	struct journal_request r;

	journal_request_init(&r);
	for (size_t i = 0; i < array_length(rows); i++)
		if (set(&r, rows[i][0], rows[i][1]))
			fail_msg("%s=%s was taken", rows[i][0], rows[i][1]);
	journal_request_fini(&r);
}

static void a_request_arrives_as_it_was_sent(void **state)
{
	struct journal_request r, read = {0};
	scoped_buffer struct buffer bytes = {0}, again = {0};
	struct error err;

	journal_request_init(&r);
	for (size_t i = 0; journal_request_names[i]; i++) {
		static const char *const values[] = {"db", "1", "A=b", "err", "short", "@5"};

		for (size_t k = 0; k < array_length(values); k++)
			set(&r, journal_request_names[i], values[k]);
	}
	record_encode(&journal_request_type, &r, &bytes);
	assert_true(record_decode(&journal_request_type, bytes.data, bytes.size, &read, &err));
	record_encode(&journal_request_type, &read, &again);
	assert_int_equal(again.size, bytes.size);
	assert_memory_equal(again.data, bytes.data, bytes.size);
	assert_int_equal(read.query.since_ns, 5 * NS_PER_SECOND);
	journal_request_fini(&read);
	journal_request_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters_are_fields_of_the_query),
		cmocka_unit_test(lines_are_the_last_or_the_first_or_all),
		cmocka_unit_test(times_are_as_people_write_them),
		cmocka_unit_test(a_priority_is_all_graver_ones_a_range_is_itself),
		cmocka_unit_test(a_pattern_in_lower_case_finds_upper_case_too),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(a_request_arrives_as_it_was_sent),
	};

	return cmocka_run_group_tests(tests, in_utc, NULL);
}
