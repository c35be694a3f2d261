/* Who asks for a start. */
#pragma once

#include <sys/types.h>

struct start_options {
	pid_t client;		   /* 0: unknown, or not of this host */
	const char *client_cgroup; /* as /proc/PID/cgroup has it; NULL: unknown */
};
