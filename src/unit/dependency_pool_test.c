#include "unit/dependency_pool.h"

#include "base/test.h"
#include "unit/name_pool.h"

#include <pthread.h>

static void fill(struct unit_dependency list[2], const char *second)
{
	list[0] = (struct unit_dependency){DEPENDENCY_WANTS, false, name_pool_get("a.target")};
	list[1] = (struct unit_dependency){DEPENDENCY_AFTER, true, name_pool_get(second)};
}

static void equal_lists_are_one(void **state)
{
	struct unit_dependency first[2], same[2];

	fill(first, "b.target");
	fill(same, "b.target");
	const struct unit_dependency *got = dependency_pool_get(first, 2);
	assert_ptr_not_equal(got, first);
	assert_ptr_equal(dependency_pool_get(same, 2), got);
	assert_int_equal(got[1].kind, DEPENDENCY_AFTER);
	assert_true(got[1].implicit);
	assert_string_equal(got[1].name, "b.target");
	dependency_pool_release(got);
	assert_string_equal(got[0].name, "a.target"); /* the other one holds it */
	dependency_pool_release(got);
}

static void lists_that_differ_in_anything_are_two(void **state)
{
	struct unit_dependency list[2];

	fill(list, "b.target");
	const struct unit_dependency *got = dependency_pool_get(list, 2), *other[4];
	other[0] = dependency_pool_get(list, 1);
	list[0].kind = DEPENDENCY_REQUIRES;
	other[1] = dependency_pool_get(list, 2);
	fill(list, "b.target");
	list[1].implicit = false;
	other[2] = dependency_pool_get(list, 2);
	fill(list, "c.target");
	other[3] = dependency_pool_get(list, 2);
	for (size_t i = 0; i < array_length(other); i++) {
		assert_ptr_not_equal(other[i], got);
		dependency_pool_release(other[i]);
	}
	dependency_pool_release(got);
}

static void no_dependencies_are_no_list(void **state)
{
	assert_null(dependency_pool_get(NULL, 0));
	dependency_pool_release(NULL);
}

static void *get_and_release(void *data)
{
	struct unit_dependency list[2];
	char name[32];

	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "%d.target", i % 10);
		fill(list, name);
		const struct unit_dependency *got = dependency_pool_get(list, 2);
		if (got[1].name != list[1].name)
			return data;
		dependency_pool_release(got);
	}
	return NULL;
}

static void threads_share_them(void **state)
{
	pthread_t threads[4];
	static int failed; /* its address says so */

	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, get_and_release, &failed), 0);
	for (int i = 0; i < 4; i++) {
		void *wrong = NULL;

		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_lists_are_one),
		cmocka_unit_test(lists_that_differ_in_anything_are_two),
		cmocka_unit_test(no_dependencies_are_no_list),
		cmocka_unit_test(threads_share_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
