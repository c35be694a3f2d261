#include "base/test.h"

#include "base/memory.h"
#include "base/time.h"
#include "shim/loop.h"

#include <unistd.h>

struct ticker {
	struct source source;
	struct deadline deadline;
	struct loop *loop;
	struct ticker *victim; /* stops watching this one */
	int calls;
};

static void count_call(struct source *source, uint32_t events)
{
	struct ticker *t = container_of(source, struct ticker, source);

	t->calls++;
	loop_watch(t->loop, source, 0);
	if (t->victim)
		loop_watch(t->loop, &t->victim->source, 0);
}

static void end_loop(struct deadline *deadline)
{
	struct ticker *t = container_of(deadline, struct ticker, deadline);

	t->calls++;
	loop_end(t->loop);
}

static void no_round(void *context)
{
}

static void a_source_that_another_one_removed_is_not_called(void **state)
{
	struct loop loop;
	struct error err;
	int pipes[2];
	assert_true(loop_init(&loop, &err));
	assert_int_equal(pipe(pipes), 0);
	struct ticker a = {.source = {.fd = pipes[1], .ready = count_call}, .loop = &loop};
	struct ticker b = {.source = {.fd = dup(pipes[1]), .ready = count_call}, .loop = &loop};
	struct ticker end = {.deadline.passed = end_loop, .loop = &loop};

	a.victim = &b;
	b.victim = &a;
	loop_watch(&loop, &a.source, EPOLLOUT);
	loop_watch(&loop, &b.source, EPOLLOUT);
	loop_set_deadline(&loop, &end.deadline, time_monotonic_ns());
	loop_run(&loop, no_round, NULL);
	assert_int_equal(a.calls + b.calls, 1);
	assert_int_equal(end.calls, 1);
	close(b.source.fd);
	close(pipes[0]);
	close(pipes[1]);
	close(loop.epoll);
}

static void deadlines_come_in_order_and_can_be_taken_back(void **state)
{
	struct loop loop;
	struct error err;
	assert_true(loop_init(&loop, &err));
	struct ticker taken_back = {.deadline.passed = end_loop, .loop = &loop};
	struct ticker first = {.deadline.passed = end_loop, .loop = &loop};
	struct ticker late = {.deadline.passed = end_loop, .loop = &loop};
	int64_t now = time_monotonic_ns();

	loop_set_deadline(&loop, &late.deadline, now + 3600 * NS_PER_SECOND);
	loop_set_deadline(&loop, &taken_back.deadline, now);
	loop_set_deadline(&loop, &first.deadline, now + NS_PER_MS);
	loop_set_deadline(&loop, &taken_back.deadline, 0);
	loop_run(&loop, no_round, NULL);
	assert_int_equal(taken_back.calls, 0);
	assert_int_equal(first.calls, 1);
	assert_int_equal(late.calls, 0);
	close(loop.epoll);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_that_another_one_removed_is_not_called),
		cmocka_unit_test(deadlines_come_in_order_and_can_be_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
