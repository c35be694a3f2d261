#include "base/map.h"
#include "base/test.h"
#include "base/text.h"

static void what_was_put_is_found_until_removed(void **state)
{
	scoped_map struct map map = {0};
	int one = 1, two = 2;

	assert_null(map_get(&map, "a"));
	assert_null(map_put(&map, "a", &one));
	assert_ptr_equal(map_put(&map, "a", &two), &one);
	assert_ptr_equal(map_get(&map, "a"), &two);
	assert_ptr_equal(map_remove(&map, "a"), &two);
	assert_null(map_remove(&map, "a"));
	assert_int_equal(map.count, 0);
}

static void a_long_life_loses_nothing(void **state)
{
	scoped_map struct map map = {0};
	char key[16];
	static int values[4096];
	size_t expected = 0;

	srand(7);
	for (int round = 0; round < 200000; round++) {
		int i = rand() % 4096;

		snprintf(key, sizeof(key), "key-%d", i);
		if (rand() % 2) {
			expected += !values[i];
			values[i] = 1;
			map_put(&map, key, &values[i]);
		} else {
			expected -= values[i] != 0;
			assert_int_equal(map_remove(&map, key) != NULL, values[i]);
			values[i] = 0;
		}
	}
	assert_int_equal(map.count, expected);
	for (int i = 0; i < 4096; i++) {
		snprintf(key, sizeof(key), "key-%d", i);
		assert_ptr_equal(map_get(&map, key), values[i] ? &values[i] : NULL);
	}
}

static void borrowed_keys_are_neither_copied_nor_freed(void **state)
{
	scoped_map struct map map = {.borrows_keys = true};
	char a[] = "a", b[] = "b";

	map_put(&map, a, a);
	map_put(&map, b, b);
	assert_ptr_equal(map_first(&map)->key, map_first(&map)->value);
	assert_ptr_equal(map_remove(&map, "a"), a);
	assert_ptr_equal(map_get(&map, "b"), b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_put_is_found_until_removed),
		cmocka_unit_test(a_long_life_loses_nothing),
		cmocka_unit_test(borrowed_keys_are_neither_copied_nor_freed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
