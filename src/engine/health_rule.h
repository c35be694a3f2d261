/* What the result of a probe means: a pure decision. */
#pragma once

#include "engine/container.h"

/* Durations with Docker's defaults filled in, nanoseconds. */
struct health_times {
	int64_t interval, timeout, start_period, start_interval;
	int64_t retries;
};

struct health_times health_times_of(const struct image_healthcheck *check);

/* Is there a check at all?  {}, {"NONE"}: no. */
bool healthcheck_is_set(const struct image_healthcheck *check);

/* The command of a probe; `shell` NULL or empty: /bin/sh -c. */
struct strings health_command(const struct image_healthcheck *check, const struct strings *shell);

struct health_status {
	enum health_state state;
	int64_t failing_streak;
};

/* `since_start` when the probe began.  Failures in the start period do not count, one success makes
 * it healthy; after `retries` failures in a row it is unhealthy. */
struct health_status health_after(const struct health_times *times, struct health_status before,
				  int64_t exit_code, int64_t since_start);

/* Until the next probe. */
int64_t health_pause(const struct health_times *times, enum health_state state,
		     int64_t since_start);
