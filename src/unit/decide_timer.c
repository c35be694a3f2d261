#include "unit/decide.h"

static int64_t earlier(int64_t a, int64_t b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The moment of the monotonic clock as the wall clock has it now. */
static int64_t as_realtime(int64_t moment_us, int64_t realtime_us, int64_t monotonic_us)
{
	return realtime_us - (monotonic_us - moment_us);
}

/* Counted from the last run, so that a missed one is found in the past; from the timer's start if it never ran.  Of
 * what was missed before the daemon began, the daemon's begin is the moment: RandomizedDelaySec= spreads it. */
static int64_t next_on_calendar(const struct calendar *calendar,
				const struct timer_moments *moments, int64_t realtime_us,
				int64_t monotonic_us)
{
	int64_t from = realtime_us;
	int64_t startup = as_realtime(moments->startup_us, realtime_us, monotonic_us);

	if (moments->last_trigger_realtime_us > 0 &&
	    moments->last_trigger_realtime_us < realtime_us)
		from = moments->last_trigger_realtime_us;
	else if (!moments->last_trigger_realtime_us && moments->activated_us > 0)
		from = as_realtime(moments->activated_us, realtime_us, monotonic_us);
	int64_t next = calendar_next(calendar, from);
	return next < 0 ? -1 : later(next, startup);
}

/* What a span counts from; 0: that has not been yet. */
static int64_t base_of(enum timer_base base, const struct timer_moments *moments, bool *once)
{
	*once = base == TIMER_ACTIVE || base == TIMER_BOOT || base == TIMER_STARTUP;
	switch (base) {
	case TIMER_ACTIVE:
		return moments->activated_us;
	case TIMER_STARTUP:
		return moments->startup_us;
	case TIMER_UNIT_ACTIVE:
		return later(moments->unit_active_us, moments->last_trigger_us);
	case TIMER_UNIT_INACTIVE:
		return later(moments->unit_inactive_us, moments->last_trigger_us);
	case TIMER_BOOT:
	case TIMER_CALENDAR:
		break;
	}
	return 0;
}

static int64_t next_of_span(const struct timer_point *point, const struct timer_moments *moments)
{
	bool once;
	int64_t base = base_of(point->base, moments, &once);

	if (!base && point->base != TIMER_BOOT)
		return -1;
	int64_t next = base + point->span_us;
	bool served = once && moments->last_trigger_us && next <= moments->last_trigger_us;
	return served ? -1 : next;
}

struct timer_next decide_timer(const struct timer_config *config,
			       const struct timer_moments *moments, int64_t realtime_us,
			       int64_t monotonic_us, uint64_t random)
{
	struct timer_next next = {-1, -1};
	int64_t delay = config->randomized_delay_us;

	for (size_t i = 0; i < config->count; i++) {
		const struct timer_point *point = &config->points[i];

		if (point->base == TIMER_CALENDAR)
			next.realtime_us = earlier(next.realtime_us,
						   next_on_calendar(point->calendar, moments,
								    realtime_us, monotonic_us));
		else
			next.monotonic_us =
				earlier(next.monotonic_us, next_of_span(point, moments));
	}
	delay = delay > 0 ? (int64_t)(random % ((uint64_t)delay + 1)) : 0;
	if (next.realtime_us >= 0)
		next.realtime_us += delay;
	if (next.monotonic_us >= 0)
		next.monotonic_us += delay;
	return next;
}

int64_t decide_wake(const struct timer_window *windows, size_t count)
{
	int64_t latest = -1, wake = -1;

	for (size_t i = 0; i < count; i++)
		if (windows[i].at_us >= 0)
			latest = earlier(latest, windows[i].at_us + windows[i].accuracy_us);
	for (size_t i = 0; i < count; i++)
		if (windows[i].at_us >= 0 && windows[i].at_us <= latest)
			wake = later(wake, windows[i].at_us);
	return wake;
}
