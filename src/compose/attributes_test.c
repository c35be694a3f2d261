#include "base/test.h"
#include "compose/attributes.h"

/* ---- the table ---- */

static void check_row(const struct attribute *row)
{
	bool is_map = row->kind == ATTRIBUTE_MAP;
	bool has_item = row->kind == ATTRIBUTE_LIST || row->kind == ATTRIBUTE_NAMES;

	assert_int_equal(is_map, row->members != NULL);
	assert_int_equal(has_item, row->item != NULL);
	for (size_t i = 0; i < row->member_count; i++) {
		if (i && strcmp(row->members[i - 1].name, row->members[i].name) >= 0)
			fail_msg("%s stands before %s", row->members[i - 1].name,
				 row->members[i].name);
		check_row(&row->members[i]);
	}
	if (has_item)
		check_row(row->item);
}

static void rows_are_sorted_and_whole(void **state)
{
	check_row(&attributes_root);
}

static void children_are_found(void **state)
{
	const struct attribute *services = attribute_child(&attributes_root, "services");
	const struct attribute *service = attribute_child(services, "web");
	const struct attribute *ports = attribute_child(service, "ports");

	assert_ptr_equal(service, services->item);
	assert_int_equal(ports->merge, MERGE_BY_IDENTITY);
	assert_non_null(attribute_child(attribute_child(ports, NULL), "target"));
	assert_null(attribute_child(service, "imag"));
	assert_null(attribute_child(attribute_child(service, "image"), "x"));
	assert_int_equal(attribute_child(service, "x-own")->kind, ATTRIBUTE_ANY);
	assert_int_equal(attribute_child(attribute_child(service, "x-own"), "y")->kind,
			 ATTRIBUTE_ANY);
}

/* ---- spelling ---- */

static void the_nearest_key_is_named(void **state)
{
	static const struct {
		const char *typed, *nearest;
	} cases[] = {
		{"imag", "image"},
		{"imagee", "image"},
		{"port", "ports"},
		{"enviroment", "environment"},
		{"volume", "volumes"},
		{"netwroks", "networks"},
		{"dependson", "depends_on"},
		{"health_check", "healthcheck"},
		{"entry_point", "entrypoint"},
		{"zzzzzz", NULL},
		{"", NULL},
		{"q", NULL},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		const char *nearest = attribute_nearest(&attributes_service, cases[i].typed);

		assert_string_equal(nearest ? nearest : "-",
				    cases[i].nearest ? cases[i].nearest : "-");
	}
}

static void long_words_are_like_nothing(void **state)
{
	char word[1000];

	memset(word, 'a', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_null(attribute_nearest(&attributes_service, word));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_sorted_and_whole),
		cmocka_unit_test(children_are_found),
		cmocka_unit_test(the_nearest_key_is_named),
		cmocka_unit_test(long_words_are_like_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
