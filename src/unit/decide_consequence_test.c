#include "unit/decide.h"

#include "unit/unit_sample.h"

/* "stop b start c?": `?` is mode fail. */
static char *consequences_text(const struct consequences *list)
{
	struct buffer text = {0};

	for (size_t i = 0; i < list->count; i++)
		buffer_format(&text, "%s%s %.*s%s", i ? " " : "",
			      list->items[i].type == JOB_STOP ? "stop" : "start",
			      (int)strcspn(list->items[i].unit->name, "."),
			      list->items[i].unit->name,
			      list->items[i].mode == JOB_FAIL ? "?" : "");
	return buffer_take(&text);
}

static char *consequences_of(struct unit *unit, enum active_state before, bool by_job)
{
	struct consequences list = {0};

	decide_consequences(unit, before, unit_active_state(unit), by_job, &list);
	char *text = consequences_text(&list);
	vector_fini(&list);
	return text;
}

#define OTHERS                                                                                     \
	"q Requires=base After=base active; r Requires=base active; e Requisite=base active;"      \
	"w Wants=base active; b BindsTo=base After=base active; p PartOf=base active;"             \
	"s StopPropagatedFrom=base active; d BindsTo=base; f BindsTo=base failed;"                 \
	"g BindsTo=base activating"

static void the_column_b_leaves(void **state)
{
	static const struct {
		const char *what, *units;
		enum active_state before;
		bool by_job;
		const char *wanted;
	} cases[] = {
		{"72: killed", "base failed; " OTHERS, UNIT_ACTIVE, false, "stop b stop s stop g"},
		{"73: ends", "base; " OTHERS, UNIT_ACTIVE, false, "stop b stop s stop g"},
		{"it is deactivating", "base deactivating; " OTHERS, UNIT_ACTIVE, false,
		 "stop b stop s stop g"},
		{"once",
		 "base failed; b BindsTo=base deactivating; s StopPropagatedFrom=base active",
		 UNIT_DEACTIVATING, false, ""},
		{"its start failed", "base failed; " OTHERS, UNIT_ACTIVATING, false,
		 "stop b stop s stop g"},
		{"by a job the transaction does it",
		 "base; b BindsTo=base active job=stop; s StopPropagatedFrom=base active job=stop",
		 UNIT_ACTIVE, true, ""},
		{"by a job that ignores dependencies", "base; " OTHERS, UNIT_ACTIVE, true,
		 "stop b"},
		{"its start came to nothing", "base; " OTHERS, UNIT_INACTIVE, false, "stop b"},
		{"it restarts by itself", "base auto-restart; " OTHERS, UNIT_ACTIVE, false,
		 "stop b stop s stop g"},
		{"PropagatesStopTo", "base PropagatesStopTo=x; x active", UNIT_ACTIVE, false,
		 "stop x"},
		{"85: upheld", "base; u Upholds=base active", UNIT_DEACTIVATING, true,
		 "start base?"},
		{"upheld, but who upholds is down", "base; u Upholds=base", UNIT_ACTIVE, false, ""},
		{"upheld, but who upholds stops", "base; u Upholds=base active job=stop",
		 UNIT_ACTIVE, false, ""},
		{"upheld, and failed", "base failed; u Upholds=base active", UNIT_ACTIVE, false,
		 "start base?"},
		{"upheld, but a start was refused", "base failed; u Upholds=base active",
		 UNIT_FAILED, false, ""},
		{"upheld, but it restarts by itself", "base auto-restart; u Upholds=base active",
		 UNIT_ACTIVE, false, ""},
		{"upheld, but it has a job", "base job=start; u Upholds=base active", UNIT_ACTIVE,
		 false, ""},
		{"nothing happens when nothing changes",
		 "base failed; q Requires=base active;"
		 "s StopPropagatedFrom=base active;"
		 "b BindsTo=base deactivating",
		 UNIT_FAILED, false, ""},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct unit_set set = sample_set(cases[i].units);
		scoped_free char *text = consequences_of(sample_find(&set, "base"), cases[i].before,
							 cases[i].by_job);

		if (!str_equal(text, cases[i].wanted))
			fail_msg("%s: '%s' instead of '%s'", cases[i].what, text, cases[i].wanted);
		unit_set_fini(&set);
	}
}

static void an_upheld_unit_that_hit_its_start_limit_stays(void **state)
{
	struct unit_set set = sample_set("base failed; u Upholds=base active");
	struct unit *base = sample_find(&set, "base");

	base->result = RESULT_START_LIMIT_HIT;
	scoped_free char *down = consequences_of(base, UNIT_ACTIVATING, false);
	assert_string_equal(down, "");
	scoped_free char *up = consequences_of(sample_find(&set, "u"), UNIT_ACTIVATING, false);
	assert_string_equal(up, "");
	unit_set_fini(&set);
}

static void what_is_entered(void **state)
{
	static const struct {
		const char *what, *units;
		enum active_state before;
		const char *wanted; /* of a */
	} cases[] = {
		{"it upholds", "a active Upholds=b,c,d; b; c failed; d active", UNIT_ACTIVATING,
		 "start b? start c?"},
		{"bound to what has gone", "a active BindsTo=b; b failed", UNIT_ACTIVATING,
		 "stop a"},
		{"bound to what is starting", "a active BindsTo=b; b job=start", UNIT_ACTIVATING,
		 ""},
		{"bound to what runs", "a active BindsTo=b; b active", UNIT_ACTIVATING, ""},
		{"nobody needs it", "a active unneeded; b Wants=a", UNIT_ACTIVATING, "stop a?"},
		{"somebody needs it", "a active unneeded; b Wants=a active", UNIT_ACTIVATING, ""},
		{"somebody will need it", "a active unneeded; b Requires=a job=start",
		 UNIT_ACTIVATING, ""},
		{"somebody needs it again soon", "a active unneeded; b BindsTo=a auto-restart",
		 UNIT_ACTIVATING, ""},
		{"its failure starts another", "a failed OnFailure=x,y OnSuccess=z; x; y; z",
		 UNIT_DEACTIVATING, "start x start y"},
		{"once", "a failed OnFailure=x; x", UNIT_FAILED, ""},
		{"its clean end starts another", "a OnFailure=x OnSuccess=z; x; z",
		 UNIT_DEACTIVATING, "start z?"},
		{"a reset is no clean end", "a OnSuccess=z; z", UNIT_FAILED, ""},
		{"not between automatic restarts", "a auto-restart OnFailure=x OnSuccess=z; x; z",
		 UNIT_DEACTIVATING, ""},
		{"what it alone needed",
		 "a Requires=b Wants=c BindsTo=d; b active unneeded;"
		 "c active unneeded; d active; e Wants=c active",
		 UNIT_DEACTIVATING, "stop b?"},
		{"what it alone needed, and it failed", "a failed Upholds=b; b active unneeded",
		 UNIT_ACTIVE, "stop b?"},
		{"what it alone needed, after a job that came to nothing",
		 "a Wants=b; b active unneeded", UNIT_INACTIVE, "stop b?"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct unit_set set = sample_set(cases[i].units);
		scoped_free char *text =
			consequences_of(sample_find(&set, "a"), cases[i].before, true);

		if (!str_equal(text, cases[i].wanted))
			fail_msg("%s: '%s' instead of '%s'", cases[i].what, text, cases[i].wanted);
		unit_set_fini(&set);
	}
}

static void a_skipped_condition_is_no_clean_end(void **state)
{
	struct unit_set set = sample_set("a OnSuccess=z; z");

	sample_find(&set, "a")->result = RESULT_EXEC_CONDITION;
	scoped_free char *text = consequences_of(sample_find(&set, "a"), UNIT_DEACTIVATING, true);
	assert_string_equal(text, "");
	unit_set_fini(&set);
}

/* Case 87: the mark stands from when the unit leaves until it is down for good. */
static void who_is_bound_to_a_restarting_unit_is_marked(void **state)
{
	struct unit_set set =
		sample_set("base deactivating; b BindsTo=base active; c BindsTo=base");
	struct unit *base = sample_find(&set, "base"), *b = sample_find(&set, "b");

	free(consequences_of(base, UNIT_ACTIVE, false));
	assert_true(b->starts_with_bound);
	assert_false(sample_find(&set, "c")->starts_with_bound);
	base->sub = SUB_AUTO_RESTART;
	b->sub = SUB_DEAD;
	free(consequences_of(base, UNIT_DEACTIVATING, false));
	assert_true(b->starts_with_bound);
	base->sub = SUB_FAILED;
	free(consequences_of(base, UNIT_ACTIVATING, false));
	assert_false(b->starts_with_bound);
	unit_set_fini(&set);
}

/* The same when it is shown as failed in between. */
static void what_fails_only_for_a_moment_is_not_over(void **state)
{
	struct unit_set set = sample_set(
		"base failed OnFailure=x Wants=n; b BindsTo=base active; u Upholds=base active; x;"
		"n active unneeded");
	struct unit *base = sample_find(&set, "base");

	base->will_restart = true;
	scoped_free char *moment = consequences_of(base, UNIT_ACTIVE, false);
	assert_string_equal(moment, "stop b");
	assert_true(sample_find(&set, "b")->starts_with_bound);
	scoped_free char *unneeded = consequences_of(sample_find(&set, "n"), UNIT_ACTIVATING, true);
	assert_string_equal(unneeded, "");
	base->will_restart = false;
	sample_find(&set, "b")->sub = SUB_DEAD;
	scoped_free char *over = consequences_of(base, UNIT_ACTIVATING, true);
	assert_string_equal(over, "stop n? start base? start x");
	unit_set_fini(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_column_b_leaves),
		cmocka_unit_test(an_upheld_unit_that_hit_its_start_limit_stays),
		cmocka_unit_test(what_is_entered),
		cmocka_unit_test(a_skipped_condition_is_no_clean_end),
		cmocka_unit_test(who_is_bound_to_a_restarting_unit_is_marked),
		cmocka_unit_test(what_fails_only_for_a_moment_is_not_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
