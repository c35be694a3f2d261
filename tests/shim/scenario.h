/* A scenario is a function that returns, or ends in fail(). */
#pragma once

#include "driver.h"

struct scenario {
	const char *name; /* NULL: behind the last one */
	void (*run)(void);
};

#define SCENARIO(name)                                                                             \
	{                                                                                          \
#name, name                                                                        \
	}

extern const struct scenario life_scenarios[], attach_scenarios[], log_scenarios[],
	exec_scenarios[], names_scenarios[], unit_life_scenarios[], unit_notify_scenarios[],
	keeper_scenarios[], unit_socket_scenarios[], unit_container_scenarios[],
	unit_rights_scenarios[];
