#include "unit/decide.h"

#include "unit/unit_sample.h"

static int by_name(const void *a, const void *b)
{
	const struct unit *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

static int manager;

/* What the manager knows: here a unit with JobTimeoutSec= is busy. */
static bool rests(const void *data, const struct unit *unit)
{
	assert_ptr_equal(data, &manager);
	return !unit->config->job_timeout_us;
}

/* The names of those that are forgotten, without ".service", joined by blanks.  `only`: who was noted; NULL: all. */
static char *forgotten_from(const struct unit_set *set, struct unit *only)
{
	struct units_forgotten noted = {0}, all = {0};
	struct buffer names = {0};

	for (size_t i = 0; i < set->count; i++)
		if (!only || set->items[i] == only)
			vector_add(&noted, set->items[i]);
	decide_forgotten(&noted, rests, &manager, &all);
	vector_fini(&noted);
	if (all.count)
		qsort(all.items, all.count, sizeof(*all.items), by_name);
	buffer_add_text(&names, "");
	for (size_t i = 0; i < all.count; i++)
		buffer_format(&names, "%s%.*s", i ? " " : "", (int)strcspn(all.items[i]->name, "."),
			      all.items[i]->name);
	vector_fini(&all);
	return buffer_take(&names);
}

static char *forgotten(const struct unit_set *set)
{
	return forgotten_from(set, NULL);
}

static void check(const char *text, const char *names)
{
	struct unit_set set = sample_set(text);
	scoped_free char *found = forgotten(&set);

	if (!str_equal(found, names))
		fail_msg("%s: %s", text, found);
	for (size_t i = 0; i < set.count; i++)
		assert_int_equal(set.items[i]->mark, 0);
	unit_set_fini(&set);
}

static void an_instance_that_is_over_is_forgotten(void **state)
{
	check("w@1", "w@1");
	check("w@1 active", "");
	check("w@1 activating", "");
	check("w@1 auto-restart", "");
	check("w@1 failed", "");
	check("w@1 job=start", "");
	check("w@1 job=stop", "");
	check("w@1 bad-setting; w@2 not-found", "w@1 w@2");
}

static void other_units_are_not(void **state)
{
	check("w; w@; w.socket; w@1.slice", "");
	check("w@1 builtin; w@2 transient", "");
	check("w@1 alias=v@1", "");
}

static void whoever_is_named_by_one_that_stays_stays(void **state)
{
	check("w@1; all Wants=w@1", "");
	check("w@1; all After=w@1", "");
	check("w@1; all ~Conflicts=w@1", "");
	check("w@1; t.timer Triggers=w@1", "");
	check("w@1; w@2 active Requires=w@1", "");
	check("w@1; w@2 failed PartOf=w@1", "");
}

static void whoever_names_others_is_free_to_go(void **state)
{
	check("w@1 Requires=base After=base Conflicts=shutdown.target; base active", "w@1");
	check("w@1 Requires=gone@1", "gone@1 w@1");
}

static void those_that_name_each_other_go_together(void **state)
{
	check("w@1 Wants=d@1; d@1 PartOf=w@1", "d@1 w@1");
	check("a@1 Wants=b@1; b@1 Wants=c@1; c@1 Wants=a@1", "a@1 b@1 c@1");
	check("w@1 Wants=d@1; d@1 PartOf=w@1; all After=d@1", "");
	check("w@1 Wants=d@1; d@1; all After=d@1", "w@1");
	check("w@1 Wants=d@1; d@1; all After=w@1", "");
	check("a@1 Wants=b@1; b@1 Wants=c@1; c@1 active", "a@1 b@1");
	check("a@1 active Wants=b@1; b@1 Wants=c@1; c@1", "");
}

static void one_that_was_noted_brings_those_that_go_with_it(void **state)
{
	static const char *const all =
		"a@1 Wants=b@1; b@1 PartOf=a@1; c@1 After=b@1; other@1; d@1 active";
	static const char *const starts[] = {"a@1", "b@1", "c@1"};

	for (size_t i = 0; i < array_length(starts); i++) {
		struct unit_set set = sample_set(all);
		scoped_free char *found = forgotten_from(&set, sample_find(&set, starts[i]));

		assert_string_equal(found, "a@1 b@1 c@1");
		unit_set_fini(&set);
	}
	struct unit_set set = sample_set(all);
	scoped_free char *none = forgotten_from(&set, sample_find(&set, "d@1"));
	assert_string_equal(none, "");
	unit_set_fini(&set);
}

static void whose_end_is_still_to_be_told_stays(void **state)
{
	check("w@1 OnSuccess=report; report job=start", "");
	check("w@1 OnFailure=report; report job=start", "");
	check("w@1 OnSuccess=report; report activating", "w@1");
	check("w@1 Wants=other; other job=start", "w@1");
}

static void what_has_a_file_or_a_link_of_its_own_stays(void **state)
{
	struct unit_set set = sample_set("w@1; w@2 Wants=w@3; w@3");

	sample_find(&set, "w@2")->listed = true;
	scoped_free char *found = forgotten(&set);
	assert_string_equal(found, "w@1");
	unit_set_fini(&set);
}

static void what_is_to_start_again_with_another_stays(void **state)
{
	struct unit_set set = sample_set("w@1 BindsTo=base; base activating");

	sample_find(&set, "w@1")->starts_with_bound = true;
	scoped_free char *found = forgotten(&set);
	assert_string_equal(found, "");
	unit_set_fini(&set);
}

static void what_is_not_at_rest_stays_with_all_that_it_names(void **state)
{
	struct unit_set set = sample_set("w@1 Wants=d@1; d@1; w@2");

	sample_find(&set, "w@1")->config->job_timeout_us = 1;
	scoped_free char *found = forgotten(&set);
	assert_string_equal(found, "w@2");
	unit_set_fini(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_instance_that_is_over_is_forgotten),
		cmocka_unit_test(other_units_are_not),
		cmocka_unit_test(whoever_is_named_by_one_that_stays_stays),
		cmocka_unit_test(whoever_names_others_is_free_to_go),
		cmocka_unit_test(those_that_name_each_other_go_together),
		cmocka_unit_test(one_that_was_noted_brings_those_that_go_with_it),
		cmocka_unit_test(whose_end_is_still_to_be_told_stays),
		cmocka_unit_test(what_has_a_file_or_a_link_of_its_own_stays),
		cmocka_unit_test(what_is_to_start_again_with_another_stays),
		cmocka_unit_test(what_is_not_at_rest_stays_with_all_that_it_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
