/* The decisions together, as the cases of the contract see them: a host of units whose processes are numbers and
 * whose time is one, too.  Z of the cases is a service that sleeps on, F n one that exits. */
#include "base/signal_name.h"
#include "base/time.h"
#include "unit/decide.h"
#include "unit/transaction.h"
#include "unit/unit_sample.h"

struct unit_runtime {
	int exit_code; /* of the process; -1: sleeps on */
	bool oneshot;
	int pid, runs;
	bool exits;	       /* the process is about to */
	int64_t restart_at_ns; /* 0: none */
	enum job_result last;  /* of its last job */
};

struct host {
	struct unit_set set;
	int64_t now_ns;
	int last_pid;
};

static void enqueue(struct host *host, struct unit *unit, enum job_type type, enum job_mode mode);

/* ---- states ---- */

static void follow(struct host *host, struct unit *unit, enum active_state before, bool by_job)
{
	struct consequences all = {0};

	decide_consequences(unit, before, unit_active_state(unit), by_job, &all);
	for (size_t i = 0; i < all.count; i++)
		enqueue(host, all.items[i].unit, all.items[i].type, all.items[i].mode);
	vector_fini(&all);
}

static bool is_down(enum active_state state)
{
	return state == UNIT_INACTIVE || state == UNIT_FAILED;
}

static void finish(struct host *host, struct unit *unit, enum job_result result)
{
	struct job *job = unit->job;
	enum job_type type = job->type;
	struct consequences all = {0};

	if (type == JOB_RESTART && result == JOB_DONE) {
		job->type = JOB_START;
		job->running = false;
		return;
	}
	unit->runtime->last = result;
	unit->job = NULL;
	free(job);
	if (result != JOB_DONE && (type == JOB_START || type == JOB_VERIFY))
		decide_dependents(unit, &all);
	for (size_t i = 0; i < all.count; i++)
		if (all.items[i].unit->job)
			finish(host, all.items[i].unit, JOB_DEPENDENCY);
	vector_fini(&all);
	follow(host, unit, unit_active_state(unit), false);
}

/* What the unit has become ends its job. */
static void notice(struct host *host, struct unit *unit, enum active_state now)
{
	enum job_type type = unit->job ? (enum job_type)unit->job->type : JOB_NOP;

	if (type == JOB_NOP || !unit->job->running)
		return;
	if ((type == JOB_STOP || type == JOB_RESTART) && is_down(now))
		finish(host, unit, JOB_DONE);
	else if (type == JOB_START && now == UNIT_ACTIVE)
		finish(host, unit, JOB_DONE);
	else if (type == JOB_START && is_down(now))
		finish(host, unit, now == UNIT_FAILED ? JOB_FAILED : JOB_DONE);
}

static void change(struct host *host, struct unit *unit, enum sub_state sub,
		   enum execution_result result)
{
	enum active_state before = unit_active_state(unit), after = sub_state_active(sub);
	bool by_job = unit->job && unit->job->running && unit->job->type != JOB_START;

	unit->sub = sub;
	unit->result = result;
	notice(host, unit, after);
	follow(host, unit, before, by_job);
}

/* ---- processes ---- */

static void start(struct host *host, struct unit *unit)
{
	struct unit_runtime *runtime = unit->runtime;

	runtime->restart_at_ns = 0;
	if (!decide_start_limit(unit, host->now_ns)) {
		change(host, unit, SUB_FAILED,
		       unit->result ? unit->result : RESULT_START_LIMIT_HIT);
		return;
	}
	runtime->pid = ++host->last_pid;
	runtime->runs++;
	runtime->exits = runtime->exit_code >= 0;
	change(host, unit, runtime->oneshot ? SUB_START : SUB_RUNNING, RESULT_SUCCESS);
}

static void end(struct host *host, struct unit *unit, struct execution_process process)
{
	struct unit_runtime *runtime = unit->runtime;
	bool by_job = unit->job && unit->job->running && unit->job->type != JOB_START;
	bool clean = process.end == PROCESS_EXITED ? !process.status : process.status != 9;
	enum execution_result result = clean			       ? RESULT_SUCCESS
				       : process.end == PROCESS_EXITED ? RESULT_EXIT_CODE
								       : RESULT_SIGNAL;

	runtime->exits = false;
	runtime->pid = 0;
	unit->will_restart = decide_restart(unit->config->restart, result, &process, by_job);
	change(host, unit, clean ? SUB_DEAD : SUB_FAILED, result);
	unit->will_restart = unit->will_restart && !unit->job;
	if (!unit->will_restart)
		return;
	runtime->restart_at_ns =
		host->now_ns +
		1000 * decide_restart_delay_us(unit->config->restart, ++unit->restarts);
	change(host, unit, SUB_AUTO_RESTART, result);
	unit->will_restart = false;
}

static void kill_process(struct host *host, struct unit *unit, int signal)
{
	end(host, unit,
	    (struct execution_process){
		    .pid = unit->runtime->pid, .end = PROCESS_KILLED, .status = signal});
}

static void stop(struct host *host, struct unit *unit)
{
	unit->runtime->restart_at_ns = 0;
	if (!unit->runtime->pid) {
		change(host, unit, SUB_DEAD, unit->result);
		return;
	}
	change(host, unit, SUB_STOP_SIGTERM, RESULT_SUCCESS);
	kill_process(host, unit, 15);
}

/* ---- the queue ---- */

static void run(struct host *host, struct unit *unit)
{
	bool down = is_down(unit_active_state(unit));

	unit->job->running = true;
	switch (unit->job->type) {
	case JOB_START:
		if (unit_active_state(unit) == UNIT_ACTIVE)
			finish(host, unit, JOB_DONE);
		else if (down || unit->sub == SUB_AUTO_RESTART)
			start(host, unit);
		break;
	case JOB_VERIFY:
		finish(host, unit, unit_active_state(unit) == UNIT_ACTIVE ? JOB_DONE : JOB_SKIPPED);
		break;
	default:
		if (down)
			finish(host, unit, JOB_DONE);
		else
			stop(host, unit);
	}
}

/* In the order in which they were queued, each as soon as it may. */
static struct unit *first_ready(struct host *host, enum job_readiness *readiness)
{
	struct unit *first = NULL;

	for (size_t i = 0; i < host->set.count; i++) {
		struct unit *unit = host->set.items[i];
		enum job_readiness now =
			unit->job && !unit->job->running ? decide_job(unit->job) : JOB_WAITS;

		if (now == JOB_WAITS || (first && first->job->id < unit->job->id))
			continue;
		first = unit;
		*readiness = now;
	}
	return first;
}

static bool run_jobs(struct host *host)
{
	enum job_readiness readiness;
	struct unit *unit = first_ready(host, &readiness);

	if (!unit)
		return false;
	if (readiness == JOB_RUNS)
		run(host, unit);
	else
		finish(host, unit, JOB_DEPENDENCY);
	return true;
}

static bool end_processes(struct host *host)
{
	for (size_t i = 0; i < host->set.count; i++) {
		struct unit *unit = host->set.items[i];

		if (!unit->runtime->exits)
			continue;
		end(host, unit,
		    (struct execution_process){.pid = unit->runtime->pid,
					       .end = PROCESS_EXITED,
					       .status = unit->runtime->exit_code});
		return true;
	}
	return false;
}

static bool restart_next(struct host *host)
{
	struct unit *next = NULL;

	for (size_t i = 0; i < host->set.count; i++) {
		struct unit *unit = host->set.items[i];

		if (unit->runtime->restart_at_ns &&
		    (!next || unit->runtime->restart_at_ns < next->runtime->restart_at_ns))
			next = unit;
	}
	if (!next)
		return false;
	host->now_ns = next->runtime->restart_at_ns;
	next->runtime->restart_at_ns = 0;
	enqueue(host, next, JOB_RESTART, JOB_REPLACE);
	return true;
}

/* Until nothing moves; `patiently`: automatic restarts, too. */
static void settle(struct host *host, bool patiently)
{
	for (int i = 0; i < 1000; i++)
		if (!run_jobs(host) && !end_processes(host) && (!patiently || !restart_next(host)))
			return;
	fail_msg("it never ends");
}

static void install(struct host *host, struct transaction *t)
{
	for (size_t i = 0; i < t->canceled_count; i++)
		finish(host, t->canceled[i], JOB_CANCELED);
	for (size_t i = 0; i < t->count; i++) {
		struct unit *unit = t->jobs[i].unit;

		if (!unit->job) {
			unit->job = mem_new(struct job);
			unit->job->id = ++host->set.last_job;
		}
		unit->job->ignore_order = t->jobs[i].ignore_order;
		unit->job->running = unit->job->running && unit->job->type == t->jobs[i].type;
		unit->job->unit = unit;
		unit->job->type = t->jobs[i].type;
		if (t->jobs[i].type != JOB_STOP)
			unit->starts_with_bound = false;
	}
}

static bool request(struct host *host, struct unit *unit, enum job_type type, enum job_mode mode)
{
	struct transaction t;
	struct error err;
	bool built = transaction_build(&host->set, unit, type, mode, &t, &err);

	if (built)
		install(host, &t);
	transaction_fini(&t);
	return built;
}

static void enqueue(struct host *host, struct unit *unit, enum job_type type, enum job_mode mode)
{
	request(host, unit, type, mode);
}

/* ---- the cases ---- */

/* All sleep on; `active` ones do so from the beginning. */
static struct host host_of(const char *units)
{
	struct host host = {.set = sample_set(units), .now_ns = NS_PER_SECOND};

	for (size_t i = 0; i < host.set.count; i++) {
		host.set.items[i]->runtime = mem_new(struct unit_runtime);
		host.set.items[i]->runtime->exit_code = -1;
		if (host.set.items[i]->sub == SUB_RUNNING)
			host.set.items[i]->runtime->pid = ++host.last_pid;
	}
	return host;
}

static void host_fini(struct host *host)
{
	for (size_t i = 0; i < host->set.count; i++) {
		free(host->set.items[i]->runtime);
	}
	unit_set_fini(&host->set);
}

static struct unit *service(struct host *host, const char *name, int exit_code,
			    enum restart_rule rule)
{
	struct unit *unit = sample_find(&host->set, name);

	unit->runtime->exit_code = exit_code;
	unit->config->restart = mem_new(struct restart_config);
	*unit->config->restart = (struct restart_config){.rule = rule, .delay_us = 100000};
	return unit;
}

/* As the command: the result of the unit's own job. */
static enum job_result ask(struct host *host, const char *name, enum job_type type)
{
	struct unit *unit = sample_find(&host->set, name);

	unit->runtime->last = JOB_DONE;
	if (!request(host, unit, type, JOB_REPLACE))
		return JOB_INVALID;
	settle(host, false);
	return unit->runtime->last;
}

/* "base=failed q=active" */
static void expect(struct host *host, const char *wanted)
{
	struct strings words = strings_split(wanted, ' ');

	for (size_t i = 0; i < words.count; i++) {
		char *is = strchr(words.items[i], '=');

		*is = '\0';
		const char *state = active_state_name(
			unit_active_state(sample_find(&host->set, words.items[i])));
		if (!str_equal(state, is + 1))
			fail_msg("%s is %s, not %s", words.items[i], state, is + 1);
	}
	strings_fini(&words);
}

static int pid_of(struct host *host, const char *name)
{
	return sample_find(&host->set, name)->runtime->pid;
}

#define BASE                                                                                       \
	"base active; q Requires=base After=base active; r Requires=base active;"                  \
	"w Wants=base active; b BindsTo=base After=base active; p PartOf=base active;"             \
	"s StopPropagatedFrom=base active"

static void case_71_stop_takes_along_what_depends(void **state)
{
	struct host host = host_of(BASE);

	assert_int_equal(ask(&host, "base", JOB_STOP), JOB_DONE);
	expect(&host, "base=inactive q=inactive r=inactive w=active b=inactive p=inactive "
		      "s=inactive");
	host_fini(&host);
}

static void cases_72_and_73_a_death_takes_along_what_is_bound(void **state)
{
	for (int signal = 9; signal <= 15; signal += 6) {
		struct host host = host_of(BASE);

		kill_process(&host, sample_find(&host.set, "base"), signal);
		settle(&host, true);
		expect(&host, signal == 9 ? "base=failed" : "base=inactive");
		expect(&host, "q=active r=active w=active b=inactive p=active s=inactive");
		host_fini(&host);
	}
}

static void case_74_restart_gives_new_processes(void **state)
{
	struct host host = host_of(BASE);
	int w = pid_of(&host, "w"), s = pid_of(&host, "s"), last = host.last_pid;

	assert_int_equal(ask(&host, "base", JOB_RESTART), JOB_DONE);
	expect(&host, "base=active q=active r=active w=active b=active p=active s=active");
	assert_int_equal(pid_of(&host, "w"), w);
	assert_int_equal(pid_of(&host, "s"), s);
	assert_int_equal(host.last_pid, last + 5);
	assert_true(pid_of(&host, "q") > pid_of(&host, "base"));
	assert_true(pid_of(&host, "b") > pid_of(&host, "base"));
	host_fini(&host);
}

static void case_75_conflicts_work_both_ways(void **state)
{
	struct host host = host_of("base active; q Requires=base After=base active;"
				   "b BindsTo=base After=base active; x Conflicts=base");

	assert_int_equal(ask(&host, "x", JOB_START), JOB_DONE);
	expect(&host, "base=inactive q=inactive b=inactive x=active");
	assert_int_equal(ask(&host, "base", JOB_START), JOB_DONE);
	expect(&host, "base=active x=inactive");
	host_fini(&host);
}

static void case_76_requisite_has_to_be_there(void **state)
{
	struct host host = host_of("base; q Requisite=base After=base; r Requisite=base");

	assert_int_equal(ask(&host, "q", JOB_START), JOB_DEPENDENCY);
	assert_int_equal(ask(&host, "r", JOB_START), JOB_DEPENDENCY);
	expect(&host, "base=inactive q=inactive r=inactive");
	ask(&host, "base", JOB_START);
	assert_int_equal(ask(&host, "q", JOB_START), JOB_DONE);
	expect(&host, "q=active");
	host_fini(&host);
}

static void case_77_a_failed_start_fails_who_waits_for_it(void **state)
{
	static const struct {
		const char *name;
		enum job_result result;
		const char *state;
	} cases[] = {{"q", JOB_DEPENDENCY, "q=inactive"},
		     {"r", JOB_DONE, "r=active"},
		     {"w", JOB_DONE, "w=active"},
		     {"b", JOB_DEPENDENCY, "b=inactive"}};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct host host = host_of("base; q Requires=base After=base; r Requires=base;"
					   "w Wants=base After=base; b BindsTo=base After=base");

		service(&host, "base", 1, RESTART_NO)->runtime->oneshot = true;
		assert_int_equal(ask(&host, cases[i].name, JOB_START), cases[i].result);
		expect(&host, cases[i].state);
		host_fini(&host);
	}
}

static void cases_79_to_81_what_cannot_be_starts_nothing(void **state)
{
	struct host host = host_of("c1 After=c2 Wants=c2; c2 After=c1; d Requires=e After=e;"
				   "e Requires=d After=d; f Requires=g Conflicts=g; g");

	assert_int_equal(ask(&host, "c1", JOB_START), JOB_DONE);
	expect(&host, "c1=active c2=inactive");
	assert_int_equal(ask(&host, "d", JOB_START), JOB_INVALID);
	assert_int_equal(ask(&host, "f", JOB_START), JOB_INVALID);
	expect(&host, "d=inactive e=inactive f=inactive g=inactive");
	host_fini(&host);
}

static void case_82_the_end_decides_what_starts(void **state)
{
	static const struct {
		int code;
		const char *wanted;
	} cases[] = {{0, "a=inactive good=active bad=inactive"},
		     {5, "a=failed good=inactive bad=active"}};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct host host = host_of("a OnSuccess=good OnFailure=bad; good; bad");

		service(&host, "a", cases[i].code, RESTART_NO);
		ask(&host, "a", JOB_START);
		settle(&host, true);
		expect(&host, cases[i].wanted);
		host_fini(&host);
	}
}

static void case_85_what_is_upheld_comes_back(void **state)
{
	struct host host = host_of("base active; u Upholds=base active");
	int pid = pid_of(&host, "base");

	assert_int_equal(ask(&host, "base", JOB_STOP), JOB_DONE);
	expect(&host, "base=active");
	assert_int_not_equal(pid_of(&host, "base"), pid);
	ask(&host, "u", JOB_STOP);
	ask(&host, "base", JOB_STOP);
	expect(&host, "base=inactive");
	host_fini(&host);
}

static void what_is_upheld_and_fails_ends_at_its_limit(void **state)
{
	struct host host = host_of("base; u Upholds=base");
	struct unit *base = service(&host, "base", 1, RESTART_NO);

	ask(&host, "u", JOB_START);
	assert_int_equal(base->runtime->runs, 5);
	expect(&host, "base=failed u=active");
	host_fini(&host);
}

static void cases_86_and_87_an_automatic_restart_is_shared(void **state)
{
	struct host host = host_of("base active; q Requires=base After=base active;"
				   "b BindsTo=base After=base active; f OnFailure=base;"
				   "d BindsTo=b After=b active");
	int last = host.last_pid;

	service(&host, "base", -1, RESTART_ALWAYS);
	kill_process(&host, sample_find(&host.set, "base"), 9);
	settle(&host, false);
	expect(&host, "base=activating q=active b=inactive d=inactive");
	settle(&host, true);
	expect(&host, "base=active q=active b=active");
	assert_true(pid_of(&host, "base") > last);
	assert_true(pid_of(&host, "q") > pid_of(&host, "base"));
	assert_true(pid_of(&host, "b") > pid_of(&host, "base"));
	host_fini(&host);
}

static void who_is_bound_stays_down_after_a_stop_in_between(void **state)
{
	struct host host = host_of("base active; b BindsTo=base After=base active");

	service(&host, "base", -1, RESTART_ALWAYS);
	kill_process(&host, sample_find(&host.set, "base"), 9);
	settle(&host, false);
	assert_int_equal(ask(&host, "base", JOB_STOP), JOB_DONE); /* case 60 */
	expect(&host, "base=inactive b=inactive");
	assert_int_equal(ask(&host, "base", JOB_RESTART), JOB_DONE);
	expect(&host, "base=active b=inactive");
	host_fini(&host);
}

static void cases_61_to_65_restarts_end_at_the_limit(void **state)
{
	static const struct {
		const char *what;
		int code;
		enum restart_rule rule;
		const char *force;
		int64_t burst;
		int runs;
		enum execution_result result;
		const char *state;
	} cases[] = {
		{"61", 1, RESTART_ON_FAILURE, NULL, 3, 3, RESULT_EXIT_CODE, "a=failed"},
		{"62", 0, RESTART_ALWAYS, NULL, 3, 3, RESULT_START_LIMIT_HIT, "a=failed"},
		{"63", 1, RESTART_ALWAYS, NULL, 2, 2, RESULT_EXIT_CODE, "a=failed"},
		{"65", 9, RESTART_NO, "9", 5, 5, RESULT_EXIT_CODE, "a=failed"},
		{"no restart", 0, RESTART_ON_FAILURE, NULL, 5, 1, RESULT_SUCCESS, "a=inactive"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct host host = host_of("a");
		struct unit *unit = service(&host, "a", cases[i].code, cases[i].rule);

		unit->config->start_limit_burst = cases[i].burst;
		if (cases[i].force) {
			unit->config->restart->codes = mem_new(struct restart_codes);
			strings_add(&unit->config->restart->codes->force.codes, cases[i].force);
		}
		ask(&host, "a", JOB_START);
		settle(&host, true);
		if (unit->runtime->runs != cases[i].runs || unit->result != cases[i].result)
			fail_msg("%s: %d runs, %s", cases[i].what, unit->runtime->runs,
				 execution_result_name(unit->result));
		expect(&host, cases[i].state);
		assert_int_equal(unit->restarts, cases[i].runs - (cases[i].runs == 1));
		host_fini(&host);
	}
}

static void case_62_a_start_is_refused_until_the_limit_is_forgotten(void **state)
{
	struct host host = host_of("a");
	struct unit *unit = service(&host, "a", 0, RESTART_ALWAYS);

	unit->config->start_limit_burst = 3;
	ask(&host, "a", JOB_START);
	settle(&host, true);
	assert_int_equal(ask(&host, "a", JOB_START), JOB_FAILED);
	forget_starts(unit);
	unit->runtime->exit_code = -1;
	assert_int_equal(ask(&host, "a", JOB_START), JOB_DONE);
	expect(&host, "a=active");
	host_fini(&host);
}

static void what_nobody_needs_any_more_stops(void **state)
{
	struct host host = host_of("a Requires=n Wants=m After=n,m; n unneeded; m unneeded;"
				   "o Wants=m");

	ask(&host, "a", JOB_START);
	ask(&host, "o", JOB_START);
	expect(&host, "a=active n=active m=active");
	ask(&host, "a", JOB_STOP);
	expect(&host, "n=inactive m=active");
	ask(&host, "o", JOB_STOP);
	expect(&host, "m=inactive");
	ask(&host, "n", JOB_START);
	expect(&host, "n=inactive");
	host_fini(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases_61_to_65_restarts_end_at_the_limit),
		cmocka_unit_test(case_62_a_start_is_refused_until_the_limit_is_forgotten),
		cmocka_unit_test(case_71_stop_takes_along_what_depends),
		cmocka_unit_test(cases_72_and_73_a_death_takes_along_what_is_bound),
		cmocka_unit_test(case_74_restart_gives_new_processes),
		cmocka_unit_test(case_75_conflicts_work_both_ways),
		cmocka_unit_test(case_76_requisite_has_to_be_there),
		cmocka_unit_test(case_77_a_failed_start_fails_who_waits_for_it),
		cmocka_unit_test(cases_79_to_81_what_cannot_be_starts_nothing),
		cmocka_unit_test(case_82_the_end_decides_what_starts),
		cmocka_unit_test(case_85_what_is_upheld_comes_back),
		cmocka_unit_test(what_is_upheld_and_fails_ends_at_its_limit),
		cmocka_unit_test(cases_86_and_87_an_automatic_restart_is_shared),
		cmocka_unit_test(who_is_bound_stays_down_after_a_stop_in_between),
		cmocka_unit_test(what_nobody_needs_any_more_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
