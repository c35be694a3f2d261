/* What deciding about many units costs:
 *
 *	unit_graph [UNITS]
 *
 * Builds the graph of UNITS (5000) services with the usual dependencies, wanted by one target;
 * decides about the start of that target, asks each queued job whether it may run as they end one
 * after the other, and decides about a stop of what all require.  Prints "graph MS start MS order
 * MS one MS stop MS kb N": of the processor; KB a unit of graph. */
#include "base/text.h"
#include "base/time.h"
#include "unit/decide.h"
#include "unit/dependency_pool.h"
#include "unit/name_pool.h"
#include "unit/transaction.h"

#include <malloc.h>
#include <stdio.h>
#include <time.h>

struct dependencies {
	struct unit_dependency *items;
	size_t count, capacity;
};

static void depend(struct dependencies *all, enum dependency kind, const char *name)
{
	struct unit_dependency d = {.kind = kind, .implicit = true, .name = name_pool_get(name)};

	vector_add(all, d);
}

static void give(struct dependencies *all, struct unit_config *config)
{
	config->dependency_count = all->count;
	config->dependencies = dependency_pool_get(all->items, all->count);
	vector_fini(all);
}

static struct unit_config *config_of(const char *name)
{
	struct unit_config *config = mem_new(struct unit_config);

	config->name = name_pool_get(name);
	config->load = LOAD_LOADED;
	return config;
}

static void add_targets(struct unit_set *set)
{
	static const char *const names[] = {"sysinit.target", "basic.target", "shutdown.target",
					    "system.slice"};

	for (size_t i = 0; i < array_length(names); i++) {
		struct unit *unit = unit_set_get(set, names[i]);

		unit_set_config(set, unit, config_of(names[i]));
		unit->sub = i == 2 ? SUB_DEAD : SUB_ACTIVE;
	}
}

/* As a file with WantedBy=, and every tenth of them also after and for the sake of its neighbour. */
static void add_service(struct unit_set *set, struct dependencies *target, int number)
{
	scoped_free char *name = str_format("service-%d.service", number);
	scoped_free char *next = str_format("service-%d.service", number + 1);
	struct unit_config *config = config_of(name);
	struct dependencies its = {0};

	depend(&its, DEPENDENCY_REQUIRES, "sysinit.target");
	depend(&its, DEPENDENCY_AFTER, "sysinit.target");
	depend(&its, DEPENDENCY_AFTER, "basic.target");
	depend(&its, DEPENDENCY_CONFLICTS, "shutdown.target");
	depend(&its, DEPENDENCY_BEFORE, "shutdown.target");
	depend(&its, DEPENDENCY_REQUIRES, "system.slice");
	depend(&its, DEPENDENCY_AFTER, "system.slice");
	if (number % 10) {
		depend(&its, DEPENDENCY_REQUIRES, next);
		depend(&its, DEPENDENCY_AFTER, next);
	}
	give(&its, config);
	unit_set_config(set, unit_set_get(set, name), config);
	depend(target, DEPENDENCY_WANTS, name);
	depend(target, DEPENDENCY_AFTER, name);
}

/* Of the processor: nothing here waits, and others may run. */
static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static double since_ms(int64_t began)
{
	return (double)(now_ns() - began) / (double)NS_PER_MS;
}

static double decide(struct unit_set *set, const char *name, enum job_type type,
		     struct transaction *t)
{
	struct error err;
	int64_t began = now_ns();

	if (!transaction_build(set, unit_set_find(set, name), type, JOB_REPLACE, t, &err)) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	return since_ms(began);
}

static void install(const struct transaction *t)
{
	for (size_t i = 0; i < t->count; i++) {
		struct job *job = mem_new(struct job);

		*job = (struct job){.unit = t->jobs[i].unit, .type = t->jobs[i].type};
		job->unit->job = job;
	}
}

/* Each job that may run is over at once, and those around it are asked. */
static void finish(struct unit *unit)
{
	free(unit->job);
	unit->job = NULL;
	unit->sub = SUB_RUNNING;
	for (size_t i = 0; i < unit->edge_count; i++) {
		struct unit *other = unit->edges[i].unit;

		if (unit->edges[i].kind == DEPENDENCY_BEFORE && other->job &&
		    decide_job(other->job) == JOB_RUNS)
			finish(other);
	}
}

static double run_all(const struct transaction *t)
{
	int64_t began = now_ns();

	for (size_t i = 0; i < t->count; i++)
		if (t->jobs[i].unit->job && decide_job(t->jobs[i].unit->job) == JOB_RUNS)
			finish(t->jobs[i].unit);
	double ms = since_ms(began);
	for (size_t i = 0; i < t->count; i++)
		if (t->jobs[i].unit->job)
			fprintf(stderr, "%s has not had its turn\n", t->jobs[i].unit->name);
	return ms;
}

int main(int argc, char **argv)
{
	uint64_t count = 5000;
	struct unit_set set = {0};
	struct transaction start, one, stop;

	if (argc > 1 && (!parse_u64(argv[1], &count) || count < 1 || count > 1000000))
		return 2;
	size_t before = mallinfo2().uordblks;
	int64_t began = now_ns();
	struct unit_config *target = config_of("multi-user.target");
	struct dependencies wanted = {0};
	add_targets(&set);
	for (uint64_t i = 1; i <= count; i++)
		add_service(&set, &wanted, (int)i);
	give(&wanted, target);
	unit_set_config(&set, unit_set_get(&set, "multi-user.target"), target);
	scoped_free char *last = str_format("service-%d.service", (int)count + 1);
	unit_set_config(&set, unit_set_get(&set, last), config_of(last));
	double graph_ms = since_ms(began);
	size_t memory = mallinfo2().uordblks - before;

	double one_ms = decide(&set, "service-1.service", JOB_START, &one);
	double start_ms = decide(&set, "multi-user.target", JOB_START, &start);
	install(&start);
	double order_ms = run_all(&start);
	double stop_ms = decide(&set, "system.slice", JOB_STOP, &stop);
	printf("graph %.2f start %.2f order %.2f one %.3f stop %.2f kb %.2f\n", graph_ms, start_ms,
	       order_ms, one_ms, stop_ms, (double)memory / 1024 / (double)count);
	transaction_fini(&start);
	transaction_fini(&one);
	transaction_fini(&stop);
	unit_set_fini(&set);
	return 0;
}
