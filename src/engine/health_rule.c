#include "engine/health_rule.h"

#include "base/memory.h"
#include "base/time.h"

static int64_t or_default(int64_t value, int64_t fallback)
{
	return value > 0 ? value : fallback;
}

struct health_times health_times_of(const struct image_healthcheck *check)
{
	return (struct health_times){
		.interval = or_default(check->interval, 30 * NS_PER_SECOND),
		.timeout = or_default(check->timeout, 30 * NS_PER_SECOND),
		.start_period = check->start_period,
		.start_interval = or_default(check->start_interval, 5 * NS_PER_SECOND),
		.retries = or_default(check->retries, 3),
	};
}

bool healthcheck_is_set(const struct image_healthcheck *check)
{
	return check && check->test.count > 0 && !str_equal(check->test.items[0], "NONE");
}

struct strings health_command(const struct image_healthcheck *check, const struct strings *shell)
{
	struct strings command = {0};

	if (str_equal(check->test.items[0], "CMD-SHELL")) {
		if (shell && shell->count > 0) {
			command = strings_copy(shell);
		} else {
			strings_add(&command, "/bin/sh");
			strings_add(&command, "-c");
		}
	}
	for (size_t i = 1; i < check->test.count; i++)
		strings_add(&command, check->test.items[i]);
	return command;
}

struct health_status health_after(const struct health_times *times, struct health_status before,
				  int64_t exit_code, int64_t since_start)
{
	struct health_status after = before;

	if (exit_code == 0)
		return (struct health_status){HEALTH_HEALTHY, 0};
	if (before.state == HEALTH_STARTING && since_start < times->start_period)
		return before;
	after.failing_streak++;
	if (after.failing_streak >= times->retries)
		after.state = HEALTH_UNHEALTHY;
	return after;
}

int64_t health_pause(const struct health_times *times, enum health_state state, int64_t since_start)
{
	if (state == HEALTH_STARTING && since_start < times->start_period)
		return times->start_interval < times->interval ? times->start_interval
							       : times->interval;
	return times->interval;
}
