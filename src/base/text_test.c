#include "base/text.h"
#include "base/test.h"

#include <stdint.h>

static void a_list_grows_shrinks_and_stays_an_argv(void **state)
{
	scoped_strings struct strings list = {0};

	for (int i = 0; i < 100; i++) {
		strings_format(&list, "%d", i);
		assert_null(list.items[list.count]);
	}
	for (int i = 0; i < 50; i++)
		strings_remove(&list, 0);
	assert_string_equal(list.items[0], "50");
	for (int i = 0; i < 100; i++)
		strings_add(&list, "x");
	assert_int_equal(list.count, 150);
	assert_null(list.items[150]);
}

static void a_list_is_sorted_by_bytes(void **state)
{
	scoped_strings struct strings none = {0};
	scoped_strings struct strings some = strings_split("b a10 B a9 \xc3\xa4 a", ' ');

	strings_sort(&none);
	assert_null(none.items);
	strings_sort(&some);
	scoped_free char *sorted = strings_join(&some, " ");
	assert_string_equal(sorted, "B a a10 a9 b \xc3\xa4");
	assert_null(some.items[some.count]);
}

static void split_keeps_empty_pieces_and_join_undoes_it(void **state)
{
	scoped_strings struct strings pieces = strings_split("a,,b,", ',');
	scoped_free char *joined = strings_join(&pieces, ",");

	assert_int_equal(pieces.count, 4);
	assert_string_equal(joined, "a,,b,");
}

static void a_pair_stands_once(void **state)
{
	scoped_pairs struct pairs pairs = {0};

	for (int i = 0; i < 20; i++) {
		scoped_free char *name = str_format("n%d", i);
		pairs_set(&pairs, name, "old");
		pairs_set(&pairs, name, "new");
	}
	assert_int_equal(pairs.count, 20);
	assert_string_equal(pairs_get(&pairs, "n7"), "new");
	assert_true(pairs_remove(&pairs, "n7"));
	assert_false(pairs_have(&pairs, "n7"));
}

static void numbers_take_the_whole_string_or_nothing(void **state)
{
	uint64_t u;
	int64_t i;

	assert_true(parse_u64("18446744073709551615", &u));
	assert_true(u == UINT64_MAX);
	assert_false(parse_u64("18446744073709551616", &u));
	assert_false(parse_u64("-1", &u));
	assert_false(parse_u64("+1", &u));
	assert_false(parse_u64(" 1", &u));
	assert_false(parse_u64("", &u));
	assert_true(parse_i64("-1", &i));
	assert_false(parse_i64("--1", &i));
	assert_false(parse_i64("1x", &i));
}

static void a_buffer_always_ends_in_nul(void **state)
{
	scoped_buffer struct buffer b = {0};

	buffer_format(&b, "%s-%d", "abc", 12);
	assert_string_equal(b.data, "abc-12");
	buffer_consume(&b, 4);
	assert_string_equal(b.data, "12");
	for (int i = 0; i < 1000; i++)
		buffer_format(&b, "%d", i % 10);
	assert_int_equal(b.size, 1002);
	assert_int_equal(strlen(b.data), 1002);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_grows_shrinks_and_stays_an_argv),
		cmocka_unit_test(a_list_is_sorted_by_bytes),
		cmocka_unit_test(split_keeps_empty_pieces_and_join_undoes_it),
		cmocka_unit_test(a_pair_stands_once),
		cmocka_unit_test(numbers_take_the_whole_string_or_nothing),
		cmocka_unit_test(a_buffer_always_ends_in_nul),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
