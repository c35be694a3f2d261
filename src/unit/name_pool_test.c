#include "unit/name_pool.h"

#include "base/memory.h"
#include "base/test.h"

#include <pthread.h>

enum { NAMES = 500 };

static void equal_names_are_equal_pointers(void **state)
{
	char copy[] = "a.service";

	assert_ptr_equal(name_pool_get("a.service"), name_pool_get(copy));
	assert_ptr_not_equal(name_pool_get("a.service"), name_pool_get("b.service"));
	assert_string_equal(name_pool_get("a.service"), "a.service");
}

static void *get_all(void *data)
{
	const char **got = data;
	char name[32];

	for (int i = 0; i < NAMES; i++) {
		snprintf(name, sizeof(name), "unit-%d.service", i);
		got[i] = name_pool_get(name);
	}
	return NULL;
}

static void threads_get_the_same_pointers(void **state)
{
	static const char *got[4][NAMES];
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, get_all, got[i]), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (int i = 1; i < 4; i++)
		assert_memory_equal(got[i], got[0], sizeof(got[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_names_are_equal_pointers),
		cmocka_unit_test(threads_get_the_same_pointers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
