#include "project/leases.h"

#include "base/memory.h"
#include "base/test.h"

static void on_held(void *data)
{
	*(bool *)data = true;
}

static struct lease *ask(struct leases *leases, const char *project, const char *holder, bool *told)
{
	const struct lease_request request = {
		.project = project, .holder = holder, .held = on_held, .data = told};

	return leases_ask(leases, &request);
}

static void one_at_a_time_in_the_order_of_asking(void **state)
{
	struct leases *leases = leases_new();
	bool told[3] = {false};
	struct lease *up = ask(leases, "p", "up", &told[0]);
	struct lease *down = ask(leases, "p", "down", &told[1]);
	struct lease *scale = ask(leases, "p", "scale", &told[2]);

	assert_null(lease_waits_for(up));
	assert_string_equal(lease_waits_for(down), "up");
	assert_string_equal(lease_waits_for(scale), "up");
	lease_drop(up);
	assert_true(told[1] && !told[2]);
	assert_null(lease_waits_for(down));
	assert_string_equal(lease_waits_for(scale), "down");
	lease_drop(down);
	assert_true(told[2]);
	assert_false(told[0]); /* it had it at once */
	lease_drop(scale);
	leases_free(leases);
}

static void projects_do_not_wait_for_each_other(void **state)
{
	struct leases *leases = leases_new();
	bool told = false;
	struct lease *a = ask(leases, "a", "up", &told), *b = ask(leases, "b", "up", &told);

	assert_null(lease_waits_for(b));
	lease_drop(a);
	assert_false(told);
	lease_drop(b);
	leases_free(leases);
}

static void who_gives_up_waiting_is_passed_over(void **state)
{
	struct leases *leases = leases_new();
	bool told[3] = {false};
	struct lease *first = ask(leases, "p", "1", &told[0]);
	struct lease *second = ask(leases, "p", "2", &told[1]);
	struct lease *third = ask(leases, "p", "3", &told[2]);

	lease_drop(second);
	assert_string_equal(lease_waits_for(third), "1");
	lease_drop(first);
	assert_true(told[2] && !told[1]);
	lease_drop(third);
	leases_free(leases);
}

static void who_had_it_before_is_the_next(void **state)
{
	struct leases *leases = leases_new();
	bool told[3] = {false};
	const struct lease_request again = {
		.project = "p", .holder = "old", .again = true, .held = on_held, .data = &told[2]};
	struct lease *held = ask(leases, "p", "held", &told[0]);
	struct lease *waits = ask(leases, "p", "waits", &told[1]);
	struct lease *old = leases_ask(leases, &again);

	lease_drop(held);
	assert_true(told[2] && !told[1]);
	lease_drop(old);
	assert_true(told[1]);
	lease_drop(waits);
	leases_free(leases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_at_a_time_in_the_order_of_asking),
		cmocka_unit_test(projects_do_not_wait_for_each_other),
		cmocka_unit_test(who_gives_up_waiting_is_passed_over),
		cmocka_unit_test(who_had_it_before_is_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
