#include "execution/exit_rule.h"

#include <signal.h>
#include <stdio.h>

const char *exit_signal_name(int32_t signal)
{
	static char text[16];
	const char *name = sigabbrev_np(signal);

	if (name)
		return name;
	if (signal >= SIGRTMIN && signal <= SIGRTMAX)
		snprintf(text, sizeof(text), "RTMIN+%d", signal - SIGRTMIN);
	else
		snprintf(text, sizeof(text), "%d", signal);
	return text;
}

bool exit_set_contains(const struct exit_set *set, enum process_end end, int32_t status)
{
	char code[16];

	if (end != PROCESS_EXITED)
		return end != PROCESS_RUNS &&
		       strings_contain(&set->signals, exit_signal_name(status));
	snprintf(code, sizeof(code), "%d", status);
	return strings_contain(&set->codes, code);
}

static bool is_polite(int32_t signal)
{
	return signal == SIGHUP || signal == SIGINT || signal == SIGTERM || signal == SIGPIPE;
}

bool exit_is_clean(const struct exit_set *success, enum process_end end, int32_t status,
		   bool daemon)
{
	if (end == PROCESS_EXITED && status == 0)
		return true;
	if (end == PROCESS_KILLED && daemon && is_polite(status))
		return true;
	return exit_set_contains(success, end, status);
}

enum execution_result exit_result(const struct exit_set *success, enum process_end end,
				  int32_t status, bool daemon)
{
	if (exit_is_clean(success, end, status, daemon))
		return RESULT_SUCCESS;
	if (end == PROCESS_EXITED)
		return RESULT_EXIT_CODE;
	return end == PROCESS_DUMPED ? RESULT_CORE_DUMP : RESULT_SIGNAL;
}
