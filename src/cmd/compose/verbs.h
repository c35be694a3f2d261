/* The verbs, each in the file of its name. */
#pragma once

#include "cmd/compose/compose.h"

extern const struct command compose_config;
extern const struct command compose_version;
extern const struct command compose_up, compose_create, compose_scale, compose_plan; /* up.c */
extern const struct command compose_start, compose_stop, compose_restart, compose_pause,
	compose_unpause, compose_kill;			   /* lifecycle.c */
extern const struct command compose_remove, compose_down; /* remove.c */

/* Our level, as scripts compare it: what both peers of that number do. */
const char *compose_level(enum compose_style style);
int compose_print_version(const struct cli *cli, enum compose_style style);
