/* Compiled system call filters of a unit: SystemCallFilter= and its kin, made by the worker once. */
#pragma once

#include "shim/unit.h"

/* Paths, borrowed; NULL: not filtered. */
bool unit_filters_find(struct unit_shim *u, const char *filters[static 2], struct error *err);
