#include "base/list.h"

#include "base/test.h"

struct item {
	int number;
	struct link link;
};

static int sum_in_order(struct link *list)
{
	int sum = 0;

	list_each(link, list)
		sum = 10 * sum + container_of(link, struct item, link)->number;
	return sum;
}

static void items_stand_in_order_and_can_be_taken_out(void **state)
{
	struct item a = {1}, b = {2}, c = {3};
	struct link list;

	list_init(&list);
	assert_true(list_is_empty(&list));
	assert_null(list_first(&list, struct item, link));
	list_append(&list, &a.link);
	list_append(&list, &b.link);
	list_append(&list, &c.link);
	assert_int_equal(sum_in_order(&list), 123);
	list_remove(&b.link);
	assert_int_equal(sum_in_order(&list), 13);
	assert_false(list_holds(&b.link));
	assert_ptr_equal(list_first(&list, struct item, link), &a);
	list_remove(&b.link); /* stands nowhere: nothing happens */
	list_each(link, &list)
		list_remove(link);
	assert_true(list_is_empty(&list));
}

static void one_list_is_appended_to_another(void **state)
{
	struct item a = {1}, b = {2}, c = {3};
	struct link list, other;

	list_init(&list);
	list_init(&other);
	list_append(&list, &a.link);
	list_move(&list, &other);
	assert_int_equal(sum_in_order(&list), 1);
	list_append(&other, &b.link);
	list_append(&other, &c.link);
	list_move(&list, &other);
	assert_int_equal(sum_in_order(&list), 123);
	assert_true(list_is_empty(&other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_stand_in_order_and_can_be_taken_out),
		cmocka_unit_test(one_list_is_appended_to_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
