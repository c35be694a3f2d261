/* Automatic restarts.  The pause is counted on a clock that goes on while no daemon lives, and stands in the
 * unit's record. */
#include "unit/units_private.h"

#include "base/time.h"

static void fire(void *data)
{
	struct unit_runtime *runtime = data;
	struct units *units = runtime->units;
	struct unit *unit = runtime->unit;

	runtime->restart = NULL;
	runtime->restart_at_ns = 0;
	if (job_will_stop(unit))
		return; /* it comes next */
	runtime->automatic = true;
	unit->restarts++;
	units_say(units, unit, 6, "%s: Scheduled restart job, restart counter is at %u.",
		  unit->name, unit->restarts);
	units_enqueue(units, unit, JOB_RESTART, JOB_REPLACE);
	if (unit->job) {
		unit->job->automatic = true;
	} else {
		unit_set_sub(units, unit, SUB_FAILED, RESULT_RESOURCES);
		unit_settle(units, unit);
	}
}

void restart_resume(struct unit_runtime *runtime)
{
	int64_t left = runtime->restart_at_ns - time_monotonic_ns();

	deadline_cancel(&runtime->restart);
	runtime->restart = deadline_start(
		runtime->units->loop, left > 0 ? (uint64_t)((left + NS_PER_MS - 1) / NS_PER_MS) : 0,
		fire, runtime);
}

void restart_later(struct unit_runtime *runtime)
{
	struct unit *unit = runtime->unit;
	int64_t delay = decide_restart_delay_us(unit->config->restart, unit->restarts + 1);

	runtime->restart_at_ns = time_monotonic_ns() + delay * 1000;
	restart_resume(runtime);
}

void restart_cancel(struct unit_runtime *runtime)
{
	deadline_cancel(&runtime->restart);
	runtime->restart_at_ns = 0;
}
