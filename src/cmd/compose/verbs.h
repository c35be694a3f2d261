/* The verbs, each in the file of its name. */
#pragma once

#include "cmd/compose/compose.h"

extern const struct command compose_config;
extern const struct command compose_version;

/* Our level, as scripts compare it: what both peers of that number do. */
const char *compose_level(enum compose_style style);
int compose_print_version(const struct cli *cli, enum compose_style style);
