#include "unit/decide.h"

#include "base/test.h"

#define S   INT64_C(1000000)
#define MIN (60 * S)
#define DAY (86400 * S)

/* 2026-11-21 12:00:00 UTC, an hour after boot. */
#define NOON INT64_C(1795262400000000)
#define HOUR (3600 * S)

struct timer_case {
	const char *what;
	struct timer_point points[2];
	struct timer_moments moments;
	int64_t realtime_us, monotonic_us; /* wanted */
};

static void check_timer(const struct timer_case *c)
{
	struct timer_config config = {.points = (struct timer_point *)c->points,
				      .count = c->points[1].span_us ? 2 : 1};
	struct timer_next next = decide_timer(&config, &c->moments, NOON, HOUR, 0);

	if (next.realtime_us != c->realtime_us || next.monotonic_us != c->monotonic_us)
		fail_msg("%s: %lld %lld", c->what, (long long)next.realtime_us,
			 (long long)next.monotonic_us);
}

static void spans_count_from_their_base(void **state)
{
	static const struct timer_case cases[] = {
		{"OnActive", {{TIMER_ACTIVE, 5 * MIN}}, {.activated_us = HOUR}, -1, HOUR + 5 * MIN},
		{"OnBoot", {{TIMER_BOOT, 2 * HOUR}}, {.activated_us = HOUR}, -1, 2 * HOUR},
		{"OnBoot has passed: at once",
		 {{TIMER_BOOT, MIN}},
		 {.activated_us = HOUR},
		 -1,
		 MIN},
		{"OnStartup",
		 {{TIMER_STARTUP, HOUR}},
		 {.startup_us = 10 * MIN},
		 -1,
		 HOUR + 10 * MIN},
		{"OnUnitActive, not yet",
		 {{TIMER_UNIT_ACTIVE, MIN}},
		 {.activated_us = HOUR},
		 -1,
		 -1},
		{"OnUnitActive",
		 {{TIMER_UNIT_ACTIVE, MIN}},
		 {.unit_active_us = HOUR - S},
		 -1,
		 HOUR + MIN - S},
		{"OnUnitActive from the last trigger",
		 {{TIMER_UNIT_ACTIVE, MIN}},
		 {.unit_active_us = MIN, .last_trigger_us = HOUR},
		 -1,
		 HOUR + MIN},
		{"OnUnitInactive",
		 {{TIMER_UNIT_INACTIVE, MIN}},
		 {.unit_inactive_us = HOUR - S},
		 -1,
		 HOUR + MIN - S},
		{"OnUnitInactive, not yet",
		 {{TIMER_UNIT_INACTIVE, MIN}},
		 {.unit_active_us = HOUR},
		 -1,
		 -1},
		{"the earlier of two",
		 {{TIMER_ACTIVE, 5 * MIN}, {TIMER_BOOT, HOUR + MIN}},
		 {.activated_us = HOUR},
		 -1,
		 HOUR + MIN},
		{"once only",
		 {{TIMER_ACTIVE, 5 * MIN}},
		 {.activated_us = 10 * MIN, .last_trigger_us = 15 * MIN},
		 -1,
		 -1},
		{"once, then again and again",
		 {{TIMER_BOOT, 5 * MIN}, {TIMER_UNIT_ACTIVE, HOUR}},
		 {.last_trigger_us = 5 * MIN, .unit_active_us = 5 * MIN},
		 -1,
		 HOUR + 5 * MIN},
		{"an earlier trigger is not this one",
		 {{TIMER_ACTIVE, 5 * MIN}},
		 {.activated_us = HOUR, .last_trigger_us = 15 * MIN},
		 -1,
		 HOUR + 5 * MIN},
	};

	for (size_t i = 0; i < array_length(cases); i++)
		check_timer(&cases[i]);
}

static void calendars_count_from_the_last_run(void **state)
{
	static const struct {
		const char *what, *calendar;
		struct timer_moments moments;
		int64_t realtime_us;
	} cases[] = {
		{"from the start of the timer",
		 "*-*-* 13:00:00 UTC",
		 {.activated_us = HOUR, .startup_us = 10 * S},
		 NOON + HOUR},
		{"what fell between its start and now",
		 "*-*-* 11:30:00 UTC",
		 {.activated_us = 20 * MIN, .startup_us = 10 * S},
		 NOON - 30 * MIN},
		{"the next after the last run",
		 "*-*-* 12:00:00 UTC",
		 {.activated_us = MIN, .startup_us = S, .last_trigger_realtime_us = NOON - S},
		 NOON},
		{"not twice",
		 "*-*-* 11:30:00 UTC",
		 {.activated_us = MIN,
		  .startup_us = S,
		  .last_trigger_realtime_us = NOON - 30 * MIN},
		 NOON - 30 * MIN + DAY},
		{"missed while down: once, as of the begin of the daemon",
		 "*-*-* 04:00:00 UTC",
		 {.activated_us = MIN,
		  .startup_us = MIN,
		  .last_trigger_realtime_us = NOON - 5 * DAY},
		 NOON - HOUR + MIN},
		{"a stamp of the future",
		 "*-*-* 13:00:00 UTC",
		 {.activated_us = MIN, .startup_us = S, .last_trigger_realtime_us = NOON + 9 * DAY},
		 NOON + HOUR},
		{"never again",
		 "2020-01-01 00:00:00 UTC",
		 {.activated_us = MIN, .startup_us = S},
		 -1},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct error err;
		struct timer_point point = {TIMER_CALENDAR, 0,
					    calendar_parse(cases[i].calendar, &err)};
		struct timer_config config = {.points = &point, .count = 1};
		struct timer_next next = decide_timer(&config, &cases[i].moments, NOON, HOUR, 0);

		if (next.realtime_us != cases[i].realtime_us || next.monotonic_us != -1)
			fail_msg("%s: %lld", cases[i].what, (long long)next.realtime_us);
		calendar_free(point.calendar);
	}
}

static void a_random_delay_stays_within_its_bound(void **state)
{
	struct timer_point point = {TIMER_BOOT, HOUR};
	struct timer_config config = {.points = &point, .count = 1, .randomized_delay_us = 10};
	const struct timer_moments moments = {0};

	for (uint64_t random = 0; random < 30; random++)
		assert_int_equal(decide_timer(&config, &moments, NOON, HOUR, random).monotonic_us,
				 HOUR + (int64_t)(random % 11));
	assert_in_range(decide_timer(&config, &moments, NOON, HOUR, UINT64_MAX).monotonic_us, HOUR,
			HOUR + 10);
}

static void one_wake_serves_those_that_follow_soon(void **state)
{
	static const struct {
		const char *what;
		struct timer_window windows[4];
		size_t count;
		int64_t wake;
	} cases[] = {
		{"none", {{0}}, 0, -1},
		{"never", {{-1, MIN}}, 1, -1},
		{"alone: on time", {{5 * S, MIN}}, 1, 5 * S},
		{"the first waits for the second", {{5 * S, MIN}, {60 * S, MIN}}, 2, 60 * S},
		{"but not too long", {{5 * S, MIN}, {66 * S, MIN}}, 2, 5 * S},
		{"nor for others' sake",
		 {{5 * S, MIN}, {10 * S, S}, {12 * S, S}, {-1, 0}},
		 4,
		 10 * S},
		{"exact ones are exact", {{5 * S, 0}, {5 * S + 1, 0}}, 2, 5 * S},
	};

	for (size_t i = 0; i < array_length(cases); i++)
		if (decide_wake(cases[i].windows, cases[i].count) != cases[i].wake)
			fail_msg("%s", cases[i].what);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_count_from_their_base),
		cmocka_unit_test(calendars_count_from_the_last_run),
		cmocka_unit_test(a_random_delay_stays_within_its_bound),
		cmocka_unit_test(one_wake_serves_those_that_follow_soon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
