#include "unit/unit.h"

#include "unit/unit_sample.h"

/* What a unit says and what is said of it: "Requires=b.service After=b.service". */
static char *edges_of(struct unit_set *set, const char *name)
{
	const struct unit *unit = sample_find(set, name);
	struct buffer text = {0};

	for (int kind = 0; kind < DEPENDENCIES; kind++)
		for (size_t i = 0; i < unit->edge_count; i++) {
			const struct unit_edge *edge = &unit->edges[i];
			const struct unit_edge *back = &edge->unit->edges[edge->back];

			assert_ptr_equal(back->unit, unit);
			assert_int_equal(edge->unit->edges[edge->back].back, i);
			assert_int_equal(dependency_inverse(back->kind), edge->kind);
			assert_int_equal(back->implicit, edge->implicit);
			if (edge->kind == kind)
				buffer_format(&text, "%s%s%s=%.*s", text.size ? " " : "",
					      edge->implicit ? "~" : "", dependency_name(kind),
					      (int)strcspn(edge->unit->name, "."),
					      edge->unit->name);
		}
	return buffer_take(&text);
}

static void check_edges(struct unit_set *set, const char *name, const char *wanted)
{
	scoped_free char *edges = edges_of(set, name);

	assert_string_equal(edges, wanted);
}

static void an_edge_stands_at_both_ends(void **state)
{
	struct unit_set set = sample_set("a Requires=b After=b; b Before=c");

	check_edges(&set, "a", "Requires=b After=b");
	check_edges(&set, "b", "Before=a Before=c RequiredBy=a");
	check_edges(&set, "c", "After=b");
	unit_set_fini(&set);
}

static void the_same_arrow_from_both_ends_is_one_edge(void **state)
{
	struct unit_set set = sample_set("a After=b,b ~After=b; b Before=a");

	check_edges(&set, "a", "After=b");
	check_edges(&set, "b", "Before=a");
	unit_set_fini(&set);
}

static void a_passing_name_goes_with_its_unit(void **state)
{
	struct unit_set set = sample_set("a After=b");
	char name[] = "gone.scope";
	struct unit *unit = unit_set_get_passing(&set, name);
	struct unit_config *config = mem_new(struct unit_config);

	name[0] = 'x'; /* it was copied */
	assert_ptr_equal(unit_set_get_passing(&set, "gone.scope"), unit);
	assert_ptr_equal(unit_set_get(&set, "gone.scope"), unit);
	config->name = unit->name;
	config->load = LOAD_NOT_FOUND;
	assert_ptr_equal(unit_set_config(&set, unit, config), unit);
	assert_true(unit_set_drop(&set, unit));
	assert_null(unit_set_find(&set, "gone.scope"));
	unit_set_fini(&set);
}

static void what_names_itself_has_no_edge(void **state)
{
	struct unit_set set = sample_set("a After=a Conflicts=a Wants=b");

	check_edges(&set, "a", "Wants=b");
	unit_set_fini(&set);
}

static void a_new_config_takes_its_own_edges_along_and_leaves_those_of_others(void **state)
{
	struct unit_set set = sample_set("a After=b,c,d Wants=b; b Before=a; c Requires=a");

	sample_unit(&set, "a Wants=d");
	check_edges(&set, "a", "Wants=d After=b RequiredBy=c");
	check_edges(&set, "b", "Before=a");
	check_edges(&set, "c", "Requires=a");
	check_edges(&set, "d", "WantedBy=a");
	sample_unit(&set, "b");
	check_edges(&set, "a", "Wants=d RequiredBy=c");
	sample_unit(&set, "c");
	sample_unit(&set, "a");
	check_edges(&set, "a", "");
	unit_set_fini(&set);
}

static void an_edge_is_implicit_while_no_file_asks_for_it(void **state)
{
	struct unit_set set = sample_set("a ~After=b");

	check_edges(&set, "a", "~After=b");
	sample_unit(&set, "b Before=a");
	check_edges(&set, "a", "After=b");
	sample_unit(&set, "b");
	check_edges(&set, "a", "~After=b");
	sample_unit(&set, "a After=b ~After=b");
	check_edges(&set, "b", "Before=a");
	unit_set_fini(&set);
}

static bool is_overruled(struct unit_set *set, const char *name, enum dependency kind)
{
	const struct unit *unit = sample_find(set, name);
	bool overruled = false;

	for (size_t i = 0; i < unit->edge_count; i++) {
		const struct unit_edge *edge = &unit->edges[i];

		assert_int_equal(edge->overruled, edge->unit->edges[edge->back].overruled);
		overruled |= edge->kind == kind && edge->overruled;
	}
	return overruled;
}

static void a_target_comes_by_rule_after_what_it_pulls_in(void **state)
{
	static const struct {
		const char *what, *units;
		bool overruled; /* the target's After= */
	} cases[] = {
		{"by rule", "t.target Wants=a ~After=a; a", false},
		{"but not after what is after it", "t.target Wants=a ~After=a; a After=t.target",
		 true},
		{"in whichever order they are read", "a After=t.target; t.target Wants=a ~After=a",
		 true},
		{"nor if that is by rule", "t.target Wants=a ~After=a; a ~After=t.target", true},
		{"its file insists", "t.target Wants=a After=a; a After=t.target", false},
		{"so does the other's", "t.target Wants=a ~After=a; a Before=t.target", false},
		{"what wants nothing by rule", "t.target Wants=a ~After=a; a no-defaults", true},
		{"a service has no such rule", "t Wants=a ~After=a; a After=t", false},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct unit_set set = sample_set(cases[i].units);
		const char *name = strstr(cases[i].units, "t.target") ? "t.target" : "t";

		if (is_overruled(&set, name, DEPENDENCY_AFTER) != cases[i].overruled)
			fail_msg("%s", cases[i].what);
		assert_false(is_overruled(&set, name, DEPENDENCY_BEFORE));
		unit_set_fini(&set);
	}
}

static void two_targets_that_want_each_other_have_no_order(void **state)
{
	struct unit_set set = sample_set("t.target Wants=u.target ~After=u.target;"
					 "u.target Wants=t.target ~After=t.target");

	assert_true(is_overruled(&set, "t.target", DEPENDENCY_AFTER));
	assert_true(is_overruled(&set, "t.target", DEPENDENCY_BEFORE));
	unit_set_fini(&set);
}

static void what_overrules_a_target_may_change(void **state)
{
	struct unit_set set = sample_set("t.target Wants=a ~After=a; a After=t.target");

	sample_unit(&set, "a");
	assert_false(is_overruled(&set, "t.target", DEPENDENCY_AFTER));
	sample_unit(&set, "a no-defaults");
	assert_true(is_overruled(&set, "t.target", DEPENDENCY_AFTER));
	sample_unit(&set, "t.target Wants=a After=a");
	assert_false(is_overruled(&set, "t.target", DEPENDENCY_AFTER));
	unit_set_fini(&set);
}

static void an_alias_is_the_unit_it_names(void **state)
{
	struct unit_set set = sample_set("x Requires=other ~After=other; real alias=other Wants=y");

	assert_ptr_equal(sample_find(&set, "other"), sample_find(&set, "real"));
	check_edges(&set, "x", "Requires=real ~After=real");
	check_edges(&set, "real", "Wants=y ~Before=x RequiredBy=x");
	assert_int_equal(set.count, 3);
	unit_set_fini(&set);
}

static void an_alias_that_goes_means_another_unit_from_then_on(void **state)
{
	struct unit_set set = sample_set("real alias=other; x Requires=other,real");

	check_edges(&set, "x", "Requires=real");
	sample_unit(&set, "real");
	check_edges(&set, "x", "Requires=other Requires=real");
	assert_ptr_not_equal(sample_find(&set, "other"), sample_find(&set, "real"));
	unit_set_fini(&set);
}

static void a_unit_that_runs_is_no_alias(void **state)
{
	struct unit_set set = sample_set("other active; real alias=other");

	assert_ptr_not_equal(sample_find(&set, "other"), sample_find(&set, "real"));
	unit_set_fini(&set);
}

static void a_config_under_another_name_goes_to_that_unit(void **state)
{
	struct unit_set set = {0};
	struct unit *asked = unit_set_get(&set, "other.service");
	struct unit *unit =
		unit_set_config(&set, asked, sample_config("real.service", LOAD_LOADED));

	assert_string_equal(unit->name, "real.service");
	assert_ptr_equal(unit_set_find(&set, "other.service"), unit);
	assert_ptr_equal(asked->merged, unit);
	assert_int_equal(set.count, 1);
	unit_set_fini(&set);
}

static void a_unit_that_nobody_names_can_be_forgotten(void **state)
{
	struct unit_set set = sample_set("a Wants=named; idle; gone not-found Wants=a; busy "
					 "not-found active");

	assert_false(unit_set_drop(&set, sample_find(&set, "named")));
	assert_false(unit_set_drop(&set, sample_find(&set, "idle")));
	assert_false(unit_set_drop(&set, sample_find(&set, "busy")));
	assert_true(unit_set_drop(&set, sample_find(&set, "gone")));
	assert_null(unit_set_find(&set, "gone.service"));
	check_edges(&set, "a", "Wants=named");
	assert_int_equal(set.count, 4);
	unit_set_fini(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_edge_stands_at_both_ends),
		cmocka_unit_test(the_same_arrow_from_both_ends_is_one_edge),
		cmocka_unit_test(what_names_itself_has_no_edge),
		cmocka_unit_test(a_passing_name_goes_with_its_unit),
		cmocka_unit_test(a_new_config_takes_its_own_edges_along_and_leaves_those_of_others),
		cmocka_unit_test(an_edge_is_implicit_while_no_file_asks_for_it),
		cmocka_unit_test(a_target_comes_by_rule_after_what_it_pulls_in),
		cmocka_unit_test(two_targets_that_want_each_other_have_no_order),
		cmocka_unit_test(what_overrules_a_target_may_change),
		cmocka_unit_test(an_alias_is_the_unit_it_names),
		cmocka_unit_test(an_alias_that_goes_means_another_unit_from_then_on),
		cmocka_unit_test(a_unit_that_runs_is_no_alias),
		cmocka_unit_test(a_config_under_another_name_goes_to_that_unit),
		cmocka_unit_test(a_unit_that_nobody_names_can_be_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
