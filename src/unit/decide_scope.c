#include "unit/decide.h"

#include <signal.h>

static bool is_of_another_run(const struct scope_facts *facts)
{
	return !str_is_empty(facts->owner_run) && !str_is_empty(facts->container_run) &&
	       !str_equal(facts->owner_run, facts->container_run);
}

enum sub_state decide_scope(const struct scope_facts *facts)
{
	if (facts->stopping)
		return SUB_STOP_SIGTERM;
	return !facts->owner_there || is_of_another_run(facts) ? SUB_ABANDONED : SUB_RUNNING;
}

enum execution_result decide_scope_end(bool stopping, int stop_signal, int64_t code)
{
	return stopping && stop_signal != SIGKILL && code == 128 + SIGKILL ? RESULT_TIMEOUT
									   : RESULT_SUCCESS;
}
