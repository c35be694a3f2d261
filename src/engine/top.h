/* Output of ps, read.  Only for this folder. */
#pragma once

#include "engine/engine.h"

/* Keeps the lines whose PID is one of `pids`.  SYSTEM "Couldn't find PID field in ps output". */
bool top_parse(const char *output, const pid_t *pids, size_t count, struct engine_top *out,
	       struct error *err);
void top_fini(struct engine_top *top);
