#include "format/node.h"

#include "base/test.h"

static const struct place nowhere;

static void a_member_is_found_whatever_the_size(void **state)
{
	scoped_arena struct arena arena = {0};
	struct node *map = node_new_map(&arena, nowhere);

	for (int64_t i = 0; i < 3000; i++) {
		scoped_free char *key = str_format("k%lld", (long long)i);

		node_set(&arena, map, key, nowhere, node_new_int(&arena, i, nowhere));
		assert_int_equal(node_get_int(map, key, -1), i);
		assert_null(node_get(map, "k"));
	}
	node_set(&arena, map, "k7", nowhere, node_new_text(&arena, "seven", nowhere));
	assert_int_equal(map->count, 3000);
	assert_string_equal(node_get_text(map, "k7", ""), "seven");
	assert_true(node_remove(map, "k5"));
	assert_false(node_remove(map, "k5"));
	assert_int_equal(node_get_int(map, "k2999", -1), 2999);
	assert_int_equal(node_get_int(node_copy(&arena, map), "k2999", -1), 2999);
}

static void members_of_another_kind_are_not_taken_for_what_is_asked(void **state)
{
	scoped_arena struct arena arena = {0};
	struct node *map = node_new_map(&arena, nowhere);

	node_set(&arena, map, "list", nowhere, node_new_list(&arena, nowhere));
	node_set(&arena, map, "null", nowhere, node_new_null(&arena, nowhere));
	node_set(&arena, map, "yes", nowhere, node_new_bool(&arena, true, nowhere));
	assert_string_equal(node_get_text(map, "list", "-"), "-");
	assert_string_equal(node_get_text(map, "null", "-"), "-");
	assert_string_equal(node_get_text(map, "yes", "-"), "true");
	assert_int_equal(node_get_int(map, "yes", 5), 5);
	assert_null(node_get(node_get(map, "list"), "x"));
	assert_null(node_get(NULL, "x"));
}

static void a_copy_is_equal_and_its_own(void **state)
{
	scoped_arena struct arena arena = {0};
	struct node *map = node_new_map(&arena, nowhere), *list = node_new_list(&arena, nowhere);

	node_add(&arena, list, node_new_int(&arena, 1, nowhere));
	node_set(&arena, map, "b", nowhere, list);
	node_set(&arena, map, "a", nowhere, node_new_text(&arena, "\"x\"", nowhere));
	struct node *copy = node_copy(&arena, map);
	scoped_buffer struct buffer text = {0};

	assert_true(node_equal(map, copy));
	node_add(&arena, list, node_new_int(&arena, 2, nowhere));
	assert_false(node_equal(map, copy));
	node_write_json(copy, &text);
	assert_string_equal(text.data, "{\"a\":\"\\\"x\\\"\",\"b\":[1]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_member_is_found_whatever_the_size),
		cmocka_unit_test(members_of_another_kind_are_not_taken_for_what_is_asked),
		cmocka_unit_test(a_copy_is_equal_and_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
