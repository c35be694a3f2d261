/* Who asks for a start, and what it gets beside its record. */
#pragma once

#include "base/text.h"

#include <sys/types.h>

struct start_options {
	pid_t client;		   /* 0: unknown, or not of this host */
	const char *client_cgroup; /* as /proc/PID/cgroup has it; NULL: unknown */
	const struct strings *secrets; /* "NAME=value": variables of its runs, which are in no record
					  and not known any more by the next daemon; NULL: none */
};
