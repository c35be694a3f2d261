#include "format/record.h"

#include "base/test.h"
#include "format/record_sample.h"

static void a_list_grows_shrinks_and_is_freed(void **state)
{
	struct record_list list = {0};
	char name[16];

	for (int i = 0; i < 100; i++) {
		struct sample_item *item = record_list_add(&sample_item_type, &list);

		assert_null(item->name);
		snprintf(name, sizeof(name), "item-%d", i);
		item->name = str_dup(name);
	}
	for (int i = 0; i < 95; i++)
		record_list_remove(&sample_item_type, &list, 1);
	assert_int_equal(list.count, 5);
	assert_string_equal(RECORD_AT(list, struct sample_item, 0)->name, "item-0");
	assert_string_equal(RECORD_AT(list, struct sample_item, 1)->name, "item-96");
	for (int i = 0; i < 20; i++)
		record_list_add(&sample_item_type, &list);
	record_list_set_empty(&sample_item_type, &list);
	assert_non_null(list.items);
	assert_int_equal(list.count, 0);
	record_list_add(&sample_item_type, &list);
	record_list_fini(&sample_item_type, &list);
	assert_null(list.items);
}

static void a_map_holds_each_name_once(void **state)
{
	struct record_map map = {0};
	struct sample_item *a = record_map_add(&sample_item_type, &map, "a");

	a->name = str_dup("first");
	record_map_add(&sample_item_type, &map, "b");
	a = record_map_add(&sample_item_type, &map, "a");
	assert_string_equal(a->name, "first");
	assert_int_equal(map.count, 2);
	assert_true(record_map_remove(&sample_item_type, &map, "a"));
	assert_false(record_map_remove(&sample_item_type, &map, "a"));
	assert_null(record_map_get(&sample_item_type, &map, "a"));
	assert_non_null(record_map_get(&sample_item_type, &map, "b"));
	record_map_fini(&sample_item_type, &map);
}

static void a_map_of_lists_frees_what_its_lists_own(void **state)
{
	struct record_map map = {0};
	struct record_list *list = record_map_add(&record_list_of, &map, "80/tcp");
	struct sample_item *item = record_list_add(&sample_item_type, list);

	item->name = str_dup("x");
	list = record_map_add(&record_list_of, &map, "81/tcp");
	item = record_list_add(&sample_item_type, list);
	item->name = str_dup("y");
	assert_true(record_map_of_lists_remove(&sample_item_type, &map, "80/tcp"));
	assert_false(record_map_of_lists_remove(&sample_item_type, &map, "80/tcp"));
	assert_int_equal(map.count, 1);
	record_map_of_lists_fini(&sample_item_type, &map);
}

static void an_empty_record_is_empty(void **state)
{
	struct sample sample = {0};

	assert_true(record_is_empty(&sample_type, &sample));
	sample.text = str_dup("");
	strings_set_empty(&sample.strings);
	assert_true(record_is_empty(&sample_type, &sample));
	sample.tristate = -1;
	assert_false(record_is_empty(&sample_type, &sample));
	sample.tristate = 0;
	sample.optional.given = true;
	assert_false(record_is_empty(&sample_type, &sample));
	record_fini(&sample_type, &sample);
	assert_true(record_is_empty(&sample_type, &sample));
	assert_null(sample.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_grows_shrinks_and_is_freed),
		cmocka_unit_test(a_map_holds_each_name_once),
		cmocka_unit_test(a_map_of_lists_frees_what_its_lists_own),
		cmocka_unit_test(an_empty_record_is_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
