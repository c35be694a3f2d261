#include "unit/transaction.h"

#include "unit/unit_sample.h"

static enum job_type type_of(const char *name)
{
	for (int type = 0; type < JOB_TYPES; type++)
		if (str_equal(job_type_name(type), name))
			return type;
	fail_msg("no job type %s", name);
	return JOB_TYPES;
}

static void add_name(struct buffer *text, const char *before, const struct unit *unit)
{
	buffer_format(text, "%s%s%.*s", text->size ? " " : "", before,
		      (int)(str_ends_with(unit->name, ".service") ? strlen(unit->name) - 8
								  : strlen(unit->name)),
		      unit->name);
}

/* "start a stop b -c": jobs, and whose queued ones are canceled; or the words of the error. */
static char *outcome(const struct transaction *t)
{
	struct buffer text = {0};

	for (size_t i = 0; i < t->count; i++) {
		buffer_format(&text, "%s%s", text.size ? " " : "", job_type_name(t->jobs[i].type));
		add_name(&text, "", t->jobs[i].unit);
	}
	for (size_t i = 0; i < t->canceled_count; i++)
		add_name(&text, "-", t->canceled[i]);
	return buffer_take(&text);
}

struct transaction_case {
	const char *what;
	const char *units;
	const char *request; /* "start a" */
	enum job_mode mode;
	const char *wanted; /* outcome(); NULL: fails */
	const char *error;
	enum error_kind kind;
};

static void check_case(const struct transaction_case *c)
{
	struct unit_set set = sample_set(c->units);
	struct strings request = strings_split(c->request, ' ');
	struct transaction t;
	struct error err = {0};
	bool built = transaction_build(&set, sample_find(&set, request.items[1]),
				       type_of(request.items[0]), c->mode, &t, &err);
	scoped_free char *text = built ? outcome(&t) : str_dup(err.text);
	const char *wanted = c->wanted ? c->wanted : c->error;

	if (built != !!c->wanted || !str_equal(text, wanted) || (!built && err.kind != c->kind))
		fail_msg("%s: got '%s' (%d) instead of '%s'", c->what, text, err.kind, wanted);
	for (size_t i = 0; i < set.count; i++)
		assert_int_equal(set.items[i]->mark, 0);
	transaction_fini(&t);
	strings_fini(&request);
	unit_set_fini(&set);
}

static void check_all(const struct transaction_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_case(&cases[i]);
}

/* Column "job start A" of the table. */
static void a_start_pulls_in_what_it_needs(void **state)
{
	static const struct transaction_case cases[] = {
		{"Wants", "a Wants=b; b", "start a", 0, "start a start b"},
		{"Upholds", "a Upholds=b; b", "start a", 0, "start a start b"},
		{"Requires", "a Requires=b; b", "start a", 0, "start a start b"},
		{"BindsTo", "a BindsTo=b; b", "start a", 0, "start a start b"},
		{"Requisite", "a Requisite=b; b", "start a", 0, "start a verify-active b"},
		{"Requisite of what is active", "a Requisite=b; b active", "start a", 0, "start a"},
		{"PartOf", "a PartOf=b; b", "start a", 0, "start a"},
		{"StopPropagatedFrom", "a StopPropagatedFrom=b; b", "start a", 0, "start a"},
		{"Conflicts", "a Conflicts=b; b active", "start a", 0, "start a stop b"},
		{"Conflicts with what is down", "a Conflicts=b; b", "start a", 0, "start a"},
		{"Conflicts from the other end", "a; b Conflicts=a active", "start a", 0,
		 "start a stop b"},
		{"After alone", "a After=b; b", "start a", 0, "start a"},
		{"OnFailure", "a OnFailure=b; b", "start a", 0, "start a"},
		{"Triggers", "a.timer Triggers=a; a", "start a.timer", 0, "start a.timer"},
		{"a chain", "a Requires=b; b Wants=c; c BindsTo=d; d", "start a", 0,
		 "start a start b start c start d"},
		{"a ring", "a Requires=b; b Requires=a", "start a", 0, "start a start b"},
		{"what runs stays", "a Requires=b; b active", "start a", 0, "start a"},
		{"what only running units need is their affair",
		 "a Requires=b; b Requires=c active; c", "start a", 0, "start a"},
		{"a start of what runs is a job still", "a Wants=b active; b", "start a", 0,
		 "start a start b"},
		{"from auto-restart", "a auto-restart", "start a", 0, "start a"},
	};

	check_all(cases, array_length(cases));
}

static void a_unit_that_cannot_load_fails_what_needs_it(void **state)
{
	static const struct transaction_case cases[] = {
		{"78: Requires absent", "a Requires=b", "start a", 0, NULL,
		 "Unit b.service not found.", ERROR_NOT_FOUND},
		{"78: Wants absent", "a Wants=b", "start a", 0, "start a"},
		{"absent itself", "a Wants=b", "start b", 0, NULL, "Unit b.service not found.",
		 ERROR_NOT_FOUND},
		{"masked", "a masked", "start a", 0, NULL, "Unit a.service is masked.",
		 ERROR_CONFLICT},
		{"needs a masked one", "a Requires=b; b masked", "start a", 0, NULL,
		 "Unit b.service is masked.", ERROR_CONFLICT},
		{"bad-setting", "a bad-setting", "restart a", 0, NULL,
		 "Unit a.service has a bad unit file setting.", ERROR_INVALID},
		{"error", "a error", "start a", 0, NULL,
		 "Unit a.service failed to load properly: no reason", ERROR_INVALID},
		{"a wanted branch goes", "a Wants=b,x; b Requires=c; c Requires=d; x", "start a", 0,
		 "start a start x"},
		{"a branch goes, what it wanted besides, too",
		 "a Wants=b; b Wants=y Requires=c Wants=z; y; z", "start a", 0, "start a"},
		{"a branch goes, but what others want stays",
		 "a Wants=b,c; b Wants=y Requires=d; c Wants=y; y", "start a", 0,
		 "start a start c start y"},
		{"a branch that was dropped is missed by what needs it",
		 "a Wants=b Requires=c; b Requires=d; c Requires=b", "start a", 0, NULL,
		 "Unit d.service not found.", ERROR_NOT_FOUND},
		{"Requisite absent", "a Requisite=b", "start a", 0, NULL,
		 "Unit b.service not found.", ERROR_NOT_FOUND},
		{"After absent", "a After=b", "start a", 0, "start a"},
		{"Conflicts absent", "a Conflicts=b", "start a", 0, "start a"},
		{"stop of an unknown one", "a Wants=b", "stop b", 0, NULL,
		 "Unit b.service not loaded.", ERROR_NOT_FOUND},
		{"stop of a masked one that runs", "a masked active", "stop a", 0, "stop a"},
		{"stop of one without a file that runs", "a not-found active", "stop a", 0,
		 "stop a"},
	};

	check_all(cases, array_length(cases));
}

/* Columns "job stop B" and "job restart B"; cases 71 and 74. */
#define BASE                                                                                       \
	"base active; q Requires=base After=base active; r Requires=base active;"                  \
	"w Wants=base active; b BindsTo=base After=base active; p PartOf=base active;"             \
	"s StopPropagatedFrom=base active; u Upholds=base active; e Requisite=base active"

static void stop_and_restart_reach_what_depends(void **state)
{
	static const struct transaction_case cases[] = {
		{"71: stop base", BASE, "stop base", 0,
		 "stop base stop q stop r stop b stop p stop s stop e"},
		{"74: restart base", BASE, "restart base", 0,
		 "restart base restart q restart r restart b restart p restart e"},
		{"restart leaves alone what is down",
		 "base active; q Requires=base; p PartOf=base "
		 "failed; r Requires=base activating",
		 "restart base", 0, "restart base restart r"},
		{"restart of what is down", "base; q Requires=base active; r Requires=base",
		 "restart base", 0, "restart base restart q"},
		{"restart pulls in as start does",
		 "a Requires=b Wants=c Conflicts=d; b; c; d active", "restart a", 0,
		 "restart a start b start c stop d"},
		{"try-restart of what is down", "base; q Requires=base active", "try-restart base",
		 0, ""},
		{"try-restart of what runs", "base active", "try-restart base", 0, "restart base"},
		{"stop of what is down", "base", "stop base", 0, "stop base"},
		{"stop reaches on", "a active; b Requires=a active; c PartOf=b active", "stop a", 0,
		 "stop a stop b stop c"},
		{"PropagatesStopTo", "a PropagatesStopTo=b active; b active", "stop a", 0,
		 "stop a stop b"},
		{"what stopped with a unit that restarts by itself comes back with it",
		 "base auto-restart; b BindsTo=base", "restart base", 0, "restart base"},
	};

	check_all(cases, array_length(cases));
}

static void what_was_stopped_with_a_restarting_unit_starts_with_it(void **state)
{
	struct unit_set set = sample_set(
		"base auto-restart; b BindsTo=base After=base; c BindsTo=base; d Requires=b");
	struct transaction t;
	struct error err;

	sample_find(&set, "b")->starts_with_bound = true;
	assert_true(transaction_build(&set, sample_find(&set, "base"), JOB_RESTART, JOB_REPLACE, &t,
				      &err));
	scoped_free char *text = outcome(&t);
	assert_string_equal(text, "restart base restart b");
	transaction_fini(&t);
	unit_set_fini(&set);
}

static void reload_goes_where_it_is_propagated_to(void **state)
{
	static const struct transaction_case cases[] = {
		{"reload",
		 "a reloads active PropagatesReloadTo=b,c,d,e; b reloads active; c active;"
		 "d reloads; e reloads masked active",
		 "reload a", 0, "reload a reload b"},
		{"reload without ExecReload", "a active", "reload a", 0, NULL,
		 "Job type reload is not applicable for unit a.service.", ERROR_UNSUPPORTED},
		{"start of what has no file", "a transient active", "start a", 0, NULL,
		 "Job type start is not applicable for unit a.service.", ERROR_UNSUPPORTED},
		{"restart of it", "a transient active", "restart a", 0, NULL,
		 "Job type restart is not applicable for unit a.service.", ERROR_UNSUPPORTED},
		{"stop of it", "a transient active", "stop a", 0, "stop a"},
		{"reload-or-start of what runs", "a reloads active", "reload-or-start a", 0,
		 "reload a"},
		{"reload-or-start of what is down", "a reloads", "reload-or-start a", 0, "start a"},
		{"try-reload of what is down", "a reloads", "try-reload a", 0, ""},
	};

	check_all(cases, array_length(cases));
}

#define CONFLICT(unit)                                                                             \
	"Transaction contains conflicting jobs 'stop' and 'start' for " unit ". Probably "         \
	"contradicting requirement dependencies configured."

static void jobs_of_one_unit_become_one_or_contradict(void **state)
{
	static const struct transaction_case cases[] = {
		{"81: Requires and Conflicts", "x Requires=base Conflicts=base; base", "start x", 0,
		 NULL, CONFLICT("base.service"), ERROR_CONFLICT},
		{"75: start x",
		 "base active; q Requires=base After=base active; b BindsTo=base active;"
		 "x Conflicts=base",
		 "start x", 0, "start x stop base stop q stop b"},
		{"75: start base", "base; x Conflicts=base active", "start base", 0,
		 "start base stop x"},
		{"start and verify", "a Requires=b Requisite=c; b Requires=c; c", "start a", 0,
		 "start a start b start c"},
		{"start and restart",
		 "a active; b Requires=a,c active; d Requires=c; c PartOf=a active", "restart a", 0,
		 "restart a restart b restart c"},
		{"a stop that does not matter gives way, and who needs it",
		 "a Wants=b Requires=c; b Conflicts=c; c active", "start a", 0, "start a"},
		{"a start that does not matter gives way", "a Wants=c Conflicts=c; c", "start a", 0,
		 "start a"},
		{"what needs it goes along", "a Wants=d Conflicts=c; d Requires=c; c", "start a", 0,
		 "start a"},
		{"neither matters: who conflicts wins over whom it names",
		 "t.target Wants=x,y; x Conflicts=y; y", "start t.target", 0,
		 "start t.target start x"},
	};

	check_all(cases, array_length(cases));
}

static void order_is_without_a_cycle(void **state)
{
	static const struct transaction_case cases[] = {
		{"79: a job that does not matter goes", "c1 After=c2 Wants=c2; c2 After=c1",
		 "start c1", 0, "start c1"},
		{"80: all matter", "a Requires=b After=b; b Requires=a After=a", "start a", 0, NULL,
		 "Transaction order is cyclic. See system logs for details.", ERROR_CONFLICT},
		{"no jobs, no cycle", "a After=b; b After=a", "start a", 0, "start a"},
		{"what runs is in no cycle", "a Requires=b After=b; b Requires=a After=a active",
		 "start a", 0, "start a"},
		{"After= and Before= of two stops", "a Requires=b After=b active; b active",
		 "stop b", 0, "stop b stop a"},
		{"a stop goes before a start, so no cycle",
		 "a Conflicts=b After=b Before=b; b active", "start a", 0, "start a stop b"},
		{"a cycle once restarts have become starts",
		 "a Requires=b After=b active; b Requires=a After=a", "restart a", 0, NULL,
		 "Transaction order is cyclic. See system logs for details.", ERROR_CONFLICT},
		{"a target is not after what is after it",
		 "t.target Wants=web ~After=web; web After=t.target", "start t.target", 0,
		 "start t.target start web"},
		{"a longer cycle", "a Wants=b,c,d; b After=c; c After=d; d After=b", "start a", 0,
		 "start a start b start c"},
		{"what needs the job goes along, and what only they wanted",
		 "a Wants=b,e; b After=a,c Requires=c Wants=d; c After=a; d; a Wants=b,e After=c; "
		 "e",
		 "start a", 0, "start a start e"},
		{"through the queue", "a Wants=b After=q; q After=b job=start; b After=a",
		 "start a", 0, "start a"},
		{"the queue stands in its own way",
		 "u6 reloading Requires=u1; u1 Before=u6; u10 reloading job=start After=u6 "
		 "Before=u6",
		 "start u6", 0, NULL, "Transaction order is cyclic. See system logs for details.",
		 ERROR_CONFLICT},
		{"through the queue, and all matter",
		 "a After=q; q After=b job=start; b After=a; "
		 "a Requires=b After=q",
		 "start a", 0, NULL, "Transaction order is cyclic. See system logs for details.",
		 ERROR_CONFLICT},
	};

	check_all(cases, array_length(cases));
}

static void a_cycle_is_printed(void **state)
{
	static const char *const wanted[] = {
		"c1.service: Found ordering cycle on c2.service/start",
		"c1.service: Found dependency on c1.service/start",
		"c1.service: Job c2.service/start deleted to break ordering cycle",
	};
	struct unit_set set = sample_set("c1 After=c2 Wants=c2; c2 After=c1");
	struct transaction t;
	struct error err;

	assert_true(
		transaction_build(&set, sample_find(&set, "c1"), JOB_START, JOB_REPLACE, &t, &err));
	assert_int_equal(t.notes.count, array_length(wanted));
	for (size_t i = 0; i < array_length(wanted); i++)
		assert_string_equal(t.notes.items[i], wanted[i]);
	transaction_fini(&t);
	unit_set_fini(&set);

	set = sample_set("c1 After=c2 Requires=c2; c2 After=c1");
	assert_false(
		transaction_build(&set, sample_find(&set, "c1"), JOB_START, JOB_REPLACE, &t, &err));
	assert_int_equal(t.count, 0);
	assert_int_equal(t.notes.count, 2);
	transaction_fini(&t);
	unit_set_fini(&set);
}

static void modes(void **state)
{
	static const struct transaction_case cases[] = {
		{"replace cancels what contradicts", "a job=stop active", "start a", JOB_REPLACE,
		 "start a -a"},
		{"a redundant job that contradicts the queue counts",
		 "a Wants=b; b active job=stop", "start a", JOB_REPLACE, "start a start b -b"},
		{"fail does not", "a job=stop active", "start a", JOB_FAIL, NULL,
		 "Transaction for a.service/start is destructive (a.service has 'stop' job queued, "
		 "but 'start' is included in transaction).",
		 ERROR_CONFLICT},
		{"fail leaves out what does not matter",
		 "a Wants=b Requires=c; b job=stop active; c Wants=d; d Conflicts=e; e active",
		 "start a", JOB_FAIL, "start a start c"},
		{"fail stops what must be", "a Conflicts=b; b active", "start a", JOB_FAIL,
		 "start a stop b"},
		{"irreversible jobs stay", "a job=stop! active", "start a", JOB_REPLACE, NULL,
		 "Transaction for a.service/start is destructive (a.service has 'stop' job queued, "
		 "but 'start' is included in transaction).",
		 ERROR_CONFLICT},
		{"the queue's job is joined", "a job=restart active", "start a", JOB_REPLACE,
		 "restart a"},
		{"a queued start becomes a restart", "a job=start activating", "restart a",
		 JOB_REPLACE, "restart a"},
		{"ignore-dependencies", "a Requires=b,nosuch Conflicts=c; b; c active", "start a",
		 JOB_IGNORE_DEPENDENCIES, "start a"},
		{"ignore-requirements", "a Requires=b,nosuch Conflicts=c; b; c active", "start a",
		 JOB_IGNORE_REQUIREMENTS, "start a"},
		{"flush", "a; b job=start; c job=stop active; d Wants=a job=start", "start a",
		 JOB_FLUSH, "start a -b -c -d"},
		{"isolate",
		 "t.target isolate Wants=a,b; a active; b; c active; d keep active; e failed;"
		 "f builtin active; g activating job=start; h.slice active; i job=start",
		 "start t.target", JOB_ISOLATE,
		 "start t.target start b stop c stop g stop i -g -i"},
		{"84: isolate without AllowIsolate", "a; b active", "start a", JOB_ISOLATE, NULL,
		 "Operation refused, unit may not be isolated.", ERROR_FORBIDDEN},
		{"isolate is a start", "a isolate active", "stop a", JOB_ISOLATE, NULL,
		 "Isolate is only valid for start.", ERROR_INVALID},
		{"built-in units do not stop", "a builtin active", "stop a", JOB_REPLACE, NULL,
		 "Operation refused, unit a.service is built in and never stops.", ERROR_FORBIDDEN},
		{"and are not stopped by others", "a Conflicts=b; b builtin active", "start a",
		 JOB_REPLACE, "start a"},
		{"but start", "a Wants=b builtin; b", "start a", JOB_REPLACE, "start a start b"},
	};

	check_all(cases, array_length(cases));
}

static void replace_irreversibly_marks_its_jobs(void **state)
{
	struct unit_set set = sample_set("a Wants=b; b");
	struct transaction t;
	struct error err;

	assert_true(transaction_build(&set, sample_find(&set, "a"), JOB_START,
				      JOB_REPLACE_IRREVERSIBLY, &t, &err));
	assert_true(t.jobs[0].irreversible && t.jobs[1].irreversible);
	assert_true(t.jobs[0].matters);
	assert_false(t.jobs[1].matters);
	transaction_fini(&t);
	assert_true(transaction_build(&set, sample_find(&set, "a"), JOB_START,
				      JOB_IGNORE_DEPENDENCIES, &t, &err));
	assert_true(t.jobs[0].ignore_order);
	transaction_fini(&t);
	unit_set_fini(&set);
}

/* Case 84. */
static void manual_requests_may_be_refused(void **state)
{
	static const struct {
		const char *unit, *type;
		bool allowed;
	} cases[] = {
		{"a", "start", true},
		{"a no-manual-start", "start", false},
		{"a no-manual-start", "restart", false},
		{"a no-manual-start", "try-restart", false},
		{"a no-manual-start", "reload-or-start", false},
		{"a no-manual-start active reloads", "reload-or-start", true},
		{"a no-manual-start active", "stop", true},
		{"a no-manual-start active", "reload", true},
		{"a no-manual-stop active", "stop", false},
		{"a no-manual-stop active", "restart", false},
		{"a no-manual-stop", "start", true},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct unit_set set = sample_set(cases[i].unit);
		struct error err = {0};

		if (transaction_check_manual(sample_find(&set, "a"), type_of(cases[i].type),
					     &err) != cases[i].allowed)
			fail_msg("%s %s", cases[i].type, cases[i].unit);
		assert_int_equal(err.kind, cases[i].allowed ? ERROR_NONE : ERROR_FORBIDDEN);
		unit_set_fini(&set);
	}
}

static void a_template_has_no_jobs(void **state)
{
	static const char *const types[] = {"start", "stop", "restart", "reload-or-start"};

	for (size_t i = 0; i < array_length(types); i++) {
		struct unit_set set = sample_set("a@");
		struct error err = {0};

		assert_false(transaction_check_manual(sample_find(&set, "a@"), type_of(types[i]),
						      &err));
		assert_int_equal(err.kind, ERROR_INVALID);
		assert_string_equal(err.text,
				    "Unit name a@.service is missing the instance name.");
		unit_set_fini(&set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_start_pulls_in_what_it_needs),
		cmocka_unit_test(a_unit_that_cannot_load_fails_what_needs_it),
		cmocka_unit_test(stop_and_restart_reach_what_depends),
		cmocka_unit_test(what_was_stopped_with_a_restarting_unit_starts_with_it),
		cmocka_unit_test(reload_goes_where_it_is_propagated_to),
		cmocka_unit_test(jobs_of_one_unit_become_one_or_contradict),
		cmocka_unit_test(order_is_without_a_cycle),
		cmocka_unit_test(a_cycle_is_printed),
		cmocka_unit_test(modes),
		cmocka_unit_test(replace_irreversibly_marks_its_jobs),
		cmocka_unit_test(manual_requests_may_be_refused),
		cmocka_unit_test(a_template_has_no_jobs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
