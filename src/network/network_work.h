/* What `wherry-worker network` does. */
#pragma once

#include "network/network_plan.h"

/* Carries the plan out and writes what came of it; failures stand in the report. */
void network_work(const struct network_plan *plan, struct network_report *report);
