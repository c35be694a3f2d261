#include "base/signal_name.h"

#include "base/text.h"

#include <signal.h>
#include <stdio.h>
#include <strings.h>

static const struct {
	const char *name;
	int number;
} names[] = {
	{"ABRT", SIGABRT}, {"ALRM", SIGALRM}, {"BUS", SIGBUS},	     {"CHLD", SIGCHLD},
	{"CLD", SIGCHLD},  {"CONT", SIGCONT}, {"FPE", SIGFPE},	     {"HUP", SIGHUP},
	{"ILL", SIGILL},   {"INT", SIGINT},   {"IO", SIGIO},	     {"IOT", SIGIOT},
	{"KILL", SIGKILL}, {"PIPE", SIGPIPE}, {"POLL", SIGPOLL},     {"PROF", SIGPROF},
	{"PWR", SIGPWR},   {"QUIT", SIGQUIT}, {"SEGV", SIGSEGV},     {"STKFLT", SIGSTKFLT},
	{"STOP", SIGSTOP}, {"SYS", SIGSYS},   {"TERM", SIGTERM},     {"TRAP", SIGTRAP},
	{"TSTP", SIGTSTP}, {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},     {"URG", SIGURG},
	{"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"VTALRM", SIGVTALRM}, {"WINCH", SIGWINCH},
	{"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},
};

/* The numbers that programs see: the C library keeps the first two to itself. */
#define FIRST_REALTIME 34
#define LAST_REALTIME  64

/* "RTMIN", "RTMIN+3", "RTMAX-1". */
static int realtime_from_name(const char *name)
{
	bool from_first = strncasecmp(name, "RTMIN", 5) == 0;
	uint64_t distance = 0;

	if (!from_first && strncasecmp(name, "RTMAX", 5) != 0)
		return 0;
	if (name[5] && (name[5] != (from_first ? '+' : '-') || !parse_u64(name + 6, &distance)))
		return 0;
	if (distance > LAST_REALTIME - FIRST_REALTIME)
		return 0;
	return from_first ? FIRST_REALTIME + (int)distance : LAST_REALTIME - (int)distance;
}

int signal_from_name(const char *name)
{
	uint64_t number;

	if (parse_u64(name, &number))
		return number >= 1 && number <= LAST_REALTIME ? (int)number : 0;
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	for (size_t i = 0; i < array_length(names); i++)
		if (strcasecmp(name, names[i].name) == 0)
			return names[i].number;
	return realtime_from_name(name);
}
