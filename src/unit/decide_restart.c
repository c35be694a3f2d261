#include "unit/decide.h"

#include "base/signal_name.h"
#include "base/time.h"

#include <math.h>

#define ON(result) (1u << RESULT_##result)

enum {
	ABNORMAL = ON(TIMEOUT) | ON(PROTOCOL) | ON(RESOURCES) | ON(OOM_KILL),
	DEADLY = ON(SIGNAL) | ON(CORE_DUMP),
};

/* The table of docs/units.md: after which results. */
static const uint32_t restarts_after[] = {
	[RESTART_NO] = 0,
	[RESTART_ALWAYS] = ON(SUCCESS) | ON(EXIT_CODE) | DEADLY | ABNORMAL | ON(WATCHDOG),
	[RESTART_ON_SUCCESS] = ON(SUCCESS),
	[RESTART_ON_FAILURE] = ON(EXIT_CODE) | DEADLY | ABNORMAL | ON(WATCHDOG),
	[RESTART_ON_ABNORMAL] = DEADLY | ABNORMAL | ON(WATCHDOG),
	[RESTART_ON_ABORT] = DEADLY,
	[RESTART_ON_WATCHDOG] = ON(WATCHDOG),
};

static bool has_code(const struct strings *codes, int32_t status)
{
	int32_t code;

	for (size_t i = 0; i < codes->count; i++)
		if (exit_status_from_name(codes->items[i], &code) && code == status)
			return true;
	return false;
}

static bool has_signal(const struct strings *signals, int32_t status)
{
	for (size_t i = 0; i < signals->count; i++)
		if (signal_from_name(signals->items[i]) == status)
			return true;
	return false;
}

static bool set_has(const struct exit_set *set, const struct execution_process *process)
{
	if (!process->pid || process->end == PROCESS_RUNS)
		return false;
	return process->end == PROCESS_EXITED ? has_code(&set->codes, process->status)
					      : has_signal(&set->signals, process->status);
}

bool decide_restart(const struct restart_config *config, enum execution_result result,
		    const struct execution_process *main, bool stopped_by_job)
{
	const struct restart_codes *codes = config ? config->codes : NULL;

	if (!config || stopped_by_job || result == RESULT_EXEC_CONDITION ||
	    result == RESULT_START_LIMIT_HIT || (codes && set_has(&codes->prevent, main)))
		return false;
	return (codes && set_has(&codes->force, main)) ||
	       (restarts_after[config->rule] & 1u << result);
}

int64_t decide_restart_delay_us(const struct restart_config *config, uint32_t n)
{
	double first = (double)config->delay_us, most = (double)config->max_delay_us;

	if (n <= 1 || config->steps <= 0 || config->delay_us <= 0 ||
	    config->max_delay_us <= config->delay_us)
		return config->delay_us;
	if (n > config->steps)
		return config->max_delay_us;
	return llround(first * pow(most / first, (double)(n - 1) / (double)config->steps));
}

/* What only holds others together starts as often as these do, and must not fail them. */
static const bool is_limited[UNIT_TYPES] = {
	[UNIT_SERVICE] = true, [UNIT_SOCKET] = true, [UNIT_TIMER] = true,
	[UNIT_PATH] = true,    [UNIT_MOUNT] = true,
};

bool decide_start_limit(struct unit *unit, int64_t now_monotonic_ns)
{
	int64_t interval_ns = unit->config->start_limit_interval_us * 1000;
	int64_t burst = unit->config->start_limit_burst;

	if (interval_ns <= 0 || burst <= 0 || !is_limited[unit->config->type])
		return true;
	if (!unit->start_count || now_monotonic_ns - unit->start_window_ns > interval_ns) {
		unit->start_window_ns = now_monotonic_ns;
		unit->start_count = 0;
	}
	return unit->start_count++ < burst;
}

void forget_starts(struct unit *unit)
{
	unit->start_window_ns = 0;
	unit->start_count = 0;
}
