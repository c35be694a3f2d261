#include "engine/prune_filter.h"

#include "base/test.h"

static void filters_are_all_held_against_labels_and_age(void **state)
{
	static const struct {
		const char *labels, *labels_not;
		int64_t until_ns;
		bool matches;
	} cases[] = {
		{"", "", 0, true},
		{"role", "", 0, true},
		{"role=db", "", 0, true},
		{"role=web", "", 0, false},
		{"role,stage=test", "", 0, true},
		{"role,other", "", 0, false},
		{"empty=", "", 0, true},
		{"", "role", 0, false},
		{"", "role=web", 0, true},
		{"", "role=db", 0, false},
		{"", "x,y,stage", 0, true}, /* it takes all of them to be spared */
		{"", "role,stage=test", 0, false},
		{"", "role,stage=prod", 0, true},
		{"role", "stage=prod", 0, true},
		{"", "", 1000, false},
		{"", "", 1001, true},
		{"role=web", "", 5000, false},
	};
	scoped_pairs struct pairs labels = {0};

	pairs_set(&labels, "role", "db");
	pairs_set(&labels, "stage", "test");
	pairs_set(&labels, "empty", "");
	for (size_t i = 0; i < array_length(cases); i++) {
		struct container_filter filter = {.until_ns = cases[i].until_ns};

		if (*cases[i].labels)
			filter.labels = strings_split(cases[i].labels, ',');
		if (*cases[i].labels_not)
			filter.labels_not = strings_split(cases[i].labels_not, ',');
		if (container_filter_matches(&filter, &labels, 1000) != cases[i].matches)
			fail_msg("case %zu", i);
		strings_fini(&filter.labels);
		strings_fini(&filter.labels_not);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_are_all_held_against_labels_and_age),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
