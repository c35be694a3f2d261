/* Random graphs of units in random states with random queues: whatever a transaction is, it holds
 * what is written here.  The seed is printed when something does not; WHERRY_SEED repeats it. */
#include "unit/job_type.h"
#include "unit/transaction.h"
#include "unit/unit_sample.h"

#include <time.h>

enum { UNITS = 12, ROUNDS = 10000 };

static uint64_t seed, state_of_random;

static uint32_t random_below(uint32_t limit)
{
	state_of_random ^= state_of_random << 13;
	state_of_random ^= state_of_random >> 7;
	state_of_random ^= state_of_random << 17;
	return (uint32_t)(state_of_random >> 33) % limit;
}

#define check(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail_msg("WHERRY_SEED=%llu: " #condition, (unsigned long long)seed);       \
	} while (0)

static int begin(void **state)
{
	const char *given = getenv("WHERRY_SEED");
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (!given || !parse_u64(given, &seed))
		seed = (uint64_t)now.tv_nsec << 20 ^ (uint64_t)now.tv_sec;
	return 0;
}

/* ---- graphs ---- */

static void random_dependencies(struct unit_config *config, const enum dependency *kinds,
				size_t count, uint32_t first)
{
	char name[16];

	for (uint32_t n = random_below(4); n > 0; n--) {
		snprintf(name, sizeof(name), "u%u", first + random_below(UNITS - first));
		sample_depend(config, kinds[random_below((uint32_t)count)], name, false);
	}
}

static void random_state(struct unit *unit)
{
	static const enum sub_state subs[] = {SUB_DEAD,	  SUB_DEAD,  SUB_RUNNING, SUB_RUNNING,
					      SUB_FAILED, SUB_START, SUB_STOP,	  SUB_RELOAD};
	static const char *const jobs[] = {"start", "stop", "restart"};

	unit->sub = subs[random_below(array_length(subs))];
	if (!random_below(6))
		sample_job(unit, jobs[random_below(array_length(jobs))]);
}

static struct unit_set random_set(void)
{
	static const enum dependency kinds[] = {
		DEPENDENCY_REQUIRES, DEPENDENCY_REQUIRES,  DEPENDENCY_REQUISITE,
		DEPENDENCY_WANTS,    DEPENDENCY_WANTS,	   DEPENDENCY_BINDS_TO,
		DEPENDENCY_PART_OF,  DEPENDENCY_CONFLICTS, DEPENDENCY_PROPAGATES_STOP_TO,
		DEPENDENCY_UPHOLDS,  DEPENDENCY_AFTER,	   DEPENDENCY_BEFORE,
		DEPENDENCY_AFTER,    DEPENDENCY_BEFORE,
	};
	struct unit_set set = {0};
	char name[16];

	for (int i = 0; i < UNITS; i++) {
		snprintf(name, sizeof(name), "u%d", i);
		struct unit *unit = unit_set_get(&set, sample_name(name));
		struct unit_config *config =
			sample_config(unit->name, random_below(20) ? LOAD_LOADED : LOAD_NOT_FOUND);

		config->allow_isolate = true;
		random_dependencies(config, kinds, array_length(kinds), 0);
		unit_set_config(&set, unit, config);
		random_state(unit);
	}
	return set;
}

/* ---- what holds ---- */

static const struct planned_job *job_of(const struct transaction *t, const struct unit *unit)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->jobs[i].unit == unit)
			return &t->jobs[i];
	return NULL;
}

static bool is_canceled(const struct transaction *t, const struct unit *unit)
{
	for (size_t i = 0; i < t->canceled_count; i++)
		if (t->canceled[i] == unit)
			return true;
	return false;
}

/* What will be queued of the unit once the transaction is installed; JOB_TYPES: nothing. */
static enum job_type type_then(const struct transaction *t, const struct unit *unit)
{
	const struct planned_job *job = job_of(t, unit);

	if (job)
		return job->type;
	return unit->job && !is_canceled(t, unit) ? (enum job_type)unit->job->type : JOB_TYPES;
}

static bool starts(enum job_type type)
{
	return type == JOB_START || type == JOB_RESTART;
}

static bool will_be_up(const struct transaction *t, const struct unit *unit)
{
	const struct planned_job *job = job_of(t, unit);

	return job ? starts(job->type) || job->type == JOB_RELOAD || job->type == JOB_VERIFY
		   : job_type_is_redundant(JOB_START, unit);
}

static bool will_be_down(const struct transaction *t, const struct unit *unit)
{
	const struct planned_job *job = job_of(t, unit);

	return job ? job->type == JOB_STOP : job_type_is_redundant(JOB_STOP, unit);
}

/* Each start has what it requires and none that it conflicts with. */
static void check_start(const struct transaction *t, const struct unit *unit)
{
	for (size_t i = 0; i < unit->edge_count; i++) {
		const struct unit *other = unit->edges[i].unit;

		switch (unit->edges[i].kind) {
		case DEPENDENCY_REQUIRES:
		case DEPENDENCY_BINDS_TO:
		case DEPENDENCY_REQUISITE:
			check(will_be_up(t, other));
			break;
		case DEPENDENCY_CONFLICTS:
			check(will_be_down(t, other));
			break;
		default:
			break;
		}
	}
}

/* Each stop takes along those that cannot be without the unit. */
static void check_stop(const struct transaction *t, const struct unit *unit)
{
	for (size_t i = 0; i < unit->edge_count; i++)
		switch (unit->edges[i].kind) {
		case DEPENDENCY_REQUIRED_BY:
		case DEPENDENCY_REQUISITE_OF:
		case DEPENDENCY_BOUND_BY:
		case DEPENDENCY_CONSISTS_OF:
		case DEPENDENCY_PROPAGATES_STOP_TO:
			check(will_be_down(t, unit->edges[i].unit));
			break;
		default:
			break;
		}
}

static void check_jobs(const struct transaction *t, enum job_mode mode)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct planned_job *job = &t->jobs[i];

		check(job->type < JOB_NOP);
		check(job_of(t, job->unit) == job);
		check(!job->unit->job || is_canceled(t, job->unit) ||
		      !job_types_conflict(job->unit->job->type, job->type));
		check(mode != JOB_FAIL || !is_canceled(t, job->unit));
		if (job->unit->job && !is_canceled(t, job->unit))
			continue; /* is part of what was queued, which came with its own */
		if (job->type == JOB_START && !job_type_is_redundant(JOB_START, job->unit))
			check_start(t, job->unit);
		if (job->type == JOB_STOP && !job_type_is_redundant(JOB_STOP, job->unit))
			check_stop(t, job->unit);
	}
}

/* May the unit's job go now, given what is still queued of each? */
static bool is_ready(const enum job_type *left, const struct unit_set *set, size_t at)
{
	const struct unit *unit = set->items[at];

	for (size_t i = 0; i < set->count; i++)
		for (size_t k = 0; left[i] != JOB_TYPES && k < unit->edge_count; k++) {
			const struct unit_edge *edge = &unit->edges[k];
			bool after = edge->kind == DEPENDENCY_AFTER;

			if (edge->unit == set->items[i] &&
			    (after || edge->kind == DEPENDENCY_BEFORE) &&
			    job_type_waits(left[at], left[i], after))
				return false;
		}
	return true;
}

/* Let each job that may go be done, until none moves; a restart goes twice. */
static void run_jobs(enum job_type *left, const struct unit_set *set)
{
	bool moved = true;

	while (moved) {
		moved = false;
		for (size_t i = 0; i < set->count; i++) {
			if (left[i] == JOB_TYPES || !is_ready(left, set, i))
				continue;
			left[i] = left[i] == JOB_RESTART ? JOB_START : JOB_TYPES;
			moved = true;
		}
	}
}

/* Every planned job has its turn some time, unless what chance has queued before it waits for itself. */
static void check_order(const struct transaction *t, const struct unit_set *set)
{
	enum job_type before[UNITS], left[UNITS];

	for (size_t i = 0; i < set->count; i++)
		before[i] = job_of(t, set->items[i]) ? JOB_TYPES : type_then(t, set->items[i]);
	run_jobs(before, set);
	for (size_t i = 0; i < set->count; i++)
		left[i] = before[i] == JOB_TYPES ? type_then(t, set->items[i]) : JOB_TYPES;
	run_jobs(left, set);
	for (size_t i = 0; i < set->count; i++)
		check(left[i] == JOB_TYPES || !job_of(t, set->items[i]));
}

static void check_marks(const struct unit_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		check(set->items[i]->mark == 0);
}

static void transactions_never_contradict_and_their_order_has_no_cycle(void **state)
{
	static const enum job_type types[] = {JOB_START, JOB_START, JOB_STOP, JOB_RESTART,
					      JOB_TRY_RESTART};
	static const enum job_mode modes[] = {JOB_REPLACE, JOB_REPLACE, JOB_FAIL, JOB_ISOLATE,
					      JOB_FLUSH};
	size_t built = 0;

	for (int round = 0; round < ROUNDS; round++, seed++) {
		state_of_random = seed * 2654435761u + 88172645463325252u;
		struct unit_set set = random_set();
		struct transaction t;
		struct error err = {0};
		enum job_type type = types[random_below(array_length(types))];
		enum job_mode mode = modes[random_below(array_length(modes))];
		struct unit *anchor = set.items[random_below(UNITS)];

		if (transaction_build(&set, anchor, type, mode, &t, &err)) {
			check(!t.count || t.jobs[0].unit == anchor);
			check_jobs(&t, mode);
			check_order(&t, &set);
			built++;
		} else {
			check(err.kind != ERROR_NONE && !t.count && !t.canceled_count);
		}
		check_marks(&set);
		transaction_fini(&t);
		unit_set_fini(&set);
	}
	check(built > ROUNDS / 4);
}

/* ---- stops ---- */

static void close_over_requirers(const struct unit *unit, bool *reached, const struct unit_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set->items[i] != unit || reached[i])
			continue;
		reached[i] = true;
		for (size_t k = 0; k < unit->edge_count; k++)
			switch (unit->edges[k].kind) {
			case DEPENDENCY_REQUIRED_BY:
			case DEPENDENCY_REQUISITE_OF:
			case DEPENDENCY_BOUND_BY:
			case DEPENDENCY_CONSISTS_OF:
			case DEPENDENCY_PROPAGATES_STOP_TO:
				close_over_requirers(unit->edges[k].unit, reached, set);
				break;
			default:
				break;
			}
	}
}

/* Order only downwards, so that it has no cycle. */
static struct unit_set running_set(void)
{
	static const enum dependency needs[] = {
		DEPENDENCY_REQUIRES, DEPENDENCY_REQUISITE, DEPENDENCY_WANTS,
		DEPENDENCY_BINDS_TO, DEPENDENCY_PART_OF,   DEPENDENCY_PROPAGATES_STOP_TO,
		DEPENDENCY_UPHOLDS,
	};
	static const enum dependency order[] = {DEPENDENCY_AFTER};
	struct unit_set set = {0};
	char name[16];

	for (uint32_t i = 0; i < UNITS; i++) {
		snprintf(name, sizeof(name), "u%u", i);
		struct unit *unit = unit_set_get(&set, sample_name(name));
		struct unit_config *config = sample_config(unit->name, LOAD_LOADED);

		random_dependencies(config, needs, array_length(needs), 0);
		if (i + 1 < UNITS)
			random_dependencies(config, order, 1, i + 1);
		unit_set_config(&set, unit, config);
	}
	for (size_t i = 0; i < set.count; i++)
		set.items[i]->sub = SUB_RUNNING;
	return set;
}

static void a_stop_stops_exactly_those_that_need_the_unit(void **state)
{
	for (int round = 0; round < ROUNDS; round++, seed++) {
		state_of_random = seed * 2654435761u + 88172645463325252u;
		struct unit_set set = running_set();
		struct unit *anchor = set.items[random_below(UNITS)];
		struct transaction t;
		struct error err = {0};
		bool reached[UNITS] = {0};

		check(transaction_build(&set, anchor, JOB_STOP, JOB_REPLACE, &t, &err));
		close_over_requirers(anchor, reached, &set);
		for (size_t i = 0; i < set.count; i++) {
			const struct planned_job *job = job_of(&t, set.items[i]);

			check(!!job == reached[i]);
			check(!job || job->type == JOB_STOP);
		}
		transaction_fini(&t);
		unit_set_fini(&set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(transactions_never_contradict_and_their_order_has_no_cycle,
				       begin),
		cmocka_unit_test_setup(a_stop_stops_exactly_those_that_need_the_unit, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
