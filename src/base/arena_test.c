#include "base/arena.h"

#include "base/test.h"

#include <stdint.h>

static void what_is_handed_out_is_zeroed_and_aligned(void **state)
{
	scoped_arena struct arena arena = {0};

	for (size_t size = 1; size < 100000; size = size * 3 + 1) {
		char *data = arena_alloc(&arena, size);

		assert_int_equal((uintptr_t)data % 16, 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(data[i], 0);
		memset(data, 0xff, size);
	}
}

static void texts_stay_as_more_are_added(void **state)
{
	scoped_arena struct arena arena = {0};
	char *texts[5000];

	for (size_t i = 0; i < array_length(texts); i++)
		texts[i] = arena_format(&arena, "text %zu", i);
	for (size_t i = 0; i < array_length(texts); i++) {
		char expected[32];

		snprintf(expected, sizeof(expected), "text %zu", i);
		assert_string_equal(texts[i], expected);
	}
	assert_string_equal(arena_text_n(&arena, "abcdef", 3), "abc");
}

static void a_large_arena_is_zeroed_too(void **state)
{
	scoped_arena struct arena arena = {0};

	for (size_t i = 0; i < 8000; i++) { /* 8 MB: past the blocks that the heap gives */
		char *data = arena_alloc(&arena, 1000);

		assert_int_equal((uintptr_t)data % 16, 0);
		assert_int_equal(data[0] | data[999], 0);
		memset(data, 0xff, 1000);
	}
	assert_true(arena.used >= 8000 * 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_handed_out_is_zeroed_and_aligned),
		cmocka_unit_test(texts_stay_as_more_are_added),
		cmocka_unit_test(a_large_arena_is_zeroed_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
