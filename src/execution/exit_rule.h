/* Which ends of a process count as success. */
#pragma once

#include "execution/plan.h"
#include "execution/status.h"

bool exit_set_contains(const struct exit_set *set, enum process_end end, int32_t status);

/* Exit code 0, or what SuccessExitStatus= lists; `daemon`: also HUP, INT, TERM and PIPE, as main processes may
 * end (but not of a oneshot). */
bool exit_is_clean(const struct exit_set *success, enum process_end end, int32_t status,
		   bool daemon);

/* RESULT_SUCCESS, EXIT_CODE, SIGNAL or CORE_DUMP. */
enum execution_result exit_result(const struct exit_set *success, enum process_end end,
				  int32_t status, bool daemon);

/* "TERM" for 15; "RTMIN+3"; never NULL. */
const char *exit_signal_name(int32_t signal);
