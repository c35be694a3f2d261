/* Compiled system call filters of a unit: SystemCallFilter= and its kin, made by the worker once. */
#pragma once

#include "shim/unit.h"

/* For the start that begins: fills u->filters.  Blocks while the worker compiles, some 10 ms, once. */
void unit_filters_find(struct unit_shim *u);
void unit_filters_forget(struct unit_shim *u);
